"""The data of a training, as a whole or in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor


def checked_data(data: Sequence[Any], batch_size: int | None) -> tuple[Tensor, ...]:
    """Copies of the arrays as Tensors, so that no change of the user's arrays must be looked for. Raises ValueError."""
    whole = tuple(Tensor(array) for array in data)
    if len({len(array) for array in whole}) > 1:
        raise ValueError(f"fit: the arrays of data have {[len(array) for array in whole]} samples; they must have equally many")
    if batch_size is not None and not (whole and 1 <= batch_size <= len(whole[0])):
        raise ValueError(f"fit: batch_size={batch_size} needs data with at least that many samples, and must be positive")
    return whole


def batches_of(whole: tuple[Tensor, ...], batch_size: int | None, random: np.random.Generator) -> Iterator[tuple[Tensor, ...]]:
    """Batches without end."""
    while batch_size is None:
        yield whole
    for rows in drawn_rows(whole, batch_size, random):
        yield tuple(Tensor(array.numpy()[rows]) for array in whole)


def drawn_rows(whole: tuple[Tensor, ...], batch_size: int | None, random: np.random.Generator) -> Iterator[Any]:
    """Row numbers of batches without end, drawn without replacement and reshuffled each epoch."""
    while batch_size is not None:
        order = random.permutation(len(whole[0]))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            yield order[start : start + batch_size]
