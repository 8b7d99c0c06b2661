"""Elementwise functions. Every calculus textbook has their derivatives; the conventions at kinks are PyTorch's.

`safe_divisor`, `finite` and `masked` keep NaN out of gradients that are finite: see `guards`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.entries import alias, constant
from microgradnp.core.table import rule
from microgradnp.rules.guards import at_zero_length, finite, masked, nonzero, safe_divisor
from microgradnp.rules.values import is_abstract, is_unguarded, value_of

LN2 = float(np.log(2))
LN10 = float(np.log(10))
DEGREE = float(np.pi / 180)


def quotient_divisor(g: Any, y: Any, a: Any, b: Any) -> Any:
    """-a / b**2, written -y / b: b**2 could overflow or vanish."""
    return -(g * finite(g, y)) / safe_divisor(g, b)


def power_base(g: Any, y: Any, a: Any, b: Any) -> Any:
    """d(a**b)/da = b a**(b-1). It is 0 where b is 0, also at a = 0."""
    if isinstance(b, (int, float)) and b == int_or_zero(b) and b >= 0:
        return g * b * finite(g, a ** (b - 1)) if b else np.zeros_like(g)
    unused = np.logical_and(g == 0, np.logical_not(np.isfinite(y)))
    infinite = np.logical_and(np.logical_and(a == 0, b < 1), np.logical_or(g == 0, b == 0))
    return g * b * np.where(np.logical_or(unused, infinite), 1, a) ** (b - 1.0)  # 1.0, as unsigned integers would wrap at b - 1


def int_or_zero(b: float) -> int:
    return int(b) if np.isfinite(b) else 0


def power_exponent(g: Any, y: Any, a: Any, b: Any) -> Any:
    """d(a**b)/db = a**b log(a). It is 0 at a = 0, as in PyTorch, and NaN for a < 0, where a**b is defined for whole b only."""
    if isinstance(a, (int, float)) and a > 0:
        return g * finite(g, y) * float(np.log(a))
    unused = np.logical_and(g == 0, False if np.iscomplexobj(a) else np.logical_not(a > 0))
    return g * np.where(unused, 0, finite(g, y)) * np.log(np.where(np.logical_or(a == 0, unused), 1, a))


def fmod_divisor(g: Any, y: Any, a: Any, b: Any) -> Any:
    """fmod(a, b) = a - n b with a whole number n. floor_divide gives the right n where a / b rounds up to the next."""
    b = safe_divisor(g, b)
    return -g * np.sign(a) * np.sign(b) * np.floor_divide(np.absolute(a), np.absolute(b))


def one_minus_square(g: Any, a: Any) -> Any:
    """1 - a**2, without cancellation near 1. Where g == 0, it is 1 in place of numbers that have no root or reciprocal."""
    rest = (1 - a) * (1 + a)
    if is_abstract(rest) and is_unguarded():
        return rest
    return safe_divisor(g, rest) if a.dtype.kind == "c" else np.where(np.logical_and(g == 0, rest <= 0), 1, rest)


def ahead(a: Any, b: Any) -> Any:
    """a - b, and 0 for two equal infinities. The weights of logaddexp follow from it: exp(a - y) is wrong where y is rounded."""
    equal = np.logical_and(np.equal(a, b), np.isinf(a))
    if not is_abstract(equal) and not np.any(value_of(equal)):
        return a - b
    with np.errstate(invalid="ignore"):
        return np.where(equal, 0, a - b)


def same_branch(root: Any, guide: Any) -> Any:
    """`root` or its negative, whichever points the way of `guide`. On a branch cut, a root may belong to the other side."""
    return root * np.where(np.real(root * np.conjugate(guide)) < 0, -1, 1)


def arcsin_slope(g: Any, y: Any, a: Any, guide: Any) -> Any:
    """1 / sqrt(1 - a**2), on the branch of guide(y), which is cos(arcsin(a)) or sin(arccos(a))."""
    root = np.sqrt(one_minus_square(g, a))
    return g / (same_branch(root, guide(y)) if a.dtype.kind == "c" else root)


def arcsinh(g: Any, y: Any, a: Any) -> Any:
    return g / (same_branch(np.sqrt(1 + a**2), np.cosh(y)) if a.dtype.kind == "c" else np.hypot(1, a))  # a**2 may overflow


def arccosh(g: Any, y: Any, a: Any) -> Any:
    """1 / (sqrt(a - 1) sqrt(a + 1)): two roots, which neither overflow nor cancel."""
    outside = a == 1 if a.dtype.kind == "c" else a <= 1
    a = np.where(np.logical_and(g == 0, outside), 2, a)
    root = np.sqrt(a - 1) * np.sqrt(a + 1)
    return g / (same_branch(root, np.sinh(y)) if a.dtype.kind == "c" else root)


def arctan2_slope(g: Any, numerator: Any, a: Any, b: Any) -> Any:
    """numerator / (a**2 + b**2), divided twice by the radius, because the squares may overflow or vanish."""
    radius = safe_divisor(g, np.hypot(a, b))
    return g * (numerator / radius) / radius


def absolute(g: Any, y: Any, a: Any) -> Any:
    """The sign of `a`, 0 at 0. For complex `a` it is the direction conj(a) / |a|."""
    if a.dtype.kind == "c":
        return at_zero_length(g * (a / nonzero(y)).conj(), g, y, a.conj())
    return at_zero_length(g * np.sign(a), g, y, a)


def sign(g: Any, y: Any, a: Any) -> Any:
    """0 for real `a`, and at 0. For complex `a`, y = a / |a| moves along the unit circle: the part of g along its tangent."""
    if a.dtype.kind != "c":
        return np.zeros_like(g)
    return np.where(a == 0, 0, g - np.real(g * y) * y.conj()) / nonzero(np.absolute(a))


def halved_at_ties(g: Any, a: Any, b: Any, wins: Any) -> Any:
    """`g` where the argument wins, and half of `g` where the two arguments are equal."""
    tie = np.equal(a, b)
    if is_abstract(tie):
        return np.where(tie, g / 2, masked(wins, g))
    tie = value_of(tie)
    return np.where(tie, g / 2, masked(wins, g)) if tie.any() else masked(wins, g)


def inside(a: Any, low: Any, high: Any) -> Any:
    """Where clip leaves `a` unchanged. The bounds count as inside, as in PyTorch."""
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
                       quotient_divisor)
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
rule(np.logaddexp,     lambda g, y, a, b: g * np.exp(-np.logaddexp(0, ahead(b, a))),
                       lambda g, y, a, b: g * np.exp(-np.logaddexp(0, ahead(a, b))))
rule(np.logaddexp2,    lambda g, y, a, b: g * np.exp2(-np.logaddexp2(0, ahead(b, a))),
                       lambda g, y, a, b: g * np.exp2(-np.logaddexp2(0, ahead(a, b))))

# --------------------------------------------------------------------------- trigonometric and hyperbolic
rule(np.sin,           lambda g, y, a: g * np.cos(a))
rule(np.cos,           lambda g, y, a: -g * np.sin(a))
rule(np.tan,           lambda g, y, a: g * (1 + y**2))
rule(np.arcsin,        lambda g, y, a: arcsin_slope(g, y, a, np.cos))
rule(np.arccos,        lambda g, y, a: -arcsin_slope(g, y, a, np.sin))
rule(np.arctan,        lambda g, y, a: g / (1 + a**2))
rule(np.arctan2,       lambda g, y, a, b: arctan2_slope(g, b, a, b),
                       lambda g, y, a, b: -arctan2_slope(g, a, a, b))
rule(np.hypot,         lambda g, y, a, b: at_zero_length(g * a / nonzero(y), g, y, a),  # 0 at the origin, as PyTorch's norms
                       lambda g, y, a, b: at_zero_length(g * b / nonzero(y), g, y, b))
rule(np.sinh,          lambda g, y, a: g * finite(g, np.cosh(a)))
rule(np.cosh,          lambda g, y, a: g * finite(g, np.sinh(a)))
rule(np.tanh,          lambda g, y, a: g * (1 - y**2))
rule(np.arcsinh,       arcsinh)
rule(np.arccosh,       arccosh)
rule(np.arctanh,       lambda g, y, a: g / one_minus_square(g, a))
rule(np.degrees,       lambda g, y, a: g / DEGREE)
rule(np.rad2deg,       lambda g, y, a: g / DEGREE)
rule(np.radians,       lambda g, y, a: g * DEGREE)
rule(np.deg2rad,       lambda g, y, a: g * DEGREE)

# ----------------------------------------------------------------- kinks: the conventions are in kinks.py
rule(np.maximum,       lambda g, y, a, b: halved_at_ties(g, a, b, np.greater(a, b)),
                       lambda g, y, a, b: halved_at_ties(g, a, b, np.logical_not(a >= b)))
rule(np.minimum,       lambda g, y, a, b: halved_at_ties(g, a, b, np.less(a, b)),
                       lambda g, y, a, b: halved_at_ties(g, a, b, np.logical_not(a <= b)))
rule(np.fmax,          lambda g, y, a, b: masked(np.logical_or(a >= b, np.isnan(b)), g),        # at a tie all of g goes to a
                       lambda g, y, a, b: masked(np.logical_not(np.logical_or(a >= b, np.isnan(b))), g))
rule(np.fmin,          lambda g, y, a, b: masked(np.logical_or(a <= b, np.isnan(b)), g),
                       lambda g, y, a, b: masked(np.logical_not(np.logical_or(a <= b, np.isnan(b))), g))
rule(np.absolute,      absolute)
rule(np.fabs,          absolute)
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

# ---------------------------------------------------- constants: the derivative is 0 wherever it exists
constant(np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix, np.floor_divide)
constant(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isclose, np.array_equal, np.allclose)
constant(np.logical_and, np.logical_or, np.logical_xor, np.logical_not)
constant(np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift)
constant(np.isfinite, np.isinf, np.isnan, np.isnat, np.signbit, np.iscomplexobj, np.isrealobj, np.isreal, np.iscomplex)
constant(np.isposinf, np.isneginf, np.nextafter, np.spacing, np.gcd, np.lcm)
