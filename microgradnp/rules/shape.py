"""The same numbers in another shape. Every rule puts each gradient back to the place that its number came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from microgradnp.core.entries import constant, variadic_rule
from microgradnp.core.table import rule


def inverse(axes: Sequence[int] | None) -> Sequence[int] | None:
    """The inverse permutation. None, which reverses all axes, is its own inverse."""
    return None if axes is None else tuple(int(i) for i in np.argsort([axis % len(axes) for axis in axes]))


def unraveled(g: Any, a: Any, order: Any) -> Any:
    """`g` in the shape of `a`. Raises ValueError for an order that depends on the memory layout."""
    if order not in ("C", "F"):
        raise ValueError(
            f"order={order!r} follows the memory layout of an array, and its gradient has another layout; use 'C' or 'F'"
        )
    return np.reshape(g, a.shape) if order == "C" else np.reshape(g, a.shape, order=order)


def joined(position: int, g: Any, y: Any, *arrays: Any, axis: int | None = 0) -> Any:
    """The slice of the gradient that belongs to one of the concatenated arrays."""
    if axis is None:
        start = sum(a.size for a in arrays[:position])
        return np.reshape(g[start : start + arrays[position].size], arrays[position].shape)
    axis = axis % g.ndim
    start = 0
    for a in arrays[:position]:
        start += a.shape[axis]
    stop = start + arrays[position].shape[axis]
    return g[start:stop] if axis == 0 else g[(slice(None),) * axis + (slice(start, stop),)]


def stacked(position: int, g: Any, y: Any, *arrays: Any, axis: int = 0) -> Any:
    """The layer of the gradient that belongs to one of the stacked arrays."""
    return g[(slice(None),) * (axis % g.ndim) + (position,)]


# fmt: off
rule(np.reshape,      lambda g, y, a, shape=None, order="C", copy=None: unraveled(g, a, order))
rule(np.ravel,        lambda g, y, a, order="C": unraveled(g, a, order))
rule(np.expand_dims,  lambda g, y, a, axis: np.reshape(g, a.shape))
rule(np.squeeze,      lambda g, y, a, axis=None: np.reshape(g, a.shape))
rule(np.transpose,    lambda g, y, a, axes=None: np.transpose(g, inverse(axes)))
rule(np.swapaxes,     lambda g, y, a, axis1, axis2: np.swapaxes(g, axis1, axis2))
rule(np.broadcast_to, lambda g, y, a, shape: g)  # the sweep sums over the broadcast axes
# fmt: on
variadic_rule(np.concatenate, joined, sequence=True)
variadic_rule(np.stack, stacked, sequence=True)


constant(np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like)
constant(np.may_share_memory, np.shares_memory, np.result_type)
