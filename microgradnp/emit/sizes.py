"""Which numbers of a program are sizes of its arguments, proven by tracing it once more with other sizes.

A literal 20 may be the number of samples or a constant of the model. The program is traced again with arguments of other
sizes: what stays the same is a constant, and what changes must be explained by the change. Where it cannot be, or where the
program takes other steps, the text is for the sizes that it was made with, and checks them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.program.differences import Path, differences
from microgradnp.program.values import Program


@dataclass
class Family:
    """Sizes of the arguments that grow together, and the literals of the program that grow with them."""

    axes: dict[tuple[int, int], int]  # (argument, axis) -> size
    grown: dict[tuple[int, int], int]
    literals: dict[Path, tuple[Any, Any]] = field(default_factory=dict)  # as it was, as it is now


def families(shapes: list[tuple[int, ...]]) -> Iterator[dict[tuple[int, int], int]]:
    """Axes that may grow together: those of one size; also with those that are one longer or shorter, for a bias unit."""
    axes = {(k, axis): n for k, shape in enumerate(shapes) for axis, n in enumerate(shape)}
    for n in sorted(set(axes.values()), reverse=True):
        if n > 1:
            together = [{n}, {n, n + 1}, {n - 1, n}]
            yield from ({axis: m for axis, m in axes.items() if m in sizes} for sizes in together)
            first = {axis: m for axis, m in axes.items() if m == n and axis[1] == 0}
            if len(set(together[0])) and len(first) < sum(m == n for m in axes.values()):
                yield first


def grown_by(shapes: list[tuple[int, ...]], more: int, axes: dict[tuple[int, int], int]) -> list[tuple[int, ...]]:
    return [tuple(n + more * ((k, axis) in axes) for axis, n in enumerate(shape)) for k, shape in enumerate(shapes)]


def resized(array: Any, shape: tuple[int, ...]) -> Any:
    """An array of another shape with numbers of the same kind."""
    for axis, n in enumerate(shape):
        if array.shape[axis] != n:
            array = np.take(array, np.arange(n) % array.shape[axis], axis=axis)
    return array


def free_sizes(program: Program, again: Callable[[list[tuple[int, ...]]], Program]) -> list[Family]:
    """The families of axes that are proven to be free. `again` traces the program for arguments of other shapes."""
    shapes = [value.shape for value in program.inputs]
    sizes = {n for value in [*program.inputs, *program.steps()] for n in value.shape}
    found: list[Family] = []
    settled: set[tuple[int, int]] = set()
    for axes in families(shapes):
        if not axes or settled & axes.keys():
            continue
        more = next(k for k in itertools.count(3) if not {n + k for n in axes.values()} & sizes)  # not a size of another's
        try:
            other = again(grown_by(shapes, more, axes))
        except Exception:  # whatever the user's function raises for such arguments: these sizes belong to others
            continue
        literals = differences(program, other)
        family = Family(axes, {axis: n + more for axis, n in axes.items()}, literals or {})
        if literals is not None and all(explained(pair, [family]) is not None for pair in literals.values()):
            found.append(family)
            settled |= axes.keys()
    return found


def explained(pair: tuple[Any, Any], chosen: list[Family]) -> tuple[str, tuple[int, int], Any] | None:
    """How a literal follows from a size: ("times", axis, factor), ("plus", axis, summand) or ("over", axis, dividend)."""
    was, now = pair
    for family in chosen:
        for axis, n in family.axes.items():
            m = family.grown[axis]
            if isinstance(was, int):
                if was % n == 0 and was // n * m == now:
                    return "times", axis, was // n
                if was - n == now - m:
                    return "plus", axis, was - n
            else:
                dividend = round(was * n, 9)
                dividend = int(dividend) if dividend == int(dividend) else dividend
                if dividend / n == was and dividend / m == now:
                    return "over", axis, dividend
    return None
