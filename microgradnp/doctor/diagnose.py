"""`mg.diagnose`: why has this training stalled, and what helps?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from microgradnp.core.context import confined
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.parameters import Parameters
from microgradnp.doctor.chart import Chart
from microgradnp.doctor.diagnosis import Diagnosis
from microgradnp.doctor.examine import examine
from microgradnp.doctor.lab import Lab
from microgradnp.doctor.patient import Patient, of_fit, of_loss
from microgradnp.optim import Optimizer


@confined
def diagnose(
    training: Any,
    loss: Callable[..., Any] | None = None,
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    bind: Mapping[str, str] | None = None,
    *,
    parameters: Parameters | None = None,
    data: Sequence[Any] = (),
    optimizer: Optimizer | None = None,
    predict: Callable[..., Any] | None = None,
    validation: Sequence[Any] | None = None,
    start: dict[str, Any] | None = None,
    budget: float = 10.0,
    seed: int = 0,
) -> Diagnosis:
    """Say why a training has stalled, with evidence, and which treatments help: they are tried.

    Parameters
    ----------
    training : Fit, exception, or callable
        What `mg.fit` returned, or the error that it raised. Or a function of your own that trains, as in `mg.debug`. Or a loss,
        together with `parameters`.
    loss, args, kwargs, bind :
        For a function that trains: the same model as a plain NumPy loss, and the arguments, as in `mg.debug`.
    parameters : Module, Tensor, dict or iterable of Tensors
        The parameters of now. Then `training` is the loss: a function of the arrays of `data` that returns a scalar Tensor.
    data : sequence of arrays
        What the loss is called with, each of shape (samples, ...).
    optimizer : Optimizer, optional
        The optimizer of the training, for its rule and learning rate.
    predict : callable, optional
        Your evaluation: `predict(x)` returns the answers for the inputs, with the parameters of now.
    validation : sequence of arrays, optional
        Arrays like `data` that were not trained on.
    start : dict of arrays, optional
        The initial parameters. Without them all trials begin at the parameters of now.
    budget : float
        Seconds of processor time.
    seed : int
        Seed of the trials.

    Returns
    -------
    Diagnosis
        `.causes` in order, `.verdict`, `.levels`, `.trials`, `.to_do`. It prints as text; `.to_json()`, `.save("d.html")` and
        `.draw("d.svg")` write the same. Parameters and random state are as they were.

    Raises
    ------
    TypeError
        For something that is neither a Fit, nor a loss with parameters, nor a function that trains with its loss.
    BindingError, ModelError
        As in `mg.debug`.

    The checks and their order follow X. Zhang et al., "AutoTrainer" (2021), and A. Karpathy, "A recipe for training neural
    networks" (2019). The trials are new here: each changes one thing, from the same start with the same batches.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor(np.ones(3), requires_grad=True)
    >>> run = mg.fit(lambda: mg.sse(w, np.zeros(3)), w, optimizer=mg.optim.SGD(lr=0.1), iterations=200, progress=False)
    >>> mg.diagnose(run).verdict
    'could not tell'
    """
    began = time.process_time()
    if loss is not None and parameters is None:
        from microgradnp.doctor.handwritten.code import Asked, diagnose_code

        asked = Asked(training, loss, tuple(args), dict(kwargs or {}), dict(bind or {}))
        found = diagnose_code(asked, predict, validation, budget, seed)
    else:
        patient = of_loss(training, parameters, data, optimizer, start) if parameters is not None else of_fit(training)
        found = diagnose_patient(patient, predict, validation, began + budget, seed)
    found.seconds = time.process_time() - began
    return found


def diagnose_patient(
    patient: Patient,
    predict: Callable[..., Any] | None,
    validation: Sequence[Any] | None,
    until: float,
    seed: int,
) -> Diagnosis:
    """Examine one training. Its parameters are put back."""
    others = None if validation is None else tuple(a.numpy() if isinstance(a, Tensor) else np.asarray(a) for a in validation)
    with patient.undisturbed(), np.errstate(all="ignore"):
        return examine(Chart(patient, Lab(patient, until), predict, others, seed))
