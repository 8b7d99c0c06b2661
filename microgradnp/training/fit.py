"""Train a model. `fit` tells why it stopped, and an interrupt or an error keeps the result so far."""

from __future__ import annotations

import contextlib
import inspect
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from microgradnp import optim
from microgradnp.core.context import confined
from microgradnp.core.habits import FIT, nearest
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.parameters import Parameters, named
from microgradnp.inspection.snapshots import Album
from microgradnp.loops.names import BackendError
from microgradnp.optim import SGD, Optimizer
from microgradnp.optim.optimizer import is_groups
from microgradnp.training.batches import ArrayBatches, Batches, batches_of
from microgradnp.training.checkpoints import Checkpoint
from microgradnp.training.compiled_loop import CompiledLoop
from microgradnp.training.fingerprints import fingerprint
from microgradnp.training.history import History
from microgradnp.training.interrupts import Interrupts
from microgradnp.training.kept import at_the_start
from microgradnp.training.progress import progress_bar
from microgradnp.training.result import Fit
from microgradnp.training.state import Model
from microgradnp.training.steps import Advance, Callback, Changes, Loop, compiled_step, eager_step
from microgradnp.training.stopping import EarlyStopping, GradientNorm, LossPlateau, StoppingRule
from microgradnp.training.stretches import run_by_stretches
from microgradnp.training.validation import Metric, Validation, best_of
from microgradnp.training.watching import watched
from microgradnp.viewer.live import Live

__all__ = ["EarlyStopping", "Fit", "GradientNorm", "History", "LossPlateau", "fit"]


