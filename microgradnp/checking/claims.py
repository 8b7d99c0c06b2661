"""A gradient that somebody claims, compared with the numerical derivative along random directions.

No tolerance is fixed. A difference counts in units of what is tolerated: the error of the numerical derivative, the rounding of
the gradient, and the change of the gradient when its arguments change by rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.checking.oracles import EPS, Arrays, Estimate, Function, irregularity, oracle, project

ONE_BY_ONE = 256  # entries; of more, halves that look right are left out before the worst entry is searched for


@dataclass(frozen=True)
class Mistake:
    """One entry of a gradient and its numerical derivative. `excess` is their difference in units of what is tolerated."""

    argument: int
    index: tuple[int, ...]
    part: str
    got: float
    expected: Estimate
    excess: float
    cause: str | None


@dataclass(frozen=True)
class Claim:
    """A function of plain arrays at a point `x`, and the gradient that somebody claims for project(weights, f(x)).

    `perturbed` holds the same gradient at points that differ from `x` by rounding. It shows how well conditioned the gradient is.
    """

    f: Function
    x: Arrays
    weights: Arrays
    gradient: Arrays
    perturbed: list[Arrays]
    analytic: bool  # whether a complex step may be tried
    typical_change: Callable[[Arrays], float]  # along a direction; see Levels.typical_change

    def disagreement(self, v: Arrays) -> tuple[Estimate, float]:
        """The numerical derivative along `v`, and the gradient's distance from it in units of what is tolerated."""
        typical = self.typical_change(v)
        expected = oracle(self.f, self.x, v, self.weights, typical, analytic=self.analytic)
        got = project(v, self.gradient)
        size = sum(float(np.sum(np.abs(a * b))) for a, b in zip(v, self.gradient, strict=True))
        conditioning = max(abs(project(v, other) - got) for other in self.perturbed)
        rounding = EPS * (32 * size + expected.magnitude + typical)
        conditioned = min(8 * conditioning, math.sqrt(EPS) * (size + expected.magnitude) + EPS * typical)
        tolerated = 4 * expected.error + rounding + conditioned
        difference = abs(got - expected.value)
        if not (expected.converged(size) and math.isfinite(difference)):
            return expected, math.inf
        return expected, difference / tolerated if difference else 0.0

    def directions(self, k: int, random: np.ndarray) -> list[Arrays]:
        """Random directions for argument `k`, one for the entries of each three decades of influence on the result.

        Entries move in proportion to their size. In a single direction an entry of 1e6 would hide an entry of 1e-6.
        """
        v = scale(self.x[k]) * random
        decades = np.floor(np.log10(np.abs(self.gradient[k] * v)) / 3)
        decades = np.where(np.isfinite(decades), decades, -np.inf)
        return [self.alone(k, np.where(decades == d, v, 0)) for d in np.unique(decades)]

    def alone(self, k: int, v: np.ndarray) -> Arrays:
        """The direction that moves argument `k` by `v`, and no other argument."""
        return [v if i == k else np.zeros_like(a) for i, a in enumerate(self.x)]

    def worst_entry(self, k: int, v: Arrays) -> Mistake:
        """The entry of argument `k` that is furthest from its numerical derivative, among those that direction `v` moves."""
        entries = np.flatnonzero(v[k])
        while len(entries) > ONE_BY_ONE:
            halves = np.array_split(entries, 2)
            entries = max(halves, key=lambda half: self.disagreement(self.alone(k, only(v[k], half)))[1])
        imaginary = {"imaginary part": 1j} if np.iscomplexobj(self.x[k]) else {}
        parts = {"real part" if imaginary else "": 1.0, **imaginary}
        mistakes = [self.mistake(k, int(entry), part, unit) for entry in entries for part, unit in parts.items()]
        return max(mistakes, key=lambda mistake: mistake.excess)

    def mistake(self, k: int, entry: int, part: str, unit: complex) -> Mistake:
        """One entry of argument `k` compared with its numerical derivative. `unit` is 1j for the imaginary part."""
        step = float(scale(self.x[k]).flat[entry])
        direction = self.alone(k, only(np.full_like(self.x[k], unit * step), entry))
        expected, excess = self.disagreement(direction)
        cause = irregularity(self.f, self.x, direction, self.weights, step)
        index = tuple(int(i) for i in np.unravel_index(entry, self.x[k].shape))
        return Mistake(k, index, part, project(direction, self.gradient) / step, expected / step, excess, cause)


def norm(arrays: Iterable[np.ndarray]) -> float:
    """The square root of the sum of all squared magnitudes."""
    return math.sqrt(sum(float(np.sum(np.abs(a) ** 2)) for a in arrays))


def scale(a: np.ndarray) -> np.ndarray:
    """The distance by which an entry may move: its magnitude; for an entry of 0 the mean magnitude, or 1 when all are 0."""
    size = np.abs(a)
    some = size[size > 0]
    return np.where(size > 0, size, np.mean(some) if some.size else 1.0)


def only(v: np.ndarray, entries: Any) -> np.ndarray:
    """`v` with all entries but these (numbers in C order) set to 0."""
    kept = np.zeros_like(v)
    kept.flat[entries] = v.flat[entries]
    return kept
