"""The result of a training."""

from __future__ import annotations

from dataclasses import dataclass, field

from microgradnp.inspection.snapshots import Snapshot
from microgradnp.training.history import History
from microgradnp.training.kept import Training
from microgradnp.viewer.live import training


@dataclass(repr=False)
class Fit:
    """The result of `fit`: the history, the number of parameter updates, why it stopped, and whether Ctrl-C stopped it.

    `best` is the iteration whose parameters `EarlyStopping` gave back. `snapshots` hold values and gradients during the training
    as small heat maps. `mg.view(loss, fit=...)` plays them. `training` holds what the training began with, where it can be
    repeated. `mg.diagnose` repeats it. `doctor` holds what `fit(..., doctor=True)` said.
    """

    history: History
    iterations: int = 0
    reason: str = ""
    interrupted: bool = False
    best: int | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    training: Training | None = None
    doctor: list[str] = field(default_factory=list)

    @property
    def loss(self) -> float:
        """The last loss that was computed; NaN before the first."""
        return self.history.loss[-1] if self.history.loss else float("nan")

    def __str__(self) -> str:
        return f"{self.iterations} iterations, {self.history.newest or 'no loss'}: {self.reason}"

    def __repr__(self) -> str:
        return f"Fit({self})"

    def _repr_html_(self) -> str:
        return training(self)
