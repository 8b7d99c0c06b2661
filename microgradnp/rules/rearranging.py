"""Axes in another order, entries in another order, entries repeated: written in terms of functions that have rules.

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


@composite(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis, start = axis % a.ndim, start + a.ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if start > axis else start)


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


@composite(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@composite(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """A Tensor is never written to, so `copy` makes no difference."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    n = len(xi)
    shaped = [np.reshape(x, (1,) * k + (-1,) + (1,) * (n - k - 1)) for k, x in enumerate(xi)]
    grids = tuple(shaped) if sparse else broadcast_arrays(*shaped)
    return tuple(np.swapaxes(g, 0, 1) for g in grids) if indexing == "xy" and n > 1 else grids


# ---------------------------------------------------------------------------------- a new first or last axis


def each(arrays: tuple[Any, ...], change: Any) -> Any:
    changed = tuple(change(a) for a in arrays)
    return changed[0] if len(changed) == 1 else changed


@composite(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    return each(arys, lambda a: np.reshape(a, (1,)) if np.ndim(a) == 0 else np.reshape(a, np.shape(a)))


@composite(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    return each(arys, lambda a: np.reshape(a, (1, -1)) if np.ndim(a) == 1 else np.reshape(a, np.shape(a) or (1, 1)))


@composite(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    return each(arys, three_dimensional)


def three_dimensional(a: Any) -> Any:
    shapes = {0: (1, 1, 1), 1: (1, *np.shape(a), 1), 2: (*np.shape(a), 1)}
    return np.reshape(a, shapes.get(np.ndim(a), np.shape(a)))
