"""What several formulas of this folder need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microgradnp.rules.elementwise import finite
from microgradnp.rules.values import is_complex, value_of

SQRT_PI = float(np.sqrt(np.pi))
SQRT_2PI = float(np.sqrt(2 * np.pi))


def times(g: Any, slope: Any) -> Any:
    """g * slope, and 0 where the slope is infinite or NaN and `g` is 0: a branch of np.where that was not taken."""
    return g * finite(g, slope)


def near_zero(x: Any, limit: float, coefficients: Sequence[float], formula: Callable[[Any], Any]) -> Any:
    """The power series in `x` where |x| < limit, and `formula(x)`, which divides by x, elsewhere.

    Neither sees the numbers of the other, so that derivatives of any order are finite.
    """
    small = np.absolute(value_of(x)) < limit
    near = np.where(small, x, 0)
    series: Any = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        series = series * near + coefficient
    return np.where(small, series, formula(np.where(small, limit, x)))


def real_only(function: str, *arrays: Any) -> None:
    """Raises TypeError for complex arrays, where the function is not analytic or its slope has no function in SciPy."""
    if is_complex(*arrays):
        raise TypeError(f"{function}: no gradient rule for complex numbers; take real and imaginary parts first, if they will do")
