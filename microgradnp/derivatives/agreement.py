"""Two arrays that should be equal: how far they differ, and which simple relation would explain it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]

EQUAL = 1e-7  # relative error that still counts as agreement
ROUNDING = {"f": 1e-3, "F": 1e-3, "e": 1e-1}  # the same for dtypes with fewer digits
FACTORS = {-1.0: "the sign", 2.0: "a factor 2", 0.5: "a factor 1/2", -2.0: "a factor -2", -0.5: "a factor -1/2"}


def tolerance_of(*arrays: Array) -> float:
    """The relative error that still counts as agreement, for the narrowest dtype of these arrays."""
    return max(ROUNDING.get(array.dtype.char, EQUAL) for array in arrays)


def relative_error(hand: Array, true: Array) -> float:
    """Largest difference over the largest true entry. Infinite when only the true array is zero, or an entry is not finite."""
    difference = float(np.max(np.abs(hand - true), initial=0.0))
    scale = float(np.max(np.abs(true), initial=0.0))
    if difference == 0:
        return 0.0
    return difference / scale if scale and np.isfinite(difference) else float("inf")


def worst_entry(size: Array) -> tuple[int, ...]:
    """The index of the largest entry. NaN counts as the largest."""
    flat = int(np.argmax(np.where(np.isnan(size), np.inf, size)))
    return tuple(int(k) for k in np.unravel_index(flat, size.shape))


def relation(hand: Array, true: Array, tolerance: float) -> str:
    """How two arrays that differ are related, to follow the word "differs": " by the sign", " in 3 of 12 entries"."""
    lost = np.count_nonzero(~np.isfinite(hand))
    if lost:
        return f": {lost} {'entry is' if lost == 1 else 'entries are'} not finite"
    factor, error, transposed = fit(hand, true)
    if factor and hand.size > 1 and error <= tolerance:
        known = next((text for value, text in FACTORS.items() if abs(factor - value) < 1e-6), f"a constant factor {factor:.6g}")
        if not transposed:
            return f" by {known}"
        return ": it is the transpose" + ("" if abs(factor - 1) < 1e-6 else f", and differs by {known}")
    wrong = np.abs(hand - true) > tolerance * np.max(np.abs(true), initial=0)
    return f" in {np.count_nonzero(wrong)} of {hand.size} entries"


class Fit(NamedTuple):
    """The best factor and layout of hand = factor * true."""

    factor: float
    error: float  # relative to the largest entry of hand
    transposed: bool


def fit(hand: Any, true: Any) -> Fit:
    """The factor and the layout in which `hand` is closest to `true`. Axes of length 1 are ignored."""
    found, target = (np.squeeze(np.asarray(a, np.result_type(a, np.float64))) for a in (hand, true))
    best = Fit(0.0, float("inf"), False)
    if found.shape == target.shape:
        best = Fit(*scale_of(found, target), False)
    if found.ndim == 2 and found.T.shape == target.shape and best.error > EQUAL:
        best = min(best, Fit(*scale_of(found.T, target), True), key=lambda fit: fit.error)
    return best


def scale_of(array: Array, reference: Array) -> tuple[float, float]:
    """(c, relative error) of the best fit array = c * reference, by least squares."""
    norm = float(np.vdot(reference, reference).real)
    largest = float(np.max(np.abs(array), initial=0))
    if norm == 0 or largest == 0 or not np.isfinite(largest):
        return 0.0, float("inf")
    c = float(np.vdot(reference, array).real) / norm
    return c, float(np.max(np.abs(array - c * reference), initial=0)) / largest


def scales_of(arrays: Array, references: Array) -> tuple[Array, Array]:
    """`scale_of` for each row of (n, size): (factors, relative errors), both (n,). One of both may be one row, (size,)."""
    norms = np.sum(references * references, axis=-1)
    largest = np.max(np.abs(arrays), axis=-1, initial=0)
    with np.errstate(all="ignore"):
        factors = np.sum(arrays * references, axis=-1) / norms
        errors = np.max(np.abs(arrays - factors[:, None] * references), axis=-1, initial=0) / largest
    fits = np.isfinite(errors) & np.isfinite(factors)
    return np.where(fits, factors, 0.0), np.where(fits, errors, np.inf)


def norm_ratio(hand: Array, true: Array) -> float:
    """|hand| / |true|; NaN when true is zero."""
    norm = float(np.linalg.norm(true))
    return float(np.linalg.norm(hand)) / norm if norm else float("nan")


def cosine(hand: Array, true: Array) -> float:
    """Cosine of the angle between the arrays; NaN when one is zero."""
    norms = float(np.linalg.norm(hand)) * float(np.linalg.norm(true))
    return float(np.vdot(hand, true).real) / norms if norms else float("nan")


def degrees(cosine: float) -> float:
    """The angle with this cosine, 0 to 180. NaN stays NaN."""
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
