"""Axes in another order, entries in another order, entries repeated."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.core.table import rule
from microgradnp.rules.indexing import scatter

Axis = int | Sequence[int] | None
FEW = 8  # copies up to which a sum of slices is faster than `np.sum` along a short axis


def tuple_of(axis: Axis, ndim: int) -> tuple[int, ...]:
    """An axis argument as a tuple of axes in 0 ... ndim - 1. None stands for all axes.

    NumPy's reductions accept axis 0 and -1 of a number, which has no axis.
    """
    if ndim == 0 and isinstance(axis, int) and axis in (0, -1):
        return ()
    axes = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(np.lib.array_utils.normalize_axis_tuple(tuple(axes), ndim))


def along(axis: int, index: Any) -> tuple[Any, ...]:
    """The index that applies `index` to one axis, which is not negative, and takes all other axes whole."""
    return (*(slice(None),) * axis, index)


# ------------------------------------------------------------------------------------------------- axes


rule(np.moveaxis, lambda g, y, a, source, destination: np.moveaxis(g, destination, source))


@composite(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis, start = axis % a.ndim, start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if start > axis else start)


@composite(np.matrix_transpose)
@composite(np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    return np.swapaxes(x, -1, -2)


# ---------------------------------------------------------------------------------- order of the entries


@composite(np.fliplr)
def fliplr(m: Any) -> Any:
    return np.flip(m, 1)


@composite(np.flipud)
def flipud(m: Any) -> Any:
    return np.flip(m, 0)


def back(shift: Any) -> Any:
    """The opposite shift, or tuple of shifts."""
    return -shift if np.ndim(shift) == 0 else tuple(-by for by in shift)


# fmt: off
rule(np.flip,  lambda g, y, m, axis=None: np.flip(g, axis))
rule(np.roll,  lambda g, y, a, shift, axis=None: np.roll(g, back(shift), axis))
rule(np.rot90, lambda g, y, m, k=1, axes=(0, 1): np.rot90(g, -k, axes))
# fmt: on


# ---------------------------------------------------------------------------------------- repeating


def tile(g: Any, y: Any, A: Any, reps: Any) -> Any:
    """The sum over all copies. Each axis of the result is split into (copies, entries)."""
    reps = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    shape = (1,) * (len(reps) - A.ndim) + A.shape
    reps = (1,) * (len(shape) - len(reps)) + reps
    parts = np.reshape(g, tuple(n for pair in zip(reps, shape, strict=True) for n in pair))
    return np.reshape(np.sum(parts, axis=tuple(range(0, parts.ndim, 2))), A.shape)


def repeat(g: Any, y: Any, a: Any, repeats: Any, axis: int | None = None) -> Any:
    """The sum over all copies, which lie next to each other."""
    if axis is None or a.ndim == 0:
        return np.reshape(repeat(g, y, np.ravel(a), repeats, 0), a.shape)
    axis = axis % a.ndim
    if np.size(repeats) == 1:
        k = int(np.ravel(repeats)[0])
        copies = np.reshape(g, (*a.shape[: axis + 1], k, *a.shape[axis + 1 :]))
        if 0 < k <= FEW:
            return functools.reduce(np.add, [copies[along(axis + 1, j)] for j in range(k)])
        return np.sum(copies, axis=axis + 1)
    return scatter(g, np.zeros_like(g, shape=a.shape), along(axis, np.repeat(np.arange(a.shape[axis]), repeats)))


rule(np.tile, tile)
rule(np.repeat, repeat)


@composite(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@composite(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """A Tensor is never written to, so `copy` has no effect."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    n = len(xi)
    shaped = [np.reshape(x, (1,) * k + (-1,) + (1,) * (n - k - 1)) for k, x in enumerate(xi)]
    grids = tuple(shaped) if sparse else broadcast_arrays(*shaped)
    return tuple(np.swapaxes(g, 0, 1) for g in grids) if indexing == "xy" and n > 1 else grids


# ---------------------------------------------------------------------------------- a new first or last axis


def each(arrays: tuple[Any, ...], change: Any) -> Any:
    """Apply `change` to every array. One array gives one result, several give a tuple."""
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
