"""Numbers taken apart: whole part and rest, mantissa and exponent, size and angle; and `np.emath`, complex where it must be."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.table import composite, constant
from microgradnp.rules.values import undecided, value_of

# --------------------------------------------------------------------------------- two results from one number


@composite(np.modf)
def modf(x: Any, /) -> tuple[Any, Any]:
    """The whole part is a constant, so the rest has slope 1."""
    whole = np.trunc(x)
    rest = np.where(np.isinf(x), 0, np.subtract(x, np.where(np.isinf(x), 0, whole)))
    return np.copysign(rest, x), whole


@composite(np.frexp)
def frexp(x: Any, /) -> tuple[Any, Any]:
    """The exponent is a constant, so the mantissa is `x` times a constant power of two."""
    exponent = np.frexp(value_of(x))[1]
    return np.ldexp(x, -exponent), exponent


@composite(np.divmod)
def divmod(x1: Any, x2: Any, /) -> tuple[Any, Any]:
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


# -------------------------------------------------------------------------------------------- complex numbers


@composite(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """At 0, where no direction is the right one, the gradient is 0, as PyTorch's is."""
    origin = np.equal(z, 0)
    there = np.arctan2(np.imag(z.detach()), np.real(z.detach())) if undecided(z) else np.angle(value_of(z))
    angles = np.where(origin, there, np.arctan2(np.imag(z), np.where(origin, 1, np.real(z))))
    return angles * (180 / np.pi) if deg else angles


@composite(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Any:
    kept = np.iscomplexobj(np.real_if_close(value_of(a), tol))
    return a if kept else np.real(a)


constant(np.bitwise_count, np.array_equiv, np.can_cast, np.common_type, np.min_scalar_type)
constant(np.array2string, np.array_repr, np.array_str)


def inside_or_complex(x: Any, inside: Any) -> Any:
    """`x`, made complex when an entry lies where the real function is not defined."""
    value = value_of(x)
    stays = np.iscomplexobj(value) or np.all(inside(value))
    return x if stays else np.astype(x, np.result_type(value, 1j))


def nonnegative(x: Any) -> Any:
    return np.logical_not(np.less(x, 0))


def within_one(x: Any) -> Any:
    return np.logical_not(np.greater(np.absolute(x), 1))


@composite(np.emath.sqrt)
def sqrt(x: Any) -> Any:
    return np.sqrt(inside_or_complex(x, nonnegative))


@composite(np.emath.log)
def log(x: Any) -> Any:
    return np.log(inside_or_complex(x, nonnegative))


@composite(np.emath.log2)
def log2(x: Any) -> Any:
    return np.log2(inside_or_complex(x, nonnegative))


@composite(np.emath.log10)
def log10(x: Any) -> Any:
    return np.log10(inside_or_complex(x, nonnegative))


@composite(np.emath.logn)
def logn(n: Any, x: Any) -> Any:
    return log(x) / log(n)


@composite(np.emath.power)
def power(x: Any, p: Any) -> Any:
    return np.power(inside_or_complex(x, nonnegative), p)


@composite(np.emath.arccos)
def arccos(x: Any) -> Any:
    return np.arccos(inside_or_complex(x, within_one))


@composite(np.emath.arcsin)
def arcsin(x: Any) -> Any:
    return np.arcsin(inside_or_complex(x, within_one))


@composite(np.emath.arctanh)
def arctanh(x: Any) -> Any:
    return np.arctanh(inside_or_complex(x, within_one))
