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
from microgradnp.training.batches import ArrayBatches, Batches, GivenBatches
from microgradnp.training.state import Model


@dataclass
class Training:
    """Loss, data, rules, and copies of the parameters, the optimizer and the random state as they were at the start."""

    loss: Callable[..., Tensor]
    parameters: dict[str, Tensor]
    data: Sequence[Any]  # arrays, or the batches of a list, or the first of a generator
    batch_size: int | None
    rules: Sequence[Callable[..., Any]]
    optimizer: Optimizer  # without parameters
    start: dict[str, Any]  # name -> array
    random: np.random.Generator
    changes: Any = None  # what is done to gradients and learning rate before each step: `steps.Changes`
    in_batches: bool = False  # whether `data` are batches
    drawn: bool = False  # whether they came from a generator or a function
    model: Model | None = None  # with what the loss changes besides the parameters, such as running statistics

    def whole(self) -> tuple[tuple[np.ndarray, ...], int | None]:
        """The data as whole arrays, and the batch size. Raises ValueError for batches of a list that do not fit together."""
        if not self.in_batches:
            return tuple(map(np.asarray, self.data)), self.batch_size
        batches = [batch if isinstance(batch, (tuple, list)) else (batch,) for batch in self.data]
        columns = [np.concatenate([as_array(getattr(a, "_array", a)) for a in column]) for column in zip(*batches, strict=True)]
        return tuple(columns), -(-len(columns[0]) // len(batches))


def at_the_start(
    loss: Callable[..., Tensor],
    batches: Batches,
    rules: Sequence[Callable[..., Any]],
    optimizer: Optimizer,
    changes: Any,
    model: Model,
) -> Training:
    """The training that is about to begin. An optimizer that cannot be copied is shared."""
    if isinstance(batches, ArrayBatches):
        data = [as_array(array._array if isinstance(array, Tensor) else array) for array in batches.arrays]
        size, random = batches.batch_size, batches.random
    elif isinstance(batches.source, (list, tuple)):
        data, size, random = list(batches.source), None, np.random.default_rng(0)
    else:  # of a generator or a function the first batches are kept while they come
        data, size, random = batches.kept, None, np.random.default_rng(0)
    kept = copy.copy(optimizer)
    kept.parameters = {}
    try:
        kept = copy.deepcopy(kept)
    except Exception:  # an attribute of the user's optimizer may refuse to be copied
        kept = copy.copy(kept)
    start = {name: np.array(p.numpy()) for name, p in optimizer.parameters.items()}
    named, drawn, listed = dict(optimizer.parameters), copy.deepcopy(random), not isinstance(batches, ArrayBatches)
    is_drawn = isinstance(batches, GivenBatches) and data is batches.kept
    return Training(loss, named, data, size, rules, kept, start, drawn, changes, listed, is_drawn, model)
