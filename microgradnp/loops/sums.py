"""Reductions, running sums and products, and their gradients, as steps that have loops (see `lowered`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.loops.places import is_symbolic
from microgradnp.rules import reductions, scans
from microgradnp.rules.rearranging import along, tuple_of


def reduced(function: Callable[..., Any], nothing: Any, join: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction with `initial` or `where`, as one without."""

    def expansion(a: Any, axis: Any = None, dtype: Any = None, **options: Any) -> Any:
        initial, where = options.pop("initial", None), options.pop("where", True)
        if dtype is not None and np.dtype(dtype) != a.dtype:
            return function(a.astype(dtype), axis=axis, initial=initial, where=where, **options)
        if initial is None and where is True and dtype is None:
            return None
        if where is not True:
            if nothing is None and initial is None:
                return None
            a = np.where(where, a, nothing if nothing is not None else initial)
        found = function(a, axis=axis, **options)
        return found if initial is None else join(found, initial)

    return expansion


def has_more(options: dict[str, Any]) -> bool:
    """Whether options say more than the defaults of a reduction."""
    return any(option is not None and option is not True for option in options.values())


def mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    if (dtype is None and where is True and a.dtype.kind == "f") or a.dtype.kind == "c":
        return None
    a = a if dtype is None else a.astype(dtype)
    if a.dtype.kind != "f":
        a = a.astype(float)
    if where is True:
        return np.mean(a, axis=axis, keepdims=keepdims)
    count = np.sum(np.broadcast_to(where, a.shape), axis=axis, keepdims=keepdims)
    return np.sum(np.where(where, a, 0.0), axis=axis, keepdims=keepdims) / count


def variance(a: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False, **rest: Any) -> Any:
    """The mean of squared distances from the mean."""
    if has_more(rest) or a.dtype.kind != "f" or is_symbolic(ddof):
        return None
    d = a - np.mean(a, axis=axis, keepdims=True)
    total = np.sum(d * d, axis=axis, keepdims=keepdims)
    return total / (a.size / max(total.size, 1) - ddof) if total.size and a.size else None


def deviation(a: Any, **options: Any) -> Any:
    found = variance(a, **options)
    return None if found is None else np.sqrt(found)


def without_nan(function: Callable[..., Any], nothing: Any) -> Callable[..., Any]:
    """A function that leaves NaN out."""

    def expansion(a: Any, axis: Any = None, **options: Any) -> Any:
        keep = {"keepdims": options.pop("keepdims")} if "keepdims" in options else {}
        if a.dtype.kind != "f" or has_more(options):
            return None
        found = function(np.where(np.isnan(a), nothing, a), axis=axis, **keep)
        if np.isfinite(nothing):
            return found
        return np.where(np.sum(np.logical_not(np.isnan(a)), axis=axis, **keep) == 0, np.nan, found)

    return expansion


def mean_without_nan(a: Any, axis: Any = None, keepdims: bool = False, **rest: Any) -> Any:
    if a.dtype.kind != "f" or has_more(rest):
        return None
    total, there = np.sum(np.where(np.isnan(a), 0.0, a), axis=axis, keepdims=keepdims), np.logical_not(np.isnan(a))
    return total / np.sum(there, axis=axis, keepdims=keepdims)


def variance_without_nan(a: Any, axis: Any = None, ddof: Any = 0, keepdims: bool = False, **rest: Any) -> Any:
    if a.dtype.kind != "f" or has_more(rest) or is_symbolic(ddof):
        return None
    there = np.logical_not(np.isnan(a))
    d = np.where(there, a - mean_without_nan(a, axis, keepdims=True), 0.0)
    count = np.sum(there, axis=axis, keepdims=keepdims)
    return np.where(count > ddof, np.sum(d * d, axis=axis, keepdims=keepdims) / np.where(count > ddof, count - ddof, 1), np.nan)


def deviation_without_nan(a: Any, **options: Any) -> Any:
    found = variance_without_nan(a, **options)
    return None if found is None else np.sqrt(found)


def running(function: Callable[..., Any]) -> Callable[..., Any]:
    """A running sum or product of all entries, or in another dtype."""

    def expansion(a: Any, axis: Any = None, dtype: Any = None, **rest: Any) -> Any:
        if has_more(rest) or (dtype is None and axis is not None and not rest):
            return None
        a = a if dtype is None else a.astype(dtype)
        return function(np.ravel(a), axis=0) if axis is None else function(a, axis=axis)

    return expansion


def product_of_others(a: Any) -> Any:
    """The products of the entries before and of the entries behind."""
    if np.shape(a)[0] > 1:
        one = np.ones_like(a[:1])
        before = np.cumprod(np.concatenate([one, a[:-1]]), axis=0)
        return before * np.flip(np.cumprod(np.concatenate([one, np.flip(a, 0)[:-1]]), axis=0), 0)
    return np.ones_like(a)


def slope_of_running_product(g: Any, y: Any, a: Any, axis: Any = None, **rest: Any) -> Any:
    """The gradient of np.cumprod, without dividing by a factor."""
    if axis is None or has_more(rest):
        return None
    axis = axis % a.ndim
    before = np.concatenate([np.ones_like(a[along(axis, slice(0, 1))]), y[along(axis, slice(None, -1))]], axis=axis)
    return before * scans.transposed_recurrence(g, a, axis)


def slope_of_product(g: Any, _y: Any, a: Any, axis: Any = None, **options: Any) -> Any:
    """The gradient of np.prod, without dividing by a factor."""
    if has_more({**options, "keepdims": None}) or a.size == 0:
        return None
    axes = tuple_of(axis, a.ndim)
    others = [k for k in range(a.ndim) if k not in axes]
    order = (*axes, *others)
    flat = np.reshape(np.transpose(a, order), (-1, *(a.shape[k] for k in others)))
    shares = np.reshape(reductions.product_of_others(flat), tuple(a.shape[k] for k in order))
    return np.transpose(shares, tuple(order.index(k) for k in range(a.ndim))) * reductions.expanded(g, a, axis)


def log_sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """logsumexp, shifted by the maximum."""
    if x.size == 0 or x.dtype.kind != "f":
        return None
    largest = np.max(x, axis=axis, keepdims=True)
    largest = np.where(np.isfinite(largest), largest, 0.0)
    total = np.log(np.sum(np.exp(x - largest), axis=axis, keepdims=keepdims))
    return total + (largest if keepdims else np.reshape(largest, total.shape))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The root of the sum of squares, and the norms of vectors that need no more than a sum or a maximum."""
    vectors = axis is not None and not isinstance(axis, tuple)
    if x.dtype.kind != "f" or not x.size:
        return None
    if ord is None or (ord == "fro" and not vectors and x.ndim == 2) or (ord == 2 and (vectors or x.ndim == 1)):
        return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))
    if not (vectors or (axis is None and x.ndim == 1)):
        return None
    if ord == 1:
        return np.sum(np.absolute(x), axis=axis, keepdims=keepdims)
    if ord in (math.inf, -math.inf):
        return (np.max if ord > 0 else np.min)(np.absolute(x), axis=axis, keepdims=keepdims)
    return None
