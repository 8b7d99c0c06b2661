"""Reductions: sums, means, products, variances, extremes. `where=` selects the entries that count."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.entries import composite, constant
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules import scans
from microgradnp.rules.guards import over_length
from microgradnp.rules.rearranging import tuple_of
from microgradnp.rules.values import conj, is_abstract, is_elsewhere, value_of


def expanded(g: Any, a: Any, axis: Any) -> Any:
    """A reduction's result or gradient, with each reduced axis put back as an axis of length 1."""
    axes = tuple_of(axis, a.ndim)
    return np.reshape(g, tuple(1 if k in axes else n for k, n in enumerate(a.shape)))


def spread(g: Any, a: Any, axis: Any, where: Any = True) -> Any:
    """A reduction's gradient, repeated along the reduced axes to the shape of `a`. Entries that do not count have 0."""
    if is_elsewhere(a):  # in the chunks of `a`, and not in the memory of this process
        return np.where(where, np.zeros_like(a) + expanded(g, a, axis), 0)
    full = np.broadcast_to(expanded(g, a, axis), a.shape)
    return full if where is True else np.where(where, full, 0)


def count(a: Any, axis: Any, where: Any = True) -> Any:
    """How many entries were reduced to one. It is 1 for the mean of nothing, whose gradient has no entries."""
    if where is True:
        return math.prod(a.shape[k] for k in tuple_of(axis, a.ndim)) or 1
    return np.maximum(np.sum(np.broadcast_to(where, a.shape), axis=tuple_of(axis, a.ndim), keepdims=True), 1)


