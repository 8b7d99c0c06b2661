"""The compiled training loop, run in stretches of about a tenth of a second.

After each stretch Python reads the history, asks the stopping rules about every iteration, moves the progress bar, and reacts to
Ctrl-C. When a rule stops the training inside a stretch, the loop goes back to the start of the stretch and runs up to there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.training.batches import ArrayBatches
from microgradnp.training.checks import check_loss, gradient_norm, stopped
from microgradnp.training.compiled_loop import CompiledLoop
from microgradnp.training.history import History
from microgradnp.training.interrupts import Interrupts
from microgradnp.training.result import Fit
from microgradnp.training.steps import Advance
from microgradnp.training.stopping import GradientNorm, StoppingRule, reasons_to_stop

STRETCH = 0.1  # seconds
SHORT = 16  # iterations of the first stretch; its time gives the length of the next


def run_by_stretches(
    loop: CompiledLoop,
    loss: Callable[..., Tensor],
    iterations: int,
    rules: list[StoppingRule],
    batches: ArrayBatches,
    result: Fit,
    advance: Advance,
    interrupts: Interrupts,
) -> None:
    """Run the compiled loop until all iterations are done, a rule stops it, or Ctrl-C is pressed."""
    result.reason = f"all {iterations} iterations done"
    began, left, count = time.perf_counter(), iterations, min(SHORT, iterations)
    while left:
        before = loop.state()
        rows = np.zeros((0, 0), int) if loop.batch_size is None else np.array([batches.next_rows() for _ in range(count)])
        started = time.perf_counter()
        taken, losses, norms = loop.run(count, rows)
        seconds = time.perf_counter() - started
        stop = enter(losses[:taken], norms[:taken], rules, result)
        steps = taken if stop is None else stop
        if steps < taken:
            loop.restore(before)
            loop.run(steps, rows)
        loop.hand_back()
        result.iterations += steps
        spread_time(result.history, steps, time.perf_counter() - began)
        result.history.learning_rate.extend([float(loop.optimizer.lr)] * steps)
        if stop is None and taken < count:
            explain_stop(loop, loss, rows[taken] if loop.batch_size is not None else slice(None), losses[taken], result)
        if steps:
            advance(result)
        left -= steps
        if stop is not None:
            break
        if interrupts.heard and left:
            result.interrupted, result.reason = True, "interrupted"
            break
        count = max(1, min(left, int(count * min(20.0, STRETCH / max(seconds, 1e-9)))))


def enter(losses: Any, norms: Any, rules: list[StoppingRule], result: Fit) -> int | None:
    """Enter the steps of a stretch into the history. Returns the number of the step at which a rule stops, or None."""
    history = result.history
    if all(isinstance(rule, GradientNorm) for rule in rules):  # the first step is found without asking at each one
        tolerance = max((rule.tolerance for rule in rules if isinstance(rule, GradientNorm)), default=0.0)
        below = np.flatnonzero(norms < tolerance)
        steps = int(below[0]) + 1 if below.size else len(norms)
        history.loss.extend(losses[:steps].tolist())
        history.gradient_norm.extend(norms[:steps].tolist())
        if not below.size:
            return None
        result.reason = reasons_to_stop(rules, history)
        return steps
    for step, (value, norm) in enumerate(zip(losses.tolist(), norms.tolist(), strict=True), 1):
        history.loss.append(value)
        history.gradient_norm.append(norm)
        if reason := reasons_to_stop(rules, history):
            result.reason = reason
            return step
    return None


def spread_time(history: History, steps: int, now: float) -> None:
    """Enter the time of each step of a stretch: evenly between the last entry and now."""
    before = history.seconds[-1] if history.seconds else 0.0
    history.seconds.extend(np.linspace(before, now, steps + 1)[1:].tolist())


def explain_stop(loop: CompiledLoop, loss: Callable[..., Tensor], rows: Any, value: float, result: Fit) -> NoReturn:
    """Raise the error of the training loop in Python for a step that is not finite."""
    iteration = result.iterations + 1
    loop.optimizer.zero_grad()
    again = loss(*(Tensor(array.numpy()[rows]) for array in loop.data))
    check_loss(again, iteration, result)
    again.backward()
    gradient_norm(loop.optimizer.parameters, iteration, result)
    raise stopped(f"the compiled loss is {value} at iteration {iteration}, where the graph's is {again.item()}", result)
