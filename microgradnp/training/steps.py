"""The training loop in Python. A step runs the graph, or a compiled program."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.compiler.compile import compile as compiled_for
from microgradnp.core.context import no_grad
from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.tensor import Tensor
from microgradnp.inspection.snapshots import Album
from microgradnp.optim import Optimizer, clip_norm, clip_value
from microgradnp.training.batches import Batch, Batches
from microgradnp.training.checkpoints import Checkpoint
from microgradnp.training.checks import check_loss, gradient_norm, stopped
from microgradnp.training.interrupts import Interrupts
from microgradnp.training.result import Fit
from microgradnp.training.stopping import StoppingRule, reasons_to_stop
from microgradnp.training.validation import Best, Validation, enter

Step = Callable[[Batch, int, Fit], float]  # sets the gradients and returns the loss
Advance = Callable[[Fit], None]
Callback = Callable[[int, Fit], object]


@dataclass
class Changes:
    """What is done to the gradients and the learning rate before the optimizer steps."""

    accumulate: int = 1
    clip_norm: float | None = None
    clip_value: float | None = None
    schedule: Callable[[int], float] | None = None

    def limit(self, parameters: dict[str, Tensor]) -> None:
        """Limit the gradients."""
        if self.clip_norm is not None:
            clip_norm(parameters, self.clip_norm)
        if self.clip_value is not None:
            clip_value(parameters, self.clip_value)


@dataclass
class Loop:
    """The training loop. Its `run` takes steps until all are done, the data or a rule ends the training, or Ctrl-C is pressed.

    A step is completed as a whole: the parameters, the optimizer's memory and the history change together, or not at all.
    """

    step: Step
    optimizer: Optimizer
    iterations: int | None
    batches: Batches
    album: Album | None
    changes: Changes
    rules: list[StoppingRule]
    callbacks: Sequence[Callback]
    validation: Validation
    best: Best | None
    checkpoint: Checkpoint | None
    result: Fit
    advance: Advance
    interrupts: Interrupts

    def run(self) -> None:
        """Train. Ctrl-C raises KeyboardInterrupt."""
        result, history, optimizer, changes = self.result, self.result.history, self.optimizer, self.changes
        started = time.perf_counter() - (history.seconds[-1] if history.seconds else 0.0)
        reason = reasons_to_stop(self.rules, history) if result.iterations else ""  # a training that is resumed
        while not reason and (self.iterations is None or result.iterations < self.iterations):
            iteration = result.iterations + 1
            with self.interrupts.allowed():
                losses, batch, epoch_ended = self.gradients(iteration)
                if not losses:
                    reason = f"the data ended after {result.iterations} iterations" if self.iterations else ""
                    break
                norm = gradient_norm(optimizer.parameters, iteration, result)
                changes.limit(optimizer.parameters)
                rate = changes.schedule(iteration - 1) if changes.schedule else optimizer.lr
            optimizer.lr = rate
            optimizer.step()
            history.loss.append(losses[0] if len(losses) == 1 else float(np.mean(losses)))
            history.gradient_norm.append(norm)
            history.learning_rate.append(float(rate))
            history.seconds.append(time.perf_counter() - started)
            result.iterations = iteration
            if self.validation.due(iteration, self.iterations, epoch_ended):
                self.validate(batch)
            with self.interrupts.allowed():
                reason = self.after(iteration)
        result.reason = reason or f"all {result.iterations} iterations done"
        if self.checkpoint is not None and self.checkpoint.written < result.iterations:
            self.checkpoint.write(result)

    def gradients(self, iteration: int) -> tuple[list[float], Batch, bool]:
        """Set the gradients: the mean over `accumulate` batches.

        Returns the losses, which are none when the data has ended, the last batch, and whether an epoch ended.
        """
        parameters, losses, sums = self.optimizer.parameters, [], dict[str, Any]()
        batch: Batch = ()
        ended = False
        for batch in self.batches:
            if self.album is not None:
                self.album.batch = batch
            self.optimizer.zero_grad()
            losses.append(self.step(batch, iteration, self.result))
            ended |= self.batches.at_end
            if self.changes.accumulate == 1:
                return losses, batch, ended
            for name, p in parameters.items():
                if p.grad is not None:
                    sums[name] = sums[name] + p.grad if name in sums else p.grad
            if len(losses) == self.changes.accumulate:
                break
        for name, total in sums.items():
            parameters[name].grad = total / len(losses)
        return losses, batch, ended

    def validate(self, batch: Batch) -> None:
        """Write loss and metrics into the history, and keep the best state."""
        with no_grad(), self.validation.model.evaluating(), self.interrupts.allowed():
            values = self.validation.values(batch)
        enter(values, self.result)
        if self.best is not None:
            self.best.look(self.result)

    def after(self, iteration: int) -> str:
        """Callbacks, progress, stopping rules, checkpoint. Returns why the training stops now, or an empty string."""
        answers = [callback(iteration, self.result) for callback in self.callbacks]
        self.advance(self.result)
        reasons = [answer for answer in answers if isinstance(answer, str) and answer]
        if rules := reasons_to_stop(self.rules, self.result.history):
            reasons.append(rules)
        if self.checkpoint is not None and self.checkpoint.due(iteration):
            self.checkpoint.write(self.result)
        return "; ".join(reasons)


def eager_step(loss: Callable[..., Tensor], album: Album | None) -> Step:
    """The step that records the graph of the loss and sweeps it."""

    def step(batch: Batch, iteration: int, result: Fit) -> float:
        value = loss(*batch)
        if isinstance(value, Tensor) and is_foreign(value._array):
            return far_step(value, iteration, result)
        check_loss(value, iteration, result)
        if album is not None:
            album.keep(value, iteration)
        value.backward()
        return float(value.item())

    return step


def far_step(loss: Tensor, iteration: int, result: Fit) -> float:
    """The step over arrays of another library, such as Dask's: the loss and all gradients are computed there, in one go."""
    loss.backward()
    value = float(loss.item())
    if not np.isfinite(value):
        raise stopped(f"the loss is {value} at iteration {iteration}. A smaller learning rate may help", result)
    return value


def compiled_step(loss: Callable[..., Tensor], optimizer: Optimizer, backend: str, album: Album | None) -> Step:
    """The step that a backend compiles. When its loss is not finite, the graph tells which operation made it so."""
    value_and_grad = compiled_for(loss, backend, wrt=optimizer.parameters)

    def step(batch: Batch, iteration: int, result: Fit) -> float:
        if any(is_foreign(array._array) for array in batch):
            kind = type(batch[0]._array).__module__.partition(".")[0]
            raise TypeError(
                f"fit: backend={backend!r} compiles for arrays of NumPy, and the data are those of {kind}; leave it out"
            )
        value, gradients = value_and_grad(*(array._array for array in batch))
        if not np.isfinite(value):
            check_loss(loss(*batch), iteration, result)
        if album is not None and album.wants(iteration):
            album.keep(loss(*batch), iteration)
        for name, parameter in optimizer.parameters.items():
            parameter.grad = gradients[name]
        return float(value)

    return step
