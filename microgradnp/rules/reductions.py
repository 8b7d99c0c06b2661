"""Sums, means, extremes: many numbers in, fewer out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.table import constant, rule


def spread(g: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """Repeat a reduction's gradient along the axes that it reduced: shape () or (n,) back to that of `a`."""
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, a.shape)


def count(a: Any, axis: Any) -> int:
    """How many entries were reduced to one; 1 for the mean of nothing, whose gradient has no entries."""
    axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return math.prod(a.shape[i] for i in axes) or 1


def extreme(g: Any, y: Any, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """max and min: the entries that attain it share the gradient evenly (PyTorch's convention of amax)."""
    attained = (a == spread(y, a, axis, keepdims)).astype(g.dtype)
    shares = np.sum(attained, axis=axis, keepdims=True)
    return attained * (g if keepdims or axis is None else np.expand_dims(g, axis)) / shares


# fmt: off
rule(np.sum,  lambda g, y, a, axis=None, keepdims=False: spread(g, a, axis, keepdims))
rule(np.mean, lambda g, y, a, axis=None, keepdims=False: spread(g / count(a, axis), a, axis, keepdims))
rule(np.max,  extreme)
rule(np.min,  extreme)
# fmt: on

constant(np.argmax, np.argmin, np.argsort, np.argpartition, np.any, np.all, np.count_nonzero, np.nonzero, np.searchsorted)
