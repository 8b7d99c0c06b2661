"""Moments, ranges and differences, in terms of sums and slices; sinc."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.rules.rearranging import along
from microgradnp.rules.reductions import count
from microgradnp.table import composite


@composite(np.var)
def var(
    a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False, mean: Any = None, correction: float | None = None
) -> Any:
    centre = np.mean(a, axis=axis, keepdims=True) if mean is None else mean
    divisor = count(a, axis) - (ddof if correction is None else correction)
    return np.sum(np.square(np.absolute(a - centre)), axis=axis, keepdims=keepdims) / max(divisor, 0)


@composite(np.std)
def std(
    a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False, mean: Any = None, correction: float | None = None
) -> Any:
    return np.sqrt(var(a, axis, ddof=ddof, keepdims=keepdims, mean=mean, correction=correction))


@composite(np.ptp)
def ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@composite(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    if np.shape(weights) != np.shape(a):
        if not isinstance(axis, int) or np.shape(weights) != (a.shape[axis],):
            raise TypeError(f"average: weights of shape {np.shape(weights)} fit neither a {np.shape(a)} nor its axis {axis}")
        weights = np.reshape(weights, (-1,) + (1,) * (a.ndim - axis % a.ndim - 1))
    total = np.sum(np.broadcast_to(weights, a.shape), axis=axis, keepdims=keepdims)
    return np.sum(a * weights, axis=axis, keepdims=keepdims) / total


@composite(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}")
    axis = axis % a.ndim
    for _ in range(n):
        a = a[along(axis, slice(1, None))] - a[along(axis, slice(None, -1))]
    return a


@composite(np.sinc)
def sinc(x: Any) -> Any:
    """sin(pi x) / (pi x); near 0 by its series, so that derivatives of every order are finite there."""
    t = np.pi * x
    small = np.absolute(t) < 1e-2
    safe = np.where(small, 1, t)
    s = np.square(np.where(small, t, 0))
    series = 1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72)))
    return np.where(small, series, np.sin(safe) / safe)
