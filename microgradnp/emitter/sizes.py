"""Which numbers of a program are sizes of its arguments: those that a second trace, with other sizes, explains.

A literal 20 may be the number of samples or a constant of the model. What stays the same in the second trace is a constant. What
changes must follow from the sizes that have changed; where it does not, the code is for the sizes that it was made with.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from microgradnp.emitter.families import Axis, Family
from microgradnp.program.differences import Change, Literal

LARGEST_FACTOR = 10_000  # beside a size, in the denominator of a mean
MOST_AXES = 3  # in one product of sizes
EXPONENTS = (1, -1, 0.5, -0.5, 2, -2)


class Size(NamedTuple):
    """How a number follows from sizes: factor * sizes, offset + sizes, or factor / sizes."""

    kind: str  # "times", "plus" or "over"
    axes: tuple[Axis, ...]
    factor: Any


class Equal(NamedTuple):
    """An axis that NumPy would broadcast if it had the length 1. The text must check its size."""

    axis: Axis
    other: Axis  # of the same family
    more: int  # the size of `axis` minus the size of `other`


class Sizes(NamedTuple):
    """What is known of the sizes in a program. `free` axes may have any size; with no free axes nothing is known."""

    free: frozenset[Axis] = frozenset()
    shapes: tuple[tuple[int, ...], ...] = ()  # of the arguments in the second trace
    changes: dict[Literal, Change] = {}  # noqa: RUF012 -- never written to
    sizes: dict[Literal, Size] = {}  # noqa: RUF012
    equal: tuple[Equal, ...] = ()


def resized(array: Any, shape: tuple[int, ...]) -> Any:
    """An array of another shape with numbers like those of this one, but no two rows alike: a matrix keeps its inverse."""
    longer = array
    for axis, n in enumerate(shape):
        if longer.shape[axis] != n:
            longer = np.take(longer, np.arange(n) % longer.shape[axis], axis=axis)
    if longer is array or array.dtype.kind not in "fc":
        return longer
    smaller = 1 - 0.25 * np.sin(np.arange(longer.size)).reshape(shape) ** 2
    smaller[tuple(map(slice, array.shape))] = 1
    return longer * smaller.astype(longer.real.dtype)


class Explanations:
    """Explains the changes of numbers by the growth of the families."""

    def __init__(self, families: list[Family], amounts: dict[int, int]) -> None:
        self.families = [f for f in families if not f.fixed]
        self.amounts = amounts
        self.known: dict[Change, Size | None] = {}

    def of(self, change: Change) -> Size | None:
        """How a number follows from sizes; None where that is not known."""
        if change not in self.known:
            self.known[change] = next(self.found(change), None)
        return self.known[change]

    def found(self, change: Change) -> Iterator[Size]:
        """Each way in which a number follows from sizes: as a multiple, a sum or a quotient."""
        here, there = change
        for axes in self.choices():
            n, m = (math.prod(axis.here for axis in axes.values()), math.prod(axis.there for axis in axes.values()))
            if isinstance(here, int):
                if here % n == 0 and here // n * m == there:
                    yield Size("times", tuple(axes), here // n)
                if len(axes) == 1 and here - n == there - m:
                    yield Size("plus", tuple(axes), here - n)
            elif math.isfinite(here):
                ratio = Fraction(here * n).limit_denominator(LARGEST_FACTOR)
                if ratio.numerator / (ratio.denominator * n) == here and ratio.numerator / (ratio.denominator * m) == there:
                    yield Size("over", tuple(axes), ratio)

    def choices(self) -> Iterator[dict[Axis, Change]]:
        """Axes of one, two or three families, one of each, with their sizes."""
        for count in range(1, MOST_AXES + 1):
            for families in itertools.combinations(self.families, count):
                yield from map(dict, itertools.product(*map(self.axes, families)))

    def axes(self, family: Family) -> list[tuple[Axis, Change]]:
        """The first axis of each size in a family."""
        found: dict[int, Axis] = {}
        for axis, n in family.axes.items():
            found.setdefault(n, axis)
        return [(axis, Change(n, n + self.amounts[id(family)])) for n, axis in found.items()]

    def suspects(self, change: Change) -> list[Family]:
        """The families that a number seems to follow in a way that has no text here, such as the root of a size."""
        here, there = change
        totals = [there - here, math.log(abs(there / here)) if here and there else math.nan]
        for count in (1, 2):
            for families in itertools.combinations(self.families, count):
                for axes in itertools.product(*map(self.axes, families)):
                    logs = [math.log(size.there / size.here) for _, size in axes]
                    for powers in itertools.product(EXPONENTS, repeat=count):
                        total = math.fsum(power * log for power, log in zip(powers, logs, strict=True))
                        if any(math.isclose(total, t, rel_tol=1e-6, abs_tol=1e-7) for t in totals):
                            return list(families)
        return []
