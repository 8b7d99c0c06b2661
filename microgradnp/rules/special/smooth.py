"""Exponentials, logarithms, entropies and losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from microgradnp.core.entries import constant
from microgradnp.core.table import rule
from microgradnp.rules.elementwise import DEGREE, LN2, LN10, power_base
from microgradnp.rules.guards import nonzero, safe_divisor
from microgradnp.rules.special.tools import near_zero, times
from microgradnp.rules.values import is_complex

EXPREL = [1 / 2, 1 / 3, 1 / 8, 1 / 30, 1 / 144, 1 / 840, 1 / 5760, 1 / 45360, 1 / 403200]  # 1 / (n! (n + 2))
LOG1P_RATIO = [(-1) ** (n + 1) * (n + 1) / (n + 2) for n in range(12)]


def safe_log_argument(g: Any, a: Any) -> Any:
    """`a`, with 1 in place of what is not positive wherever g == 0, so that 0 * log(a) gives 0."""
    bad = np.logical_and(g == 0, a == 0 if is_complex(a) else np.logical_not(a > 0))
    return np.where(bad, 1, a)


def exprel_slope(a: Any, y: Any) -> Any:
    """The slope of y = (exp(a) - 1) / a, which is 1/2 at 0. It is written y + (1 - y) / a, which cannot overflow."""
    return near_zero(a, 0.05, EXPREL, lambda a: y + (1 - y) / a)


def log1p_ratio_slope(u: Any) -> Any:
    """The slope of log(1 + u) / u, which is -1/2 at 0."""
    return near_zero(u, 0.03, LOG1P_RATIO, lambda u: (1 / (1 + u) - np.log1p(u) / u) / u)


def vanishes(x: Any, log_of: Any) -> Any:
    """Where x * log(...) is 0 by convention although the logarithm is not finite, as in PyTorch's xlogy."""
    return np.logical_and(x == 0, log_of == 0 if is_complex(log_of) else log_of <= 0)


def xlogy_factor(g: Any, y: Any, a: Any, b: Any) -> Any:
    return np.where(vanishes(a, b), 0, sp.xlogy(g, b))


def xlog1py_factor(g: Any, y: Any, a: Any, b: Any) -> Any:
    return np.where(vanishes(a, 1 + b), 0, sp.xlog1py(g, b))


def pseudo_huber_delta(g: Any, y: Any, delta: Any, r: Any) -> Any:
    """r**4 / (h (delta + h)**2) with h = hypot(delta, r). It subtracts no nearly equal numbers."""
    h = nonzero(np.hypot(delta, r))
    return g * r * (r / h) * (r / (delta + h)) ** 2


def boxcox_power(g: Any, y: Any, a: Any, b: Any) -> Any:
    """d((a**b - 1) / b)/da = a**(b-1), also for b = 0."""
    return g * safe_log_argument(g, a) ** (b - 1.0)


def boxcox_exponent(g: Any, y: Any, a: Any, b: Any) -> Any:
    """The slope of y = log(a) exprel(b log(a))."""
    log = np.log(safe_log_argument(g, a))
    return times(g, log * log * exprel_slope(b * log, sp.exprel(b * log)))


def boxcox1p_exponent(g: Any, y: Any, a: Any, b: Any) -> Any:
    log = np.log1p(safe_log_argument(g, 1 + a) - 1)
    return times(g, log * log * exprel_slope(b * log, sp.exprel(b * log)))


def inverse_boxcox_exponent(g: Any, x: Any, y: Any, b: Any) -> Any:
    """The slope of x = exp(y L(b y)) with L(u) = log(1 + u) / u. inv_boxcox1p passes 1 + x."""
    return times(g, x * y * y * log1p_ratio_slope(b * y))


def inverse_boxcox(g: Any, x: Any, y: Any, b: Any) -> Any:
    return times(g, x / safe_log_argument(g, 1 + b * y))


