"""`x[index]` and its transpose. Repeated indices add up, as they must."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from microgradnp.table import rule
from microgradnp.tensor import primitive


def is_basic(index: Any) -> bool:
    """Whether an index is made of integers, slices, None and Ellipsis only, so that it names every entry at most once."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, (int, slice, np.integer)) for part in parts)


@primitive
def scatter(g: Any, a: Any, index: Any) -> Any:
    """Zeros in the shape of `a`, with `g` added at `index`: the transpose of `a[index]`."""
    placed = np.zeros(np.shape(a), g.dtype)
    if is_basic(index) or getattr(index, "dtype", None) == np.bool_:
        placed[index] = g
    else:
        np.add.at(placed, index, g)
    return placed


@primitive
def set_at(x: Any, index: Any, value: Any) -> Any:
    """A copy of `x` with `x[index] = value`: what item assignment means on a Tensor.

    Shapes: `value` broadcasts to `x[index]`. Raises ValueError for an index that names an entry twice, since the entry's
    value would then depend on an order that NumPy does not promise.

    >>> import numpy as np, microgradnp as mg
    >>> set_at(np.array([1.0, 2.0, 3.0]), 1, 20.0)
    array([ 1., 20.,  3.])
    """
    x = np.asarray(x)
    value = value if isinstance(value, (int, float, complex)) else np.asarray(value)
    hits = scatter(np.ones(np.shape(x[index])), x, index)
    if np.any(hits > 1):
        raise ValueError("the index names an entry more than once, so its value would depend on the order of assignment")
    changed = np.array(x, dtype=np.result_type(x, value))
    changed[index] = value
    return changed


def assigned(g: Any, value: Any, index: Any) -> Any:
    """The gradient at `index`, with the leading axes of length 1 that assignment ignores."""
    part = g[index]
    return np.reshape(part, (1,) * (np.ndim(value) - part.ndim) + part.shape)


# fmt: off
rule(operator.getitem, lambda g, y, a, index: scatter(g, a, index),
                       None)
rule(scatter,          lambda g, y, x, a, index: g[index],
                       lambda g, y, x, a, index: np.zeros_like(a),
                       None)
rule(set_at,           lambda g, y, x, index, value: set_at(g, index, 0.0),
                       None,
                       lambda g, y, x, index, value: assigned(g, value, index))
# fmt: on
