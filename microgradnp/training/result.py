"""The result of a training, and the rules that stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from microgradnp.inspection.snapshots import Snapshot
from microgradnp.training.kept import Training
from microgradnp.viewer.live import training


@dataclass
class History:
    """One entry for each iteration: the loss, the norm of all gradients together, and the seconds since the start."""

    loss: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class GradientNorm:
    """Stop when the norm of all gradients together falls under `tolerance`.

    A small gradient means that the loss is flat here, not that it is small. A plateau looks the same.
    """

    tolerance: float

    def __call__(self, history: History) -> str | None:
        norm = history.gradient_norm[-1]
        return f"gradient norm {norm:.4g} fell under {self.tolerance:g}" if norm < self.tolerance else None


@dataclass(frozen=True)
class LossPlateau:
    """Stop when the best loss of the last `patience` iterations improves on the best before by less than `relative` of it."""

    patience: int = 100
    relative: float = 1e-6

    def __call__(self, history: History) -> str | None:
        if len(history.loss) <= self.patience:
            return None
        before, recent = min(history.loss[: -self.patience]), min(history.loss[-self.patience :])
        if recent < before - self.relative * abs(before):
            return None
        return f"the loss improved by less than {self.relative:g} of itself in {self.patience} iterations"


StoppingRule = Callable[[History], str | None]


def reasons_to_stop(rules: list[StoppingRule], history: History) -> str:
    """The reasons of all rules that stop the training now; empty when none does."""
    return "; ".join(reason for rule in rules if (reason := rule(history)))


@dataclass
class Fit:
    """The result of `fit`: the history, the number of parameter updates, why it stopped, and whether Ctrl-C stopped it.

    `snapshots` hold values and gradients during the training as small heat maps. `mg.view(loss, fit=...)` plays them.
    `training` holds what the training began with. `mg.diagnose` repeats it.
    """

    history: History
    iterations: int = 0
    reason: str = ""
    interrupted: bool = False
    snapshots: list[Snapshot] = field(default_factory=list, repr=False)
    training: Training | None = field(default=None, repr=False)

    @property
    def loss(self) -> float:
        """The last loss that was computed; NaN before the first."""
        return self.history.loss[-1] if self.history.loss else float("nan")

    def __str__(self) -> str:
        return f"{self.iterations} iterations, loss {self.loss:.6g}: {self.reason}"

    def _repr_html_(self) -> str:
        return training(self)
