"""The training loop: step, watch, stop for a stated reason, and lose nothing on the way."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.compile import compile as compiled_for
from microgradnp.compile.namespace import BackendError, needs
from microgradnp.nans import first_nonfinite
from microgradnp.optim import SGD, Optimizer, Parameters
from microgradnp.snapshots import Album, Snapshot
from microgradnp.tensor import Tensor
from microgradnp.view.live import Live, training

__all__ = ["Fit", "GradientNorm", "History", "LossPlateau", "fit"]


@dataclass
class History:
    """One entry an iteration: the loss, the norm of all gradients together, and the seconds since the start."""

    loss: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class GradientNorm:
    """Stop when the norm of all gradients together falls under `tolerance`.

    A small gradient says that the loss is flat here, not that it is small: a plateau looks the same.
    """

    tolerance: float

    def __call__(self, history: History) -> str | None:
        norm = history.gradient_norm[-1]
        return f"gradient norm {norm:.4g} fell under {self.tolerance:g}" if norm < self.tolerance else None


@dataclass(frozen=True)
class LossPlateau:
    """Stop when the best loss of the last `patience` iterations is not better than the best before by `relative` of it."""

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


@dataclass
class Fit:
    """What `fit` returns: the history, the number of parameter updates, why it stopped, and whether Ctrl-C did it.

    `snapshots` are values and gradients on the way, as small heat maps: `mg.view(loss, fit=...)` plays them.
    """

    history: History
    iterations: int = 0
    reason: str = ""
    interrupted: bool = False
    snapshots: list[Snapshot] = field(default_factory=list, repr=False)

    @property
    def loss(self) -> float:
        """The last loss that was computed; NaN before the first."""
        return self.history.loss[-1] if self.history.loss else float("nan")

    def __str__(self) -> str:
        return f"{self.iterations} iterations, loss {self.loss:.6g}: {self.reason}"

    def _repr_html_(self) -> str:
        return training(self)


def fit(
    loss: Callable[..., Tensor],
    parameters: Parameters,
    data: Sequence[Any] = (),
    *,
    optimizer: Optimizer | None = None,
    iterations: int = 1000,
    batch_size: int | None = None,
    stop: StoppingRule | Sequence[StoppingRule] = (),
    callback: Callable[[int, Fit], object] | None = None,
    rng: np.random.Generator | int | None = None,
    progress: bool = True,
    backend: str | None = None,
    snapshots: int = 0,
) -> Fit:
    """Train: minimize `loss(*data)` over `parameters`.

    Parameters
    ----------
    loss : callable
        Returns a scalar Tensor. Called with the arrays of `data`, or with a batch of them.
    parameters : Module, Tensor, dict or iterable of Tensors
        What to optimize.
    data : sequence of arrays
        Each of shape (samples, ...). Copied once.
    optimizer : Optimizer
        `SGD(lr=1e-3)` unless given; may be made without parameters.
    iterations : int
        Most steps to take.
    batch_size : int, optional
        Samples a step, drawn without replacement and reshuffled each epoch. All samples when left out.
    stop : stopping rule, or several
        `GradientNorm(tolerance)`, `LossPlateau(patience, relative)`, or any function of the History that returns a reason.
    callback : callable, optional
        `callback(iteration, result so far)` after each step.
    rng : numpy.random.Generator or int, optional
        Source or seed of the batches.
    progress : bool
        Show a progress bar where the output is a terminal or a notebook.
    backend : "numpy", "numba" or "jax", optional
        Compile the step, as `mg.compile` does. With "numba" the whole loop is one compiled function, stopping rules, progress and
        Ctrl-C included (for `SGD` and `Adam`, without a callback and without snapshots; else step by step).
    snapshots : int
        Keep so many small pictures of all values and gradients at most, evenly spread over the iterations, the first and the
        state after the last among them, for which the loss is called once more: `mg.view(loss, fit=result)` plays them. In a
        notebook they show while it trains.

    Returns
    -------
    Fit
        Also after Ctrl-C, with `interrupted` set: the parameters are those of the last completed step.

    Raises
    ------
    FloatingPointError
        When the loss or a gradient is NaN or infinite: names the iteration and the operation that made it. The parameters are
        those before that step, and the error's `result` is the Fit so far.
    """
    optimizer = optimizer or SGD(lr=1e-3)
    optimizer.bind(parameters)
    rules = [stop] if callable(stop) else list(stop)
    result = Fit(History(), reason=f"all {iterations} iterations done")
    random = np.random.default_rng(rng)
    whole = checked_data(data, batch_size)
    album = Album(snapshots, result.snapshots) if snapshots else None
    with progress_bar(iterations, progress) as advance:
        if backend == "numba" and callback is None and album is None:
            try:
                training = whole_training(loss, optimizer, whole, batch_size)
            except BackendError as error:
                warnings.warn(f"fit: numba cannot take the whole loop ({error}); it runs step by step", stacklevel=2)
            else:
                return run_whole(training, loss, iterations, rules, random, result, advance)
        step = eager_step(loss, album) if backend is None else compiled_step(loss, optimizer, backend, album)
        show = Live(result) if album is not None and progress else None
        batches = batches_of(whole, batch_size, random)
        batches = batches if album is None else album.remembering(batches)
        run_by_steps(step, optimizer, iterations, rules, batches, [callback, show], result, advance)
        if album is not None:
            album.finish(loss, result.iterations + 1)
        if show is not None:
            show(result.iterations, result)
    return result


Advance = Callable[[Fit], None]
Callback = Callable[[int, Fit], object]
Step = Callable[[tuple[Tensor, ...], int, Fit], float]  # fills the gradients, returns the loss


def run_by_steps(
    step: Step,
    optimizer: Optimizer,
    iterations: int,
    rules: list[StoppingRule],
    batches: Iterator[tuple[Tensor, ...]],
    callbacks: Sequence[Callback | None],
    result: Fit,
    advance: Advance,
) -> Fit:
    """The training loop in Python."""
    started = time.perf_counter()
    try:
        for iteration in range(1, iterations + 1):
            optimizer.zero_grad()
            value = step(next(batches), iteration, result)
            norm = gradient_norm(optimizer.parameters, iteration, result)
            result.history.loss.append(value)
            result.history.gradient_norm.append(norm)
            result.history.seconds.append(time.perf_counter() - started)
            optimizer.step()
            result.iterations = iteration
            for callback in callbacks:
                if callback is not None:
                    callback(iteration, result)
            advance(result)
            reasons = [reason for rule in rules if (reason := rule(result.history))]
            if reasons:
                result.reason = "; ".join(reasons)
                break
    except KeyboardInterrupt:
        result.interrupted = True
        result.reason = "interrupted"
    return result


def eager_step(loss: Callable[..., Tensor], album: Album | None) -> Step:
    def step(batch: tuple[Tensor, ...], iteration: int, result: Fit) -> float:
        value = loss(*batch)
        check_loss(value, iteration, result)
        if album is not None:
            album.look(value, iteration)
        value.backward()
        return float(value.item())

    return step


def compiled_step(loss: Callable[..., Tensor], optimizer: Optimizer, backend: str, album: Album | None) -> Step:
    """The step of a backend; where its loss is not finite, the graph is asked which operation made that."""
    value_and_grad = compiled_for(loss, backend, wrt=optimizer.parameters)

    def step(batch: tuple[Tensor, ...], iteration: int, result: Fit) -> float:
        value, gradients = value_and_grad(*(array._array for array in batch))
        if not np.isfinite(value):
            check_loss(loss(*batch), iteration, result)
        if album is not None and album.wants(iteration):
            album.look(loss(*batch), iteration)
        for name, parameter in optimizer.parameters.items():
            parameter.grad = gradients[name]
        return float(value)

    return step


# ------------------------------------------------------------------------------- the loop, compiled as a whole


def whole_training(loss: Callable[..., Tensor], optimizer: Optimizer, data: tuple[Tensor, ...], batch_size: int | None) -> Any:
    needs("numba", "fast")
    from microgradnp.compile.training import Training

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


def checked_data(data: Sequence[Any], batch_size: int | None) -> tuple[Tensor, ...]:
    """The arrays as Tensors, which own their memory, so that none needs to be guarded against changes. Raises ValueError."""
    whole = tuple(Tensor(array) for array in data)
    if len({len(array) for array in whole}) > 1:
        raise ValueError(f"fit: the arrays of data have {[len(array) for array in whole]} samples; they must have equally many")
    if batch_size is not None and not (whole and 1 <= batch_size <= len(whole[0])):
        raise ValueError(f"fit: batch_size={batch_size} needs data with at least that many samples, and must be positive")
    return whole


def batches_of(whole: tuple[Tensor, ...], batch_size: int | None, random: np.random.Generator) -> Iterator[tuple[Tensor, ...]]:
    """Endless batches."""
    while batch_size is None:
        yield whole
    for rows in drawn_rows(whole, batch_size, random):
        yield tuple(Tensor(array.numpy()[rows]) for array in whole)


def drawn_rows(whole: tuple[Tensor, ...], batch_size: int | None, random: np.random.Generator) -> Iterator[Any]:
    """Row numbers of endless batches: without replacement, reshuffled each epoch."""
    while batch_size is not None:
        order = random.permutation(len(whole[0]))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            yield order[start : start + batch_size]


def check_loss(value: Any, iteration: int, result: Fit) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"fit: loss must return a Tensor, got {type(value).__name__}; does it use the parameters?")
    if value.size == 1 and not np.isfinite(value.item()):
        why = first_nonfinite(value) or "every value of its graph is finite"
        raise stopped(f"the loss is {value.item()} at iteration {iteration}: {why}. A smaller learning rate may help", result)


def gradient_norm(parameters: dict[str, Tensor], iteration: int, result: Fit) -> float:
    """Root of the sum of all squared gradient entries."""
    squared = 0.0
    for name, parameter in parameters.items():
        if parameter.grad is not None:
            entries = parameter.grad.ravel()
            squared += float(np.vdot(entries, entries).real)
            if not np.isfinite(squared):
                raise stopped(f"the gradient of {name} is not finite (or its square overflows) at iteration {iteration}", result)
    return float(np.sqrt(squared))


def stopped(message: str, result: Fit) -> FloatingPointError:
    result.reason = message
    error = FloatingPointError(f"fit: {message}. The parameters are those before this step")
    error.result = result  # type: ignore[attr-defined]
    return error


@contextlib.contextmanager
def progress_bar(iterations: int, wanted: bool) -> Iterator[Callable[[Fit], None]]:
    """A function that moves a progress bar, at most ten times a second; none in a pipe or a file."""
    if not wanted:
        yield lambda result: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    drawable = console.is_terminal or (console.is_jupyter and importlib.util.find_spec("ipywidgets") is not None)
    if not drawable:
        yield lambda result: None
        return
    columns = (TextColumn("fit"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=iterations)
        due = 0.0

        def advance(result: Fit) -> None:
            nonlocal due
            now = result.history.seconds[-1]
            if now >= due:
                due = now + 0.1
                bar.update(task, completed=result.iterations, description=f"loss {result.loss:.4g}")

        yield advance
