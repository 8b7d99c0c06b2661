"""Indices as expressions: what broadcasting, slices and reshapes make of the index of a loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.compiler.namespace import BackendError
from microgradnp.program.values import Value

Index = tuple[str, ...]


class Flat(tuple[str, ...]):
    """One index into arrays of one shape, counted through all their entries as memory lies."""


def only_ones(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes differ in axes of length 1 alone."""
    return [n for n in shape if n != 1] == [n for n in other if n != 1]


def stretched(item: Any, index: Index) -> Index:
    """The index of an operand that broadcasting stretches."""
    if not isinstance(item, Value) or item.is_number or item.shape == ():
        return ()
    if isinstance(index, Flat):
        return index
    own = index[len(index) - item.ndim :] if item.ndim else ()
    return tuple("0" if n == 1 else i for i, n in zip(own, item.shape, strict=True))


def picked(shape: tuple[int, ...], basic: Any, index: Index) -> Index:
    """The index into an array that `array[basic][index]` means."""
    parts = list(basic) if isinstance(basic, tuple) else [basic]
    if Ellipsis not in parts:
        parts.append(Ellipsis)
    k = parts.index(Ellipsis)
    missing = len(shape) - sum(part is not None for part in parts if part is not Ellipsis)
    parts[k : k + 1] = [slice(None)] * missing
    rest, axis, found = iter(index), 0, []
    for part in parts:
        if part is None:
            next(rest)
            continue
        n = shape[axis]
        axis += 1
        if isinstance(part, slice):
            start, _, step = part.indices(n)
            i = next(rest)
            found.append(i if (start, step) == (0, 1) else f"{start} + {step} * {i}" if step != 1 else f"{start} + {i}")
        else:
            found.append(str(int(part) % n))
    return tuple(found)


def literal(number: Any) -> str:
    """A number in a text for Numba. Raises BackendError for one that is complex, or no number."""
    if isinstance(number, (bool, np.bool_)):
        return str(bool(number))
    if isinstance(number, (int, np.integer)):
        return f"({int(number)})" if number < 0 else str(int(number))
    if not isinstance(number, (float, np.floating)):
        raise BackendError(f"the constant {number!r}")
    text = repr(float(number)).replace("nan", "np.nan").replace("inf", "np.inf")
    return f"({text})" if text.startswith("-") else text
