"""Train a model. `fit` tells why it stopped, and an interrupt or an error keeps the result so far."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from microgradnp.compiler.namespace import BackendError
from microgradnp.core.context import confined
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.parameters import Parameters
from microgradnp.inspection.snapshots import Album
from microgradnp.optim import SGD, Optimizer
from microgradnp.training.batches import batches_of, checked_data
from microgradnp.training.compiled_loop import CompiledLoop
from microgradnp.training.interrupts import Interrupts
from microgradnp.training.kept import at_the_start
from microgradnp.training.progress import progress_bar
from microgradnp.training.result import Fit, GradientNorm, History, LossPlateau, StoppingRule
from microgradnp.training.steps import compiled_step, eager_step, run_by_steps
from microgradnp.training.stretches import run_by_stretches
from microgradnp.viewer.live import Live

__all__ = ["Fit", "GradientNorm", "History", "LossPlateau", "fit"]


@confined
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
        Returns a scalar Tensor. It is called with the arrays of `data`, or with a batch of them.
    parameters : Module, Tensor, dict or iterable of Tensors
        The parameters to optimize.
    data : sequence of arrays
        Each of shape (samples, ...). Copied once.
    optimizer : Optimizer
        `SGD(lr=1e-3)` by default. It may be created without parameters.
    iterations : int
        Largest number of steps.
    batch_size : int, optional
        Samples of each step, drawn without replacement and reshuffled each epoch. All samples by default.
    stop : stopping rule, or several
        `GradientNorm(tolerance)`, `LossPlateau(patience, relative)`, or any function of the History that returns a reason.
    callback : callable, optional
        Called as `callback(iteration, result so far)` after each step.
    rng : numpy.random.Generator or int, optional
        Generator or seed of the batches.
    progress : bool
        Show a progress bar where the output is a terminal or a notebook.
    backend : "numpy", "numba" or "jax", optional
        Compile the step, as `mg.compile` does. With "numba" the whole loop is one compiled function; stopping rules, progress bar
        and Ctrl-C work as usual. This needs `SGD` or `Adam`, and neither callback nor snapshots; otherwise it runs step by step.
    snapshots : int
        Number of snapshots, spread evenly over the training. Costs one extra call of the loss. A snapshot holds all values and
        gradients; the last one is the state after the last step. `mg.view(loss, fit=result)` plays them, and a notebook shows
        them during the training.

    Returns
    -------
    Fit
        Ctrl-C keeps the result so far: `interrupted` is set, and the parameters are those of the last completed step.

    Raises
    ------
    FloatingPointError
        If the loss or a gradient is NaN or infinite. Names the iteration and the operation that made it. The parameters are
        those before that step, and the error's `result` is the Fit so far.
    """
    optimizer = optimizer or SGD(lr=1e-3)
    optimizer.bind(parameters)
    rules = [stop] if callable(stop) else list(stop)
    result = Fit(History(), reason=f"all {iterations} iterations done")
    random = np.random.default_rng(rng)
    whole = checked_data(data, batch_size)
    result.training = at_the_start(loss, whole, batch_size, rules, optimizer, random)
    album = Album(snapshots, result.snapshots) if snapshots else None
    show = Live() if album is not None and progress else None
    with Interrupts() as interrupts, progress_bar(iterations, progress and not (show and show.works)) as advance:
        loop = None
        with interrupts.end(result):
            if backend == "numba" and callback is None and album is None:
                try:
                    with interrupts.allowed():
                        loop = CompiledLoop(loss, optimizer, whole, batch_size)
                except BackendError as error:
                    warnings.warn(f"fit: numba cannot compile the whole loop ({error}), so it runs step by step", stacklevel=3)
            if loop is not None:
                run_by_stretches(loop, loss, iterations, rules, random, result, advance, interrupts)
                return result
            step = eager_step(loss, album) if backend is None else compiled_step(loss, optimizer, backend, album)
            batches = batches_of(whole, batch_size, random)
            batches = batches if album is None else album.remembering(batches)
            run_by_steps(step, optimizer, iterations, rules, batches, [callback, show], result, advance, interrupts)
        if album is not None:
            album.finish(loss, result.iterations + 1)
        if show is not None:
            show(result.iterations, result)
        return result
