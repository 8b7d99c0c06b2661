"""How the training went: its learning rate, when it stopped, what it could learn at all."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.doctor.causes.finding import Finding, better
from microgradnp.doctor.chart import GOOD, Chart, left
from microgradnp.doctor.lab import Lab, limited, moved, norm_of
from microgradnp.doctor.reading import Reading
from microgradnp.optim import SGD

MOST_STEPS = 3000  # of a training that is continued because nothing else is wrong with it


def learning_rate_too_high(chart: Chart) -> Finding | None:
    """A smaller rate does better from the same start."""
    rate, gain = chart.best_rate
    if not (rate < chart.lr / 2 and chart.matters and (gain > 0.3 or chart.rose)):
        return None
    limit = 2 / chart.steepest if chart.steepest > 0 else np.inf
    what = "diverged" if not chart.is_finite else "rose" if chart.rose else "did not rise, and fell more slowly than it could"
    evidence = f"the rate is {chart.lr:g}; 2 / lambda_max at the start is {limit:.3g}; the loss {what}"
    sure = chart.rose or (chart.is_descent and chart.lr > limit)
    return Finding(evidence, f"use a rate of about {rate:.2g}", better(chart, f"lr {rate:.3g}"), 75.0 if sure else 72.0)


def learning_rate_too_low(chart: Chart) -> Finding | None:
    """A much larger rate does better from the same start, better than the whole training, and on validation data."""
    rate, gain = chart.best_rate
    if not (rate > 8 * chart.lr and chart.matters and gain > 0.3):
        return None
    step = chart.lr * chart.steepest / (1 - getattr(chart.patient.optimizer, "momentum", 0.0))
    if chart.is_descent and not step < 0.1:
        return None
    name = f"lr {rate:.3g}"
    if not (chart.tried[name].quality > chart.quality and (chart.quality < 0.1 or chart.generalises(name))):
        return None
    times = f", {1 / step:.0f} times under 1 / lambda_max = {1 / chart.steepest:.3g}" if chart.is_descent and step > 0 else ""
    score = 73.0 if chart.lr * chart.steepest < 0.3 else 45.0
    score = min(score, 60.0) if has_hardly_begun(chart) else score
    return Finding(f"the rate is {chart.lr:g}{times}", f"use a rate of about {rate:.2g}", better(chart, name), score)


def hardly_moved(chart: Chart) -> Finding | None:
    """All steps together moved the parameters by next to nothing, and the gradient is as large as before."""
    patient, norms = chart.patient, chart.patient.norms
    size = norm_of(patient.start)
    if patient.steps < 20 or len(norms) < 20 or not size > 0:
        return None
    share = norm_of({name: patient.end[name] - w for name, w in patient.start.items()}) / size
    first, last = (float(np.median(part)) for part in (norms[:10], norms[-10:]))
    if not (share < 1e-3 and last > 0.5 * first > 0):
        return None
    evidence = f"{patient.steps} steps moved the parameters by {share:.1e} of their length; the gradient's norm was {first:.3g}"
    return Finding(f"{evidence} and is {last:.3g}", "use a much larger learning rate")


def has_hardly_begun(chart: Chart) -> bool:
    """Whether the training took fewer steps than half a trial. Then any faster rule looks better."""
    return chart.has_history and chart.patient.steps <= chart.length / 2


def further(chart: Chart) -> float:
    """The share of the way to the best of all trials that the training goes when it is continued."""
    run = chart.tried.get("continued")
    if run is None:
        return 0.0
    gap = left(chart.quality) - left(chart.best_quality)
    return (left(chart.quality) - left(run.quality)) / (gap + 1e-9) if gap > 0.1 and chart.generalises("continued") else 0.0


def ended_too_soon(chart: Chart) -> Finding | None:
    """More of the same training goes a good part of the way."""
    share = further(chart)
    if not chart.is_finite or share <= 0.3:
        return None
    run = chart.tried["continued"]
    rate, gain = chart.best_rate
    slow = (
        rate > 8 * chart.lr and gain > 0.6 and not has_hardly_begun(chart) and chart.tried[f"lr {rate:.3g}"].quality > run.quality
    )
    evidence = f"it ended after {chart.patient.steps} steps ({chart.patient.reason})"
    trial = f"{len(run.losses)} more steps: quality {chart.quality:.2f} -> {run.quality:.2f}"
    return Finding(evidence, "train on", trial, 55.0 if slow else 76.0 if share > 0.6 else 71.0)


def stopped_early(chart: Chart) -> Finding | None:
    """A stopping rule ended the training while it was still learning."""
    found = ended_too_soon(chart) if chart.patient.rule_ended else None
    return found and found._replace(treatment="stop by a loss that no longer falls over many more steps, and train on")


def stopped_long_before(chart: Chart) -> Finding | None:
    """A rule ended the training, nothing else is wrong, and many more of the same steps learn the data."""
    run = chart.trials.get("continued")
    if chart.found or not chart.patient.rule_ended or run is None or not chart.quality < 0.5:
        return None
    while run.quality < GOOD and np.isfinite(run.loss) and len(run.losses) < MOST_STEPS and not chart.lab.out_of_time:
        changes = chart.at_the_largest_rate
        run = chart.lab.run(chart.patient.end, 2 * len(run.losses), changes=changes, after=run.branch())
        run.quality = chart.lab.read(run.weights).quality() if np.isfinite(run.loss) else -np.inf
    chart.trials["continued"] = run
    if run.quality < GOOD or chart.foretold < run.quality - 0.25 or not chart.generalises("continued"):
        return None
    evidence = f"it ended after {chart.patient.steps} steps ({chart.patient.reason})"
    trial = f"{len(run.losses)} more steps: quality {chart.quality:.2f} -> {run.quality:.2f}"
    return Finding(evidence, "stop by a loss that no longer falls over many more steps, and train on", trial)


def too_few_steps(chart: Chart) -> Finding | None:
    """The training was still learning when its steps were used up."""
    return None if chart.patient.rule_ended else ended_too_soon(chart) or hardly_begun(chart)


def hardly_begun(chart: Chart) -> Finding | None:
    """A training as short as a trial, whose loss still falls when it goes on, and which a faster rule or more steps make good."""
    run = chart.tried.get("continued")
    if run is None or chart.patient.steps > chart.length or not run.loss < 0.98 * chart.loss_end:
        return None
    best = max((name for name in chart.tried if "targets" not in name), key=lambda name: chart.tried[name].quality)
    if chart.tried[best].quality - max(chart.quality, 0) < 0.25 or not chart.generalises(best):
        return None
    evidence = f"it ended after {chart.patient.steps} steps ({chart.patient.reason}), and the loss still falls"
    trial = f"{len(run.losses)} more steps: {chart.said(chart.loss_end)} -> {chart.said(run.loss)}. "
    other = f"{best.removesuffix(', longer')}, {len(chart.tried[best].losses)} steps: quality {chart.tried[best].quality:.2f}"
    return Finding(evidence, "train on, for many more steps", trial + other, 66.0)


def stopped_on_a_plateau(chart: Chart) -> Finding | None:
    """A stopping rule ended the training at a flat place that is no minimum."""
    spectrum = chart.spectrum_where_it_stopped if chart.patient.rule_ended and chart.is_finite else None
    if spectrum is None or not spectrum.flat > 0.25 or not spectrum.negative > 0.02:
        return None
    if chart.best_quality - chart.quality < 0.08:
        return None
    if chart.is_descent and not getattr(chart.patient.optimizer, "momentum", 0.0):
        rate = float(f"{0.4 / chart.steepest:.1g}")
        chart.attempt(f"momentum 0.9 with lr {rate:g}", steps=3 * chart.length, optimizer=SGD(lr=rate, momentum=0.9))
    down = f"{spectrum.count_negative} are" if spectrum.complete else f"{spectrum.negative:.0%} are"
    evidence = (
        f"the rule fired at step {chart.patient.steps}, where the gradient has norm {chart.norm_where_it_stopped:.3g}; "
        f"{spectrum.flat:.0%} of the curvatures there are 1000 times flatter than the steepest and {down} negative. "
        "A small gradient says flat, not done"
    )
    return Finding(evidence, "stop by a loss that no longer falls, not by a small gradient")


def schedule_ended(chart: Chart) -> Finding | None:
    """The learning rate had fallen to almost nothing, and the first rate would still learn."""
    now = chart.patient.rate_at_end
    if now is None or not now < chart.lr / 30 or further(chart) <= 0.3:
        return None
    run = chart.tried["continued"]
    trial = f"{len(run.losses)} more steps at {chart.lr:g}: quality {chart.quality:.2f} -> {run.quality:.2f}"
    return Finding(f"the rate fell from {chart.lr:g} to {now:.3g}", "let the rate fall more slowly", trial)


def weight_decay_too_strong(chart: Chart) -> Finding | None:
    """Without its weight decay the training does much better."""
    decay = getattr(chart.patient.optimizer, "weight_decay", 0.0)
    if not decay or not chart.is_finite:
        return None
    name = "without weight decay"
    if name not in chart.trials:
        free = copy.deepcopy(chart.patient.optimizer)
        free.weight_decay = 0.0
        free.decays = {}
        chart.attempt(name, steps=max(chart.length, min(chart.patient.steps, 3 * chart.length)), optimizer=free)
    run = chart.trials[name]
    if run.quality - max(chart.quality, chart.control.quality) < 0.1 or not chart.generalises(name):
        return None
    matrices = [w for w in chart.patient.end.values() if w.ndim > 1]
    pull = decay * float(np.sqrt(sum(np.sum(w**2) for w in matrices)))
    evidence = f"weight decay {decay:g} pulls with norm {pull:.3g}, the gradient of the loss with {chart.gradient_norm_now:.3g}"
    trial = f"{len(run.losses)} steps without it from the same start: quality {run.quality:.2f}; with it now {chart.quality:.2f}"
    return Finding(evidence, "use a smaller weight decay", trial)


def penalty_too_strong(chart: Chart) -> Finding | None:
    """Without the terms of the loss that are made of parameters alone the training does much better."""
    penalties = chart.end.penalties if chart.is_finite else []
    if not penalties:
        return None
    name = "without the penalty"
    if name not in chart.trials:
        patient = chart.patient.treated(loss=lambda *data: without_penalties(chart, data))
        lab = Lab(patient, chart.lab.until)
        run = lab.run(patient.start, max(chart.length, min(patient.steps, 3 * chart.length)))
        chart.lab.steps += lab.steps
        chart.keep(name, run)
        run.loss = chart.lab.value(run.weights) if np.isfinite(run.loss) else np.inf
    run = chart.trials[name]
    if run.quality - max(chart.quality, chart.control.quality) < 0.1 or not chart.generalises(name):
        return None
    size = sum(float(term.item()) for term in chart.start.penalties)
    evidence = f"{size:.3g} of the loss of {chart.loss_start:.3g} at the start is a penalty, made of the parameters alone"
    trial = f"{len(run.losses)} steps without it from the same start: quality {run.quality:.2f}; with it now {chart.quality:.2f}"
    return Finding(evidence, "use a smaller penalty", trial)


def without_penalties(chart: Chart, data: tuple[Any, ...]) -> Any:
    """The loss without the terms that are made of parameters alone."""
    reading = Reading(chart.patient, tuple(a.numpy() for a in data))
    total = reading.loss
    for term in reading.penalties:
        total = total - term
    return total


def always_clipped(chart: Chart) -> Finding | None:
    """The limit for the gradient is far under its norm in nearly all steps, and without the limit it learns more."""
    limit, norms = chart.patient.changes.clip_norm, np.asarray(chart.patient.norms)
    length = chart.patient.known.get("length of every step")
    if limit is None or not norms.size:
        return None
    if length is None and not (np.mean(norms > limit) > 0.95 and np.median(norms) > 3 * limit):
        return None
    name, rate = "without the limit", chart.lr
    if length is not None:
        rate = float(f"{1 / chart.steepest:.2g}") if chart.steepest > 0 else chart.lr
        name = f"without the limit, lr {rate:g}"
    if name not in chart.trials:
        chart.attempt(name, lr=rate, changes=replace(chart.patient.changes, clip_norm=None))
    run = chart.trials[name]
    if not run.quality - max(chart.control.quality, -1) > 0.08:
        return None
    evidence = (
        f"the gradient was clipped in {np.mean(norms > limit):.0%} of {norms.size} steps: "
        f"the limit is {limit:g}, and its norm was {np.median(norms):.3g} in the middle"
    )
    if length is not None:
        evidence = f"every step has length {length:.3g}, and the gradient's norm goes from {norms.min():.3g} to {norms.max():.3g}"
        return Finding(evidence, "limit the gradient's norm far above what it usually is", better(chart, name))
    return Finding(evidence, f"raise the limit over {np.median(norms):.2g}", better(chart, name))


def precision_too_low(chart: Chart) -> Finding | None:
    """Steps that round away, or gradients that are 0, in float16 or float32, and are not in float64."""
    weights = chart.patient.end if chart.is_finite else chart.patient.start
    if all(w.dtype.itemsize >= 8 for w in weights.values()):
        return None
    found = chart.lab.value_and_grad(weights)[1]
    optimizer = copy.deepcopy(chart.patient.optimizer)
    optimizer.parameters = {name: Tensor(w, requires_grad=True) for name, w in weights.items()}
    after = moved(optimizer, weights, limited(found, chart.patient.changes))
    pulled = np.concatenate([(found[name] != 0).ravel() for name in weights])
    stayed = np.concatenate([(after[name].astype(w.dtype) == w).ravel() for name, w in weights.items()])
    lost = float(np.mean(stayed[pulled])) if pulled.any() else 0.0
    kind = ", ".join(sorted({str(w.dtype) for w in weights.values()}))
    if lost > 0.5:
        evidence = f"{lost:.0%} of the entries with a gradient stay as they are in the next step: it rounds away in {kind}"
        return Finding(evidence, "keep the parameters in float64 or float32, or use a larger rate")
    exact = chart.lab.in_double(weights)
    if exact is None:
        return None
    under = np.concatenate([((found[name] == 0) & (np.abs(exact[name]) > 0)).ravel() for name in weights])
    if np.mean(under) <= 0.2:
        return None
    evidence = f"{np.mean(under):.0%} of the gradient's entries are 0 in {kind} and not in float64"
    return Finding(evidence, "multiply the loss by 1,000 or more and divide the gradients by it, or use float32 or float64")


def capacity_too_small(chart: Chart) -> Finding | None:
    """A smooth fit tells more about samples that it has not seen than any trial of this model about its own."""
    if (
        chart.is_exact
        or (chart.start.penalties and not chart.is_finite)  # it may be the penalty that diverges
        or chart.found & {"inputs_unscaled", "targets_unscaled", "penalty_too_strong"}  # it is asked again once they are treated
        or chart.start.measure not in ("accuracy", "R^2")  # no other quality is that of a smooth fit
        or not (chart.best_quality < 0.75 and chart.foretold - chart.best_quality > 0.08)
        or chart.vanishes
        or chart.explodes
    ):
        return None
    chart.try_all_to_learn()
    lead = chart.foretold - chart.best_quality
    if not (chart.best_quality < 0.75 and lead > 0.08):
        return None
    evidence = (
        f"the best of all trials reaches quality {chart.best_quality:.2f}; "
        f"a smooth fit explains {chart.foretold:.2f} of samples that it has not seen"
    )
    return Finding(evidence, "use more hidden units, or another form of the model", score=77.0 if lead > 0.2 else 69.0)


UNTOLD = 0.05  # a quality on other rows under this is none


def overfitting(chart: Chart) -> Finding | None:
    """The model explains its own data much better than others."""
    other = chart.quality_on_validation
    apart = chart.quality - other > 0.25
    nothing = chart.quality > 0.3 and other < UNTOLD  # of what is learned reaches other rows
    if np.isnan(other) or not (apart and (chart.quality > 0.6 or nothing)):
        return None
    evidence = f"quality {chart.quality:.2f} on the training data and {shown(other)} on the validation data"
    return Finding(evidence, "more data, fewer units, weight decay, or stop at the lowest validation loss")


def shown(quality: float) -> str:
    return f"{quality:.2f}" if quality > -99 else "far below 0"
