"""A training as the doctor sees it: a loss, parameters, data, where it began and ended, and what is known of the way."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.parameters import Parameters, named
from microgradnp.optim import Optimizer
from microgradnp.training.result import Fit
from microgradnp.training.state import Model
from microgradnp.training.steps import Changes

Array = np.ndarray
Weights = dict[str, Array]
ANOTHER_WAY = "Give fit arrays or a list of batches, or write diagnose(loss, parameters=..., data=...)"


@dataclass
class Patient:
    """What is examined. `end` holds the parameters of now. Without a history `steps` is 0 and `losses` is empty."""

    loss: Callable[..., Tensor]
    parameters: dict[str, Tensor]
    data: tuple[Array, ...]
    optimizer: Optimizer
    start: Weights
    end: Weights
    batch_size: int | None = None
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    steps: int = 0
    reason: str = ""
    rule_ended: bool = False  # a stopping rule ended it
    failed: bool = False  # it ended with a number that is not finite
    changes: Changes = field(default_factory=Changes)  # limits for the gradients, and the schedule of the rate
    rate_at_end: float | None = None
    name: str = "the training"
    model: Model | None = None  # what the loss changes besides the parameters, such as running statistics
    known: dict[str, Any] = field(default_factory=dict)  # facts that only some ways of asking provide
    before: dict[str, Any] = field(default_factory=dict)  # the state of the model when the examination began

    @property
    def samples(self) -> int:
        """The number of samples, 0 without data."""
        return len(self.data[0]) if self.data and self.data[0].ndim else 0

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Put parameters, their gradients, running statistics and random states back afterwards."""
        random = np.random.get_state()  # noqa: NPY002  # a loss of the user may draw from it
        kept = {name: (p.numpy().copy(), p.grad) for name, p in self.parameters.items()}
        self.before = self.model.state() if self.model is not None else {}
        try:
            yield
        finally:
            if self.model is not None:
                self.model.restore(self.before)
            for name, (value, grad) in kept.items():
                self.parameters[name].data = value
                self.parameters[name].grad = grad
            np.random.set_state(random)  # noqa: NPY002

    def put_back_statistics(self) -> None:
        """Set the running statistics to what they were when the examination began. Each call of the loss moves them."""
        for name, value in self.model.others() if self.model is not None else ():
            if isinstance(value, np.ndarray) and name in self.before:
                value[...] = self.before[name]

    def treated(self, **changes: Any) -> Patient:
        """The same training with some things changed."""
        return replace(self, **changes)


def of_fit(result: Fit | BaseException) -> Patient:
    """The training of what `fit` returned, or of the error that it raised. Raises TypeError for anything else."""
    fitted: Any = getattr(result, "result", result)
    training = getattr(fitted, "training", None)
    if training is None:
        raise TypeError(
            f"diagnose: {type(result).__name__} is no result of mg.fit, and no error that it raised. "
            "For a loss of your own write diagnose(loss, parameters=..., data=...)"
        )
    try:
        data, batch_size = training.whole()
    except (TypeError, ValueError) as error:
        raise TypeError(f"diagnose: the batches do not fit together ({error}). {ANOTHER_WAY}") from error
    if training.drawn:
        data = without_repeats(data)
    end = {name: p.numpy().copy() for name, p in training.parameters.items()}
    failed = isinstance(result, FloatingPointError) or "not finite" in fitted.reason or " is nan " in f" {fitted.reason} "
    by_rule = not (failed or fitted.interrupted or fitted.reason.startswith("all "))
    optimizer, changes = copy.deepcopy(training.optimizer), training.changes or Changes()
    if changes.schedule is not None:  # trials scale the schedule, whose largest rate is the optimizer's
        optimizer.lr = max(fitted.history.learning_rate, default=optimizer.lr) or optimizer.lr
    return Patient(
        training.loss,
        training.parameters,
        data,
        optimizer,
        training.start,
        end,
        batch_size,
        list(fitted.history.loss),
        list(fitted.history.gradient_norm),
        fitted.iterations,
        fitted.reason,
        by_rule,
        failed,
        changes,
        fitted.history.learning_rate[-1] if changes.schedule is not None and fitted.history.learning_rate else None,
        model=training.model,
        known={"joined": training.in_batches, "drawn": training.drawn},
    )


def without_repeats(data: tuple[Array, ...]) -> tuple[Array, ...]:
    """Each row once: a generator may give the same rows in every epoch."""
    rows = zip(*data, strict=True) if len({len(a) for a in data}) == 1 else ()
    first = {b"|".join(np.asarray(part).tobytes() for part in row): k for k, row in reversed(list(enumerate(rows)))}
    return tuple(a[sorted(first.values())] for a in data) if first else data


def of_loss(
    loss: Callable[..., Tensor],
    parameters: Parameters,
    data: Sequence[Any],
    optimizer: Optimizer | None,
    start: dict[str, Any] | None,
) -> Patient:
    """A loss, its data, and the parameters of now. Without `start` all trials begin at the parameters of now."""
    from microgradnp.optim import SGD

    held = named(parameters)
    now = {name: p.numpy().copy() for name, p in held.items()}
    began = now if start is None else {name: np.array(start[name], p.dtype) for name, p in held.items()}
    bare = copy.copy(optimizer) if optimizer is not None else SGD(lr=1e-3)
    bare.parameters = {}
    arrays = tuple(a.numpy() if isinstance(a, Tensor) else np.asarray(a) for a in data)
    model, known = Model(parameters, held), {"no optimizer": optimizer is None}
    return Patient(loss, held, arrays, copy.deepcopy(bare), began, now, model=model, known=known)
