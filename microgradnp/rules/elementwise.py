"""Elementwise functions. The derivatives are in every calculus textbook; conventions at kinks are PyTorch's, stated here.

No NaN where the true gradient is finite: `np.where(b > 0, a / b, 0)` sends a gradient of zero back through the divisions that
it did not use. There the slope is infinite or NaN, and 0 * inf is NaN. `safe_divisor` and `finite` replace such a slope only
where it is bad *and* the gradient is zero. Elsewhere it must stay: second derivatives read it also at g = 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.core.context import tracing
from microgradnp.core.table import alias, constant, rule
from microgradnp.rules.values import undecided, value_of

LN2 = float(np.log(2))
LN10 = float(np.log(10))
DEGREE = float(np.pi / 180)
LARGE = 1000  # entries from which on one more pass over an array pays


def safe_divisor(g: Any, b: Any) -> Any:
    """`b` to divide by, but 1 where it is 0 or NaN and `g` is 0, so that the quotient is 0 there."""
    if undecided(b):
        return b if tracing.get().unguarded else divisor(g, b)
    known = value_of(b)
    if known.all() and not np.isnan(np.vdot(known, known)):  # the usual case: nothing is 0 or NaN
        return b
    return divisor(g, b)


def divisor(g: Any, b: Any) -> Any:
    return np.where(np.logical_and(g == 0, np.logical_not(np.absolute(b) > 0)), 1, b)


def finite(g: Any, slope: Any) -> Any:
    """`slope` to multiply by, but 0 where it is not finite and `g` is 0."""
    if isinstance(slope, (int, float)) and math.isfinite(slope):
        return slope
    if undecided(slope):
        return slope if tracing.get().unguarded else factor(g, slope)
    known = value_of(slope)
    if math.isfinite(np.vdot(known, known).real):  # one pass, a third of the time of all(isfinite); no warning on overflow
        return slope
    return factor(g, slope)


def factor(g: Any, slope: Any) -> Any:
    return np.where(np.logical_and(g == 0, np.logical_not(np.isfinite(slope))), 0, slope)


def masked(mask: Any, g: Any) -> Any:
    """`g` where the mask is True, else 0: a product where `g` is finite, which takes a quarter of the time of `np.where`."""
    if undecided(g):
        return g * mask if tracing.get().unguarded else np.where(mask, g, 0)
    known = value_of(g)
    if known.size > LARGE and math.isfinite(np.vdot(known, known).real):
        return g * mask
    return np.where(mask, g, 0)


def nonzero(y: Any) -> Any:
    """`y`, but 1 where it is zero."""
    return np.where(y == 0, 1, y)


def denominator(g: Any, y: Any, a: Any, b: Any) -> Any:
    """-a / b**2 as -y / b: b**2 could overflow or vanish."""
    return -(g * finite(g, y)) / safe_divisor(g, b)


def power_base(g: Any, y: Any, a: Any, b: Any) -> Any:
    """d(a**b)/da = b a**(b-1); 0 where b is 0, also at a = 0."""
    if isinstance(b, (int, float)) and b == int_or_zero(b) and b >= 0:
        return g * b * finite(g, a ** (b - 1)) if b else np.zeros_like(g)
    unused = np.logical_and(g == 0, np.logical_not(np.isfinite(y)))
    infinite = np.logical_and(np.logical_and(a == 0, b < 1), np.logical_or(g == 0, b == 0))
    return g * b * np.where(np.logical_or(unused, infinite), 1, a) ** (b - 1.0)  # 1.0: unsigned and small integers would wrap


def int_or_zero(b: float) -> int:
    return int(b) if np.isfinite(b) else 0


def power_exponent(g: Any, y: Any, a: Any, b: Any) -> Any:
    """d(a**b)/db = a**b log(a); 0 at a = 0 (as in PyTorch), NaN for a < 0, where a**b has no neighbours."""
    if isinstance(a, (int, float)) and a > 0:
        return g * finite(g, y) * float(np.log(a))
    unused = np.logical_and(g == 0, False if np.iscomplexobj(a) else np.logical_not(a > 0))
    return g * np.where(unused, 0, finite(g, y)) * np.log(np.where(np.logical_or(a == 0, unused), 1, a))


def fmod_divisor(g: Any, y: Any, a: Any, b: Any) -> Any:
    """a - fmod(a, b) is a whole multiple of b; floor_divide gets that multiple right where a / b rounds up to the next."""
    b = safe_divisor(g, b)
    return -g * np.sign(a) * np.sign(b) * np.floor_divide(np.absolute(a), np.absolute(b))


def unit_circle(g: Any, a: Any) -> Any:
    """1 - a**2 without cancellation near 1, to divide by or take the root of; 1 where it is no use and `g` is 0."""
    rest = (1 - a) * (1 + a)
    if undecided(rest) and tracing.get().unguarded:
        return rest
    return safe_divisor(g, rest) if a.dtype.kind == "c" else np.where(np.logical_and(g == 0, rest <= 0), 1, rest)


def same_branch(root: Any, guide: Any) -> Any:
    """`root` or its negative, whichever points as `guide` does: on a branch cut a square root may belong to the other side."""
    return root * np.where(np.real(root * np.conjugate(guide)) < 0, -1, 1)


def arcsin_slope(g: Any, y: Any, a: Any, guide: Any) -> Any:
    """1 / sqrt(1 - a**2), of the branch of `guide`, which is cos(arcsin(a)) or sin(arccos(a))."""
    root = np.sqrt(unit_circle(g, a))
    return g / (same_branch(root, guide(y)) if a.dtype.kind == "c" else root)


def arcsinh(g: Any, y: Any, a: Any) -> Any:
    return g / (same_branch(np.sqrt(1 + a**2), np.cosh(y)) if a.dtype.kind == "c" else np.hypot(1, a))  # a**2 may overflow


def arccosh(g: Any, y: Any, a: Any) -> Any:
    """1 / (sqrt(a - 1) sqrt(a + 1)): two roots, which neither overflow nor cancel."""
    outside = a == 1 if a.dtype.kind == "c" else a <= 1
    a = np.where(np.logical_and(g == 0, outside), 2, a)
    root = np.sqrt(a - 1) * np.sqrt(a + 1)
    return g / (same_branch(root, np.sinh(y)) if a.dtype.kind == "c" else root)


def arctan2_slope(g: Any, of: Any, a: Any, b: Any) -> Any:
    """of / (a**2 + b**2), where the squares may overflow or vanish."""
    radius = safe_divisor(g, np.hypot(a, b))
    return g * (of / radius) / radius


def absolute(g: Any, y: Any, a: Any) -> Any:
    """Sign of `a`, 0 at 0; for complex `a` the direction conj(a)/|a|."""
    return g * (a / nonzero(y)).conj() if a.dtype.kind == "c" else g * np.sign(a)


def sign(g: Any, y: Any, a: Any) -> Any:
    """0 for real `a`, and at 0; the unit circle's tangent part for complex `a` (y = a/|a|)."""
    if a.dtype.kind != "c":
        return np.zeros_like(g)
    return np.where(a == 0, 0, g - np.real(g * y) * y.conj()) / nonzero(np.absolute(a))


