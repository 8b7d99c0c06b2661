"""A tree of arrays as one flat vector, for optimizers that want vectors, such as SciPy's."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import is_differentiable, leaves_with_paths, tree_map


def ravel(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All entries of a tree of arrays as a vector (entries,), and the function that makes such a tree of a vector.

    `tree` is an array, a container of arrays of any depth, or a module, whose parameters become a dict by name. Both ways are
    differentiable. Raises TypeError for a leaf without numbers of floating point, and ValueError for a vector of another length.

    >>> import numpy as np, microgradnp as mg
    >>> flat, back = mg.ravel({"W": np.ones((2, 2)), "b": np.zeros(2)})
    >>> flat
    array([1., 1., 1., 1., 0., 0.])
    >>> back(2 * flat)["W"].shape
    (2, 2)

    With SciPy: `scipy.optimize.minimize(mg.value_and_grad(lambda v: loss(back(v))), flat, jac=True)`.
    """
    tree = tree.parameters() if hasattr(tree, "parameters") else tree
    parts = []
    for path, leaf in leaves_with_paths(tree):
        array = leaf if isinstance(leaf, Tensor) else np.asarray(leaf)
        if not is_differentiable(array):
            raise TypeError(f"ravel: {path or 'the tree'} is a {type(leaf).__name__}; floating-point arrays are needed")
        parts.append(array)
    ends = list(itertools.accumulate(part.size for part in parts))
    total = ends[-1] if ends else 0

    def back(vector: Any) -> Any:
        if np.shape(vector) != (total,):
            raise ValueError(f"ravel: the vector has shape {np.shape(vector)}; the tree has {total} entries")
        pieces = zip(parts, np.split(vector, ends[:-1]), strict=True) if parts else iter(())
        return tree_map(lambda _: shaped(*next(pieces)), tree)

    return np.concatenate([np.ravel(part) for part in parts]) if parts else np.zeros(0), back


def shaped(like: Any, piece: Any) -> Any:
    """A piece of a vector with the shape and the dtype of a leaf."""
    piece = np.reshape(piece, np.shape(like))
    return piece if piece.dtype == like.dtype else piece.astype(like.dtype)
