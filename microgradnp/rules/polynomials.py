"""Polynomials as lists of coefficients, the highest power first. This is NumPy's older interface."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.rules.values import value_of


@composite(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """The value of a polynomial, by Horner's scheme."""
    x = x if hasattr(x, "ndim") else np.asarray(x)
    y = np.zeros_like(x)
    for coefficient in p if hasattr(p, "ndim") else np.asarray(p):
        y = y * x + coefficient
    return y


def aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    """Two lists of coefficients of equal length. The shorter one gets zeros in front."""
    first, second = np.atleast_1d(a1), np.atleast_1d(a2)
    missing = first.shape[0] - second.shape[0]
    if missing > 0:
        second = np.concatenate([np.zeros_like(second, shape=(missing,)), second])
    elif missing < 0:
        first = np.concatenate([np.zeros_like(first, shape=(-missing,)), first])
    return first, second


@composite(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    first, second = aligned(a1, a2)
    return first + second


@composite(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    first, second = aligned(a1, a2)
    return first - second


@composite(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    return np.convolve(without_leading_zeros(a1), without_leading_zeros(a2))


def without_leading_zeros(a: Any) -> Any:
    coefficients = np.atleast_1d(a)
    kept = np.trim_zeros(coefficients, "f")
    return kept if kept.shape[0] else np.zeros_like(coefficients, shape=(1,))


@composite(np.polydiv)
def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Quotient and remainder, by long division."""
    u, v = np.atleast_1d(u) + 0.0, np.atleast_1d(v) + 0.0
    n = v.shape[0]
    rest, scale, quotient = u, 1.0 / v[0], []
    for k in range(u.shape[0] - n + 1):
        d = scale * rest[k]
        quotient.append(d)
        rest = np.concatenate([rest[:k], rest[k : k + n] - d * v, rest[k + n :]])
    while rest.shape[0] > 1 and np.allclose(value_of(rest)[0], 0, rtol=1e-14):
        rest = rest[1:]
    return np.stack(quotient) if quotient else np.zeros_like(rest, shape=(1,)), rest


@composite(np.polyder)
def polyder(p: Any, m: int = 1) -> Any:
    if m < 0:
        raise ValueError(f"polyder: m must not be negative, got {m}")
    for _ in range(int(m)):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


@composite(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Integrates `m` times. `k` holds the constants of integration: one for each time, or one number for all."""
    if m < 0:
        raise ValueError(f"polyint: m must not be negative, got {m}")
    constants = np.atleast_1d(np.zeros(m) if k is None else k)
    if constants.shape[0] == 1 and m > 1:
        constants = constants[0] * np.ones(m)
    if constants.shape[0] < m:
        raise ValueError(f"polyint: {constants.shape[0]} constants for {m} integrations; give one number, or one for each time")
    for step in range(int(m)):
        p = np.concatenate([p / np.arange(p.shape[0], 0, -1), constants[step : step + 1]])
    return p


@composite(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    """The coefficients of the polynomial with these roots, or of the characteristic polynomial of a matrix."""
    roots = np.atleast_1d(seq_of_zeros)
    if roots.ndim == 2:
        roots = np.linalg.eigvals(roots)
    coefficients = np.ones_like(roots, shape=(1,))
    for k in range(roots.shape[0]):
        factor = np.concatenate([np.ones_like(roots, shape=(1,)), -roots[k : k + 1]])
        coefficients = np.convolve(coefficients, factor)
    if roots.dtype.kind != "c":
        return coefficients
    known = value_of(roots)
    paired = np.all(np.sort(known) == np.sort(known.conj()))
    return np.real(coefficients) if paired else coefficients


@composite(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    n = x.shape[0] if N is None else N
    dtype = np.promote_types(x.dtype, int)
    x = x if x.dtype == dtype else np.astype(x, dtype)
    column = np.expand_dims(x, 1)
    ones = np.ones_like(column, shape=(x.shape[0], min(n, 1)))
    powers = np.cumprod(np.broadcast_to(column, (x.shape[0], max(n - 1, 0))), axis=1)
    table = np.concatenate([ones, powers], axis=1)
    return table if increasing else np.flip(table, 1)


@composite(np.polyfit)
def polyfit(x: Any, y: Any, deg: int, rcond: float | None = None, *, w: Any = None) -> Any:
    """Coefficients by least squares. The powers of `x` are scaled first, as in NumPy."""
    x, y = (part + 0.0 if hasattr(part, "ndim") else np.asarray(part, float) for part in (x, y))
    rcond = x.shape[0] * np.finfo(x.dtype).eps if rcond is None else rcond
    left, right = vander(x, int(deg) + 1), y
    if w is not None:
        left = left * np.expand_dims(w, 1)
        right = right * (np.expand_dims(w, 1) if right.ndim == 2 else w)
    scale = np.sqrt(np.sum(left * left, axis=0))
    coefficients = np.linalg.lstsq(left / scale, right, rcond)[0]
    return np.transpose(np.transpose(coefficients) / scale)