def chosen(g: Any, a: Any, b: Any, mine: Any) -> Any:
    """`g` where the argument is the extreme, half of it at a tie."""
    tie = np.equal(a, b)
    if undecided(tie):
        return np.where(tie, g / 2, masked(mine, g))
    tie = value_of(tie)
    return np.where(tie, g / 2, masked(mine, g)) if tie.any() else masked(mine, g)


def inside(a: Any, low: Any, high: Any) -> Any:
    """Where clip leaves `a` as it is; the bounds belong to the inside (as in PyTorch)."""
    if low is None or high is None:
        return a >= low if high is None else a <= high if low is None else True
    return np.logical_and(a >= low, a <= high)


def clip_low(g: Any, y: Any, a: Any, low: Any, high: Any = None) -> Any:
    return masked(np.logical_and(a < low, True if high is None else low < high), g)


def clip_high(g: Any, y: Any, a: Any, low: Any, high: Any) -> Any:
    return masked(np.logical_or(a > high, False if low is None else high < low), g)


# fmt: off
# --------------------------------------------------------------------------------------------- arithmetic
rule(np.add,           lambda g, y, a, b: g,
                       lambda g, y, a, b: g)
rule(np.subtract,      lambda g, y, a, b: g,
                       lambda g, y, a, b: -g)
rule(np.multiply,      lambda g, y, a, b: g * finite(g, b),
                       lambda g, y, a, b: g * finite(g, a))
rule(np.divide,        lambda g, y, a, b: g / safe_divisor(g, b),
                       denominator)
rule(np.power,         power_base, power_exponent)
rule(np.float_power,   power_base, power_exponent)
rule(np.remainder,     lambda g, y, a, b: g,
                       lambda g, y, a, b: -g * np.floor_divide(a, safe_divisor(g, b)))
rule(np.fmod,          lambda g, y, a, b: g,
                       fmod_divisor)
rule(np.negative,      lambda g, y, a: -g)
rule(np.positive,      lambda g, y, a: g)
rule(np.reciprocal,    lambda g, y, a: -g / safe_divisor(g, a) / safe_divisor(g, a))
rule(np.square,        lambda g, y, a: g * 2 * finite(g, a))
rule(np.sqrt,          lambda g, y, a: g / (2 * safe_divisor(g, y)))
rule(np.cbrt,          lambda g, y, a: g / (3 * safe_divisor(g, y) ** 2))
rule(np.ldexp,         lambda g, y, a, n: np.ldexp(g, n),
                       None)

