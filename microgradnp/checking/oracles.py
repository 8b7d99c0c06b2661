"""Numerical derivatives that know their own error, and a claimed gradient beside them.

Functions map plain arrays to plain arrays, and are differentiated along one line, t -> f(x + t v), by two oracles:

* **differences**: central differences, extrapolated to step 0 by Richardson's scheme, with the error estimate of
  C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering Software 4 (1982), to which the
  rounding of f is added;
* **complex step**: Im f(x + i t v) / t (Squire and Trapp, SIAM Review 40, 1998), exact to rounding where f is analytic. That
  cannot be told from outside (abs, conj and real parts are not), so it is trusted only where it agrees with the differences
  to within *their* error.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Arrays = list[np.ndarray]
Function = Callable[[Arrays], Arrays]  # plain arrays to plain arrays

EPS = float(np.finfo(float).eps)
FIRST_STEP = 1 / 16  # relative to the argument
SHRINK = (1 + math.sqrt(5)) / 2  # from row to row; halved steps meet the period of sin(1e6) again, and nonsense seems to converge
ROWS, COLUMNS, CANDIDATES = 60, 8, 4  # steps down to 1e-14; extrapolation up to order 16
ONE_BY_ONE = 256  # with more entries than that, halves that look right are left out before the worst entry is looked for


@dataclass(frozen=True)
class Estimate:
    """A numerical derivative, its error, the part of the error that is f's rounding, and the size of what moves in f."""

    value: float
    error: float
    rounding: float = 0.0
    magnitude: float = 0.0

    def converged(self, size: float) -> bool:
        """Whether the error is small beside `size`, or no larger than rounding in f may make it."""
        return self.error <= max(1e-3 * size, 256 * self.rounding, math.sqrt(EPS) * self.magnitude)

    def __truediv__(self, step: float) -> Estimate:
        return Estimate(self.value / step, self.error / step, self.rounding / step, self.magnitude / step)


def project(weights: Arrays, outputs: Arrays) -> float:
    """The real number Re sum(conj(w) * y) over all outputs: what a sweep with seed `w` differentiates."""
    return float(sum(np.sum(np.real(np.conj(w) * y)) for w, y in zip(weights, outputs, strict=True)))


def moved(x: Arrays, v: Arrays, t: complex) -> Arrays:
    return [a + t * b if np.any(b) else a for a, b in zip(x, v, strict=True)]


def differences(f: Function, x: Arrays, v: Arrays, weights: Arrays, inner: float = 0.0) -> Estimate:
    """Derivative of project(weights, f(x + t v)) at t = 0 by extrapolated central differences.

    `inner` is the size of the terms that f adds up, where that is known to be larger than f: their rounding is f's.
    """
    found: list[Estimate] = []
    previous: list[float] = []
    step, magnitude = FIRST_STEP, 0.0
    for _ in range(ROWS):
        ahead, behind = f(moved(x, v, step)), f(moved(x, v, -step))
        change = [a - b for a, b in zip(ahead, behind, strict=True)]  # before projecting: what did not move cancels exactly
        row = [project(weights, change) / (2 * step)]
        everything = not any(np.any(d) for d in change)
        size = sum(float(np.sum(np.abs(w * a) * (everything | (d != 0)))) for w, a, d in zip(weights, ahead, change, strict=True))
        rounding = EPS * (size + inner + abs(row[0])) / step  # of f, and of x + t v
        if not math.isfinite(row[0]):  # the step left f's domain
            previous, step = [], step / SHRINK
            continue
        magnitude = max(magnitude, size)
        for column, older in enumerate(previous[: COLUMNS - 1]):
            factor = SHRINK ** (2 * column + 2)
            row.append((factor * row[column] - older) / (factor - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - older)) + rounding
            if len(previous) > 1 and math.isfinite(error):
                found.append(Estimate(row[-1], error, rounding, magnitude))
        found = sorted(found, key=lambda estimate: estimate.error)[:CANDIDATES]
        if len(found) == CANDIDATES and (rounding > found[-1].error or found[-1].error <= 1e-12 * abs(found[-1].value)):
            break
        previous, step = row, step / SHRINK
    if not found:
        return Estimate(math.nan, math.inf)
    best = found[0]  # of many, the smallest error is small by luck; how far the next best lie is less so
    return replace(best, error=4 * max(best.error, *(abs(other.value - best.value) for other in found)))


def complex_step(f: Function, x: Arrays, v: Arrays, weights: Arrays) -> Estimate | None:
    """The same derivative by a complex step; None where f refuses complex numbers or throws the imaginary part away."""
    if any(np.iscomplexobj(a) for a in (*x, *weights)):
        return None
    step = 1e-40
    try:
        outputs = f(moved(x, v, 1j * step))
    except Exception:  # whatever f has against complex numbers
        return None
    if not all(np.iscomplexobj(y) for y in outputs):
        return None
    slopes = [np.imag(y) / step for y in outputs]
    size = sum(float(np.sum(np.abs(w * s))) for w, s in zip(weights, slopes, strict=True))
    value = project(weights, slopes)
    return Estimate(value, 16 * EPS * size, 16 * EPS * size, size) if math.isfinite(size) else None


