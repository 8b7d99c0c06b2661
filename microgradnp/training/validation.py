"""Validation: the loss and the metrics on data that is not trained on, and the best parameters so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from microgradnp.core.tensor import Tensor
from microgradnp.training.batches import Batch
from microgradnp.training.result import Fit
from microgradnp.training.state import Model, State
from microgradnp.training.stopping import EarlyStopping

Metric = Callable[..., Any]


@dataclass
class Validation:
    """Loss and metrics of `data`, or the metrics of the last batch where there is no data.

    Done at the end of an epoch, or every so many iterations, and after the last one.
    """

    loss: Callable[..., Tensor]
    model: Model
    data: Batch | None
    metrics: Mapping[str, Metric]
    every: int | None

    def due(self, iteration: int, last: int | None, epoch_ended: bool) -> bool:
        """Whether to validate after this iteration."""
        wanted = self.data is not None or bool(self.metrics)
        return wanted and (iteration == last or (iteration % self.every == 0 if self.every else epoch_ended))

    def values(self, batch: Batch) -> dict[str, float]:
        """The loss, as `validation`, and the metrics."""
        data = batch if self.data is None else self.data
        found = {} if self.data is None else {"validation": number("loss", self.loss(*data))}
        return found | {name: number(name, metric(*data)) for name, metric in self.metrics.items()}


def number(name: str, value: Any) -> float:
    """The value as a float. Raises TypeError for anything but one number."""
    if getattr(value, "size", 1) != 1:
        raise TypeError(f"fit: {name} must return one number, got shape {value.shape}")
    return float(value.item() if hasattr(value, "item") else value)


def enter(values: dict[str, float], result: Fit) -> None:
    """Write the values of a validation into the history."""
    history = result.history
    for name, value in values.items():
        (history.validation if name == "validation" else history.metrics.setdefault(name, [])).append(value)
    history.validated.append(result.iterations)


class Best:
    """Keeps the state of the model at the best validation, for `EarlyStopping`."""

    def __init__(self, rule: EarlyStopping, model: Model) -> None:
        self.rule, self.model = rule, model
        self.kept: State | None = None

    def look(self, result: Fit) -> None:
        """Keep the state of now if the newest validation is the best."""
        if self.rule.best(result.history) == len(result.history.validated) - 1:
            self.kept, result.best = self.model.state(), result.iterations

    def give_back(self, result: Fit) -> None:
        """Set the model to its best state, and say so."""
        if self.kept is not None and result.best != result.iterations:
            self.model.restore(self.kept)
            result.reason += f"; the parameters are those of iteration {result.best}"


def best_of(rules: Sequence[Any], validation: Validation) -> Best | None:
    """What keeps the best parameters, if a rule asks for it. Raises ValueError when nothing measures what it watches."""
    for rule in rules:
        if isinstance(rule, EarlyStopping):
            if rule.metric is None and validation.data is None:
                raise ValueError("fit: EarlyStopping needs validation=(x, y), or the name of one of the metrics")
            if rule.metric is not None and rule.metric not in validation.metrics:
                raise ValueError(f"fit: EarlyStopping watches {rule.metric!r}; metrics= has {list(validation.metrics)}")
            return Best(rule, validation.model)
    return None
