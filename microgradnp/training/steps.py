"""The training loop in Python. A step runs the graph, or a compiled program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from microgradnp.compiler.compile import compile as compiled_for
from microgradnp.core.tensor import Tensor
from microgradnp.inspection.snapshots import Album
from microgradnp.optim import Optimizer
from microgradnp.training.checks import check_loss, gradient_norm
from microgradnp.training.interrupts import Interrupts
from microgradnp.training.result import Fit, StoppingRule, reasons_to_stop

Step = Callable[[tuple[Tensor, ...], int, Fit], float]  # sets the gradients and returns the loss
Advance = Callable[[Fit], None]
Callback = Callable[[int, Fit], object]


def run_by_steps(
    step: Step,
    optimizer: Optimizer,
    iterations: int,
    rules: list[StoppingRule],
    batches: Iterator[tuple[Tensor, ...]],
    callbacks: Sequence[Callback | None],
    result: Fit,
    advance: Advance,
    interrupts: Interrupts,
) -> None:
    """Take steps until all iterations are done, or a rule stops the training. Ctrl-C raises KeyboardInterrupt.

    A step is completed as a whole: the parameters, the optimizer's memory and the history change together, or not at all.
    """
    started, history = time.perf_counter(), result.history
    for iteration in range(1, iterations + 1):
        with interrupts.allowed():
            optimizer.zero_grad()
            value = step(next(batches), iteration, result)
            norm = gradient_norm(optimizer.parameters, iteration, result)
        optimizer.step()
        history.loss.append(value)
        history.gradient_norm.append(norm)
        history.seconds.append(time.perf_counter() - started)
        result.iterations = iteration
        with interrupts.allowed():
            for callback in callbacks:
                if callback is not None:
                    callback(iteration, result)
            advance(result)
            if reason := reasons_to_stop(rules, history):
                result.reason = reason
                break


def eager_step(loss: Callable[..., Tensor], album: Album | None) -> Step:
    """The step that records the graph of the loss and sweeps it."""

    def step(batch: tuple[Tensor, ...], iteration: int, result: Fit) -> float:
        value = loss(*batch)
        check_loss(value, iteration, result)
        if album is not None:
            album.keep(value, iteration)
        value.backward()
        return float(value.item())

    return step


def compiled_step(loss: Callable[..., Tensor], optimizer: Optimizer, backend: str, album: Album | None) -> Step:
    """The step that a backend compiles. When its loss is not finite, the graph tells which operation made it so."""
    value_and_grad = compiled_for(loss, backend, wrt=optimizer.parameters)

    def step(batch: tuple[Tensor, ...], iteration: int, result: Fit) -> float:
        value, gradients = value_and_grad(*(array._array for array in batch))
        if not np.isfinite(value):
            check_loss(loss(*batch), iteration, result)
        if album is not None and album.wants(iteration):
            album.keep(loss(*batch), iteration)
        for name, parameter in optimizer.parameters.items():
            parameter.grad = gradients[name]
        return float(value)

    return step