def oracle(f: Function, x: Arrays, v: Arrays, weights: Arrays, inner: float = 0.0, *, analytic: bool = True) -> Estimate:
    """The best numerical derivative of project(weights, f(x + t v)) at t = 0. `analytic`: whether a complex step may be tried."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        coarse = differences(f, x, v, weights, inner)
        fine = complex_step(f, x, v, weights) if analytic else None
    if fine is None or fine.error >= coarse.error or not abs(fine.value - coarse.value) <= 4 * coarse.error:
        return coarse
    return replace(fine, magnitude=coarse.magnitude)


def irregularity(f: Function, x: Arrays, v: Arrays, weights: Arrays, step: float) -> str | None:
    """A kink or a jump of t -> f(x + t v) at 0, in words: one-sided slopes (per `step`) that do not meet. None for neither."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        here = f(x)
        slopes = []
        for t in (2.0**-14, 2.0**-22):
            behind, ahead = ([(b - a) / s for a, b in zip(here, f(moved(x, v, s)), strict=True)] for s in (-t, t))
            slopes.append((project(weights, behind) / step, project(weights, ahead) / step))
    wide, narrow = (abs(right - left) for left, right in slopes)
    rounding = EPS * 2.0**25 / step * sum(float(np.sum(np.abs(w * y))) for w, y in zip(weights, here, strict=True))
    left, right = slopes[-1]
    if not math.isfinite(narrow):
        return "A kink is the likely cause: f is not finite on one side of the point"
    if narrow <= max(wide / 4, 1e-6 * max(abs(left), abs(right)), rounding):
        return None
    if narrow > 16 * wide:
        return "A kink is the likely cause, in fact a jump: one-sided differences grow without limit as the step shrinks"
    return f"A kink is the likely cause: the slope is {left:.6g} before the point and {right:.6g} after it"


# ---------------------------------------------------------------------- a gradient beside its oracle


@dataclass(frozen=True)
class Mistake:
    """One entry of a gradient beside its oracle. `excess` is the difference in units of what is tolerated."""

    argument: int
    index: tuple[int, ...]
    part: str
    got: float
    expected: Estimate
    excess: float
    cause: str | None


@dataclass(frozen=True)
class Comparison:
    """A function of plain arrays at a point `x`, and the gradient that somebody claims for project(weights, f(x)).

    `shaken` holds the same gradient at points that differ from `x` by rounding: how well conditioned it is.
    """

    f: Function
    x: Arrays
    weights: Arrays
    gradient: Arrays
    shaken: list[Arrays]
    analytic: bool  # may a complex step be tried?
    natural: Callable[[Arrays], float]  # see Problem.natural

    def disagreement(self, v: Arrays) -> tuple[Estimate, float]:
        """The oracle along `v`, and how far the gradient is from it in units of what is tolerated."""
        natural = self.natural(v)
        expected = oracle(self.f, self.x, v, self.weights, natural, analytic=self.analytic)
        got = project(v, self.gradient)
        size = sum(float(np.sum(np.abs(a * b))) for a, b in zip(v, self.gradient, strict=True))
        conditioning = max(abs(project(v, other) - got) for other in self.shaken)
        rounding = EPS * (32 * size + expected.magnitude + natural)
        shaking = min(8 * conditioning, math.sqrt(EPS) * (size + expected.magnitude) + EPS * natural)
        tolerated = 4 * expected.error + rounding + shaking
        difference = abs(got - expected.value)
        if not (expected.converged(size) and math.isfinite(difference)):
            return expected, math.inf
        return expected, difference / tolerated if difference else 0.0

    def directions(self, k: int, random: np.ndarray) -> list[Arrays]:
        """Directions for argument `k`: one for the entries of each three decades of influence on the result.

        Entries move in proportion to their size. A single direction would hide an entry of 1e-6 behind one of 1e6.
        """
        v = scale(self.x[k]) * random
        decades = np.floor(np.log10(np.abs(self.gradient[k] * v)) / 3)
        decades = np.where(np.isfinite(decades), decades, -np.inf)
        return [self.alone(k, np.where(decades == d, v, 0)) for d in np.unique(decades)]

    def alone(self, k: int, v: np.ndarray) -> Arrays:
        """The direction that moves argument `k` by `v`, and no other."""
        return [v if i == k else np.zeros_like(a) for i, a in enumerate(self.x)]

    def worst_entry(self, k: int, v: Arrays) -> Mistake:
        """The entry of argument `k`, among those that direction `v` moves, that is furthest from its oracle."""
        entries = np.flatnonzero(v[k])
        while len(entries) > ONE_BY_ONE:
            halves = np.array_split(entries, 2)
            entries = max(halves, key=lambda half: self.disagreement(self.alone(k, only(v[k], half)))[1])
        imaginary = {"imaginary part": 1j} if np.iscomplexobj(self.x[k]) else {}
        parts = {"real part" if imaginary else "": 1.0, **imaginary}
        mistakes = [self.mistake(k, int(entry), part, unit) for entry in entries for part, unit in parts.items()]
        return max(mistakes, key=lambda mistake: mistake.excess)

    def mistake(self, k: int, entry: int, part: str, unit: complex) -> Mistake:
        step = float(scale(self.x[k]).flat[entry])
        direction = self.alone(k, only(np.full_like(self.x[k], unit * step), entry))
        expected, excess = self.disagreement(direction)
        cause = irregularity(self.f, self.x, direction, self.weights, step)
        index = tuple(int(i) for i in np.unravel_index(entry, self.x[k].shape))
        return Mistake(k, index, part, project(direction, self.gradient) / step, expected / step, excess, cause)


def norm(arrays: Iterable[np.ndarray]) -> float:
    return math.sqrt(sum(float(np.sum(np.abs(a) ** 2)) for a in arrays))


def scale(a: np.ndarray) -> np.ndarray:
    """How far an entry may move: by its own size; an entry that is 0 by the mean size, or by 1 when all are."""
    size = np.abs(a)
    some = size[size > 0]
    return np.where(size > 0, size, np.mean(some) if some.size else 1.0)


def only(v: np.ndarray, entries: Any) -> np.ndarray:
    """`v` with all entries but those (numbers in C order) set to 0."""
    kept = np.zeros_like(v)
    kept.flat[entries] = v.flat[entries]
    return kept
