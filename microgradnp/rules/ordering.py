"""Sorting and order statistics: which entry comes where is a constant, and the entries are picked by it."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.rules.rearranging import tuple_of
from microgradnp.rules.selecting import take_along_axis
from microgradnp.table import composite


@composite(np.sort)
def sort(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None) -> Any:
    if order is not None:
        raise TypeError("sort: the keyword order= is for records, which have no gradient")
    if axis is None:
        a, axis = np.ravel(a), 0
    return take_along_axis(a, np.argsort(a, axis=axis, stable=True), axis)


@composite(np.partition)
def partition(a: Any, kth: Any, axis: int = -1) -> Any:
    return take_along_axis(a, np.argpartition(a, kth, axis=axis), axis)


@composite(np.median)
def median(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """The middle entry, or the mean of the two in the middle."""
    ranked, shape = ranks(a, axis)
    n = ranked.shape[0]
    value = with_nans(ranked, ranked[n // 2] if n % 2 else (ranked[n // 2 - 1] + ranked[n // 2]) / 2)
    return np.reshape(value, shape) if keepdims else value


@composite(np.percentile)
def percentile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    return quantile(a, np.true_divide(q, 100), axis, method=method, keepdims=keepdims)


@composite(np.quantile)
def quantile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Any:
    """Linear interpolation between the order statistics around (n - 1) q, from the nearer one as NumPy does it."""
    if method != "linear":
        raise TypeError(f"quantile: method={method!r} has no gradient rule; known here: 'linear'")
    ranked, shape = ranks(a, axis)
    position = np.asarray(q) * (ranked.shape[0] - 1)
    below = np.floor(position).astype(int)
    above = np.minimum(below + 1, ranked.shape[0] - 1)
    weight = np.reshape(position - below, np.shape(q) + (1,) * (ranked.ndim - 1)).astype(a.dtype)
    low, high = ranked[below], ranked[above]
    value = np.where(weight < 0.5, low + (high - low) * weight, high - (high - low) * (1 - weight))
    value = with_nans(ranked, value)
    return np.reshape(value, np.shape(q) + shape) if keepdims else value


def ranks(a: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """The entries in order along one new first axis instead of the given ones; and the shape that keepdims asks for."""
    axes = tuple_of(axis, a.ndim)
    rest = tuple(k for k in range(a.ndim) if k not in axes)
    flat = np.reshape(np.transpose(a, (*axes, *rest)), (-1, *(a.shape[k] for k in rest)))
    return sort(flat, 0), tuple(1 if k in axes else n for k, n in enumerate(a.shape))


def with_nans(ranked: Any, value: Any) -> Any:
    """NaN where one is among the entries: it comes last in the order."""
    return np.where(np.isnan(ranked[-1]), ranked[-1], value)
