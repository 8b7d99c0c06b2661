"""Functions of ours that a program writes as several steps of NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.functional import add_bias, identity, mse, relu, sse
from microgradnp.tensor import Tensor


def error(pred: Any, target: Any) -> Any:
    """pred - target, under the name that it has in books."""
    result = np.subtract(pred, target)
    result.name = "error"
    return result


def squared(pred: Any, target: Any) -> Any:
    """The sum of squared errors; None for complex numbers, where it stays one step."""
    e = error(pred, target)
    return None if e.dtype.kind != "f" or e.shape == () else np.vdot(e, e)


def mean_squared(pred: Any, target: Any) -> Any:
    total = squared(pred, target)
    return None if total is None else total / pred.size


def the_same(x: Any) -> Any:
    return x if isinstance(x, Tensor) else None


FOR_PEOPLE: dict[Callable[..., Any], Callable[..., Any]] = {
    sse: squared,
    mse: mean_squared,
    add_bias: np.add,
    identity: the_same,
    relu: lambda x: np.maximum(x, 0),
}
