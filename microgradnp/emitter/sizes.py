"""Which numbers of a program are sizes of its arguments, proven by tracing it once more with other sizes.

A literal 20 may be the number of samples or a constant of the model. The program is traced again with arguments of other
sizes: what stays the same is a constant, and what changes must be explained by the change. Where it cannot be, or where the
program takes other steps, the text is for the sizes that it was made with, and checks them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from microgradnp.program.differences import Path, differences
from microgradnp.program.values import Program

LARGEST_FACTOR = 10_000  # beside a size, in the denominator of a mean
MOST_TRIES = 150  # traces with other sizes


@dataclass
class Family:
    """Sizes of the arguments that grow together, and the literals of the program that grow with them."""

    axes: dict[tuple[int, int], int]  # (argument, axis) -> size
    grown: dict[tuple[int, int], int]
    literals: dict[Path, tuple[Any, Any]] = field(default_factory=dict)  # as it was, as it is now


def grown_by(shapes: list[tuple[int, ...]], more: int, axes: dict[tuple[int, int], int]) -> list[tuple[int, ...]]:
    return [tuple(n + more * ((k, axis) in axes) for axis, n in enumerate(shape)) for k, shape in enumerate(shapes)]


def resized(array: Any, shape: tuple[int, ...]) -> Any:
    """An array of another shape with numbers of the same kind."""
    for axis, n in enumerate(shape):
        if array.shape[axis] != n:
            array = np.take(array, np.arange(n) % array.shape[axis], axis=axis)
    return array


def free_sizes(program: Program, again: Callable[[list[tuple[int, ...]]], Program]) -> list[Family]:
    """The families of axes that are proven to be free: the smallest that may grow, so that equal sizes are not taken for one.

    `again` traces the program for arguments of other shapes.
    """
    shapes = [value.shape for value in program.inputs]
    axes = {(k, axis): n for k, shape in enumerate(shapes) for axis, n in enumerate(shape) if n > 1}
    sizes = {n for value in [*program.inputs, *program.steps()] for n in value.shape}
    found: list[Family] = []
    left, tries = set(axes), MOST_TRIES
    for size in range(1, len(axes) + 1):
        for n in sorted(set(axes.values()), reverse=True):
            alike = [axis for axis, m in axes.items() if m in (n, n + 1)]  # a bias unit makes sizes differ by one
            for chosen in itertools.combinations(alike, size):
                new = [axis for axis in chosen if axis in left]
                if not new or n not in (axes[axis] for axis in chosen):
                    continue
                if not (tries := tries - 1):
                    return found
                ordered = [*new, *(axis for axis in chosen if axis not in left)]  # what is new explains what changes
                family = proven(program, again, shapes, {axis: axes[axis] for axis in ordered}, sizes)
                if family is not None:
                    found.append(family)
                    left -= set(chosen)
        if not left:
            break
    return found


def proven(
    program: Program,
    again: Callable[[list[tuple[int, ...]]], Program],
    shapes: list[tuple[int, ...]],
    axes: dict[tuple[int, int], int],
    sizes: set[int],
) -> Family | None:
    """The family of these axes, when the program is the same after they have grown."""
    more = next(k for k in itertools.count(3) if not {n + k for n in axes.values()} & sizes)  # not a size of another's
    try:
        other = again(grown_by(shapes, more, axes))
    except Exception:  # whatever the user's function raises for such arguments: these sizes belong to others
        return None
    literals = differences(program, other)
    family = Family(axes, {axis: n + more for axis, n in axes.items()}, literals or {})
    right = literals is not None and all(explained(pair, [family]) is not None for pair in literals.values())
    return family if right else None


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
                ratio = Fraction(was * n).limit_denominator(LARGEST_FACTOR)
                if ratio.numerator / (ratio.denominator * n) == was and ratio.numerator / (ratio.denominator * m) == now:
                    return "over", axis, ratio
    return None
