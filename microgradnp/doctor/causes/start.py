"""Starts from which nothing can be learned: units alike, dead or saturated, gradients that vanish or explode."""

from __future__ import annotations

import numpy as np

from microgradnp.doctor.causes.finding import Finding, better
from microgradnp.doctor.chart import Chart

CURE = "draw the initial weights at random"


def symmetric_init(chart: Chart) -> Finding | None:
    """All units of a layer compute the same, at the start and now, or all matrices begin at zero."""
    matrices = [w for w in chart.patient.start.values() if w.ndim > 1]
    zero = bool(matrices) and not any(w.any() for w in matrices)
    if not chart.layers:  # a linear model may begin at zero; a product of two that are zero stays there
        if not zero or len(matrices) < 2 or any(g.any() for g in chart.lab.value_and_grad(chart.patient.start)[1].values()):
            return None
        return Finding("all matrices are zero at the start, and so are all gradients: nothing moves", CURE)
    pairs = enumerate(zip(chart.layers, chart.layers_now, strict=False), 1)
    alike = [k for k, (a, b) in pairs if a.alike and b.alike and a.dead < 1]
    if not (zero or alike):
        return None
    number = alike[0] if alike else 1
    what = "all matrices are zero at the start" if zero else f"all units of activation {number} give the same"
    evidence = f"{what}{', and still do now' if alike and chart.has_history else ''}: they get the same gradient and stay alike"
    return Finding(evidence, CURE)


def dead_relu(chart: Chart) -> Finding | None:
    """Units of a relu that are 0 for every sample, so that nothing ever moves them."""
    worst = max(chart.layers, key=lambda a: a.dead, default=None)
    if worst is None or worst.dead < 0.75 or "symmetric_init" in chart.found:
        return None
    number = chart.layers.index(worst) + 1
    evidence = f"{worst.dead:.0%} of the units of activation {number} are 0 for all {chart.patient.samples} samples at the start"
    return Finding(evidence, "start with biases of 0 and He's variance, or use a leaky relu")


def died_on_the_way(chart: Chart) -> Finding | None:
    """Units of a relu that died during the training."""
    if chart.dead_now < 0.5 or chart.dead >= 0.5:
        return None
    number = max(range(len(chart.layers_now)), key=lambda k: chart.layers_now[k].dead) + 1
    evidence = (
        f"{chart.dead_now:.0%} of the units of activation {number} are 0 for every sample; at the start {chart.dead:.0%} were"
    )
    return Finding(evidence, "use a smaller learning rate, or a leaky relu")


def saturated_units(chart: Chart) -> Finding | None:
    """Most slopes of a sigmoid or tanh are nearly 0 at the start."""
    if chart.saturated <= 0.4 or "inputs_unscaled" in chart.found:
        return None
    number = max(range(len(chart.layers)), key=lambda k: chart.layers[k].saturated) + 1
    gain = chart.gain("weights redrawn")
    early = chart.layers[0].saturated > 0.4
    evidence = f"{chart.saturated:.0%} of the slopes of activation {number} are under 5 % of their largest at the start"
    score = (78.0 if early else 76.0) if gain > 0.3 else 40.0
    return Finding(evidence, "start with smaller weights (Glorot's variance)", better(chart, "weights redrawn"), score)


def exploding_gradient(chart: Chart) -> Finding | None:
    """The gradient, or the values, grow from activation to activation."""
    if not chart.explodes:
        return None
    name = best_of(chart, "weights redrawn", "weights scaled to the data")
    evidence = (
        f"the gradient at the first of {len(chart.layers)} activations is {chart.fall:.1e} times that at the last; "
        f"their size goes from {chart.layers[0].rms:.2g} to {chart.layers[-1].rms:.2g}"
    )
    return Finding(evidence, "use scaled or orthogonal initial weights, and clip the gradient's norm", better(chart, name))


def vanishing_gradient(chart: Chart) -> Finding | None:
    """The gradient, or what tells the samples apart, dies on the way."""
    if not chart.vanishes or chart.saturated > 0.6:
        return None
    first, last = chart.layers[0].spread, chart.layers[-1].spread
    evidence = (
        f"the gradient at the first of {len(chart.layers)} activations is {chart.fall:.1e} of that at the last; "
        f"the spread over the samples goes from {first:.2g} to {last:.2g}"
    )
    name = best_of(chart, "weights redrawn", "weights scaled to the data")
    cure = "shorten the path: relu or tanh, orthogonal or scaled weights, skips, fewer layers"
    return Finding(evidence, cure, better(chart, name))


def output_saturated(chart: Chart) -> Finding | None:
    """A sigmoid or tanh at the output that gives its limits where the targets are others, under a squared error."""
    kind, y, t = chart.end.last_activation, chart.end.y, chart.end.target
    if (
        kind not in ("sigmoid", "tanh")
        or not chart.end.is_squared
        or y is None
        or t is None
        or t.size != y.size
        or not chart.is_finite
    ):
        return None
    slope = y * (1 - y) / 0.25 if kind == "sigmoid" else 1 - y * y
    off = np.abs(y - t.reshape(y.shape)) > 0.5
    stuck = float(np.mean(slope < 0.05))
    wrong = float(np.mean(off & (slope < 0.05)) / (np.mean(off) + 1e-300))
    if not off.any() or wrong < 0.6 or stuck < 0.5 or chart.quality > 0.5:
        return None
    evidence = (
        f"{stuck:.0%} of the outputs lie where the {kind} has a slope under 5 % of the steepest, with them {wrong:.0%} of those "
        "that are off by more than half: a squared error multiplies their gradient by that slope"
    )
    return Finding(evidence, "use a cross-entropy of the logits (mg.bce_with_logits, mg.cross_entropy), which has no such factor")


def best_of(chart: Chart, *names: str) -> str:
    """The trial with the best quality of some."""
    return max((n for n in names if n in chart.tried), key=lambda n: chart.tried[n].quality)
