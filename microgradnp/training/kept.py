"""What a training began with, kept so that it can be repeated."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.core.elsewhere import as_array
from microgradnp.core.tensor import Tensor
from microgradnp.optim import Optimizer


@dataclass
class Training:
    """Loss, data, rules, and copies of the parameters, the optimizer and the random state as they were at the start."""

    loss: Callable[..., Tensor]
    parameters: dict[str, Tensor]
    data: tuple[Any, ...]
    batch_size: int | None
    rules: Sequence[Callable[..., Any]]
    optimizer: Optimizer  # without parameters
    start: dict[str, Any]  # name -> array
    random: np.random.Generator
    changes: Any = None  # what is done to gradients and learning rate before each step: `steps.Changes`


def at_the_start(
    loss: Callable[..., Tensor],
    data: Sequence[Any],
    batch_size: int | None,
    rules: Sequence[Callable[..., Any]],
    optimizer: Optimizer,
    random: np.random.Generator,
    changes: Any = None,
) -> Training:
    """The training that is about to begin. An optimizer that cannot be copied is shared."""
    kept = copy.copy(optimizer)
    kept.parameters = {}
    try:
        kept = copy.deepcopy(kept)
    except Exception:  # an attribute of the user's optimizer may refuse to be copied
        kept = copy.copy(kept)
    start = {name: np.array(p.numpy()) for name, p in optimizer.parameters.items()}
    arrays = tuple(as_array(array._array if isinstance(array, Tensor) else array) for array in data)
    return Training(loss, dict(optimizer.parameters), arrays, batch_size, rules, kept, start, copy.deepcopy(random), changes)
