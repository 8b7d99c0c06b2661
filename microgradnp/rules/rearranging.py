"""Rearranging, repeating and selecting, written in terms of functions that have rules.

Each composite is what NumPy's manual says of the function, in one line where possible: a reordering of axes is a `transpose`,
a reordering of entries is an index. Nothing here has a gradient of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from microgradnp.table import composite

Axis = int | Sequence[int] | None


def tuple_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """An axis argument as a tuple of axes in 0 ... ndim - 1; all axes for None."""
    axes = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(np.lib.array_utils.normalize_axis_tuple(tuple(axes), ndim))


def along(axis: int, index: Any) -> tuple[Any, ...]:
    """The index that picks `index` along one axis, counted from the front, and everything along those before it."""
    return (*(slice(None),) * axis, index)


# ------------------------------------------------------------------------------------------------- axes


@composite(np.moveaxis)
def moveaxis(a: Any, source: Axis, destination: Axis) -> Any:
    sources, destinations = tuple_of(source, a.ndim), tuple_of(destination, a.ndim)
    if len(sources) != len(destinations):
        raise ValueError(f"moveaxis: {len(sources)} source axes, but {len(destinations)} destinations")
    order = [axis for axis in range(a.ndim) if axis not in sources]
    for where, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(where, axis)
    return np.transpose(a, order)


@composite(np.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    return np.swapaxes(x, -1, -2)


# ---------------------------------------------------------------------------------- order of the entries


@composite(np.flip)
def flip(m: Any, axis: Axis = None) -> Any:
    axes = tuple_of(axis, m.ndim)
    return m[tuple(slice(None, None, -1) if k in axes else slice(None) for k in range(m.ndim))]


@composite(np.fliplr)
def fliplr(m: Any) -> Any:
    return flip(m, 1)


@composite(np.flipud)
def flipud(m: Any) -> Any:
    return flip(m, 0)


@composite(np.rot90)
def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    first, second = axes
    for _ in range(k % 4):
        m = np.swapaxes(flip(m, second), first, second)
    return m


@composite(np.roll)
def roll(a: Any, shift: Any, axis: Axis = None) -> Any:
    if axis is None:
        return np.reshape(roll(np.ravel(a), shift, 0), a.shape)
    shifts, axes = np.broadcast_arrays(shift, np.atleast_1d(axis))
    for by, where in zip(shifts.tolist(), tuple_of(axes.tolist(), a.ndim), strict=True):
        n = a.shape[where]
        a = a[along(where, (np.arange(n) - by) % n)] if n else a
    return a


# ---------------------------------------------------------------------------------------- repeating


@composite(np.tile)
def tile(A: Any, reps: Any) -> Any:
    reps = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    shape = (1,) * (len(reps) - np.ndim(A)) + np.shape(A)
    reps = (1,) * (len(shape) - len(reps)) + reps
    doubled = np.reshape(A, tuple(n for size in shape for n in (1, size)))
    spread = np.broadcast_to(doubled, tuple(n for rep, size in zip(reps, shape, strict=True) for n in (rep, size)))
    return np.reshape(spread, tuple(rep * size for rep, size in zip(reps, shape, strict=True)))


@composite(np.repeat)
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = axis % a.ndim
    return a[along(axis, np.repeat(np.arange(a.shape[axis]), repeats))]


# --------------------------------------------------------------------------------------------- joining


@composite(np.dstack)
def dstack(tup: Sequence[Any]) -> Any:
    return np.concatenate([three_dimensional(a) for a in tup], axis=2)


def three_dimensional(a: Any) -> Any:
    shapes = {0: (1, 1, 1), 1: (1, *np.shape(a), 1), 2: (*np.shape(a), 1)}
    return np.reshape(a, shapes[np.ndim(a)]) if np.ndim(a) < 3 else a


@composite(np.column_stack)
def column_stack(tup: Sequence[Any]) -> Any:
    return np.concatenate([np.reshape(a, (-1, 1)) if np.ndim(a) < 2 else a for a in tup], axis=1)


@composite(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return np.concatenate([arr, values], axis=axis) if axis is not None else np.concatenate([np.ravel(arr), np.ravel(values)])


# ------------------------------------------------------------------------------------------- selecting


@composite(np.take)
def take(a: Any, indices: Any, axis: int | None = None) -> Any:
    return np.ravel(a)[indices] if axis is None else a[along(axis % a.ndim, indices)]


@composite(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        return np.ravel(arr)[indices]
    axis = axis % arr.ndim
    grid = list(
        np.ogrid[tuple(slice(n) for n in np.broadcast_shapes(ones_at(arr.shape, axis), ones_at(np.shape(indices), axis)))]
    )
    grid[axis] = indices
    return np.broadcast_to(arr, tuple(arr.shape[k] if k == axis else grid[k].size for k in range(arr.ndim)))[tuple(grid)]


def ones_at(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], 1, *shape[axis + 1 :])


@composite(np.compress)
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    return take(a, np.flatnonzero(np.asarray(condition)), axis)


@composite(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    return take(arr, np.flatnonzero(np.asarray(condition)))


@composite(np.delete)
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return take(arr, np.delete(np.arange(arr.shape[axis]), obj), axis)


@composite(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    return np.where(np.tri(m.shape[-2], m.shape[-1], k, bool), m, 0)


@composite(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    return np.where(np.tri(m.shape[-2], m.shape[-1], k - 1, bool), 0, m)


@composite(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    moved = moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = moved.shape[-2:]
    n = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    start = np.arange(n)
    return moved[..., start - min(offset, 0), start + max(offset, 0)]


@composite(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    if v.ndim == 2:
        return diagonal(v, k)
    n = v.shape[0] + abs(k)
    mask = np.eye(n, k=k, dtype=bool)
    padded = np.concatenate([np.zeros_like(v, shape=(max(-k, 0),)), v, np.zeros_like(v, shape=(max(k, 0),))])
    return np.where(mask, np.expand_dims(padded, 1), 0)


@composite(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    return diag(np.ravel(v), k)


@composite(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1)