@confined
def fit(
    loss: Callable[..., Tensor],
    parameters: Parameters,
    data: Any = (),
    *more: Any,
    optimizer: Optimizer | None = None,
    iterations: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    drop_last: bool = False,
    accumulate: int = 1,
    schedule: Callable[[int], float] | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    validation: Sequence[Any] | None = None,
    validation_every: int | None = None,
    metrics: Mapping[str, Metric] | None = None,
    stop: StoppingRule | Sequence[StoppingRule] = (),
    callback: Callback | Sequence[Callback] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int | None = None,
    resume: bool = False,
    rng: np.random.Generator | int | None = None,
    progress: bool = True,
    backend: str | None = None,
    snapshots: int = 0,
    doctor: bool = False,
    **unknown: Any,
) -> Fit:
    """Train: minimize `loss(*data)` over `parameters`.

    Parameters
    ----------
    loss : callable
        Returns a scalar Tensor. It is called with the arrays of `data`, or with a batch of them.
    parameters : Module, Tensor, dict or iterable of Tensors
        The parameters to optimize.
    data : sequence of arrays, or iterable of batches
        Arrays of shape (samples, ...), copied once. With a `batch_size` an `np.memmap` stays on the disk. Or batches, each a
        tuple of arrays: from a list, a data loader, a generator, or a function that returns a new generator for each epoch.
    optimizer : Optimizer
        `SGD(lr=1e-3)` by default. It may be created without parameters.
    iterations, epochs : int
        Largest number of steps, or of passes over the data. 1000 iterations by default, or one pass over an iterable.
    batch_size : int, optional
        Samples of each step, drawn without replacement and reshuffled each epoch. All samples by default.
    drop_last : bool
        Leave out the last batch of an epoch where it is smaller than the others. By default it is a step, too.
    accumulate : int
        Number of batches for a step. Their gradients are averaged.
    schedule : callable, optional
        The learning rate as a function of the iteration, counted from 0: `mg.optim.cosine(1e-2, 1000)`.
    clip_norm, clip_value : float, optional
        Largest norm of all gradients together, and largest gradient entry, as in `mg.optim.clip_norm` and `clip_value`.
    validation : sequence of arrays, optional
        `loss(*validation)` is computed after each epoch and after the last iteration. Modules in `parameters` behave as after
        `eval()` meanwhile.
    validation_every : int, optional
        Iterations between validations. An epoch by default.
    metrics : dict of callables, optional
        `{"accuracy": f}`: `f(*validation)` returns a number. Without `validation` it is called with the last batch.
    stop : stopping rule, or several
        `EarlyStopping(patience)`, `GradientNorm(tolerance)`, `LossPlateau(patience, relative)`, or any function of the History
        that returns a reason.
    callback : callable, or several
        Called as `callback(iteration, result so far)` after each step. If it returns a text, the training stops for this reason.
    checkpoint : path, optional
        A file for the training, written every so many (`every`) iterations, and at the end. By default about every 10 seconds. It
        holds the parameters, arrays and generators of the modules, the optimizer, the position in the data, and the history.
    resume : bool
        Continue the training in `checkpoint` if the file exists, bit for bit. Give all other arguments as before: other settings
        of the optimizer, limits or arrays of data are refused. Iterables must give the same batches again. Generators outside of
        `rng` and the modules are not restored.
    rng : numpy.random.Generator or int, optional
        Generator or seed of the batches.
    progress : bool
        Show a progress bar where the output is a terminal or a notebook.
    backend : "numpy", "numba" or "jax", optional
        Compile the step, as `mg.compile` does. With "numba" the whole loop is one compiled function; stopping rules, progress bar
        and Ctrl-C work as usual. This needs `SGD` or `Adam`, arrays as data, batches of one size (`drop_last=True`), no
        snapshots, and of the options from `accumulate` to `resume` only `stop`. Otherwise it runs step by step.
    snapshots : int
        Number of snapshots, spread evenly over the training. Costs one extra call of the loss. A snapshot holds all values and
        gradients; the last one is the state after the last step. `mg.view(loss, fit=result)` plays them, and a notebook shows
        them during the training.
    doctor : bool
        Watch the training, for about 1 % of its time. What is surely wrong is told once, in one line on stderr, and kept in
        `.doctor`: units that never fire, parameters that never move, a gradient that is always clipped, steps that round away,
        whole numbers that wrap around, a rate of 0, where a NaN came from.

    Returns
    -------
    Fit
        Ctrl-C keeps the result so far: `interrupted` is set, and the parameters are those of the last completed step.

    Raises
    ------
    FloatingPointError
        If the loss or a gradient is NaN or infinite. Names the iteration and the operation that made it. The parameters are
        those before that step, and the error's `result` is the Fit so far.
    TypeError, ValueError
        For an unknown argument, with the nearest known one, and for arguments that do not fit together.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor(np.zeros(2), requires_grad=True)
    >>> target = np.array([1.0, 2.0])
    >>> result = mg.fit(lambda: mg.sse(w, target), w, optimizer=mg.optim.SGD(lr=0.1), iterations=100, progress=False)
    >>> w.numpy().round(3)
    array([1., 2.])
    """
    refuse(unknown, data, more)
    check_kinds(loss, parameters, optimizer, stop)
    check(iterations, epochs, accumulate, checkpoint, resume)
    optimizer = optimizer or SGD(lr=1e-3)
    if not is_groups(parameters):
        check_choice(optimizer, named(parameters))
    optimizer.bind(parameters)
    batches = batches_of(data, batch_size, epochs, np.random.default_rng(rng), drop_last=drop_last)
    last = last_iteration(batches, iterations, epochs, accumulate)
    rules = [stop] if callable(stop) else list(stop)
    callbacks: list[Callback] = [callback] if callable(callback) else list(callback or ())
    model = Model(parameters, optimizer.parameters)
    held_out = None if validation is None else tuple(Tensor(array) for array in validation)
    validated = Validation(loss, model, held_out, metrics or {}, validation_every)
    changes = Changes(accumulate, clip_norm, clip_value, schedule)
    best = best_of(rules, validated)
    result = Fit(History())
    file = None
    if checkpoint is not None:
        begun = fingerprint(optimizer, batches, accumulate, (clip_norm, clip_value), schedule)
        file = Checkpoint(checkpoint, every, model, optimizer, batches, best, begun)
    result.training = at_the_start(loss, batches, rules, optimizer, changes, model)
    if file is not None and resume:
        file.resume(result)
    album = Album(snapshots, result.snapshots) if snapshots else None
    show = Live() if album is not None and progress else None
    plain = not (callbacks or album or file or held_out or metrics) and changes == Changes()
    watch = watched(loss, optimizer, (clip_norm, clip_value), batches) if doctor else None
    shown = progress_bar(last, progress and not (show and show.works))
    with watch or contextlib.nullcontext(), Interrupts() as interrupts, shown as advance:
        if watch is not None:
            advance = watch.after(advance)
        outside = (result, advance, interrupts)
        with interrupts.end(result):
            if backend == "numba" and plain and run_compiled(loss, optimizer, batches, last, rules, *outside):
                return result
            eager = watch.loss if watch is not None else loss
            step = eager_step(eager, album) if backend is None else compiled_step(loss, optimizer, backend, album)
            calls: list[Callback] = [*callbacks, show] if show is not None else callbacks
            Loop(step, optimizer, last, batches, album, changes, rules, calls, validated, best, file, *outside).run()
        if best is not None:
            best.give_back(result)
        if album is not None:
            album.finish(loss, result.iterations + 1)
        if show is not None:
            show(result.iterations, result)
        return result


