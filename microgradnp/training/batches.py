"""The data of a training, batch by batch. The position can be saved, so that a training continues where it stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self

import numpy as np

from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.tensor import Tensor

Batch = tuple[Tensor, ...]
MOST_KEPT, MOST_BYTES = 200, 2**25  # of a generator's batches


class ArrayBatches:
    """Batches of arrays without end: drawn without replacement, and reshuffled each epoch. Raises ValueError.

    The last batch of an epoch is smaller where the samples do not divide; with `drop_last` it is left out.
    """

    def __init__(
        self, data: Sequence[Any], batch_size: int | None, random: np.random.Generator, *, drop_last: bool = False
    ) -> None:
        counts = [len(array) for array in data]
        if len(set(counts)) > 1:
            raise ValueError(f"fit: the arrays of data have {counts} samples; they must have equally many")
        if batch_size is not None and not (counts and 1 <= batch_size <= counts[0]):
            raise ValueError(f"fit: batch_size={batch_size} needs data with at least that many samples, and must be positive")
        self.samples, self.batch_size, self.random = counts[0] if counts else 0, batch_size, random
        self.drop_last = drop_last
        # Copies, so that no change of the user's arrays must be looked for. A file on the disk is read batch by batch.
        self.arrays: tuple[Any, ...] = tuple(a if isinstance(a, np.memmap) and batch_size else Tensor(a) for a in data)
        self.order, self.start = np.zeros(0, int), 0
        self.before: Any = None  # state of the generator before this epoch was shuffled

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        if self.batch_size is None:
            return self.arrays
        rows = self.next_rows()
        return tuple(Tensor(rows_of(a, rows)) for a in self.arrays)

    def next_rows(self) -> Any:
        """Row numbers of the next batch."""
        if self.at_end:
            self.before = self.random.bit_generator.state
            self.order, self.start = self.random.permutation(self.samples), 0
        begin = self.start
        self.start = min(begin + (self.batch_size or 0), self.samples)
        return self.order[begin : self.start]

    @property
    def whole(self) -> Batch:
        """All arrays as Tensors."""
        return tuple(a if isinstance(a, Tensor) else Tensor(a) for a in self.arrays)

    @property
    def are_here(self) -> bool:
        """Whether the arrays are NumPy's, and not those of another library."""
        return not any(isinstance(a, Tensor) and is_foreign(a._array) for a in self.arrays)

    @property
    def at_end(self) -> bool:
        """Whether an epoch is complete."""
        needed = self.batch_size if self.drop_last else 1
        return self.batch_size is None or self.start + (needed or 1) > len(self.order)

    @property
    def per_epoch(self) -> int:
        """Number of batches in an epoch."""
        if self.batch_size is None:
            return 1
        return self.samples // self.batch_size if self.drop_last else -(-self.samples // self.batch_size)

    @property
    def are_of_one_size(self) -> bool:
        """Whether no batch is smaller than the others."""
        return self.batch_size is None or self.drop_last or self.samples % self.batch_size == 0

    def position(self) -> dict[str, Any]:
        """Where the next batch begins, and the state of the generator."""
        sizes = {"samples": self.samples, "batch_size": self.batch_size, "drop_last": self.drop_last}
        return {**sizes, "start": self.start, "before": self.before, "random": self.random.bit_generator.state}

    def go_to(self, position: dict[str, Any]) -> None:
        """Continue at a position. Raises ValueError when it belongs to other data."""
        for name in ("samples", "batch_size", "drop_last"):
            before = position.get(name, True)  # files of earlier versions left the rest out
            if before != getattr(self, name) and (name != "drop_last" or self.samples % (self.batch_size or 1)):
                raise ValueError(f"fit: the checkpoint belongs to {name}={before}, here it is {getattr(self, name)}")
        if position["before"] is not None:  # shuffle this epoch once more
            self.random.bit_generator.state = position["before"]
            self.before, self.order = position["before"], self.random.permutation(self.samples)
        self.start = position["start"]
        self.random.bit_generator.state = position["random"]


