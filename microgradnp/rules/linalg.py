"""Linear algebra: norms, in terms of sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.rules.rearranging import tuple_of
from microgradnp.table import composite


@composite(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Of vectors: any order but 0. Of matrices: Frobenius, 1, -1, inf, -inf. At zero the derivative of a root is taken as 0."""
    axes = tuple_of(axis, x.ndim)
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return root(np.sum(np.square(np.absolute(x)), axis=axes, keepdims=keepdims), 2)
    if len(axes) == 1:
        return vector_norm(np.absolute(x), ord, axes, keepdims)
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        summed, left = axes if abs(ord) == 1 else axes[::-1]
        sums = np.sum(np.absolute(x), axis=summed, keepdims=True)
        largest = (np.max if ord > 0 else np.min)(sums, axis=left, keepdims=True)
        return largest if keepdims else np.squeeze(largest, axis=axes)
    raise TypeError(f"norm: order {ord!r} over {len(axes)} axes has no gradient rule; known: None, 'fro', and 1, inf of a matrix")


def vector_norm(size: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord in (np.inf, -np.inf):
        return (np.max if ord > 0 else np.min)(size, axis=axes, keepdims=keepdims)
    if not isinstance(ord, (int, float)) or ord == 0:
        raise TypeError(f"norm: order {ord!r} of a vector has no derivative")
    if ord == 1:
        return np.sum(size, axis=axes, keepdims=keepdims)
    return root(np.sum(size**ord, axis=axes, keepdims=keepdims), ord)


def root(total: Any, order: float) -> Any:
    """total ** (1 / order), with derivative 0 where the total is 0: no gradient comes behind the branch that is not taken."""
    return np.where(total == 0, 0, np.sqrt(total) if order == 2 else total ** (1 / order))
