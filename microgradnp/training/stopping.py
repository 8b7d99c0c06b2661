"""The rules that stop a training: functions of its history that return a reason, or None."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from microgradnp.training.history import History

StoppingRule = Callable[[History], str | None]


@dataclass(frozen=True)
class GradientNorm:
    """Stop when the norm of all gradients together falls under `tolerance`.

    A small gradient means that the loss is flat here, not that it is small. A plateau looks the same.

    >>> import microgradnp as mg
    >>> mg.GradientNorm(0.1)
    GradientNorm(tolerance=0.1)
    """

    tolerance: float

    def __call__(self, history: History) -> str | None:
        norm = history.gradient_norm[-1]
        return f"gradient norm {norm:.4g} fell under {self.tolerance:g}" if norm < self.tolerance else None


@dataclass(frozen=True)
class LossPlateau:
    """Stop when the best loss of the last `patience` iterations improves on the best before by less than `relative` of it.

    >>> import microgradnp as mg
    >>> mg.LossPlateau(patience=50)
    LossPlateau(patience=50, relative=1e-06)
    """

    patience: int = 100
    relative: float = 1e-6

    def __call__(self, history: History) -> str | None:
        if len(history.loss) <= self.patience:
            return None
        before, recent = min(history.loss[: -self.patience]), min(history.loss[-self.patience :])
        if recent < before - self.relative * abs(before):
            return None
        return f"the loss improved by less than {self.relative:g} of itself in {self.patience} iterations"


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when `patience` validations in a row bring no improvement. `fit` then gives the best parameters back.

    The validation loss is watched, or a metric by its name. A metric is better when it is larger, unless `largest` is False. An
    improvement must exceed `least`. The best parameters are also given back when the training ends for another reason, and after
    Ctrl-C. L. Prechelt, "Early stopping - but when?" (1998). Raises KeyError for a metric that there is not.

    >>> import microgradnp as mg
    >>> mg.EarlyStopping(patience=5, metric="accuracy")
    EarlyStopping(patience=5, metric='accuracy', largest=None, least=0.0)
    """

    patience: int = 10
    metric: str | None = None
    largest: bool | None = None
    least: float = 0.0

    def __call__(self, history: History) -> str | None:
        waited = len(history.validated) - 1 - self.best(history)
        if not history.validated or waited < self.patience:
            return None
        return f"{self.metric or 'the validation loss'} did not improve in {self.patience} validations"

    def best(self, history: History) -> int:
        """Which validation was the best so far, counted from 0; the first of equals, and -1 when there is none."""
        larger = self.metric is not None if self.largest is None else self.largest
        found, record = -1, float("inf")
        for k, value in enumerate(history.metrics[self.metric] if self.metric else history.validation):
            cost = -value if larger else value
            if cost < record - (self.least if found >= 0 else 0.0):
                found, record = k, cost
        return found


def reasons_to_stop(rules: list[StoppingRule], history: History) -> str:
    """The reasons of all rules that stop the training now; empty when none does."""
    return "; ".join(reason for rule in rules if (reason := rule(history)))