def run_compiled(
    loss: Callable[..., Tensor],
    optimizer: Optimizer,
    batches: Batches,
    last: int | None,
    rules: list[StoppingRule],
    result: Fit,
    advance: Advance,
    interrupts: Interrupts,
) -> bool:
    """Run the training as one compiled function. Returns False where it has no such form, with a warning for what lacks one."""
    if not isinstance(batches, ArrayBatches) or not batches.are_here or last is None:
        return False
    try:
        if not batches.are_of_one_size:
            raise BackendError(f"the last of {batches.per_epoch} batches is smaller; drop_last=True leaves it out")
        with interrupts.allowed():
            compiled = CompiledLoop(loss, optimizer, batches.whole, batches.batch_size)
    except BackendError as error:
        warnings.warn(f"fit: numba cannot compile the whole loop ({error}), so it runs step by step", stacklevel=4)
        return False
    run_by_stretches(compiled, loss, last, rules, batches, result, advance, interrupts)
    return True


KNOWN = [name for name in inspect.signature(fit).parameters if name not in ("more", "unknown")]


def refuse(unknown: Mapping[str, Any], data: Any, more: tuple[Any, ...]) -> None:
    """Raise TypeError for an argument that `fit` does not know, and for more than three without a name."""
    if unknown:
        raise TypeError(nearest("fit", next(iter(unknown)), KNOWN, FIT))
    if any(isinstance(one, Optimizer) for one in (data, *more)):
        raise TypeError("fit: the optimizer is given by name: mg.fit(loss, parameters, data, optimizer=...)")
    if more:
        raise TypeError("fit: put the data in a tuple: mg.fit(loss, parameters, (x, targets)); all else is given by name")


def check_kinds(loss: Any, parameters: Any, optimizer: Any, stop: Any) -> None:
    """Raise TypeError for an argument of another kind, and say what to write."""
    if isinstance(loss, Tensor):
        raise TypeError("fit: loss is a Tensor; pass a function that returns it: it is called anew at each step")
    if not callable(loss) or (hasattr(loss, "parameters") and callable(parameters) and not hasattr(parameters, "parameters")):
        raise TypeError("fit: the loss comes first, a function that returns a Tensor: mg.fit(loss, model, (x, y))")
    if isinstance(parameters, np.ndarray):
        raise TypeError("fit: parameters is an array; write mg.fit(loss, model, (x, y)), where loss(x, y) returns a Tensor")
    if isinstance(optimizer, (str, type)):
        name = optimizer if isinstance(optimizer, str) else optimizer.__name__
        known = {kind.lower(): kind for kind in dir(optim) if kind[0].isupper()}
        raise TypeError(f"fit: optimizer is {optimizer!r}; write mg.optim.{known.get(name.lower(), 'SGD')}(lr=...)")
    for rule in stop if isinstance(stop, Iterable) and not isinstance(stop, (str, type)) and not callable(stop) else [stop]:
        if isinstance(rule, (str, type)) or not callable(rule):
            raise TypeError(f"fit: stop is {rule!r}; write mg.LossPlateau(...), mg.GradientNorm(...) or mg.EarlyStopping(...)")


def check_choice(optimizer: Optimizer, parameters: dict[str, Tensor]) -> None:
    """Raise ValueError when the optimizer was made for other parameters, or for groups of them."""
    if optimizer.factors:
        raise ValueError("fit: the optimizer has groups, which fit would undo; give the groups to fit instead of the parameters")
    own, given = optimizer.parameters, parameters
    if getattr(optimizer, "_chosen", False) and {id(p) for p in own.values()} != {id(p) for p in given.values()}:
        raise ValueError(
            f"fit: the optimizer was made for {', '.join(own)}, and fit is to train {', '.join(given)}; "
            "give both the same, or make the optimizer without parameters"
        )


def check(iterations: int | None, epochs: int | None, accumulate: int, checkpoint: Any, resume: bool) -> None:
    """Raise for arguments that do not fit together."""
    if iterations is not None and epochs is not None:
        raise ValueError(f"fit: give iterations={iterations} or epochs={epochs}, not both")
    counts: list[tuple[str, Any, int]] = [("iterations", iterations, 0), ("epochs", epochs, 0), ("accumulate", accumulate, 1)]
    for name, count, least in counts:
        if count is not None and not isinstance(count, Integral):
            raise TypeError(f"fit: {name} must be a whole number, got {count!r}")
        if count is not None and count < least:
            raise ValueError(f"fit: {name}={count} must be at least {least}")
    if resume and checkpoint is None:
        raise ValueError('fit: resume=True needs the file: checkpoint="run.npz"')


def last_iteration(batches: Batches, iterations: int | None, epochs: int | None, accumulate: int) -> int | None:
    """The number of the last iteration; None when only the end of the data tells."""
    if iterations is not None:
        return iterations
    if isinstance(batches, ArrayBatches):
        return 1000 if epochs is None else -(-epochs * batches.per_epoch // accumulate)
    if batches.epochs is None:
        batches.epochs = 1
    return None if batches.per_epoch is None else -(-batches.epochs * batches.per_epoch // accumulate)
