"""Running sums and products: `cumsum`, `cumprod`, and the linear recurrence that differentiates products with zeros."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.rearranging import along
from microgradnp.rules.values import value_of


def reversed_cumsum(g: Any, axis: int) -> Any:
    return np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)


def cumsum(g: Any, y: Any, a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    if axis is None:
        return np.reshape(reversed_cumsum(g, 0), a.shape)
    return reversed_cumsum(g, axis)


def cumprod(g: Any, y: Any, a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """With y_k = a_0 ... a_k, the sum of g_k y_k / a_i over k >= i. Where products are 0, a recurrence avoids the division."""
    if axis is None:
        return np.reshape(cumprod(g, y, np.ravel(a), 0), a.shape)
    if divisible(y):
        return reversed_cumsum(g * y, axis) / a
    axis = axis % a.ndim
    before = np.concatenate([np.ones_like(a[along(axis, slice(0, 1))]), y[along(axis, slice(None, -1))]], axis=axis)
    return before * transposed_recurrence(g, a, axis)


def divisible(y: Any) -> bool:
    """Whether products may be divided by their factors: none is zero, subnormal or infinite."""
    size = np.absolute(value_of(y))
    return bool(np.all((size >= np.finfo(size.dtype).tiny) & (size < np.inf)))


# ------------------------------------------------------------------------------------------- recurrences


@primitive
def recurrence(b: Any, c: Any, axis: int) -> Any:
    """y_0 = b_0 and y_i = b_i + c_i y_(i-1) along one axis.

    The axis is cut into blocks, and the i-th entries of all blocks are computed together. What each block hands to the next is
    then a recurrence itself: G. E. Blelloch, "Prefix sums and their applications" (1990).
    """
    dtype = np.result_type(b, c)
    b, c = (np.moveaxis(part, axis, 0).astype(dtype, copy=False) for part in (b, c))
    lanes = math.prod(b.shape[1:])
    y = solved(b.reshape(b.shape[0], lanes), c.reshape(b.shape[0], lanes))
    return np.ascontiguousarray(np.moveaxis(y.reshape(b.shape), 0, axis))


def solved(b: Any, c: Any) -> Any:
    """Solve the recurrence along the first of two axes."""
    n, lanes = b.shape
    count = min(n, 1024 // max(lanes, 1))  # blocks side by side
    if count < 2 or n < 64:
        y = np.array(b)
        one_by_one(y, c)
        return y
    size = -(-n // count)
    y, factor = in_blocks(b, count, size), in_blocks(c, count, size)  # (entry of a block, block and lane)
    one_by_one(y, factor)
    for k in range(1, size):
        factor[k] *= factor[k - 1]
    handed = y[-1].reshape(count, lanes)
    one_by_one(handed, factor[-1].reshape(count, lanes))
    factor[:-1, lanes:] *= handed[:-1].reshape(-1)
    y[:-1, lanes:] += factor[:-1, lanes:]
    return y.reshape(size, count, lanes).swapaxes(0, 1).reshape(size * count, lanes)[:n]


def in_blocks(a: Any, count: int, size: int) -> Any:
    """The blocks side by side: (n, lanes) -> (size, count * lanes), padded with zeros."""
    n, lanes = a.shape
    filled = np.zeros((size * count, lanes), a.dtype)
    filled[:n] = a
    return np.ascontiguousarray(filled.reshape(count, size, lanes).swapaxes(0, 1)).reshape(size, count * lanes)


def one_by_one(y: Any, c: Any) -> None:
    """Solve the recurrence in place, row by row."""
    product = np.empty_like(y, shape=y.shape[1:])
    for k in range(1, y.shape[0]):
        np.multiply(c[k], y[k - 1], out=product)
        y[k] += product


def transposed_recurrence(g: Any, c: Any, axis: int) -> Any:
    """The transpose is a recurrence from the other end: t_i = g_i + c_(i+1) t_(i+1)."""
    turned = np.flip(c, axis)
    shifted = np.concatenate([turned[along(axis, slice(0, 1))], turned[along(axis, slice(None, -1))]], axis=axis)
    return np.flip(recurrence(np.flip(g, axis), shifted, axis), axis)


def recurrence_factors(g: Any, y: Any, b: Any, c: Any, axis: int) -> Any:
    before = np.concatenate([np.zeros_like(y[along(axis, slice(0, 1))]), y[along(axis, slice(None, -1))]], axis=axis)
    return transposed_recurrence(g, c, axis) * before


rule(recurrence, lambda g, y, b, c, axis: transposed_recurrence(g, c, axis), recurrence_factors, None)


# fmt: off
rule(np.cumsum,  cumsum)
rule(np.cumprod, cumprod)
# fmt: on


@composite(np.cumulative_sum)
def cumulative_sum(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    axis = one_axis(x, axis)
    return with_initial(np.cumsum(x, axis=axis, dtype=dtype), np.zeros_like, axis, include_initial)


@composite(np.cumulative_prod)
def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
    axis = one_axis(x, axis)
    return with_initial(np.cumprod(x, axis=axis, dtype=dtype), np.ones_like, axis, include_initial)


def one_axis(x: Any, axis: int | None) -> int:
    """The axis of a running sum. Raises ValueError when it is missing although there are several."""
    if axis is None and x.ndim > 1:
        raise ValueError(f"for an array with {x.ndim} axes, axis= must be given")
    return 0 if axis is None or x.ndim == 0 else axis % x.ndim


def with_initial(y: Any, like: Any, axis: int, wanted: bool) -> Any:
    """`y`, with a layer of zeros or ones in front where `include_initial` is wanted."""
    if not wanted:
        return y
    shape = (*y.shape[:axis], 1, *y.shape[axis + 1 :])
    return np.concatenate([like(y, shape=shape), y], axis=axis)
