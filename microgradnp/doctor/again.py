"""What is left once the first cause is treated: the treated training is run, and examined like the first."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.doctor.chart import GOOD, Chart
from microgradnp.doctor.facts import Cause
from microgradnp.doctor.lab import Lab
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
    optimizer = copy.deepcopy(chart.patient.optimizer)
    optimizer.lr = chart.best_rate[0]
    return {"optimizer": optimizer}


TREATMENTS: dict[str, Callable[[Chart], dict[str, Any]]] = {
    "bad_values_in_data": without_bad_rows,
    "inputs_unscaled": with_inputs_standardised,
    "targets_unscaled": with_targets_standardised,
    "symmetric_init": with_weights_redrawn,
    "dead_relu": with_weights_redrawn,
    "saturated_units": with_weights_redrawn,
    "exploding_gradient": with_weights_redrawn,
    "learning_rate_too_high": with_the_best_rate,
    "learning_rate_too_low": with_the_best_rate,
}


def treated(chart: Chart, name: str) -> Chart | None:
    """The chart of the training with one cause treated; None where it has learned its data, or cannot be treated."""
    if name not in TREATMENTS or chart.lab.out_of_time:
        return None
    patient: Patient = chart.patient.treated(**TREATMENTS[name](chart), known=dict(chart.patient.known))
    lab = Lab(patient, chart.lab.until)
    lab.speed_up()
    run = lab.run(patient.start, int(np.clip(patient.steps or LONGEST, 1, LONGEST)))
    chart.lab.steps += lab.steps
    lab.steps = 0.0
    patient.end, patient.losses, patient.steps = run.weights, run.losses, len(run.losses)
    patient.failed = not np.isfinite(run.loss)
    patient.rule_ended = False
    after = Chart(patient, lab, None, None, chart.seed)
    return None if after.quality > GOOD else after


def is_asked(name: str, first: str) -> bool:
    """Whether a cause is asked once `first` is treated. That a model is too small is told once all is scaled."""
    return name not in NOT_ASKED and (name != "capacity_too_small" or first in ("inputs_unscaled", "targets_unscaled"))


def as_second(cause: Cause, first: str) -> Cause:
    """A cause that was seen once another one was treated."""
    cause.after, cause.score = first, min(cause.score, 50.0)
    return cause
