"""Helpers that several formulas of this folder share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microgradnp.rules.guards import finite
from microgradnp.rules.values import is_complex, value_of

SQRT_PI = float(np.sqrt(np.pi))
SQRT_2PI = float(np.sqrt(2 * np.pi))


def times(g: Any, slope: Any) -> Any:
    """g * slope, and 0 where g is 0 and the slope is infinite or NaN, as in a branch of `np.where` that was not taken."""
    return g * finite(g, slope)


def near_zero(x: Any, limit: float, coefficients: Sequence[float], formula: Callable[[Any], Any]) -> Any:
    """A power series in `x` where |x| < limit, and elsewhere `formula(x)`, which divides by x.

    Neither gets the numbers of the other, so derivatives of every order are finite.
    """
    small = np.absolute(value_of(x)) < limit
    near = np.where(small, x, 0)
    series: Any = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        series = series * near + coefficient
    return np.where(small, series, formula(np.where(small, limit, x)))


def real_only(function: str, *arrays: Any) -> None:
    """Raises TypeError for complex arrays, for which the function is not analytic or SciPy lacks its slope."""
    if is_complex(*arrays):
        raise TypeError(
            f"{function}: no gradient rule for complex numbers; take real and imaginary part first, if they are enough"
        )
