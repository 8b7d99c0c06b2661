"""Sums, means, products, variances, extremes: many numbers in, fewer out. `where=` says which of them count."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.core.record import primitive
from microgradnp.core.table import composite, constant, rule
from microgradnp.rules import scans
from microgradnp.rules.elementwise import nonzero
from microgradnp.rules.rearranging import tuple_of
from microgradnp.rules.values import conj, undecided, value_of


def kept(g: Any, a: Any, axis: Any) -> Any:
    """A reduction's result or gradient with the reduced axes back as axes of length 1."""
    axes = tuple_of(axis, a.ndim)
    return np.reshape(g, tuple(1 if k in axes else n for k, n in enumerate(a.shape)))


def spread(g: Any, a: Any, axis: Any, where: Any = True) -> Any:
    """Repeat a reduction's gradient along the axes that it reduced: shape () or (n,) back to that of `a`."""
    full = np.broadcast_to(kept(g, a, axis), a.shape)
    return full if where is True else np.where(where, full, 0)


def count(a: Any, axis: Any, where: Any = True) -> Any:
    """How many entries were reduced to one; 1 for the mean of nothing, whose gradient has no entries."""
    if where is True:
        return math.prod(a.shape[k] for k in tuple_of(axis, a.ndim)) or 1
    return np.maximum(np.sum(np.broadcast_to(where, a.shape), axis=tuple_of(axis, a.ndim), keepdims=True), 1)


