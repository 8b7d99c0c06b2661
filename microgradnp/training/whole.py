"""The training loop compiled as a whole, and looked at between its stretches."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.compiler.namespace import needs
from microgradnp.core.tensor import Tensor
from microgradnp.optim import Optimizer
from microgradnp.training.batches import drawn_rows
from microgradnp.training.checks import check_loss, gradient_norm, stopped
from microgradnp.training.result import Fit, GradientNorm, StoppingRule
from microgradnp.training.steps import Advance


def whole_training(loss: Callable[..., Tensor], optimizer: Optimizer, data: tuple[Tensor, ...], batch_size: int | None) -> Any:
    needs("numba", "fast")
    from microgradnp.training.compiled_loop import Training

    return Training(loss, optimizer, data, batch_size)


def run_whole(
    training: Any,
    loss: Callable[..., Tensor],
    iterations: int,
    rules: list[StoppingRule],
    random: np.random.Generator,
    result: Fit,
    advance: Advance,
) -> Fit:
    """The compiled training loop, looked at between its stretches."""
    history, started = result.history, time.perf_counter()
    rows = drawn_rows(training.data, training.batch_size, random)
    chosen = np.zeros((0, 0), int)

    def draw(count: int) -> Any:
        nonlocal chosen
        chosen = np.array([next(rows) for _ in range(count)]) if training.batch_size is not None else np.zeros((0, 0), int)
        return chosen

    def first_stop(losses: Any, norms: Any) -> int | None:
        """Enter the steps into the history, up to the one after which a rule says stop."""
        if all(isinstance(rule, GradientNorm) for rule in rules):
            under = np.flatnonzero(norms < max((rule.tolerance for rule in rules), default=0.0))  # type: ignore[attr-defined]
            count = int(under[0]) + 1 if under.size else len(norms)
            history.loss.extend(losses[:count].tolist())
            history.gradient_norm.extend(norms[:count].tolist())
            reasons = [reason for rule in rules if under.size and (reason := rule(history))]
            result.reason = "; ".join(reasons) or result.reason
            return count if under.size else None
        for count, (value, norm) in enumerate(zip(losses.tolist(), norms.tolist(), strict=True), 1):
            history.loss.append(value)
            history.gradient_norm.append(norm)
            reasons = [reason for rule in rules if (reason := rule(history))]
            if reasons:
                result.reason = "; ".join(reasons)
                return count
        return None

    with deferred_interrupt() as interrupted:
        for taken, losses, norms, ended in training.stretches(iterations, draw, first_stop):
            now = time.perf_counter() - started
            before = history.seconds[-1] if history.seconds else 0.0
            history.seconds.extend(np.linspace(before, now, taken + 1)[1:].tolist())
            result.iterations += taken
            training.hand_back()
            if taken < len(losses) and not (np.isfinite(losses[taken]) and np.isfinite(norms[taken])):
                part = None if training.batch_size is None else chosen[taken]
                batch = tuple(a if part is None else Tensor(a.numpy()[part]) for a in training.data)
                explain_stop(loss, training.optimizer, batch, losses[taken], result)
            if taken:
                advance(result)
            if interrupted and not ended:
                result.interrupted, result.reason = True, "interrupted"
                break
    return result


def explain_stop(loss: Callable[..., Tensor], optimizer: Optimizer, batch: tuple[Tensor, ...], value: float, result: Fit) -> None:
    """Raise what the training loop in Python raises for a step that is not finite."""
    iteration = result.iterations + 1
    optimizer.zero_grad()
    again = loss(*batch)
    check_loss(again, iteration, result)
    again.backward()
    gradient_norm(optimizer.parameters, iteration, result)
    raise stopped(f"the compiled loss is {value} at iteration {iteration}, where the graph's is {again.item()}", result)


@contextlib.contextmanager
def deferred_interrupt() -> Iterator[list[int]]:
    """Ctrl-C is remembered in the list, to be looked at where nothing is half done."""
    heard: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)
