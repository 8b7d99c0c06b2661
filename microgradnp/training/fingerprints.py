"""What a training in a file was begun with: a training that is resumed with something else would be a third one, silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.memory import checksum
from microgradnp.core.tensor import Tensor
from microgradnp.optim import Optimizer
from microgradnp.training.batches import ArrayBatches, Batches

ROWS = 1000  # of a file on the disk that are read

Fingerprint = dict[str, Any]


def fingerprint(
    optimizer: Optimizer,
    batches: Batches,
    accumulate: int,
    limits: tuple[float | None, float | None],
    schedule: Callable[[int], float] | None,
) -> Fingerprint:
    """The settings of a training at its start, and a check sum of each array of its data."""
    settings = {k: v for k, v in vars(optimizer).items() if k[0] != "_" and isinstance(v, (bool, int, float, tuple))}
    found: Fingerprint = {**settings, "accumulate": accumulate, "clip_norm": limits[0], "clip_value": limits[1]}
    found["schedule(0)"] = None if schedule is None else float(schedule(0))
    for number, array in enumerate(batches.arrays if isinstance(batches, ArrayBatches) else ()):
        values = array._array if isinstance(array, Tensor) else array
        found[f"data[{number}]"] = f"{values.dtype} {values.shape}"
        if not is_foreign(values):
            rows = slice(None, None, max(1, len(values) // ROWS)) if isinstance(values, np.memmap) else slice(None)
            found[f"the numbers of data[{number}]"] = checksum(np.ascontiguousarray(values[rows]))
    return found


def differences(before: Fingerprint, now: Fingerprint, reached: Fingerprint) -> list[str]:
    """What differs between the start of a training in a file and now. `reached`: its settings where it stopped, also accepted."""
    found = []
    for name, value in now.items():
        if value in (before.get(name, value), reached.get(name, before.get(name))):
            continue
        is_sum = name.startswith("the numbers")
        if not is_sum:
            found.append(f"{name} was {before[name]} and is {value}")
        elif before.get(name.rpartition(" ")[2]) == now.get(name.rpartition(" ")[2]):
            found.append(f"{name} are others")
    return found