def power_less_one(g: Any, y: Any, a: Any, b: Any) -> Any:
    return g * (y + 1) * np.log(safe_log_argument(g, a))


# fmt: off
rule(sp.expit,         lambda g, y, a: g * y * sp.expit(-a))
rule(sp.log_expit,     lambda g, y, a: g * sp.expit(-a))
rule(sp.logit,         lambda g, y, a: g / (safe_divisor(g, a) * safe_divisor(g, 1 - a)))
rule(sp.exp2,          lambda g, y, a: times(g, y) * LN2)
rule(sp.exp10,         lambda g, y, a: times(g, y) * LN10)
rule(sp.expm1,         lambda g, y, a: times(g, y + 1))
rule(sp.log1p,         lambda g, y, a: g / safe_divisor(g, 1 + a))
rule(sp.exprel,        lambda g, y, a: times(g, exprel_slope(a, y)))
rule(sp.powm1,         lambda g, y, a, b: power_base(g, y + 1, a, b),
                       power_less_one)
rule(sp.cbrt,          lambda g, y, a: g / (3 * safe_divisor(g, y) ** 2))
rule(sp.cosm1,         lambda g, y, a: -g * np.sin(a))
rule(sp.sindg,         lambda g, y, a: g * DEGREE * sp.cosdg(a))
rule(sp.cosdg,         lambda g, y, a: -g * DEGREE * sp.sindg(a))
rule(sp.tandg,         lambda g, y, a: g * DEGREE * (1 + y**2))
rule(sp.cotdg,         lambda g, y, a: -g * DEGREE * (1 + y**2))
rule(sp.radian,        lambda g, y, a, b, c: g * DEGREE,
                       lambda g, y, a, b, c: g * (DEGREE / 60),
                       lambda g, y, a, b, c: g * (DEGREE / 3600))

# ------------------------------------------------------------------------------ entropies, 0 log 0 = 0
rule(sp.xlogy,         xlogy_factor,
                       lambda g, y, a, b: g * a / safe_divisor(g * a, b))
rule(sp.xlog1py,       xlog1py_factor,
                       lambda g, y, a, b: g * a / safe_divisor(g * a, 1 + b))
rule(sp.entr,          lambda g, y, a: -g * (1 + np.log(safe_log_argument(g, a))))
rule(sp.rel_entr,      lambda g, y, a, b: g * (1 + np.log(safe_log_argument(g, a)) - np.log(safe_log_argument(g, b))),
                       lambda g, y, a, b: -g * a / safe_divisor(g * a, b))
rule(sp.kl_div,        lambda g, y, a, b: g * (np.log(safe_log_argument(g, a)) - np.log(safe_log_argument(g, b))),
                       lambda g, y, a, b: g * (1 - a / safe_divisor(g * a, b)))

# ------------------------------------------------------------------------- losses: (delta, residual)
rule(sp.huber,         lambda g, y, delta, r: g * np.maximum(np.absolute(r) - delta, 0),
                       lambda g, y, delta, r: g * np.clip(r, -delta, delta))
rule(sp.pseudo_huber,  pseudo_huber_delta,
                       lambda g, y, delta, r: g * np.absolute(delta) * r / nonzero(np.hypot(delta, r)))

# ------------------------------------------------------------------------------- the power transform
rule(sp.boxcox,        boxcox_power,
                       boxcox_exponent)
rule(sp.boxcox1p,      lambda g, y, a, b: boxcox_power(g, y, 1 + a, b),
                       boxcox1p_exponent)
rule(sp.inv_boxcox,    inverse_boxcox,
                       inverse_boxcox_exponent)
rule(sp.inv_boxcox1p,  lambda g, x, y, b: inverse_boxcox(g, 1 + x, y, b),
                       lambda g, x, y, b: inverse_boxcox_exponent(g, 1 + x, y, b))
# fmt: on

constant(sp.round, sp.gammasgn)
