"""Parts of numbers: fraction and whole part, mantissa and exponent, angle; and `np.emath`, complex where it must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.entries import composite, constant
from microgradnp.rules.values import is_abstract, value_of

# --------------------------------------------------------------------------------- two results from one number


@composite(np.modf)
def modf(x: Any, /) -> tuple[Any, Any]:
    """The whole part is a constant, so the fraction has slope 1."""
    whole = np.trunc(x)
    fraction = np.where(np.isinf(x), 0, np.subtract(x, np.where(np.isinf(x), 0, whole)))
    return np.copysign(fraction, x), whole


@composite(np.frexp)
def frexp(x: Any, /) -> tuple[Any, Any]:
    """The exponent is a constant, so the mantissa is `x` times a constant power of 2."""
    exponent = np.frexp(value_of(x))[1]
    return np.ldexp(x, -exponent), exponent


@composite(np.divmod)
def divmod(x1: Any, x2: Any, /) -> tuple[Any, Any]:
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


# -------------------------------------------------------------------------------------------- complex numbers


@composite(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """The gradient at 0 is 0, as in PyTorch."""
    origin = np.equal(z, 0)
    there = np.arctan2(np.imag(z.detach()), np.real(z.detach())) if is_abstract(z) else np.angle(value_of(z))
    angles = np.where(origin, there, np.arctan2(np.imag(z), np.where(origin, 1, np.real(z))))
    return angles * (180 / np.pi) if deg else angles


@composite(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Any:
    kept = np.iscomplexobj(np.real_if_close(value_of(a), tol))
    return a if kept else np.real(a)


constant(np.bitwise_count, np.array_equiv, np.can_cast, np.common_type, np.min_scalar_type)
constant(np.array2string, np.array_repr, np.array_str)


# --------------------------------------------------------------------- np.emath: complex outside of the domain


def nonnegative(x: Any) -> Any:
    return np.logical_not(np.less(x, 0))


def within_one(x: Any) -> Any:
    return np.logical_not(np.greater(np.absolute(x), 1))


def complex_outside(domain: Callable[[Any], Any], x: Any) -> Any:
    """`x`, made complex when an entry lies outside of the real function's domain."""
    value = value_of(x)
    stays = np.iscomplexobj(value) or bool(np.all(domain(value)))
    return x if stays else np.astype(x, np.result_type(value, 1j))


def on_domain(function: Callable[..., Any], domain: Callable[[Any], Any]) -> Callable[..., Any]:
    """The function of `np.emath` that equals `function` on its domain."""

    def expression(x: Any) -> Any:
        return function(complex_outside(domain, x))

    return expression


for name in ("sqrt", "log", "log2", "log10"):
    composite(getattr(np.emath, name))(on_domain(getattr(np, name), nonnegative))
for name in ("arccos", "arcsin", "arctanh"):
    composite(getattr(np.emath, name))(on_domain(getattr(np, name), within_one))


@composite(np.emath.logn)
def logn(n: Any, x: Any) -> Any:
    return np.emath.log(x) / np.emath.log(n)


@composite(np.emath.power)
def power(x: Any, p: Any) -> Any:
    return np.power(complex_outside(nonnegative, x), p)
