"""Indices as expressions: what broadcasting, slices and reshapes make of the index of a loop."""

from __future__ import annotations

from typing import Any

from microgradnp.loops.dialect import Index
from microgradnp.program.values import Value, index_parts


class Flat(tuple[str, ...]):
    """One index into all arrays of one shape: it counts their entries in the order of memory."""


def same_without_ones(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes differ in axes of length 1 alone."""
    return [n for n in shape if n != 1] == [n for n in other if n != 1]


def stretched(item: Any, index: Index) -> Index:
    """The index of an operand that is broadcast: along an axis of length 1 the only entry is read again and again."""
    if not isinstance(item, Value) or item.is_number or item.shape == ():
        return ()
    if isinstance(index, Flat):
        return index
    own = index[len(index) - item.ndim :] if item.ndim else ()
    return tuple("0" if n == 1 else i for i, n in zip(own, item.shape, strict=True))


def grouped(index: str) -> str:
    """An index as an operand of a product or a difference."""
    return index if index.isidentifier() or index.isdecimal() else f"({index})"


def sliced(shape: tuple[int, ...], basic: Any, index: Index) -> Index:
    """The index into an array that `array[basic][index]` means."""
    rest, found = iter(index), []
    for part, axis in index_parts(basic, len(shape)):
        if axis is None:
            next(rest)
        elif isinstance(part, slice):
            start, _, step = part.indices(shape[axis])
            i = next(rest)
            scaled = i if step == 1 else f"{step} * {grouped(i)}"
            found.append(scaled if start == 0 else f"{start} + {scaled}")
        else:
            found.append(str(int(part) % shape[axis]))
    return tuple(found)