def mean(g: Any, y: Any, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    return spread(expanded(g, a, axis) / count(a, axis, where), a, axis, where)


def extreme_when_traced(g: Any, y: Any, a: Any, axis: Any, where: Any) -> Any:
    """The gradient of max or min, for any number of entries that attain it."""
    attained = np.equal(a, expanded(y, a, axis))
    attained = attained if where is True else np.logical_and(attained, where)
    shares = np.maximum(np.sum(attained, axis=tuple_of(axis, a.ndim), keepdims=True), 1)
    return attained * (expanded(g, a, axis) / (shares if g.dtype == float else np.astype(shares, g.dtype)))


def extreme(g: Any, y: Any, a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    """The entries that attain the max or min share the gradient evenly, as in PyTorch's amax. `initial` gets no share."""
    if is_abstract(a):
        return extreme_when_traced(g, y, a, axis, where)
    axes, attained = tuple_of(axis, a.ndim), value_of(a) == expanded(value_of(y), a, axis)
    attained = attained if where is True else attained & where
    places = np.flatnonzero(attained)
    if 8 * places.size > attained.size:
        shares = np.maximum(np.sum(attained, axis=axes, keepdims=True), 1).astype(g.dtype)
        return attained * (expanded(g, a, axis) / shares)
    entries = np.unravel_index(places, a.shape)
    rest = [k for k in range(a.ndim) if k not in axes]
    lanes = np.ravel_multi_index([entries[k] for k in rest], [a.shape[k] for k in rest]) if rest else np.zeros_like(places)
    return placed(np.reshape(g, -1)[lanes] / np.bincount(lanes)[lanes].astype(g.dtype), places, a.shape)


@primitive
def placed(g: Any, places: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of this shape, with `g` at these places of the flat array. No place occurs twice."""
    full = np.zeros(shape, g.dtype)
    np.reshape(full, -1)[places] = g
    return full


rule(placed, lambda g, y, a, places, shape: np.reshape(g, -1)[places], None, None)


# ---------------------------------------------------------------------------------------------- products


@primitive
def product_of_others(a: Any) -> Any:
    """The product of all other entries along the first axis. It does not divide, so entries may be 0.

    Takes eight rows of the axis at a time, and then the products of those in the same way: few passes over long arrays.
    """
    a = np.asarray(a)  # an array of another library would not be written to
    n, rows = a.shape[0], min(8, a.shape[0])
    if n == 1:
        return np.ones_like(a)
    width = n // rows
    blocks, left = a[: rows * width].reshape(rows, width, *a.shape[1:]), a[rows * width :]
    elsewhere = product_of_others(np.concatenate([np.multiply.reduce(blocks, axis=0), left])) if width > 1 or left.size else None
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


def product_of_others_slope(g: Any, y: Any, a: Any) -> Any:
    """The product of the entries before, times the product of those behind. The rule of `cumprod` differentiates both."""
    one = np.ones_like(a[:1])
    ahead, back = np.concatenate([one, a[:-1]]), np.concatenate([one, np.flip(a[1:], 0)])
    before, behind = np.cumprod(ahead, axis=0), np.cumprod(back, axis=0)
    from_before = scans.cumprod(g * np.flip(behind, 0), before, ahead, 0)[1:]
    from_behind = scans.cumprod(np.flip(g * before, 0), behind, back, 0)[1:]
    nothing = np.zeros_like(one)
    return np.concatenate([from_before, nothing]) + np.concatenate([nothing, np.flip(from_behind, 0)])


rule(product_of_others, product_of_others_slope)


def prod(
    g: Any, y: Any, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = 1, where: Any = True
) -> Any:
    axes = tuple_of(axis, a.ndim)
    if a.size == 0 or not axes:
        return spread(g if initial is None else g * initial, a, axis, where)
    used = a if where is True else np.where(where, a, 1)
    if scans.divisible(y):
        return spread(expanded(g * y, a, axis), a, axis, where) / used
    rest = tuple(k for k in range(a.ndim) if k not in axes)
    flat = np.reshape(np.transpose(used, (*axes, *rest)), (-1, *(a.shape[k] for k in rest)))
    shares = np.reshape(product_of_others(flat), tuple(a.shape[k] for k in (*axes, *rest)))
    back = np.transpose(shares, tuple(int(k) for k in np.argsort((*axes, *rest))))
    return back * spread(g if initial is None else g * initial, a, axis, where)


# --------------------------------------------------------------------------------------------- variances


def of_deviations(formula: Callable[..., Any]) -> Callable[..., Any]:
    """The rule of a variance or a standard deviation, with NumPy's keywords."""

    def vjp(
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
        return formula(g, y, a, axis, where, mean, ddof if correction is None else correction)

    vjp.__module__ = formula.__module__  # the area in which mg.coverage() lists the function
    return vjp


def deviation(a: Any, axis: Any, where: Any, mean: Any) -> Any:
    """The distance from the mean, conjugated. Entries that do not count have 0."""
    centre = np.mean(a, axis=tuple_of(axis, a.ndim), keepdims=True, where=where) if mean is None else mean
    return conj(a - centre) if where is True else np.where(where, conj(a - centre), 0)


def divisor(a: Any, axis: Any, where: Any, ddof: Any) -> Any:
    """What the sum of squares is divided by."""
    return np.maximum(count(a, axis, where) - ddof, 0)


@of_deviations
def var(g: Any, y: Any, a: Any, axis: Any, where: Any, mean: Any, ddof: Any) -> Any:
    """The mean moves too, but the deviations from it sum to zero. A given `mean` is a constant."""
    return expanded(g, a, axis) * 2 * deviation(a, axis, where, mean) / divisor(a, axis, where, ddof)


@of_deviations
def std(g: Any, y: Any, a: Any, axis: Any, where: Any, mean: Any, ddof: Any) -> Any:
    """0 where all entries are equal, as in PyTorch."""
    rest = deviation(a, axis, where, mean)
    if mean is None and (is_abstract(y) or may_be_rounding(y, a)):
        rest = deviation(conj(rest), axis, where, None)  # equal entries may differ from their rounded mean
    return expanded(over_length(g, y), a, axis) / divisor(a, axis, where, ddof) * rest


def may_be_rounding(y: Any, a: Any) -> bool:
    """Whether a deviation is as small as the rounding of the mean, but not 0."""
    deviations, entries = value_of(y), value_of(a)
    largest = np.max(np.absolute(entries), initial=0, where=np.isfinite(entries))
    return bool(np.any((deviations <= np.sqrt(np.finfo(deviations.dtype).eps) * largest) & (deviations > 0)))


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
rule(np.bincount, None, lambda g, y, x, weights, minlength=0: g[x])  # x holds integers


@composite(np.ptp)
def ptp(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


constant(np.argmax, np.argmin, np.argsort, np.argpartition, np.any, np.all, np.count_nonzero, np.nonzero, np.searchsorted)
