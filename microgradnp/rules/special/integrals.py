"""Integrals of elementary functions, elliptic integrals, and functions with several results.

A ufunc with several results becomes one node, which is their stack. Each result is a slice of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sp
from scipy.special import _ufuncs

from microgradnp.core.entries import composite
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.guards import safe_divisor
from microgradnp.rules.special.tools import near_zero, times
from microgradnp.rules.values import value_of


def series_of_k(terms: int) -> tuple[list[float], list[float]]:
    """The power series of dK/dm and dE/dm: DLMF 19.5.1 and 19.5.2."""
    k, e, c = [], [], 1.0
    for n in range(1, terms + 1):
        c *= ((2 * n - 1) / (2 * n)) ** 2
        k.append(np.pi / 2 * n * c)
        e.append(-np.pi / 2 * n * c / (2 * n - 1))
    return k, e


SLOPE_OF_K, SLOPE_OF_E = series_of_k(10)
LOG1P_RATIO = [(-1) ** n / (n + 1) for n in range(12)]


def k_slope(m: Any, y: Any) -> Any:
    """dK/dm = (E / (1 - m) - K) / (2 m): DLMF 19.4.1."""
    return near_zero(m, 0.03, SLOPE_OF_K, lambda m: (sp.ellipe(m) / (1 - m) - y) / (2 * m))


def k_slope_near_1(p: Any) -> Any:
    """dK/dm at m = 1 - p, exact for p near 0."""
    far = np.where(np.absolute(value_of(p) - 1) < 0.03, 0.5, p)
    usual = (sp.ellipe(1 - far) / far - sp.ellipkm1(far)) / (2 * (1 - far))
    return near_zero(1 - p, 0.03, SLOPE_OF_K, lambda m: usual)


def e_slope(m: Any, y: Any) -> Any:
    """dE/dm = (E - K) / (2 m)."""
    return near_zero(m, 0.03, SLOPE_OF_E, lambda m: (y - sp.ellipk(m)) / (2 * m))


def log1p_ratio(u: Any) -> Any:
    """log(1 + u) / u, which is 1 at 0."""
    return near_zero(u, 0.03, LOG1P_RATIO, lambda u: np.log1p(u) / u)


def expn_slope(n: Any, x: Any) -> Any:
    """-E_{n-1}(x): DLMF 8.19.13. SciPy lacks E_{-1}(x) = exp(-x) (1 + 1/x) / x."""
    last = np.asarray(n) == 0
    return -np.where(last, np.exp(-x) * (1 + 1 / x) / x, sp.expn(np.where(last, 1, n) - 1, x))


def sinhc(a: Any) -> Any:
    """sinh(a) / a, which is 1 at 0."""
    quotient = np.sinc(1j * a / np.pi)
    return quotient if a.dtype.kind == "c" else np.real(quotient)


# fmt: off
rule(sp.ellipk,       lambda g, y, m: times(g, k_slope(m, y)))
rule(sp.ellipkm1,     lambda g, y, p: times(g, -k_slope_near_1(p)))
rule(sp.ellipe,       lambda g, y, m: times(g, e_slope(m, y)))
rule(sp.ellipkinc,    lambda g, y, phi, m: times(g, 1 / np.sqrt(1 - m * np.sin(phi) ** 2)),
                      None)
rule(sp.ellipeinc,    lambda g, y, phi, m: times(g, np.sqrt(1 - m * np.sin(phi) ** 2)),
                      None)
rule(sp.exp1,         lambda g, y, a: times(g, -np.exp(-a) / safe_divisor(g, a)))
rule(sp.expi,         lambda g, y, a: times(g, np.exp(a) / safe_divisor(g, a)))
rule(sp.expn,         None,
                      lambda g, y, n, x: times(g, expn_slope(n, x)))
rule(sp.spence,       lambda g, y, a: times(g, -log1p_ratio(a - 1)))                                      # DLMF 25.12.2
rule(_ufuncs._lambertw, lambda g, y, z, k, tolerance: times(g, np.exp(-y) / (1 + y)),                    # DLMF 4.13.4
                      None,
                      None)
rule(sp.wrightomega,  lambda g, y, a: times(g, y / (1 + y)))
rule(sp.wright_bessel, None, None,
                      lambda g, y, a, b, x: times(g, sp.wright_bessel(a, a + b, x)))
# fmt: on


# ------------------------------------------------------------------------------------- several results


def several(ufunc: np.ufunc, *vjps: Callable[..., Any] | None) -> None:
    """Register a ufunc with several results. In its formulas, `g` and `y` hold them along the first axis."""

    def stack(*args: Any) -> Any:
        return np.stack(ufunc(*args))

    stack.__name__ = ufunc.__name__
    stacked = primitive(stack)
    rule(stacked, *vjps)

    @composite(ufunc)
    def parts(*args: Any) -> tuple[Any, ...]:
        y = stacked(*args)
        return tuple(y[k] for k in range(ufunc.nout))


def airy(g: Any, y: Any, z: Any) -> Any:
    """Ai, Ai', Bi, Bi', where Ai'' = z Ai and Bi'' = z Bi: DLMF 9.2.1."""
    return times(g[0], y[1]) + times(g[1], z * y[0]) + times(g[2], y[3]) + times(g[3], z * y[2])


def jacobi(g: Any, y: Any, u: Any, m: Any) -> Any:
    """The slopes of sn, cn, dn and the amplitude: DLMF 22.13."""
    sn, cn, dn = y[0], y[1], y[2]
    return g[0] * cn * dn - g[1] * sn * dn - g[2] * m * sn * cn + g[3] * dn


# fmt: off
several(sp.airy,    airy)
several(sp.ellipj,  jacobi, None)
several(sp.fresnel, lambda g, y, a: times(g[0], np.sin(np.pi / 2 * a * a)) + times(g[1], np.cos(np.pi / 2 * a * a)))
several(sp.sici,    lambda g, y, a: times(g[0], np.sinc(a / np.pi)) + times(g[1], np.cos(a) / safe_divisor(g[1], a)))
several(sp.shichi,  lambda g, y, a: times(g[0], sinhc(a)) + times(g[1], np.cosh(a) / safe_divisor(g[1], a)))
several(sp.itj0y0,  lambda g, y, a: g[0] * sp.j0(a) + times(g[1], sp.y0(a)))
several(sp.iti0k0,  lambda g, y, a: times(g[0], sp.i0(a)) + times(g[1], sp.k0(a)))
several(sp.pbdv,    None, lambda g, y, v, x: g[0] * y[1] + g[1] * (x * x / 4 - v - 0.5) * y[0])  # DLMF 12.2.4
several(sp.pbvv,    None, lambda g, y, v, x: g[0] * y[1] + g[1] * (x * x / 4 - v - 0.5) * y[0])
# fmt: on
