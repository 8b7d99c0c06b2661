"""Indexing, `x[index]`, and its transpose, `scatter`. Gradients at repeated indices add up."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.record import primitive
from microgradnp.core.table import rule

SMALL = 200  # entries up to which `np.add.at` is fast enough
WIDE, LONG = 16, 256  # entries of a row: from WIDE on rows are sorted and summed, from LONG on added one by one


def is_basic(index: Any) -> bool:
    """Whether an index has only integers, slices, None and Ellipsis. Such an index names no entry twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, (int, slice, np.integer)) for part in parts)


@primitive
def scatter(g: Any, a: Any, index: Any) -> Any:
    """Zeros in the shape of `a`, with `g` added at `index`. This is the transpose of `a[index]`."""
    shape = np.shape(a)
    if isinstance(index, tuple) and len(index) == 1:
        index = index[0]
    if is_foreign(g):
        return scattered_elsewhere(g, shape, index)
    if is_basic(index) or getattr(index, "dtype", None) == np.bool_:
        placed = np.zeros(shape, g.dtype)
        placed[index] = g
        return placed
    if g.size > SMALL and g.dtype.char in "efdFD":
        rows = isinstance(index, np.ndarray) and len(shape) > 1 and math.prod(shape[1:]) >= WIDE
        return added_rows(g, shape, index) if rows else added_entries(g, shape, index)
    placed = np.zeros(shape, g.dtype)
    np.add.at(placed, index, g)
    return placed


def scattered_elsewhere(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    """`scatter` in the array of another library: by assignment, or by a product with a one-hot matrix of the row numbers."""
    if is_basic(index) or getattr(index, "dtype", None) == np.bool_:
        placed = np.zeros_like(g, shape=shape)
        placed[index] = g
        return placed
    if not (isinstance(index, np.ndarray) and index.ndim == 1):
        raise TypeError(
            f"indexing: an array of type {type(g).__name__} takes integers, slices, a mask or one list of row numbers as its "
            "index; for any other index, make it an ndarray first"
        )
    hits = np.equal(np.arange(shape[0])[:, np.newaxis], index % shape[0]).astype(g.dtype)  # (rows, numbers)
    return np.tensordot(hits, g, 1)


def added_entries(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    """`np.add.at`, several times as fast: each number is added at its place in the flat array."""
    size = math.prod(shape)
    flat = len(shape) == 1 and isinstance(index, np.ndarray) and index.size and index.min() >= 0
    places = index.ravel() if flat else np.broadcast_to(np.arange(size).reshape(shape)[index], g.shape).ravel()

    def added(numbers: Any) -> Any:
        return np.bincount(places, numbers.ravel(), size).reshape(shape)

    if g.dtype.kind != "c":
        return added(g).astype(g.dtype, copy=False)
    total = np.empty(shape, g.dtype)
    total.real, total.imag = added(g.real), added(g.imag)
    return total


def added_rows(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    """The same for an array of row numbers. Long rows are added one by one; short rows are sorted and summed at once."""
    placed = np.zeros(shape, g.dtype)
    numbers, rows = index.ravel() % shape[0], g.reshape(-1, *shape[1:])
    if math.prod(shape[1:]) >= LONG:
        for number, row in zip(numbers.tolist(), rows, strict=True):
            placed[number] += row
        return placed
    order = np.argsort(numbers, kind="stable")
    found, starts = np.unique(numbers[order], return_index=True)
    placed[found] = np.add.reduceat(rows[order], starts, axis=0)
    return placed


@primitive
def set_at(x: Any, index: Any, value: Any) -> Any:
    """A copy of `x` with `x[index] = value`, for a Tensor in place of item assignment.

    Shapes: `value` broadcasts to `x[index]`. Raises ValueError for an index that names an entry twice, because NumPy does not
    promise which value would win.

    >>> import numpy as np, microgradnp as mg
    >>> set_at(np.array([1.0, 2.0, 3.0]), 1, 20.0)
    array([ 1., 20.,  3.])
    """
    x = np.asarray(x)
    value = value if isinstance(value, (int, float, complex)) else np.asarray(value)
    hits = scatter(np.ones(np.shape(x[index])), x, index)
    if np.any(hits > 1):
        raise ValueError("the index names an entry more than once, so its value would depend on the order of assignment")
    changed = np.array(x, dtype=np.result_type(x, value))
    changed[index] = value
    return changed


def value_of_set_at(g: Any, value: Any, index: Any) -> Any:
    """The gradient at `index`, with the leading axes of length 1 that assignment ignores."""
    part = g[index]
    return np.reshape(part, (1,) * (np.ndim(value) - part.ndim) + part.shape)


# fmt: off
rule(operator.getitem, lambda g, y, a, index: scatter(g, a, index),
                       None)
rule(scatter,          lambda g, y, x, a, index: g[index],
                       lambda g, y, x, a, index: np.zeros_like(a),
                       None)
rule(set_at,           lambda g, y, x, index, value: set_at(g, index, 0.0),
                       None,
                       lambda g, y, x, index, value: value_of_set_at(g, value, index))
# fmt: on
