"""Functions of this package that a program writes as several steps of NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.rules.functional import LARGEST_EXPONENT, add_bias, identity, log_softmax, mse, relu, sigmoid, softmax, sse


def error(pred: Any, target: Any) -> Any:
    """pred - target, which textbooks call the error."""
    result = np.subtract(pred, target)
    result.name = "error"
    return result


def squared(pred: Any, target: Any) -> Any:
    """The sum of squared errors. None for complex numbers: then it stays one step."""
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


def sigmoid_steps(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow, as `sigmoid` computes it."""
    if x.dtype.kind != "f":
        return None
    return np.reciprocal(np.exp(np.minimum(-x, LARGEST_EXPONENT.get(x.dtype.char, 709.0))) + 1.0)


def softmax_steps(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax_steps(x: Any, axis: int = -1) -> Any:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


FOR_MACHINES = {**FOR_PEOPLE, sigmoid: sigmoid_steps, softmax: softmax_steps, log_softmax: log_softmax_steps}
