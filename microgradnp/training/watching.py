"""A place for somebody who watches the training. Who that is, training does not know: it is looked up by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from microgradnp.optim import Optimizer
from microgradnp.training.batches import ArrayBatches, Batches

WATCHERS = "microgradnp.doctor.live"  # a module with a class `Watch`


def watched(loss: Callable[..., Any], optimizer: Optimizer, clip: tuple[float | None, float | None], batches: Batches) -> Any:
    """The watcher of a training: a context manager with `loss`, and with `after` for what is called after each step."""
    data = batches.arrays if isinstance(batches, ArrayBatches) else ()
    return importlib.import_module(WATCHERS).Watch(loss, optimizer, clip, data)
