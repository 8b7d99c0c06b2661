"""What is written down during a training."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from microgradnp.inspection.files import write_whole


@dataclass(repr=False)
class History:
    """One entry for each iteration: loss, norm of all gradients before clipping, learning rate, seconds since the start.

    One entry for each validation: its iteration in `validated`, its loss in `validation`, and each of the `metrics`.
    """

    loss: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    validated: list[int] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All entries as lists in a dict, for JSON or a data frame."""
        return dataclasses.asdict(self)

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """SVG text of the curves: loss and validation, metrics, learning rate, gradient norm. A notebook shows it.

        With a `path` it is also written to this file.
        """
        from microgradnp.training.curves import curves

        picture = curves(self)
        if path is not None:
            write_whole(Path(path), picture.encode())
        return picture

    @property
    def newest(self) -> str:
        """The last loss, validation loss and metrics, in one line."""
        columns = {"loss": self.loss, "validation": self.validation, **self.metrics}
        return ", ".join(f"{name} {entries[-1]:.6g}" for name, entries in columns.items() if entries)

    def __repr__(self) -> str:
        return f"History({len(self.loss)} iterations{', ' if self.loss else ''}{self.newest})"
