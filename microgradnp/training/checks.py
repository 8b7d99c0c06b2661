"""Errors that end a training: a loss or a gradient that is not finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.messages import lost_graph
from microgradnp.core.tensor import Tensor
from microgradnp.inspection.nans import first_nonfinite
from microgradnp.training.result import Fit


def check_loss(value: Any, iteration: int, result: Fit) -> None:
    """Raise when the loss is not a Tensor, or not finite."""
    if not isinstance(value, Tensor):
        raise TypeError(f"fit: {lost_graph(value)}")
    if value.size == 1 and not np.isfinite(value.item()):
        why = first_nonfinite(value) or "every value of its graph is finite"
        raise stopped(f"the loss is {value.item()} at iteration {iteration}: {why}. A smaller learning rate may help", result)


def gradient_norm(parameters: dict[str, Tensor], iteration: int, result: Fit) -> float:
    """The root of the sum of all squared gradient entries. Raises FloatingPointError when it is not finite."""
    squared = 0.0
    for name, parameter in parameters.items():
        if parameter.grad is not None:
            entries = parameter.grad.ravel()
            squared += float(np.vdot(entries, entries).real)
            if not np.isfinite(squared):
                raise stopped(f"the gradient of {name} is not finite (or its square overflows) at iteration {iteration}", result)
    return float(np.sqrt(squared))


def stopped(message: str, result: Fit) -> FloatingPointError:
    """The error that ends a training. It carries the result so far."""
    result.reason = message
    error = FloatingPointError(f"fit: {message}. The parameters are those before this step")
    error.result = result  # type: ignore[attr-defined]
    return error