def rows_of(array: Any, rows: Any) -> Any:
    """Rows of a Tensor or of a file. In an array of another library they are sorted, so that each chunk is read once."""
    values = array._array if isinstance(array, Tensor) else array
    return values[np.sort(rows)] if is_foreign(values) else values[rows]


class GivenBatches:
    """The batches of an iterable, or of a function that returns one for each epoch. One batch is read ahead.

    Raises StopIteration after `epochs` passes, and when an iterator, such as a generator, has ended. Raises ValueError when there
    is no batch.
    """

    def __init__(self, source: Any, epochs: int | None) -> None:
        self.source, self.epochs = source, epochs
        self.once = not callable(source) and iter(source) is source
        if self.once and (epochs or 1) > 1:
            raise ValueError(f"fit: a generator gives one epoch, not {epochs}; pass a function that returns a new one, or a list")
        self.passes, self.taken = 0, 0  # complete passes, and batches of this pass
        self.iterator: Iterator[Any] | None = None
        self.ahead: Any = None
        self.kept: list[tuple[np.ndarray, ...]] = []  # copies of the first batches, for those who repeat the training

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        if self.iterator is None:
            if self.passes == self.epochs or (self.once and self.passes):
                raise StopIteration
            self.iterator = iter(self.source() if callable(self.source) else self.source)
            self.ahead = next(self.iterator, None)
            if self.ahead is None:
                raise ValueError("fit: data gave no batch")
        batch, self.ahead = self.ahead, next(self.iterator, None)
        self.taken += 1
        if self.ahead is None:
            self.iterator, self.passes, self.taken = None, self.passes + 1, 0
        given = tuple(Tensor(a) for a in batch) if isinstance(batch, (tuple, list)) else (Tensor(batch),)
        if not isinstance(self.source, (list, tuple)) and len(self.kept) < MOST_KEPT:
            self.keep(given)
        return given

    def keep(self, batch: Batch) -> None:
        """Copy a batch, unless all copies together become too large."""
        if sum(a.nbytes for kept in self.kept for a in kept) + sum(a._array.nbytes for a in batch) < MOST_BYTES:
            self.kept.append(tuple(np.array(a._array) for a in batch))

    @property
    def at_end(self) -> bool:
        """Whether a pass is complete."""
        return self.iterator is None

    @property
    def per_epoch(self) -> int | None:
        """Number of batches in an epoch, where it is known."""
        return len(self.source) if hasattr(self.source, "__len__") else None

    def position(self) -> dict[str, Any]:
        """Numbers of complete passes, and of batches after them."""
        return {"passes": self.passes, "taken": self.taken}

    def go_to(self, position: dict[str, Any]) -> None:
        """Continue at a position: the batches before it are read again and skipped."""
        self.passes = position["passes"]
        for _ in range(position["taken"]):
            next(self)


Batches = ArrayBatches | GivenBatches


def batches_of(
    data: Any, batch_size: int | None, epochs: int | None, random: np.random.Generator, *, drop_last: bool = False
) -> Batches:
    """The batches of arrays, of one array, or of an iterable of batches."""
    if isinstance(data, (np.ndarray, Tensor)):
        data = (data,)
    if isinstance(data, (tuple, list)) and not (data and all(is_batch(part) for part in data)):
        return ArrayBatches(data, batch_size, random, drop_last=drop_last)
    if batch_size is not None:
        raise ValueError(f"fit: batch_size={batch_size} is for arrays; this data is an iterable of batches already")
    if isinstance(data, (dict, str)) or not (callable(data) or hasattr(data, "__iter__")):
        raise TypeError(f"fit: data must be a tuple of arrays or an iterable of batches, got {type(data).__name__}")
    return GivenBatches(data, epochs)


def is_batch(part: Any) -> bool:
    """Whether this is a tuple of arrays, and not an array."""
    return isinstance(part, tuple) and bool(part) and all(hasattr(array, "shape") for array in part)
