"""Sorting and order statistics. The order is a constant, so each gradient goes back to the place its entry came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.indexing import scatter
from microgradnp.rules.rearranging import tuple_of
from microgradnp.rules.selecting import take_along_axis
from microgradnp.rules.values import value_of


@primitive
def unsorted(g: Any, order: Any, axis: int) -> Any:
    """Puts entry k along the axis at place order[k]. This is the inverse of `take_along_axis` with a permutation."""
    placed = np.empty_like(np.asarray(g))  # an array of another library would not be written to
    np.put_along_axis(placed, order, g, axis)
    return placed


rule(unsorted, lambda g, y, a, order, axis: np.take_along_axis(g, order, axis), None, None)


def sort(
    g: Any, y: Any, a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None
) -> Any:
    if axis is None:
        return np.reshape(unsorted(g, np.argsort(value_of(a), axis=None), 0), a.shape)
    return unsorted(g, np.argsort(value_of(a), axis=axis), axis)


rule(np.sort, sort)


@composite(np.sort_complex)
def sort_complex(a: Any) -> Any:
    ordered = np.sort(a)
    return ordered if np.iscomplexobj(ordered) else np.astype(ordered, np.result_type(ordered.dtype, np.complex128))


@composite(np.partition)
def partition(a: Any, kth: Any, axis: int = -1) -> Any:
    return take_along_axis(a, np.argpartition(a, kth, axis=axis), axis)


# -------------------------------------------------------------------------------------------- quantiles


def positions(counts: Any, q: Any, method: Any) -> Any:
    """The positions of quantiles among `counts` sorted numbers: (*q, *counts).

    NumPy computes them: each quantile of 0, 1, 2, ... is its own position, for every method. Position 2.25 lies between the
    third number and the fourth.
    """
    found = np.zeros((np.size(q), np.size(counts)))
    for n in np.unique(counts):
        if n:
            found[:, np.ravel(counts) == n] = np.quantile(np.arange(float(n)), np.ravel(q), method=method)[:, np.newaxis]
    return found.reshape(np.shape(q) + np.shape(counts))


def quantile_slope(g: Any, a: Any, q: Any, axis: Any, method: Any, ignore_nan: bool) -> Any:
    """The gradient of a quantile goes to the two entries that it lies between, in proportion to their weights."""
    if a.size == 0:
        return np.zeros_like(a)
    axes = tuple_of(axis, a.ndim)
    rest = tuple(k for k in range(a.ndim) if k not in axes)
    lanes = np.reshape(np.transpose(value_of(a), (*axes, *rest)), (-1, *(a.shape[k] for k in rest)))  # (n, *rest)
    counts = np.sum(~np.isnan(lanes), axis=0) if ignore_nan else np.full(lanes.shape[1:], lanes.shape[0])
    where = positions(counts, q, method)
    below = np.floor(where).astype(int)
    above = np.minimum(below + 1, lanes.shape[0] - 1)
    weight = (where - below).astype(lanes.dtype)
    grid = np.indices(where.shape, sparse=True)[np.ndim(q) :]
    order = order_at(lanes, np.union1d(below, above))
    g = np.reshape(g, where.shape)
    between = np.stack([g * (1 - weight), g * weight])
    shares = scatter(between, np.zeros_like(lanes), (order[np.stack([below, above]), *grid], *grid))
    back = np.reshape(shares, tuple(a.shape[k] for k in (*axes, *rest)))
    return np.transpose(back, tuple(int(k) for k in np.argsort((*axes, *rest))))


def order_at(lanes: Any, ranks: Any) -> Any:
    """An order of the entries along the first axis that is sorted at these ranks, with NaN last."""
    return np.argpartition(lanes, ranks, axis=0) if len(ranks) <= 16 else np.argsort(lanes, axis=0)


def median(g: Any, y: Any, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return quantile_slope(g, a, 0.5, axis, "linear", False)


def quantile(g: Any, y: Any, a: Any, q: Any, axis: Any = None, method: Any = "linear", keepdims: bool = False) -> Any:
    return quantile_slope(g, a, value_of(q), axis, method, False)


def nanmedian(g: Any, y: Any, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return quantile_slope(g, a, 0.5, axis, "linear", True)


def nanquantile(g: Any, y: Any, a: Any, q: Any, axis: Any = None, method: Any = "linear", keepdims: bool = False) -> Any:
    return quantile_slope(g, a, value_of(q), axis, method, True)


# fmt: off
rule(np.median,      median)
rule(np.nanmedian,   nanmedian)
rule(np.quantile,    quantile,    None)
rule(np.nanquantile, nanquantile, None)
# fmt: on


@composite(np.percentile)
def percentile(a: Any, q: Any, axis: Any = None, *, method: Any = "linear", keepdims: bool = False) -> Any:
    return np.quantile(a, fractions(q, a), axis, method=method, keepdims=keepdims)


@composite(np.nanpercentile)
def nanpercentile(a: Any, q: Any, axis: Any = None, *, method: Any = "linear", keepdims: bool = False) -> Any:
    return np.nanquantile(a, fractions(q, a), axis, method=method, keepdims=keepdims)


def fractions(q: Any, a: Any) -> Any:
    """Percents as fractions, in the precision of `a`."""
    kind = np.result_type(a)
    return np.true_divide(value_of(q) if hasattr(q, "value_for_graph") else q, kind.type(100) if kind.kind == "f" else 100)
