"""Bessel functions and their relatives, by the recurrences of DLMF 10.6 and 10.29. The order has no rule.

The derivative of order 1 divides by x: J1' = J0 - J1 / x, which is 1/2 at 0. `ratio` is J_k / x**k. Its derivative is a ratio
again: (J_k / x**k)' = -x J_{k+1} / x**(k+1), and the same without the sign for I (DLMF 10.6.6, 10.29.4).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sp

from microgradnp.core.entries import KINKS, Kink
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.special.tools import real_only, times

FIRST = {"jv": sp.j1, "iv": sp.i1, "ive": sp.i1e}
SIGN = {"jv": -1, "iv": 1, "ive": 1}


@primitive
def ratio(x: Any, kind: str, k: int) -> Any:
    """J_k(x) / x**k, or I_k(x) / x**k, plain or times exp(-|x|). It is finite at 0."""
    x = np.asarray(x)
    small = np.abs(x) < 1e-3
    far = np.where(small, 1, x)
    value = (FIRST[kind](far) if k == 1 else getattr(sp, kind)(k, far)) / far**k
    near = (1 + SIGN[kind] * x * x / (4 * (k + 1))) / (2**k * math.factorial(k))  # the next term is below 1e-14
    return np.where(small, near * np.exp(-np.abs(x)) if kind == "ive" else near, value)


def ratio_slope(g: Any, y: Any, x: Any, kind: str, k: int) -> Any:
    slope = SIGN[kind] * x * ratio(x, kind=kind, k=k + 1)
    return g * (slope - np.sign(x) * y if kind == "ive" else slope)


def halves(function: Callable[..., Any], sign: int, half: float = 0.5) -> Callable[..., Any]:
    """The rule f_v' = (f_{v-1} + sign f_{v+1}) / 2 of a function f(v, z)."""

    def slope(g: Any, y: Any, v: Any, z: Any) -> Any:
        return times(g, half * (function(v - 1.0, z) + sign * function(v + 1.0, z)))

    return slope


def damped(function: Callable[..., Any], sign: int, rest: Callable[[Any, Any], Any], half: float = 0.5) -> Callable[..., Any]:
    """The same rule for a function with an exponential factor. The slope of the factor adds `rest(y, z)`."""

    def slope(g: Any, y: Any, v: Any, z: Any) -> Any:
        return times(g, half * (function(v - 1.0, z) + sign * function(v + 1.0, z)) + rest(y, z))

    return slope


def on_the_real_line(name: str, slope: Callable[..., Any]) -> Callable[..., Any]:
    """A rule for real z only: the factor exp(-|Re z|) or exp(-|Im z|) is not analytic."""

    def checked(g: Any, y: Any, v: Any, z: Any) -> Any:
        real_only(name, z)
        return slope(g, y, v, z)

    return checked


# fmt: off
rule(sp.j0,       lambda g, y, a: -g * sp.j1(a))
rule(sp.j1,       lambda g, y, a: g * (sp.j0(a) - ratio(a, kind="jv", k=1)))
rule(sp.y0,       lambda g, y, a: times(g, -sp.y1(a)))
rule(sp.y1,       lambda g, y, a: times(g, sp.y0(a) - y / a))
rule(sp.i0,       lambda g, y, a: times(g, sp.i1(a)))
rule(sp.i1,       lambda g, y, a: times(g, sp.i0(a) - ratio(a, kind="iv", k=1)))
rule(sp.i0e,      lambda g, y, a: g * (sp.i1e(a) - np.sign(a) * y))
rule(sp.i1e,      lambda g, y, a: g * (sp.i0e(a) - ratio(a, kind="ive", k=1) - np.sign(a) * y))
rule(sp.k0,       lambda g, y, a: times(g, -sp.k1(a)))
rule(sp.k1,       lambda g, y, a: times(g, -sp.k0(a) - y / a))
rule(sp.k0e,      lambda g, y, a: times(g, y - sp.k1e(a)))
rule(sp.k1e,      lambda g, y, a: times(g, y - sp.k0e(a) - y / a))
rule(ratio,       ratio_slope)
rule(sp.jv,       None, halves(sp.jv, -1))
rule(sp.yv,       None, halves(sp.yv, -1))
rule(sp.yn,       None, halves(sp.yn, -1))
rule(sp.iv,       None, halves(sp.iv, 1))
rule(sp.kv,       None, halves(sp.kv, 1, -0.5))
rule(sp.kn,       None, halves(sp.kn, 1, -0.5))
rule(sp.hankel1,  None, halves(sp.hankel1, -1))
rule(sp.hankel2,  None, halves(sp.hankel2, -1))
rule(sp.kve,      None, damped(sp.kve, 1, lambda y, z: y, -0.5))
rule(sp.hankel1e, None, damped(sp.hankel1e, -1, lambda y, z: -1j * y))
rule(sp.hankel2e, None, damped(sp.hankel2e, -1, lambda y, z: 1j * y))
rule(sp.ive,      None, on_the_real_line("ive", damped(sp.ive, 1, lambda y, z: -np.sign(z) * y)))
rule(sp.jve,      None, on_the_real_line("jve", halves(sp.jve, -1)))
rule(sp.yve,      None, on_the_real_line("yve", halves(sp.yve, -1)))
# fmt: on

for damped_at_0 in (sp.i0e, sp.i1e):
    KINKS[damped_at_0] = Kink("0 for the factor exp(-abs(x)) at 0", lambda y, a: a == 0)


def struve_rest(v: Any, z: Any) -> Any:
    """The term by which Struve's recurrences differ from Bessel's: DLMF 11.4.25 and 11.4.31."""
    return (0.5 * z) ** (v * 1.0) * sp.rgamma(v + 1.5) * (0.5 / math.sqrt(math.pi))


# fmt: off
rule(sp.struve,    None, lambda g, y, v, z: g * (0.5 * (sp.struve(v - 1.0, z) - sp.struve(v + 1.0, z)) + struve_rest(v, z)))
rule(sp.modstruve, None, lambda g, y, v, z: g * (0.5 * (sp.modstruve(v - 1.0, z) + sp.modstruve(v + 1.0, z)) + struve_rest(v, z)))
# fmt: on
