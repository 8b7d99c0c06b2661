"""What a value was made from, and the lines that made it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from microgradnp.debug.capture.source import source_of
from microgradnp.debug.capture.tracer import Version
from microgradnp.debug.match.index import Match

Matches = Mapping[int, Match | None]  # id of a version -> what it equals


@dataclass(eq=False)
class Region:
    """Lines of one file that are suspected together, most suspected first, and the value that they made."""

    file: str
    lines: list[int]
    version: Version | None
    kind: str  # "first", "after", "gauge", "slice" or "rest"
    statements: list[int] = field(default_factory=list)  # the lines without the headers of the loops around them


def ancestors(ends: Iterable[Version], start: float, follow: Callable[[Version], bool] = lambda _: True) -> list[Version]:
    """The ends and everything that they were made from, as far as `follow` lets through; in the order of time."""
    found: dict[int, Version] = {}
    stack = [v for v in ends if follow(v)]
    while stack:
        version = stack.pop()
        if id(version) not in found and version.time >= start:
            found[id(version)] = version
            stack += [v for v in version.inputs if follow(v)]
    return sorted(found.values(), key=lambda v: v.time)


def is_array(version: Version) -> bool:
    """An array that says something: constants are starting values, whole numbers are indices or labels."""
    array = version.array
    return array.dtype.kind == "f" and array.size > 1 and (not np.isfinite(array).all() or float(np.ptp(array)) != 0)


def is_value(version: Version) -> bool:
    """An array, or a number that another statement than its own reads."""
    array = version.array
    return is_array(version) or (array.dtype.kind == "f" and array.size == 1 and version.observed)


def has_wrong_input(version: Version, wrong: set[int], matches: Matches) -> bool:
    """Whether one of the values in `wrong` goes into this one, directly or through numbers that are no values."""
    seen = {id(version)}
    stack = list(version.inputs)
    while stack:
        current = stack.pop()
        if id(current) in seen or matches.get(id(current)) is not None:
            continue
        seen.add(id(current))
        if id(current) in wrong:
            return True
        if not is_value(current):
            stack += current.inputs
    return False


def region(version: Version, matches: Matches, kind: str) -> Region:
    """The lines that wrote a value, those of its unmatched ingredients, the calls that passed it on, and the loops around."""
    lines = [version.line, *sorted(version.lines - {version.line}), *sorted(version.alias_lines)]
    seen = {id(version)}
    stack = list(version.inputs)
    while stack:
        current = stack.pop()
        if id(current) in seen or matches.get(id(current)) is not None or current.file != version.file:
            continue
        seen.add(id(current))
        if current.line and current.array.dtype.kind == "f" and not is_constant(current):
            lines += [current.line, *sorted(current.lines), *sorted(current.alias_lines)]
            stack += current.inputs
    statements = list(dict.fromkeys(line for line in lines if line))
    return Region(version.file, list(dict.fromkeys([*statements, *headers(version.file, statements)])), version, kind, statements)


def is_constant(version: Version) -> bool:
    """A starting value: zeros, or a number that was written down."""
    return not version.inputs and version.array.size > 0 and float(np.ptp(version.array.astype(float))) == 0


def headers(file: str, lines: list[int]) -> list[int]:
    """The lines of the loops around these lines, innermost first."""
    source = source_of(file)
    if source is None:
        return []
    return [loop for line in lines if (statement := source.by_line.get(line)) for loop in reversed(statement.loops)]


def deduplicate(regions: list[Region]) -> list[Region]:
    """Each line once, in the first region that has it."""
    seen: set[tuple[str, int]] = set()
    for one in regions:
        one.lines = [line for line in one.lines if (one.file, line) not in seen]
        seen.update((one.file, line) for line in one.lines)
    return [one for one in regions if one.lines]
