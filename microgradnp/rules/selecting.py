"""Entries selected by place, by condition, or by value. Every function here is written as an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.entries import composite, constant
from microgradnp.rules.indexing import set_at
from microgradnp.rules.rearranging import along, tuple_of
from microgradnp.rules.values import value_of

# ----------------------------------------------------------------------------------------------- by place


@composite(np.take)
def take(a: Any, indices: Any, axis: int | None = None, *, mode: str = "raise") -> Any:
    a, axis = (a if a.ndim == 1 else np.ravel(a), 0) if axis is None or a.ndim == 0 else (a, axis % a.ndim)
    return a[along(axis, within(indices, a.shape[axis], mode))]


def within(indices: Any, n: int, mode: str) -> Any:
    """Indices made to lie in 0 ... n - 1. Those outside raise an error later, wrap around, or move to the nearest end."""
    if mode == "wrap":
        return np.mod(indices, n)
    return np.clip(indices, 0, n - 1) if mode == "clip" else indices


@composite(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        return np.ravel(arr)[indices]
    axis = axis % arr.ndim
    shape = np.broadcast_shapes(with_one(arr.shape, axis), with_one(np.shape(indices), axis))
    grid = list(np.ogrid[tuple(slice(n) for n in shape)])
    grid[axis] = indices
    return np.broadcast_to(arr, tuple(arr.shape[k] if k == axis else grid[k].size for k in range(arr.ndim)))[tuple(grid)]


def with_one(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """The shape with 1 at an axis."""
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


def triangle(m: Any, k: int) -> Any:
    """A mask that is True on and below a diagonal of the last two axes. A vector counts as a repeated row."""
    rows, columns = (m.shape[0], m.shape[0]) if m.ndim == 1 else m.shape[-2:]
    return np.tri(rows, columns, k, bool)


@composite(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    return np.where(triangle(m, k), m, 0)


@composite(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    return np.where(triangle(m, k - 1), 0, m)


@composite(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    moved = np.moveaxis(a, (axis1, axis2), (-2, -1))
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


@composite(np.linalg.diagonal)
def linalg_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return diagonal(x, offset, -2, -1)


@composite(np.linalg.trace)
def linalg_trace(x: Any, /, *, offset: int = 0) -> Any:
    return trace(x, offset, -2, -1)


@composite(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    return np.ravel(a)[np.resize(np.arange(np.size(a)), new_shape)] if np.size(a) else np.zeros_like(a, shape=new_shape)


@composite(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """An array without the zeros at the front (f) and at the back (b). Their number is a constant."""
    used = np.argwhere(value_of(filt) != 0)
    axes = tuple_of(axis, filt.ndim)
    index: list[Any] = [slice(None)] * filt.ndim
    for k in axes:
        first, last = (used[:, k].min(), used[:, k].max() + 1) if used.size else (filt.shape[k], 0)
        index[k] = slice(first if "f" in trim.lower() else 0, last if "b" in trim.lower() else None)
    return filt[tuple(index)] if used.size else filt[(slice(0, 0),) * filt.ndim]


# ------------------------------------------------------------------------------------------- by condition


@composite(np.choose)
def choose(a: Any, choices: Any, *, mode: str = "raise") -> Any:
    picked = within(value_of(a), len(choices), mode)
    if np.any((picked < 0) | (picked >= len(choices))):
        raise ValueError(f"choose: an index is outside of 0 ... {len(choices) - 1}; there are {len(choices)} choices")
    return select([picked == k for k in range(len(choices))], choices)


@composite(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """For each entry the first choice whose condition is True."""
    result = default
    for condition, choice in list(zip(condlist, choicelist, strict=True))[::-1]:
        result = np.where(condition, choice, result)
    return result


@composite(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Each function gets the entries at which its condition is True. One more function than conditions gets the rest."""
    conditions = [value_of(c) for c in conditions_of(x, condlist)]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.any(conditions, axis=0))
    if len(funclist) != len(conditions):
        raise ValueError(
            f"piecewise: {len(conditions)} conditions and {len(funclist)} functions; give one function for each condition, and "
            "perhaps one more for the rest"
        )
    y = np.zeros_like(x)
    for condition, function in zip(conditions, funclist, strict=True):
        if np.any(condition):
            y = set_at(y, condition, function(x[condition], *args, **kw) if callable(function) else function)
    return y if y.dtype == x.dtype else np.astype(y, x.dtype)


def conditions_of(x: Any, condlist: Any) -> list[Any]:
    """The conditions in the shape of `x`, from a list of conditions or a single one."""
    single = np.ndim(condlist) == 0 or (
        not isinstance(condlist[0], (list, np.ndarray)) and np.ndim(condlist[0]) == 0 < np.ndim(x)
    )
    return [np.broadcast_to(c, np.shape(x)) for c in ([condlist] if single else condlist)]


# ----------------------------------------------------------------------------------------------- by value


def found_in(pool: Any, values: Any) -> Any:
    """The first place of each of `values` in the flat array `pool`."""
    order = np.argsort(pool, kind="stable")
    return order[np.minimum(np.searchsorted(pool, values, sorter=order), pool.size - 1)] if pool.size else np.zeros(0, int)


@composite(np.unique)
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
) -> Any:
    """The first of equal entries gets the gradient."""
    _, index, inverse, counts = np.unique(value_of(ar), True, True, True, axis, equal_nan=equal_nan)
    values = take(ar, index, axis)
    wanted = [part for part, asked in ((index, return_index), (inverse, return_inverse), (counts, return_counts)) if asked]
    return (values, *wanted) if wanted else values


def unique_with(function: Callable[..., Any]) -> None:
    """Register a function of the array API standard, whose result is a named tuple."""

    @composite(function)
    def call(x: Any, /) -> Any:
        result = function(value_of(x))
        values = np.ravel(x)[found_in(value_of(x).ravel(), result.values)]
        return result._replace(values=values)


for function in (np.unique_all, np.unique_counts, np.unique_inverse):
    unique_with(function)


@composite(np.unique_values)
def unique_values(x: Any, /) -> Any:
    return np.ravel(x)[found_in(value_of(x).ravel(), np.unique_values(value_of(x)))]


def from_both(function: Callable[..., Any], a: Any, b: Any, **options: Any) -> Any:
    """A set of entries of two arrays. An entry that is in both is taken from the first."""
    pool = np.concatenate([value_of(a).ravel(), value_of(b).ravel()])
    return np.concatenate([np.ravel(a), np.ravel(b)])[found_in(pool, function(value_of(a), value_of(b), **options))]


@composite(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    return from_both(np.union1d, ar1, ar2)


@composite(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    return from_both(np.setxor1d, ar1, ar2, assume_unique=assume_unique)


@composite(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    kept = np.setdiff1d(value_of(ar1), value_of(ar2), assume_unique)
    return np.ravel(ar1)[found_in(value_of(ar1).ravel(), kept)]


constant(np.isin, np.ix_, np.argwhere, np.flatnonzero, np.lexsort, np.digitize, np.ravel_multi_index, np.unravel_index)
constant(np.tril_indices_from, np.triu_indices_from, np.diag_indices_from)