# ------------------------------------------------------------------------------ exponentials and logarithms
rule(np.exp,           lambda g, y, a: g * finite(g, y))
rule(np.exp2,          lambda g, y, a: g * finite(g, y) * LN2)
rule(np.expm1,         lambda g, y, a: g * (finite(g, y) + 1))
rule(np.log,           lambda g, y, a: g / safe_divisor(g, a))
rule(np.log2,          lambda g, y, a: g / (safe_divisor(g, a) * LN2))
rule(np.log10,         lambda g, y, a: g / (safe_divisor(g, a) * LN10))
rule(np.log1p,         lambda g, y, a: g / safe_divisor(g, 1 + a))
rule(np.logaddexp,     lambda g, y, a, b: g * np.exp(a - y),
                       lambda g, y, a, b: g * np.exp(b - y))
rule(np.logaddexp2,    lambda g, y, a, b: g * np.exp2(a - y),
                       lambda g, y, a, b: g * np.exp2(b - y))

# --------------------------------------------------------------------------- trigonometric and hyperbolic
rule(np.sin,           lambda g, y, a: g * np.cos(a))
rule(np.cos,           lambda g, y, a: -g * np.sin(a))
rule(np.tan,           lambda g, y, a: g * (1 + y**2))
rule(np.arcsin,        lambda g, y, a: arcsin_slope(g, y, a, np.cos))
rule(np.arccos,        lambda g, y, a: -arcsin_slope(g, y, a, np.sin))
rule(np.arctan,        lambda g, y, a: g / (1 + a**2))
rule(np.arctan2,       lambda g, y, a, b: arctan2_slope(g, b, a, b),
                       lambda g, y, a, b: -arctan2_slope(g, a, a, b))
rule(np.hypot,         lambda g, y, a, b: g * a / nonzero(y),        # 0 at the origin, as norms are in PyTorch
                       lambda g, y, a, b: g * b / nonzero(y))
rule(np.sinh,          lambda g, y, a: g * finite(g, np.cosh(a)))
rule(np.cosh,          lambda g, y, a: g * finite(g, np.sinh(a)))
rule(np.tanh,          lambda g, y, a: g * (1 - y**2))
rule(np.arcsinh,       arcsinh)
rule(np.arccosh,       arccosh)
rule(np.arctanh,       lambda g, y, a: g / unit_circle(g, a))
rule(np.degrees,       lambda g, y, a: g / DEGREE)
rule(np.rad2deg,       lambda g, y, a: g / DEGREE)
rule(np.radians,       lambda g, y, a: g * DEGREE)
rule(np.deg2rad,       lambda g, y, a: g * DEGREE)

# ---------------------------------------- kinks: half each at a tie of maximum and minimum; 0 for abs at 0
rule(np.maximum,       lambda g, y, a, b: chosen(g, a, b, np.greater(a, b)),
                       lambda g, y, a, b: chosen(g, a, b, np.logical_not(a >= b)))
rule(np.minimum,       lambda g, y, a, b: chosen(g, a, b, np.less(a, b)),
                       lambda g, y, a, b: chosen(g, a, b, np.logical_not(a <= b)))
rule(np.fmax,          lambda g, y, a, b: masked(np.logical_or(a >= b, np.isnan(b)), g),        # a tie is the first's
                       lambda g, y, a, b: masked(np.logical_not(np.logical_or(a >= b, np.isnan(b))), g))
rule(np.fmin,          lambda g, y, a, b: masked(np.logical_or(a <= b, np.isnan(b)), g),
                       lambda g, y, a, b: masked(np.logical_not(np.logical_or(a <= b, np.isnan(b))), g))
rule(np.absolute,      absolute)
rule(np.fabs,          lambda g, y, a: g * np.sign(a))
rule(np.sign,          sign)
rule(np.copysign,      lambda g, y, a, b: g * np.sign(a) * np.sign(y),
                       lambda g, y, a, b: np.zeros_like(g))
rule(np.heaviside,     lambda g, y, a, b: np.zeros_like(g),
                       lambda g, y, a, b: np.where(a == 0, g, 0))
rule(np.clip,          lambda g, y, a, low=None, high=None: masked(inside(a, low, high), g),
                       clip_low,
                       clip_high)
rule(np.where,         None,
                       lambda g, y, condition, a, b: masked(np.not_equal(condition, 0), g),
                       lambda g, y, condition, a, b: masked(np.equal(condition, 0), g))

# ------------------------------------------------------------------------------------- complex and dtype
rule(np.conjugate,     lambda g, y, a: g.conj())
rule(np.real,          lambda g, y, a: g)
rule(np.imag,          lambda g, y, a: g * (-1j if a.dtype.kind == "c" else 0))
rule(np.astype,        lambda g, y, a, dtype, copy=True: g if y.dtype.kind in "fc" else np.zeros_like(g),  # the sweep casts back
                       None)
# fmt: on

alias(np.clip, min="a_min", max="a_max")

# -------------------------------------------------------------------- derivative zero wherever it exists
constant(np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix, np.floor_divide)
constant(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isclose, np.array_equal, np.allclose)
constant(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
constant(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift)
constant(np.isfinite, np.isinf, np.isnan, np.isnat, np.signbit, np.iscomplexobj, np.isrealobj, np.isreal, np.iscomplex)
constant(np.isposinf, np.isneginf, np.nextafter, np.spacing, np.gcd, np.lcm)