def mean(g: Any, y: Any, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    return spread(kept(g, a, axis) / count(a, axis, where), a, axis, where)


def evenly(g: Any, y: Any, a: Any, axis: Any, where: Any) -> Any:
    """The gradient of an extreme, without a look at how many entries attain it."""
    attained = np.equal(a, kept(y, a, axis))
    attained = attained if where is True else np.logical_and(attained, where)
    shares = np.maximum(np.sum(attained, axis=tuple_of(axis, a.ndim), keepdims=True), 1)
    return attained * (kept(g, a, axis) / (shares if g.dtype == float else np.astype(shares, g.dtype)))


def extreme(g: Any, y: Any, a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    """max and min: the entries that attain it share the gradient evenly, as in PyTorch's amax; `initial` has no share."""
    if undecided(a):
        return evenly(g, y, a, axis, where)
    axes, attained = tuple_of(axis, a.ndim), value_of(a) == kept(value_of(y), a, axis)
    attained = attained if where is True else attained & where
    places = np.flatnonzero(attained)
    if 8 * places.size > attained.size:
        shares = np.maximum(np.sum(attained, axis=axes, keepdims=True), 1).astype(g.dtype)
        return attained * (kept(g, a, axis) / shares)
    entries = np.unravel_index(places, a.shape)
    rest = [k for k in range(a.ndim) if k not in axes]
    lanes = np.ravel_multi_index([entries[k] for k in rest], [a.shape[k] for k in rest]) if rest else np.zeros_like(places)
    return placed(np.reshape(g, -1)[lanes] / np.bincount(lanes)[lanes].astype(g.dtype), places, a.shape)


@primitive
def placed(g: Any, places: Any, shape: tuple[int, ...]) -> Any:
    """Zeros but for the entries at these places, each named once and counted through the flat array."""
    full = np.zeros(shape, g.dtype)
    np.reshape(full, -1)[places] = g
    return full


rule(placed, lambda g, y, a, places, shape: np.reshape(g, -1)[places], None, None)


# ---------------------------------------------------------------------------------------------- products


@primitive
def others(a: Any) -> Any:
    """Product of all other entries along the first axis, without a division: right also where entries are zero.

    Eight rows of the axis at a time, and the products of those in the same way: few passes over long arrays.
    """
    n, rows = a.shape[0], min(8, a.shape[0])
    if n == 1:
        return np.ones_like(a)
    width = n // rows
    blocks, left = a[: rows * width].reshape(rows, width, *a.shape[1:]), a[rows * width :]
    elsewhere = others(np.concatenate([np.multiply.reduce(blocks, axis=0), left])) if width > 1 or left.size else None
    product = np.empty_like(a)
    inside = product[: rows * width].reshape(blocks.shape)
    product[rows * width :] = 1 if elsewhere is None else elsewhere[width:]
    run = np.ones_like(blocks[0])
    run[...] = 1 if elsewhere is None else elsewhere[:width]
    for k in range(rows):
        inside[k] = run
        run *= blocks[k]
    run[...] = 1
    for k in reversed(range(rows)):
        inside[k] *= run
        run *= blocks[k]
    return product


def others_again(g: Any, y: Any, a: Any) -> Any:
    """An entry's product is that of those before, times that of those behind; the rule of running products does the rest."""
    one = np.ones_like(a[:1])
    ahead, back = np.concatenate([one, a[:-1]]), np.concatenate([one, np.flip(a[1:], 0)])
    before, behind = np.cumprod(ahead, axis=0), np.cumprod(back, axis=0)
    from_before = scans.cumprod(g * np.flip(behind, 0), before, ahead, 0)[1:]
    from_behind = scans.cumprod(np.flip(g * before, 0), behind, back, 0)[1:]
    nothing = np.zeros_like(one)
    return np.concatenate([from_before, nothing]) + np.concatenate([nothing, np.flip(from_behind, 0)])


rule(others, others_again)


def prod(
    g: Any, y: Any, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = 1, where: Any = True
) -> Any:
    axes = tuple_of(axis, a.ndim)
    if a.size == 0 or not axes:
        return spread(g if initial is None else g * initial, a, axis, where)
    used = a if where is True else np.where(where, a, 1)
    if scans.divisible(y):
        return spread(kept(g * y, a, axis), a, axis, where) / used
    rest = tuple(k for k in range(a.ndim) if k not in axes)
    flat = np.reshape(np.transpose(used, (*axes, *rest)), (-1, *(a.shape[k] for k in rest)))
    shares = np.reshape(others(flat), tuple(a.shape[k] for k in (*axes, *rest)))
    back = np.transpose(shares, tuple(int(k) for k in np.argsort((*axes, *rest))))
    return back * spread(g if initial is None else g * initial, a, axis, where)


# --------------------------------------------------------------------------------------------- variances


def deviation(a: Any, axis: Any, where: Any, mean: Any) -> Any:
    """Distance from the mean, conjugated, and 0 for entries that do not count."""
    centre = np.mean(a, axis=tuple_of(axis, a.ndim), keepdims=True, where=where) if mean is None else mean
    return conj(a - centre) if where is True else np.where(where, conj(a - centre), 0)


def divisor(a: Any, axis: Any, where: Any, ddof: Any, correction: Any) -> Any:
    return np.maximum(count(a, axis, where) - (ddof if correction is None else correction), 0)


def var(
    g: Any,
    y: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """The mean moves too, but the deviations from it sum to zero. A `mean` that is given is a constant."""
    return kept(g, a, axis) * 2 * deviation(a, axis, where, mean) / divisor(a, axis, where, ddof, correction)


def std(
    g: Any,
    y: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """0 where all entries are equal, as PyTorch's."""
    scaled = kept(g / nonzero(y), a, axis) / divisor(a, axis, where, ddof, correction)
    return scaled * deviation(a, axis, where, mean)


# fmt: off
rule(np.sum,  lambda g, y, a, axis=None, dtype=None, keepdims=False, initial=0, where=True: spread(g, a, axis, where))
rule(np.prod, prod)
rule(np.mean, mean)
rule(np.max,  extreme)
rule(np.min,  extreme)
rule(np.var,  var)
rule(np.std,  std)
# fmt: on

rule(np.amax, extreme)
rule(np.amin, extreme)
rule(np.bincount, None, lambda g, y, x, weights, minlength=0: g[x])


@composite(np.ptp)
def ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


constant(np.argmax, np.argmin, np.argsort, np.argpartition, np.any, np.all, np.count_nonzero, np.nonzero, np.searchsorted)
