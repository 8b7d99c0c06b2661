"""A training in a file: it continues after a crash, bit for bit.

The file holds the model, the optimizer, the position in the data with its generator, the history, and the best parameters. It is
an npz file of arrays with a JSON header, without pickle. It is written whole or not at all.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from microgradnp.inspection.files import write_whole
from microgradnp.nn.files import npz_bytes, read_npz
from microgradnp.optim import Optimizer
from microgradnp.training.batches import Batches
from microgradnp.training.fingerprints import Fingerprint, differences
from microgradnp.training.history import History
from microgradnp.training.result import Fit
from microgradnp.training.state import Model
from microgradnp.training.validation import Best

SECONDS = 10.0  # between two writes, when `every` is not given


class Checkpoint:
    """Writes a training to a file every so many iterations, and reads it back."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        every: int | None,
        model: Model,
        optimizer: Optimizer,
        batches: Batches,
        best: Best | None,
        begun: Fingerprint,
    ) -> None:
        if every is not None and every < 1:
            raise ValueError(f"fit: every={every} must be at least 1")
        if not Path(path).parent.is_dir():
            raise FileNotFoundError(f"fit: there is no folder {Path(path).parent} for the checkpoint")
        packed(memory_of(optimizer), {}, "the optimizer")
        self.path, self.every = Path(path), every
        self.model, self.optimizer, self.batches, self.best = model, optimizer, batches, best
        self.begun = begun
        self.clock, self.written = time.monotonic(), 0  # time and iteration of the last write

    def due(self, iteration: int) -> bool:
        """Whether to write after this iteration."""
        return iteration % self.every == 0 if self.every else time.monotonic() - self.clock > SECONDS

    def write(self, result: Fit) -> None:
        """Write the training as it is now."""
        training = {
            "model": self.model.state(),
            "optimizer": {"class": type(self.optimizer).__name__} | memory_of(self.optimizer),
            "data": self.batches.position(),
            "begun": self.begun,
            "history": {name: np.array(column) for name, column in vars(result.history).items() if name != "metrics"},
            "metrics": {name: np.array(column) for name, column in result.history.metrics.items()},
            "iterations": result.iterations,
            "best": [result.best, self.best.kept if self.best else None],
        }
        arrays: dict[str, Any] = {}
        header = {"format": "microgradnp training", "version": 1, "training": packed(training, arrays, "training")}
        write_whole(self.path, npz_bytes(arrays, header))
        self.clock, self.written = time.monotonic(), result.iterations

    def resume(self, result: Fit) -> None:
        """Continue the training that is in the file, if there is one. Raises ValueError when it is another one."""
        if not self.path.exists():
            return
        arrays, header = read_npz(self.path, "fit")
        if header.get("format") != "microgradnp training":
            raise ValueError(f"fit: {self.path} holds no training; was it written by mg.save?")
        training = unpacked(header["training"], arrays)
        kept = training["optimizer"]
        if kept.pop("class") != type(self.optimizer).__name__:
            raise ValueError(f"fit: the checkpoint is of another optimizer than {type(self.optimizer).__name__}")
        begun = training.get("begun", {})  # files of earlier versions have none
        if wrong := differences(begun, self.begun, kept):
            raise ValueError(
                f"fit: the checkpoint {self.path} is of a training that was begun otherwise: {'; '.join(wrong)}. Give the same "
                "to resume it. For a new training from its parameters choose another file and leave resume out"
            )
        self.model.restore(training["model"])
        vars(self.optimizer).update(kept)
        self.batches.go_to(training["data"])
        columns = {name: column.tolist() for name, column in training["history"].items()}
        result.history = History(**columns, metrics={name: column.tolist() for name, column in training["metrics"].items()})
        result.iterations = self.written = training["iterations"]
        result.best, state = training["best"]
        if self.best is not None:
            self.best.kept = state


def iterations_in(path: str | os.PathLike[str]) -> int:
    """The number of iterations that the training in a file has taken."""
    return int(unpacked(read_npz(path, "fit")[1]["training"]["dict"]["iterations"], {}))


def memory_of(optimizer: Optimizer) -> dict[str, Any]:
    """The settings of an optimizer, and what it remembers of earlier steps."""
    return {name: value for name, value in vars(optimizer).items() if name != "parameters"}


def packed(value: Any, arrays: dict[str, Any], place: str) -> Any:
    """A value as JSON; arrays go to `arrays` and leave their names. Raises TypeError for anything else than numbers."""
    if value is None or isinstance(value, (bool, int, str)) or type(value) is float:
        return value
    if isinstance(value, (np.ndarray, np.generic)) and not value.dtype.hasobject:
        name = f"a{len(arrays)}"
        arrays[name] = np.asarray(value)
        return {"array" if isinstance(value, np.ndarray) else "number": name}
    if isinstance(value, (list, tuple)):
        parts = [packed(part, arrays, f"{place}[{k}]") for k, part in enumerate(value)]
        return {"tuple" if isinstance(value, tuple) else "list": parts}
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"dict": {key: packed(part, arrays, f"{place}.{key}") for key, part in value.items()}}
    raise TypeError(f"fit: {place} is a {type(value).__name__}, which a checkpoint cannot hold; it holds numbers and arrays")


def unpacked(value: Any, arrays: dict[str, Any]) -> Any:
    """The value that `packed` made into JSON."""
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    if kind in ("array", "number"):
        return arrays[inner][()] if kind == "number" else arrays[inner]
    if kind == "dict":
        return {key: unpacked(part, arrays) for key, part in inner.items()}
    parts = [unpacked(part, arrays) for part in inner]
    return tuple(parts) if kind == "tuple" else parts
