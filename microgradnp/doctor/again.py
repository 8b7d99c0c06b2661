"""What is left once the first cause is treated: the treated training is run, and examined like the first."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from microgradnp.doctor.chart import GOOD, Chart
from microgradnp.doctor.facts import Cause
from microgradnp.doctor.lab import Lab, Run
from microgradnp.doctor.levels import standard
from microgradnp.doctor.patient import Patient

LONGEST = 150  # steps of a treated training
NOT_ASKED = frozenset(  # a treated training is short, and nobody evaluates it
    ["too_few_steps", "stopped_early", "stopped_on_a_plateau", "evaluation_differs", "evaluation_in_training_mode", "overfitting"]
)


def without_bad_rows(chart: Chart) -> dict[str, Any]:
    good = np.ones(chart.patient.samples, bool)
    for array in chart.patient.data:
        if array.dtype.kind == "f" and len(array) == len(good):
            good &= np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    return {"data": tuple(a[good] if len(a) == len(good) else a for a in chart.patient.data)}


def with_inputs_standardised(chart: Chart) -> dict[str, Any]:
    return {"data": chart.standardised()}


def with_targets_standardised(chart: Chart) -> dict[str, Any]:
    return {"data": tuple(standard(a) if k in chart.start.targets else a for k, a in enumerate(chart.patient.data))}


def with_weights_redrawn(chart: Chart) -> dict[str, Any]:
    return {"start": chart.redrawn}


def with_the_best_rate(chart: Chart) -> dict[str, Any]:
    optimizer, changes = copy.deepcopy(chart.patient.optimizer), chart.patient.changes
    optimizer.lr = chart.best_rate[0]
    factor, schedule = optimizer.lr / chart.lr, changes.schedule
    if schedule is not None:
        changes = replace(changes, schedule=lambda step: factor * schedule(step))
    return {"optimizer": optimizer, "changes": changes}


class Treatment(NamedTuple):
    """What a treatment changes, and the name of its trial."""

    change: Callable[[Chart], dict[str, Any]]
    trial: str


REDRAWN = Treatment(with_weights_redrawn, "weights redrawn")
RATE = Treatment(with_the_best_rate, "lr")
TREATMENTS = {
    "bad_values_in_data": Treatment(without_bad_rows, "bad rows left out"),
    "inputs_unscaled": Treatment(with_inputs_standardised, "inputs standardised"),
    "targets_unscaled": Treatment(with_targets_standardised, "targets standardised"),
    "symmetric_init": REDRAWN,
    "dead_relu": REDRAWN,
    "saturated_units": REDRAWN,
    "exploding_gradient": REDRAWN,
    "learning_rate_too_high": RATE,
    "learning_rate_too_low": RATE,
}


def treated(chart: Chart, name: str) -> Chart | None:
    """The chart of the training with one cause treated; None where it has learned its data, or cannot be treated."""
    if name not in TREATMENTS or chart.lab.out_of_time:
        return None
    change, trial = TREATMENTS[name]
    patient: Patient = chart.patient.treated(**change(chart), known=dict(chart.patient.known))
    after = Chart(patient, Lab(patient, chart.lab.until), None, None, chart.seed)
    after.is_treated = True
    run = first_steps(chart, after, f"lr {chart.best_rate[0]:.3g}" if trial == "lr" else trial)
    chart.lab.steps += after.lab.steps
    after.lab.steps = 0.0
    if run.quality > GOOD:
        return None
    patient.end, patient.losses, patient.steps = run.weights, run.losses, len(run.losses)
    patient.failed = not np.isfinite(run.loss)
    patient.rule_ended = False
    return after


def first_steps(chart: Chart, after: Chart, trial: str) -> Run:
    """The treated training until it has learned its data, at most as long as the training was. It goes on with a trial."""
    steps = int(np.clip(chart.patient.steps or LONGEST, 1, LONGEST))
    if steps < chart.length:
        return after.attempt("control", steps=steps)
    if trial in chart.trials and not chart.patient.batch_size:
        after.adopt(chart.trials[trial])
    run = after.control
    chart.trials.setdefault(trial, run)
    while run.quality < GOOD and np.isfinite(run.loss) and len(run.losses) < steps:
        run = after.lab.run(after.patient.start, min(len(run.losses) + chart.length, steps), after=run.branch())
        run.quality = after.lab.read(run.weights).quality() if np.isfinite(run.loss) else -np.inf
    return run


def is_asked(name: str, first: str) -> bool:
    """Whether a cause is asked once `first` is treated. That a model is too small is told once all is scaled."""
    return name not in NOT_ASKED and (name != "capacity_too_small" or first in ("inputs_unscaled", "targets_unscaled"))


def as_second(cause: Cause, first: str) -> Cause:
    """A cause that was seen once another one was treated."""
    cause.after, cause.score = first, min(cause.score, 50.0)
    return cause
