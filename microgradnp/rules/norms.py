"""Norms of vectors and matrices. The gradient at a kink is 0, as in PyTorch. Equal largest entries share the gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.core.table import rule
from microgradnp.rules.guards import nonzero, over_length
from microgradnp.rules.rearranging import tuple_of
from microgradnp.rules.values import conj


def norm(g: Any, y: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple_of(axis, x.ndim)
    kept = tuple(1 if k in axes else n for k, n in enumerate(x.shape))
    if ord is None or (ord in ("fro", "f") and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return np.reshape(over_length(g, y), kept) * conj(x)
    g, y = np.reshape(g, kept), np.reshape(y, kept)
    if len(axes) == 1:
        return g * vector_slope(y, x, ord, axes)
    if ord in (2, -2, "nuc"):
        return g * singular_slope(y, x, ord, axes)
    summed, left = axes if abs(ord) == 1 else axes[::-1]
    sums = np.sum(np.absolute(x), axis=summed, keepdims=True)
    return g * even_shares(sums == y, g, left) * direction(x, np.absolute(x))


def direction(x: Any, size: Any) -> Any:
    """conj(x) / size, and 0 where the size is 0."""
    return conj(x) / nonzero(size)


def even_shares(attained: Any, g: Any, axis: Any) -> Any:
    """A weight of 1 for each lane, shared evenly by the entries that attain the extreme."""
    ones = attained.astype(g.dtype)
    return ones / np.sum(ones, axis=axis, keepdims=True)


def vector_slope(y: Any, x: Any, ord: Any, axes: tuple[int, ...]) -> Any:
    size = np.absolute(x)
    if ord in (np.inf, -np.inf):
        return even_shares(size == y, y, axes) * direction(x, size)
    if ord == 0:  # the number of entries that are not 0
        return np.zeros_like(x)
    if ord == 1:
        return direction(x, size)
    ratio = np.where(size == 0, 1, size) / nonzero(y)
    return np.where(size == 0, 0, ratio ** (ord - 1)) * direction(x, size)


def singular_slope(y: Any, x: Any, ord: Any, axes: tuple[int, ...]) -> Any:
    """The slope of the sum of all singular values, of the largest, or of the smallest."""
    u, s, vh = np.linalg.svd(np.moveaxis(x, axes, (-2, -1)), full_matrices=False)
    if ord == "nuc":
        largest = np.max(s, axis=-1, keepdims=True, initial=0)
        weights = (s > np.finfo(s.dtype).eps * s.shape[-1] * largest).astype(s.dtype)
    else:
        weights = even_shares(s == (np.max if ord > 0 else np.min)(s, axis=-1, keepdims=True), s, -1)
    return np.moveaxis(conj(u * np.expand_dims(weights, -2) @ vh), (-2, -1), axes)


rule(np.linalg.norm, norm)


@composite(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(x, ord, axis=(-2, -1), keepdims=keepdims)


@composite(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    axes = tuple_of(axis, x.ndim)
    rest = tuple(k for k in range(x.ndim) if k not in axes)
    flat = np.reshape(np.transpose(x, axes + rest), (math.prod(x.shape[k] for k in axes), *(x.shape[k] for k in rest)))
    size = np.linalg.norm(flat, ord, axis=0)
    return np.reshape(size, tuple(1 if k in axes else n for k, n in enumerate(x.shape))) if keepdims else size
