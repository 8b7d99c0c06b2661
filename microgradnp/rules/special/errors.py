"""The error function and its relatives (DLMF 7.10), and the normal distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from microgradnp.rules.special.tools import SQRT_2PI, SQRT_PI, times
from microgradnp.rules.values import value_of
from microgradnp.table import rule
from microgradnp.tensor import primitive

SLOPE_AT_0 = 2 / SQRT_PI
ROOT_HALF = float(np.sqrt(0.5))


def far_out(z: Any, sign: float) -> Any:
    """1 + 3 s + 15 s**2 + 105 s**3 ... with s = sign / (2 z**2): the asymptotic series of the slopes below, DLMF 7.12.1."""
    s, series = sign / (2 * z * z), 1.0
    for odd in (13, 11, 9, 7, 5, 3):
        series = 1 + odd * s * series
    return series


def damped_slope(a: Any, y: Any, factor: float, sign: float) -> Any:
    """2 sign a y - factor of y = erfcx(a) (sign = 1) and its like, where far out two nearly equal numbers would be subtracted."""
    far = np.logical_and(np.absolute(value_of(a)) > 50, np.logical_or(np.real(value_of(a)) > 0, sign < 0))
    outside = np.where(far, a, 50)
    return np.where(
        far, -factor * sign / (2 * outside * outside) * far_out(outside, -sign), sign * (2 * np.where(far, 0, a) * y - factor)
    )


@primitive
def mills(a: Any) -> Any:
    """The slope of log(ndtr(a)): the normal density over the distribution function."""
    return 2 / (SQRT_2PI * sp.erfcx(-ROOT_HALF * a))


# fmt: off
rule(sp.erf,       lambda g, y, a: g * (SLOPE_AT_0 * np.exp(-(a * a))))
rule(sp.erfc,      lambda g, y, a: g * (-SLOPE_AT_0 * np.exp(-(a * a))))
rule(sp.erfi,      lambda g, y, a: times(g, SLOPE_AT_0 * np.exp(a * a)))
rule(sp.erfcx,     lambda g, y, a: times(g, damped_slope(a, y, SLOPE_AT_0, 1.0)))
rule(sp.dawsn,     lambda g, y, a: g * damped_slope(a, y, 1.0, -1.0))
rule(sp.wofz,      lambda g, y, a: g * (SLOPE_AT_0 * 1j - 2 * a * y))
rule(sp.erfinv,    lambda g, y, a: times(g, np.exp(y * y) / SLOPE_AT_0))
rule(sp.erfcinv,   lambda g, y, a: times(g, np.exp(y * y) / -SLOPE_AT_0))
rule(sp.ndtr,      lambda g, y, a: g * (np.exp(-0.5 * (a * a)) / SQRT_2PI))
rule(sp.ndtri,     lambda g, y, a: times(g, SQRT_2PI * np.exp(0.5 * (y * y))))
rule(sp.log_ndtr,  lambda g, y, a: times(g, mills(a)))
rule(sp.ndtri_exp, lambda g, y, a: g / mills(y))
rule(mills,        lambda g, y, a: g * (-y * (a + y)))
rule(sp.owens_t,   lambda g, y, h, a: g * (np.exp(-0.5 * (h * h)) * sp.erf(a * h * ROOT_HALF) / (-2 * SQRT_2PI)),
                   lambda g, y, h, a: g * (np.exp(-0.5 * (h * h) * (1 + a * a)) / (2 * np.pi * (1 + a * a))))
# fmt: on
