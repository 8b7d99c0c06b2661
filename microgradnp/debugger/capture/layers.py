"""Arguments that number the layers of a model, in code that keeps its layers in lists, pairs or objects.

`W1, W2` may be `self.W[0], self.W[1]`, or `layers[0].W, layers[1].W`, or `first.weight, second.weight`, or the first of each pair
in `[(W, b), (W, b)]`. The stem of the name says what it is, the number which layer it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from microgradnp.debugger.capture.values import as_array

NUMBERED = re.compile(r"(.*?[^\d_])_?(\d+)$")
INDEXED = re.compile(r"\[\d+\]")
SAME = (frozenset(["w", "weight", "kernel", "theta"]), frozenset(["b", "bias", "offset"]))  # names of one thing, in the singular
PLURALS = {"biases": "bias", "ws": "w", "bs": "b"}

Entry = tuple[int, str, str, Any]  # (depth, name, expression, value) of what a frame's variables reach


class Series(NamedTuple):
    """The arguments that differ in their number only, in order: `W1, W2`."""

    stem: str
    members: tuple[str, ...]


def series_of(arguments: list[str]) -> list[Series]:
    """The numbered arguments of a model, in the order in which their stems appear."""
    found: dict[str, list[tuple[int, str]]] = {}
    for argument in arguments:
        numbered = NUMBERED.match(argument)
        if numbered:
            found.setdefault(numbered[1], []).append((int(numbered[2]), argument))
    return [Series(stem, tuple(name for _, name in sorted(members))) for stem, members in found.items()]


def singular(name: str) -> str:
    """A name without case, underscores and the ending of a plural: `weights` is `weight`."""
    plain = name.replace("_", "").lower()
    return PLURALS.get(
        plain, plain[:-1] if len(plain) > 3 and plain.endswith("s") and not plain.endswith(("ss", "us")) else plain
    )


def is_called(name: str, stem: str) -> bool:
    """Whether a variable's name is that of a layer's array: `W` for `W`, `weights` for `w`."""
    one, other = singular(name), singular(stem)
    return one == other or any(one in names and other in names for names in SAME)


def in_layers(argument: str, series: list[Series], entries: list[Entry]) -> Iterator[tuple[int, str]]:
    """(depth, expression) of what may be a numbered argument, the likeliest first."""
    own = next((one for one in series if argument in one.members), None)
    if own is None:
        return
    place, count = own.members.index(argument), len(own.members)
    for level, name, expression, value in entries:  # one list for each kind of array
        if is_called(name, own.stem) and (start := start_of_arrays(value, count)) is not None:
            yield level, f"{expression}[{start + place}]"
    holders = [(level, expression, value) for level, name, expression, value in entries if is_called(name, own.stem)]
    for chosen in (holders, *by_level(holders)):  # one object for each layer
        distinct = places_of_arrays(chosen)
        if len(distinct) == count > 1:
            yield distinct[place]
    pairs = [one for one in series if len(one.members) == count]
    for level, _, expression, value in entries:  # one pair for each layer
        if is_list_of_pairs(value, count, len(pairs)):
            yield level, f"{expression}[{place}][{pairs.index(own)}]"


def start_of_arrays(value: Any, count: int) -> int | None:
    """Where `count` arrays begin in a list: at 0, or at 1 behind a place that is left empty, so that layers count from 1."""
    if not isinstance(value, (list, tuple)) or not count <= len(value) <= count + 1:
        return None
    start = len(value) - count
    empty = not start or value[0] is None or (as_array(value[0]) is None and not isinstance(value[0], dict)) or is_empty(value[0])
    return start if empty and all(map(is_array, value[start:])) else None


def is_array(value: Any) -> bool:
    array = as_array(value)
    return array is not None and array.ndim > 0


def is_empty(value: Any) -> bool:
    array = as_array(value)
    return array is not None and (array.size == 0 or array.ndim == 0)


def places_of_arrays(holders: list[tuple[int, str, Any]]) -> list[tuple[int, str]]:
    """(depth, expression) of each array once. A place in a list is better than a loop's variable, which is another one soon."""
    found: dict[int, tuple[int, str]] = {}
    for level, expression, value in sorted(holders, key=lambda holder: not INDEXED.search(holder[1])):
        if is_array(value):
            found.setdefault(id(value), (level, expression))
    order = [expression for _, expression, _ in holders]
    return sorted(found.values(), key=lambda place: order.index(place[1]))


def by_level(holders: list[tuple[int, str, Any]]) -> Iterator[list[tuple[int, str, Any]]]:
    """The holders that are equally near."""
    for level in sorted({level for level, _, _ in holders}):
        yield [holder for holder in holders if holder[0] == level]


def is_list_of_pairs(value: Any, count: int, size: int) -> bool:
    """Whether it holds `size` arrays for each of `count` layers."""
    return (
        isinstance(value, (list, tuple))
        and len(value) == count > 1
        and all(isinstance(pair, (list, tuple)) and len(pair) == size and all(map(is_array, pair)) for pair in value)
    )
