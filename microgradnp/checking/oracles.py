"""Numerical derivatives with an estimate of their error.

A function of plain arrays is differentiated along a line, t -> f(x + t v), by two oracles:

* **differences**: central differences, extrapolated to step 0 by Richardson's scheme. The error estimate is that of
  C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering Software 4 (1982), plus the rounding
  of f.
* **complex step**: Im f(x + i t v) / t (Squire and Trapp, SIAM Review 40, 1998), exact to rounding where f is analytic. Functions
  with abs, conj or real parts are not, which cannot be seen from outside. So this one is trusted only where it agrees with the
  differences to within *their* error.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

Arrays = list[np.ndarray]
Function = Callable[[Arrays], Arrays]  # plain arrays to plain arrays

EPS = float(np.finfo(float).eps)
FIRST_STEP = 1 / 16  # relative to the argument
SHRINK = (1 + math.sqrt(5)) / 2  # from step to step; halved steps can fit the period of sin(1e6 x), and wrong values converge
ROWS, COLUMNS, CANDIDATES = 60, 8, 4  # steps down to 1e-14; extrapolation up to order 16


@dataclass(frozen=True)
class Estimate:
    """A numerical derivative, its error, the part of the error that is f's rounding, and the size of the terms that change."""

    value: float
    error: float
    rounding: float = 0.0
    magnitude: float = 0.0

    def converged(self, size: float) -> bool:
        """Whether the error is small compared with `size`, or no larger than the rounding of f explains."""
        return self.error <= max(1e-3 * size, 256 * self.rounding, math.sqrt(EPS) * self.magnitude)

    def __truediv__(self, step: float) -> Estimate:
        return Estimate(self.value / step, self.error / step, self.rounding / step, self.magnitude / step)


def project(weights: Arrays, outputs: Arrays) -> float:
    """The real number Re sum(conj(w) * y) over all outputs. A backward pass with seed `w` differentiates it."""
    return float(sum(np.sum(np.real(np.conj(w) * y)) for w, y in zip(weights, outputs, strict=True)))


def moved(x: Arrays, v: Arrays, t: complex) -> Arrays:
    """The point x + t v. An argument that does not move stays the same array."""
    return [a + t * b if np.any(b) else a for a, b in zip(x, v, strict=True)]


def differences(f: Function, x: Arrays, v: Arrays, weights: Arrays, inner: float = 0.0) -> Estimate:
    """Derivative of project(weights, f(x + t v)) at t = 0 by extrapolated central differences.

    `inner` is the size of the terms that f adds up, if they are known to be larger than f. Their rounding limits f.
    """
    found: list[Estimate] = []
    previous: list[float] = []
    step, magnitude = FIRST_STEP, 0.0
    for _ in range(ROWS):
        ahead, behind = f(moved(x, v, step)), f(moved(x, v, -step))
        change = [
            a - b for a, b in zip(ahead, behind, strict=True)
        ]  # before projecting: outputs that did not change cancel exactly
        row = [project(weights, change) / (2 * step)]
        constant = not any(np.any(d) for d in change)
        size = sum(float(np.sum(np.abs(w * a) * (constant | (d != 0)))) for w, a, d in zip(weights, ahead, change, strict=True))
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
    best = found[0]  # its error may be small by chance; the distance to the next best is more reliable
    return replace(best, error=4 * max(best.error, *(abs(other.value - best.value) for other in found)))


def complex_step(f: Function, x: Arrays, v: Arrays, weights: Arrays) -> Estimate | None:
    """The same derivative by a complex step. None if f refuses complex numbers or drops the imaginary part."""
    if any(np.iscomplexobj(a) for a in (*x, *weights)):
        return None
    step = 1e-40
    try:
        outputs = f(moved(x, v, 1j * step))
    except Exception:  # any error means that f does not take complex numbers
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
    """A kink or a jump of t -> f(x + t v) at 0, in words; None for neither. Slopes are given per `step`."""
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
