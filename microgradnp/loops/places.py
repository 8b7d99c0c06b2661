"""Functions that move entries, repeat them or put zeros between them, as slices and tables of places, which have loops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.context import current
from microgradnp.core.tensor import Tensor
from microgradnp.rules import convolution, signal
from microgradnp.rules.indexing import is_basic, scatter
from microgradnp.rules.rearranging import along

LARGEST_TABLE = 10_000  # places that are written down


def is_symbolic(item: Any) -> bool:
    """Whether an option or an index depends on the arguments of the program."""
    known = current().tracer.values.get(id(item)) if isinstance(item, (np.ndarray, Tensor)) else None
    return known is not None and known.data is None


def rearranged(function: Callable[..., Any]) -> Callable[..., Any]:
    """The expansion of a function that moves entries, repeats them, and fills the rest with zeros: a table of places."""

    def expansion(a: Any, *args: Any, **options: Any) -> Any:
        if any(map(is_symbolic, [*args, *options.values()])):
            return None
        return taken(a, function(numbered(a), *args, **options))

    return expansion


def numbered(a: Any) -> Any:
    """The places of an array, counted from 1."""
    return np.arange(1, a.size + 1).reshape(a.shape)


def taken(a: Any, places: Any) -> Any:
    """The entries of an array at places counted from 1, and zeros at the place 0. None for a table that is too large."""
    if places.size > LARGEST_TABLE or not isinstance(a, Tensor):
        return None
    if a.size == 0 or places.size == 0:
        return np.zeros_like(a, shape=places.shape) if not places.any() else None
    found = np.reshape(np.ravel(a)[np.maximum(places.ravel() - 1, 0)], places.shape)
    return found if places.all() else np.where(places > 0, found, 0.0)


def item(a: Any, index: Any) -> Any:
    """a[index], where the index is no row of numbers for each of the first axes."""
    parts = index if isinstance(index, tuple) else (index,)
    if is_basic(index) and not any(isinstance(part, (bool, np.bool_)) for part in parts):
        return None
    if any(map(is_symbolic, parts)):
        only = parts[0] if len(parts) == 1 else None
        if only is None or only.ndim == 1 or only.dtype.kind not in "iu":
            return None
        return np.reshape(a[np.ravel(only)], (*only.shape, *a.shape[1:]))
    return None if is_rows(parts) else taken(a, numbered(a)[index])


def is_rows(parts: tuple[Any, ...]) -> bool:
    """Whether an index is one row of numbers for each of the first axes, which has loops."""
    return all(
        isinstance(p, (np.ndarray, Tensor)) and p.ndim == 1 and p.dtype.kind in "iu" and p.shape == parts[0].shape for p in parts
    )


def scattered(g: Any, a: Any, index: Any) -> Any:
    """The transpose of a[index]."""
    parts = index if isinstance(index, tuple) else (index,)
    is_truth = any(isinstance(part, (bool, np.bool_)) for part in parts)
    if (is_basic(index) and not is_truth) or is_rows(parts) or not isinstance(g, Tensor):
        return None
    if any(map(is_symbolic, parts)):
        only = parts[0] if len(parts) == 1 else None
        if only is None or only.dtype.kind not in "iu":
            return None
        return scatter(np.reshape(g, (only.size, *np.shape(a)[1:])), a, np.ravel(only))
    places = np.arange(math.prod(np.shape(a))).reshape(np.shape(a))[index]
    if places.size > LARGEST_TABLE:
        return None
    flat = np.zeros_like(g, shape=(math.prod(np.shape(a)),))
    return np.reshape(scatter(np.ravel(g), flat, places.ravel()), np.shape(a))


def placed_at(x: Any, index: Any, value: Any) -> Any:
    """A copy of x with x[index] = value."""
    if any(map(is_symbolic, index if isinstance(index, tuple) else (index,))):
        return None
    places = np.zeros(np.shape(x), int)
    places[index] = np.broadcast_to(np.arange(1, np.size(value) + 1).reshape(np.shape(value)), places[index].shape)
    new = taken(value, places) if isinstance(value, Tensor) else np.zeros(places.shape)
    if not isinstance(value, Tensor):
        new[index] = value
    return None if new is None else np.where(places > 0, new, x)


def moved(a: Any, source: Any, destination: Any) -> Any:
    """np.moveaxis as a transpose."""
    sizes = np.moveaxis(np.empty(range(a.ndim)), source, destination).shape  # the axis k has the length k
    return np.transpose(a, sizes)


def windows(x: Any, window_shape: Any, axis: Any = None) -> Any:
    """sliding_window_view: for each entry of a window, the part of the array that it meets."""
    sizes, axes = signal.window_axes(x, window_shape, axis)
    for n, k in zip(sizes, axes, strict=True):
        x = np.stack([x[along(k, slice(start, x.shape[k] - n + 1 + start))] for start in range(n)], axis=-1)
    return x


def added_windows(g: Any, _shape: Any, window: Any, axes: Any) -> Any:
    """The transpose of `windows`: `overlapped`."""
    for n, k in reversed([*zip(window, axes, strict=True)]):
        length = g.shape[k] + n - 1
        parts = [beside(g[..., start], k, start, length) for start in range(n)]
        g = sum(parts[1:], parts[0])
    return g


def beside(a: Any, axis: int, start: int, length: int) -> Any:
    """An array at a place along an axis of another length, between zeros."""
    before, behind = start, length - start - a.shape[axis]
    widths = [(before, behind) if k == axis else (0, 0) for k in range(a.ndim)]
    return bordered(a, widths, 0)


def bordered(a: Any, widths: Any, constant_values: Any) -> Any:
    """A constant border: the array's entries in an array that has the border's number everywhere else."""
    if np.ndim(constant_values) or not isinstance(a, Tensor):
        return None
    shape = tuple(n + before + behind for n, (before, behind) in zip(a.shape, widths, strict=True))
    inside = tuple(slice(before, before + n) for n, (before, _) in zip(a.shape, widths, strict=True))
    zeros = scatter(a, np.zeros(shape), inside)
    if constant_values == 0:
        return zeros
    mask = np.ones(shape, bool)
    mask[inside] = False
    return np.where(mask, constant_values, zeros)


def folded(g: Any, widths: Any, mode: str) -> Any:
    """The transpose of `padded`: each border entry is added to the entry that it copies."""
    shape = tuple(n - before - behind for n, (before, behind) in zip(g.shape, widths, strict=True))
    copied = np.pad(np.arange(math.prod(shape)).reshape(shape), widths, mode)  # type: ignore[call-overload]
    if copied.size > LARGEST_TABLE:
        return None
    return np.reshape(scatter(np.ravel(g), np.zeros(math.prod(shape)), copied.ravel()), shape)


def in_order(a: Any, shape: Any = None, order: Any = "C", **rest: Any) -> Any:
    """np.reshape and np.ravel in the order of Fortran: the axes in reverse."""
    if order != "F" or rest:
        return None
    size = (a.size,) if shape is None else np.reshape(np.empty(a.shape), shape).shape
    return np.transpose(np.reshape(np.transpose(a), tuple(reversed(size))))


def joined(*arrays: Any, axis: Any = 0, **rest: Any) -> Any:
    """np.concatenate without an axis."""
    return np.concatenate([np.ravel(a) for a in arrays], axis=0) if axis is None and not rest else None


def columns_of(x: Any, size: Any, stride: Any = (1, 1), padding: Any = (0, 0), dilation: Any = (1, 1)) -> Any:
    """im2col by its own formula: for each entry of a window the pixels that it meets."""
    found = convolution.positions(x.shape, size, stride, padding, dilation)
    if any(padding):
        x = bordered(x, [(0, 0), (0, 0), *((p, p) for p in padding)], 0)
    met = [np.swapaxes(x[pixels], 0, 1) for _, _, pixels in convolution.places(size, found, stride, dilation)]
    return np.reshape(np.stack(met, axis=1), (x.shape[1] * math.prod(size), x.shape[0] * math.prod(found)))


def images_of(columns: Any, shape: Any, size: Any, stride: Any = (1, 1), padding: Any = (0, 0), dilation: Any = (1, 1)) -> Any:
    """col2im by its own formula."""
    samples, channels, height, width = shape
    found = convolution.positions(shape, size, stride, padding, dilation)
    columns = np.reshape(columns, (channels, *size, samples, *found))
    (up, left), whole = padding, np.zeros((channels, samples, *(n + 2 * p for n, p in zip(shape[2:], padding, strict=True))))
    parts = [scatter(columns[:, i, j], whole, pixels) for i, j, pixels in convolution.places(size, found, stride, dilation)]
    images = sum(parts[1:], parts[0])
    return np.swapaxes(images[:, :, up : up + height, left : left + width], 0, 1)


def convolved(a: Any, v: Any, mode: str = "full") -> Any:
    """np.convolve as a matrix product: the longer array, shifted, in the columns of a matrix."""
    if np.ndim(a) != 1 or np.ndim(v) != 1 or mode not in ("full", "same", "valid"):
        return None
    if len(a) < len(v):
        a, v = v, a
    n, m = len(a), len(v)
    rows = np.arange(n + m - 1)[:, None] - np.arange(m)
    inside = (rows >= 0) & (rows < n)
    matrix = taken(a, np.where(inside, rows + 1, 0)) if isinstance(a, Tensor) else np.where(inside, np.asarray(a)[rows % n], 0.0)
    if matrix is None:
        return None
    start, length = {"full": (0, n + m - 1), "same": ((m - 1) // 2, n), "valid": (m - 1, n - m + 1)}[mode]
    return (matrix @ v)[start : start + length]


def correlated(a: Any, v: Any, mode: str = "valid") -> Any:
    """np.correlate of real arrays: a convolution with the second one reversed."""
    if np.result_type(a, v).kind == "c" or (mode == "same" and len(a) < len(v)):
        return None
    return convolved(a, np.flip(v, 0), mode)
