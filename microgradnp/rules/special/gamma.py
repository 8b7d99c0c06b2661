"""The gamma function and its relatives: DLMF 5 and 8.

The second derivative of log(gamma) is written out here, because SciPy's `zeta(2, x)` takes 17 times as long as `psi`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp
from scipy.special import _ufuncs

from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.special.tools import real_only, times
from microgradnp.rules.values import value_of

SHIFT = 10
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


@primitive
def trigamma(x: Any) -> Any:
    """The second derivative of log(gamma(x)), by reflection, recurrence, and the asymptotic series of DLMF 5.15.8."""
    x = np.asarray(x)
    left = x.real < 0.5
    z = np.where(left, 1 - x, x)
    total = np.zeros_like(z)
    for _ in range(SHIFT):
        total += 1 / (z * z)
        z += 1
    w = 1 / (z * z)
    series = np.zeros_like(z)
    for b in reversed(BERNOULLI):
        series = series * w + b
    total += (1 + (0.5 + series / z) / z) / z
    if np.any(left):
        with np.errstate(divide="ignore"):
            total = np.where(left, (np.pi / sine(x)) ** 2 - total, total)
    return total


def sine(x: Any) -> Any:
    """sin(pi x) up to its sign, exact near whole numbers. It is infinity far from the real line."""
    x = x - np.round(x.real)
    far = np.abs(x.imag) > 50
    return np.where(far, np.inf, np.sin(np.pi * np.where(far, 0, x))) if x.dtype.kind == "c" else np.sin(np.pi * x)


def trigamma_slope(g: Any, y: Any, a: Any) -> Any:
    real_only("the third derivative of loggamma", a)
    return times(g, -2 * sp.zeta(3, a))


def rgamma_slope(a: Any, y: Any) -> Any:
    """The slope of y = 1 / gamma(a). The reflection y = sin(pi a) gamma(1 - a) / pi makes it finite at the poles of gamma."""
    left = np.real(value_of(a)) < 0.5
    b = np.where(left, 1 - a, 1)
    mirror = np.cos(np.pi * np.where(left, a, 0)) * sp.gamma(b) - y * sp.psi(b)
    return np.where(left, mirror, -y * sp.psi(np.where(left, 1, a)))


def gamma_density(a: Any, x: Any) -> Any:
    """x**(a-1) exp(-x) / gamma(a): the slope of gammainc(a, x)."""
    return np.exp(sp.xlogy(a - 1.0, x) - x - sp.gammaln(a))


def beta_density(a: Any, b: Any, x: Any) -> Any:
    """x**(a-1) (1 - x)**(b-1) / beta(a, b): the slope of betainc(a, b, x)."""
    return np.exp(sp.xlogy(a - 1.0, x) + sp.xlog1py(b - 1.0, -x) - sp.betaln(a, b))


def psi_difference(a: Any, b: Any) -> Any:
    """psi(a) - psi(b). Where both are poles, the infinities cancel by reflection."""
    both = np.logical_and(is_pole(a), is_pole(b))
    if not np.any(both):
        return sp.psi(a) - sp.psi(b)
    return sp.psi(np.where(both, 1 - a, a)) - sp.psi(np.where(both, 1 - b, b))


def is_pole(a: Any) -> Any:
    v = value_of(a)
    return np.logical_and(v <= 0, v == np.floor(v))


def poch_slope(g: Any, y: Any, z: Any, m: Any) -> Any:
    """The slope of y = gamma(z + m) / gamma(z), which is 0 where only gamma(z) has a pole."""
    zero = np.logical_and(is_pole(z), np.logical_not(is_pole(z + m)))
    z, at = np.where(zero, 1, z), np.where(zero, z, 1)
    usual = np.where(zero, 0, y) * psi_difference(z + m, z)
    if not np.any(zero):
        return times(g, usual)
    whole = np.where(zero, at + m, 1)
    one = sp.rgamma(at)
    return times(g, np.where(zero, sp.gamma(whole) * (sp.psi(whole) * one + rgamma_slope(at, one)), usual))


def binom_slope(g: Any, y: Any, n: Any, k: Any, of_n: bool) -> Any:
    """The slope of y = gamma(n+1) / (gamma(k+1) gamma(n-k+1)), by psi.

    Where y is 0, a denominator has a pole, and the slope of 1 / gamma takes the place of psi.
    """
    pole = value_of(y) == 0
    top, one, other = (np.where(pole, 0, part) for part in (n, k, n - k))
    usual = np.where(pole, 0, y) * psi_difference((top if of_n else other) + 1, (other if of_n else one) + 1)
    if not np.any(pole):
        return times(g, usual)
    top, one, other = (np.where(pole, part + 1, 1) for part in (n, k, n - k))
    first, second = sp.rgamma(one), sp.rgamma(other)  # one of them is 0 but its slope is not, so the product rule needs all terms
    falls = first * rgamma_slope(other, second)
    rises = sp.psi(top) * first * second if of_n else rgamma_slope(one, first) * second
    return times(g, np.where(pole, sp.gamma(top) * (rises + falls if of_n else rises - falls), usual))


# fmt: off
rule(sp.gamma,          lambda g, y, a: times(g, y * sp.psi(a)))
rule(sp.gammaln,        lambda g, y, a: times(g, sp.psi(a)))
rule(sp.loggamma,       lambda g, y, a: times(g, sp.psi(a)))
rule(sp.rgamma,         lambda g, y, a: times(g, rgamma_slope(a, y)))
rule(sp.psi,            lambda g, y, a: times(g, trigamma(a)))
rule(trigamma,          trigamma_slope)
rule(_ufuncs._zeta,     None,                                              # zeta(x, q) = sum (q + k)**-x: DLMF 25.11.17
                        lambda g, y, x, q: times(g, -x * sp.zeta(x + 1, q)))
rule(sp.beta,           lambda g, y, a, b: times(g, y * (sp.psi(a) - sp.psi(a + b))),
                        lambda g, y, a, b: times(g, y * (sp.psi(b) - sp.psi(a + b))))
rule(sp.betaln,         lambda g, y, a, b: times(g, sp.psi(a) - sp.psi(a + b)),
                        lambda g, y, a, b: times(g, sp.psi(b) - sp.psi(a + b)))
rule(sp.poch,           poch_slope,
                        lambda g, y, z, m: times(g, y * sp.psi(z + m)))
rule(sp.binom,          lambda g, y, n, k: binom_slope(g, y, n, k, True),
                        lambda g, y, n, k: binom_slope(g, y, n, k, False))

# ----------------------------------- incomplete functions and their inverses: no rule for a and b
rule(sp.gammainc,       None, lambda g, y, a, x: times(g, gamma_density(a, x)))
rule(sp.gammaincc,      None, lambda g, y, a, x: times(g, -gamma_density(a, x)))
rule(sp.gammaincinv,    None, lambda g, y, a, p: times(g, 1 / gamma_density(a, y)))
rule(sp.gammainccinv,   None, lambda g, y, a, p: times(g, -1 / gamma_density(a, y)))
rule(sp.betainc,        None, None, lambda g, y, a, b, x: times(g, beta_density(a, b, x)))
rule(sp.betaincc,       None, None, lambda g, y, a, b, x: times(g, -beta_density(a, b, x)))
rule(sp.betaincinv,     None, None, lambda g, y, a, b, p: times(g, 1 / beta_density(a, b, y)))
rule(sp.betainccinv,    None, None, lambda g, y, a, b, p: times(g, -1 / beta_density(a, b, y)))
# fmt: on
