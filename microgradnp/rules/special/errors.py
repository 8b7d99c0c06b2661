"""The error function and its relatives (DLMF 7.10), and the normal distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.special.tools import SQRT_2PI, SQRT_PI, times
from microgradnp.rules.values import value_of

SLOPE_AT_0 = 2 / SQRT_PI
ROOT_HALF = float(np.sqrt(0.5))


def asymptotic_series(z: Any, sign: float) -> Any:
    """1 + 3 s + 15 s**2 + 105 s**3 ... with s = sign / (2 z**2), for the slopes below at large z: DLMF 7.12.1."""
    s, series = sign / (2 * z * z), 1.0
    for odd in (13, 11, 9, 7, 5, 3):
        series = 1 + odd * s * series
    return series


def damped_slope(a: Any, y: Any, factor: float, sign: float) -> Any:
    """sign (2 a y - factor): the slope of y = erfcx(a) and, with sign = -1, of y = dawsn(a).

    For large `a` this subtracts nearly equal numbers. There the series -factor / (2 a**2) (1 - 3 sign / (2 a**2) ...) is used.
    """
    v = value_of(a)
    far = np.logical_and(np.absolute(v) > 25, np.real(v) > 0 if sign > 0 else np.real(v * v) > 50)
    outside, inside = np.where(far, a, 25), np.where(far, 0, a)
    series = -factor / (2 * outside * outside) * asymptotic_series(outside, -sign)
    return np.where(far, series, sign * (2 * inside * y - factor))


@primitive
def mills(a: Any) -> Any:
    """The slope of log(ndtr(a)): the normal density divided by the distribution function."""
    return 2 / (SQRT_2PI * sp.erfcx(-ROOT_HALF * a))


def mills_slope(g: Any, y: Any, a: Any) -> Any:
    """-y (a + y). For a < -10 the sum cancels; with z = -a / sqrt(2) it is -erfcx'(z) / (sqrt(2) erfcx(z))."""
    left = value_of(a).real < -10
    z = np.where(left, -ROOT_HALF * a, 10)
    damped = sp.erfcx(z)
    rest = -ROOT_HALF * damped_slope(z, damped, SLOPE_AT_0, 1.0) / damped
    return times(g, -y * np.where(left, rest, np.where(left, 0, a) + y))


# fmt: off
rule(sp.erf,       lambda g, y, a: g * (SLOPE_AT_0 * np.exp(-(a * a))))
rule(sp.erfc,      lambda g, y, a: g * (-SLOPE_AT_0 * np.exp(-(a * a))))
rule(sp.erfi,      lambda g, y, a: times(g, SLOPE_AT_0 * np.exp(a * a)))
rule(sp.erfcx,     lambda g, y, a: times(g, damped_slope(a, y, SLOPE_AT_0, 1.0)))
rule(sp.dawsn,     lambda g, y, a: g * damped_slope(a, y, 1.0, -1.0))
rule(sp.wofz,      lambda g, y, a: times(g, -1j * damped_slope(-1j * a, y, SLOPE_AT_0, 1.0)))  # wofz(z) = erfcx(-i z)
rule(sp.erfinv,    lambda g, y, a: times(g, np.exp(y * y) / SLOPE_AT_0))
rule(sp.erfcinv,   lambda g, y, a: times(g, np.exp(y * y) / -SLOPE_AT_0))
rule(sp.ndtr,      lambda g, y, a: g * (np.exp(-0.5 * (a * a)) / SQRT_2PI))
rule(sp.ndtri,     lambda g, y, a: times(g, SQRT_2PI * np.exp(0.5 * (y * y))))
rule(sp.log_ndtr,  lambda g, y, a: times(g, mills(a)))
rule(sp.ndtri_exp, lambda g, y, a: g / mills(y))
rule(mills,        mills_slope)
rule(sp.owens_t,   lambda g, y, h, a: g * (np.exp(-0.5 * (h * h)) * sp.erf(a * h * ROOT_HALF) / (-2 * SQRT_2PI)),
                   lambda g, y, h, a: g * (np.exp(-0.5 * (h * h) * (1 + a * a)) / (2 * np.pi * (1 + a * a))))
# fmt: on
