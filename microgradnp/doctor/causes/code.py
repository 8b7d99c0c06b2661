"""Faults in the code that can be proved at one point: gradients, axes, losses, the optimizer, the evaluation."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from microgradnp.core.graph import parents
from microgradnp.doctor.causes.finding import Finding, line_of
from microgradnp.doctor.chart import Chart
from microgradnp.doctor.levels import flat
from microgradnp.doctor.patient import Array, Weights
from microgradnp.doctor.reading import RANGES

SQUASHING = frozenset(["softmax", "sigmoid"])
NORMALISING = frozenset(["cross_entropy", "log_softmax", "softmax", "logsumexp", "bce_with_logits", "logaddexp", "softplus"])


def rows_misaligned(chart: Chart) -> Finding | None:
    """A loss that changes when all data are permuted together, or from call to call: inputs lose their targets."""
    patient, lab = chart.patient, chart.lab
    if not chart.repeats:
        if not are_shuffled_apart(chart):
            return None
        evidence = f"the loss is {chart.loss_start:.6g} and then {chart.loss_again:.6g} at the same parameters and data"
        evidence += ", and its rows come in another order, away from their targets"
        return Finding(evidence, "take the shuffle out of the loss, or shuffle inputs and targets with one permutation")
    if patient.samples < 2 or any(len(a) != patient.samples for a in patient.data if a.ndim) or brings_rows(chart):
        return None
    order = np.random.default_rng(987654).permutation(patient.samples)
    moved = tuple(a[order] for a in patient.data)
    worst = 0.0
    for weights in (patient.start, patient.end) if chart.is_finite else (patient.start,):
        before, after = lab.value(weights, patient.data), lab.value(weights, moved)
        worst = max(worst, abs(after - before) / (abs(before) + 1e-6 * abs(chart.loss_start) + 1e-300))
    if not worst > tolerance(chart, 1e-7) or not rows_stay_apart(chart):
        return None
    evidence = f"the loss changes by {worst:.1e} of itself when inputs and targets are permuted together"
    return Finding(evidence, "keep each input beside its target: an order inside of the loss belongs to both, or to neither")


def rows_stay_apart(chart: Chart) -> bool:
    """Whether each row of the inputs makes one row of the output at most. Along a sequence it makes all that follow.

    False where that cannot be seen. Then the order of the rows may belong to the data.
    """
    inputs, count, y = chart.start.inputs, chart.patient.samples, chart.start.y
    if not inputs or y is None or len(y) != count:
        return False
    for row in np.random.default_rng(4).permutation(count)[:4]:
        moved = [np.array(a) if k in inputs else a for k, a in enumerate(chart.patient.data)]
        for k in inputs:
            moved[k][row] = moved[k][(row + count // 2) % count]
        after = chart.lab.read(chart.patient.start, tuple(moved)).y
        if after is None or after.shape != y.shape or np.sum(np.any(flat(after) != flat(y), axis=1)) > 1:
            return False
    return True


def brings_rows(chart: Chart) -> bool:
    """Whether the loss brings an array along with a number for each row, such as weights. It stays when the data are permuted."""
    own = (np.asarray(a) for a in chart.start.arrays.values())
    return any(len(a) == chart.patient.samples and a.dtype.kind == "f" and bool(np.any(a != a[:1])) for a in own if a.ndim)


def are_shuffled_apart(chart: Chart) -> bool:
    """Whether two calls of the loss use the same rows in two orders, and do not move the targets with them.

    Noise, dropout and batches that a loss draws for itself give other rows.
    """
    first, second = chart.lab.read(chart.patient.start), chart.lab.read(chart.patient.start)
    s, t = first.target, second.target
    for a, b in zip(first.nodes, second.nodes, strict=False):
        for x, y in zip([a._array, *a.values], [b._array, *b.values], strict=False):
            if not (isinstance(x, np.ndarray) and isinstance(y, np.ndarray)) or x.shape != y.shape or x.ndim < 2:
                continue
            if x.dtype.kind == "f" and not np.array_equal(x, y) and same_rows(x, y):
                if s is None or t is None or len(s) != len(x):
                    return False  # the targets may have moved with them
                return not same_rows(beside(x, s), beside(y, t))
    return False


def same_rows(a: Array, b: Array) -> bool:
    """Whether two arrays hold the same rows, in any order."""
    a, b = flat(a), flat(b)
    return bool(np.array_equal(a[np.lexsort(a.T)], b[np.lexsort(b.T)]))


def beside(a: Array, b: Array) -> Array:
    """The columns of two arrays beside each other."""
    return np.hstack([flat(a), flat(b)])


def tolerance(chart: Chart, double: float) -> float:
    """A relative tolerance that suits the precision of the parameters."""
    single = any(w.dtype.itemsize < 8 for w in chart.patient.start.values() if w.dtype.kind == "f")
    return 1e-3 if single else double


def wrong_gradient(chart: Chart) -> Finding | None:
    """A slope by differences that is not the gradient's, just beside the point: at a kink a slope is a convention."""
    if not chart.repeats or tolerance(chart, 0) > 0:
        return None
    for weights in points(chart):
        found = chart.lab.value_and_grad(weights)[1]
        for name in weights:
            if not np.any(found[name]):
                continue
            wrong = slopes_apart(chart, weights, name, found[name], found)
            if wrong is not None:
                said, seen = wrong
                evidence = f"{name}: the gradient says a slope of {said:.4g}, the loss changes by {seen:.4g}"
                return Finding(evidence, "check each rule of your own with mg.check_grads, and hand-written code with mg.debug")
    return None


def points(chart: Chart) -> list[Weights]:
    """Weights beside the start, and beside those of now where somebody else's rule takes part."""
    random = np.random.default_rng(3)
    own = any(n.rule is not None and not n.rule.trusted for n in chart.start.nodes)
    chosen = [chart.patient.start, *([chart.patient.end] if own and chart.is_finite else [])]
    return [
        {k: w + 1e-3 * max(float(np.abs(w).max(initial=0)), 0.1) * random.normal(size=w.shape) for k, w in weights.items()}
        for weights in chosen
    ]


def slopes_apart(chart: Chart, weights: Weights, name: str, g: Array, every: Weights) -> tuple[float, float] | None:
    """(the gradient's slope, that by differences) along one direction of a parameter, where they differ beyond doubt."""
    lab, random = chart.lab, np.random.default_rng(5)
    noise = random.normal(size=g.shape)
    direction = g / (np.linalg.norm(g) or 1) + 0.5 * noise / np.linalg.norm(noise)
    said = float(np.vdot(g, direction))
    here = lab.value(weights)
    if not np.isfinite(here) or abs(here) > 1e4 * max(abs(chart.loss_start), 1e-300):
        return None
    scale = max(1.0, float(np.abs(weights[name]).max(initial=0)))
    sizes, found, sides = (1e-5, 1e-6, 1e-7), [], []
    total = float(np.sqrt(sum(np.vdot(v, v) for v in every.values())))
    for size in sizes:
        step = size * scale
        up, down = (lab.value({**weights, name: weights[name] + sign * step * direction}) for sign in (1, -1))
        found.append((up - down) / (2 * step))
        sides.append(sorted(((here - down) / step, (up - here) / step)))
        if len(found) == 1 and abs(found[0] - said) < 1e-4 * abs(said):  # plainly right
            return None
    seen = sorted(found)[1]
    doubt = min(abs(f - seen) for f in found if f is not seen) + 1e-6 * abs(here) + 1e-9 * total
    low, high = sides[1]
    at_kink = high - low > 0.01 * (abs(high) + abs(low)) and low - doubt <= said <= high + doubt
    return None if at_kink or abs(seen - said) <= max(10 * doubt, 5e-3 * abs(seen)) else (said, seen)


def parameter_not_trained(chart: Chart) -> Finding | None:
    """A parameter without a gradient though the loss changes with it, or one that the optimizer was not given."""
    outside = chart.start.outside
    if outside:
        names = ", ".join(str(n.name or f"an array of shape {n.shape}") for n in outside[:4])
        evidence = f"the loss uses {len(outside)} arrays with requires_grad that the optimizer was not given: {names}"
        return Finding(evidence, "give the optimizer all parameters")
    if not chart.repeats:
        return None
    for weights in points(chart)[:1]:
        found = chart.lab.value_and_grad(weights)[1]
        for name, g in found.items():
            if np.any(g) or not g.size:
                continue
            step = 1e-3 * max(1.0, float(np.abs(weights[name]).max()))
            noise = np.random.default_rng(1).normal(size=g.shape)
            here = chart.lab.value(weights)
            change = chart.lab.value({**weights, name: weights[name] + step * noise}) - here
            if abs(change) > 1e-9 * abs(here) and np.isfinite(change):
                evidence = f"{name} gets no gradient, though the loss changes by {change:.2g} when it moves by {step:.1g}"
                return Finding(evidence, "find where it is detached: mg.explain_zero names the operation")
    return None


def optimizer_bug(chart: Chart) -> Finding | None:
    """An optimizer of the user's own that steps up the gradient, or never forgets one."""
    optimizer = chart.patient.optimizer
    if type(optimizer).__module__.startswith("microgradnp.") or chart.patient.known.get("no optimizer"):
        return None
    kind = type(optimizer).__name__
    tried, constant = copy.deepcopy(optimizer), copy.deepcopy(optimizer)
    g = np.array([1.0, -1.0])
    first = np.array(tried.change("probe", g))
    later = first
    for _ in range(3000):
        later = np.array(tried.change("probe", 0 * g))
    if np.vdot(first, g) > 0:
        evidence = f"{kind} moves by {first[0]:.3g} for a gradient of 1: up the gradient"
        return Finding(evidence, "turn the sign")
    share = float(np.abs(later).max() / (np.abs(first).max() + 1e-300))
    if share > 0.2:
        evidence = f"3,000 steps after one gradient, {kind} still moves by {share:.0%} of the first step"
        return Finding(evidence, "forget earlier gradients: v = momentum * v + g with momentum < 1")
    steps = [float(np.abs(constant.change("probe", g)).max()) for _ in range(200)]
    if steps[-1] < 1e-3 * steps[0]:
        evidence = f"given the same gradient 200 times, {kind} moves by {steps[-1] / steps[0]:.1e} of its first step in the last"
        return Finding(evidence, "keep the plain moments from step to step, and correct copies of them for the bias")
    return None


def softmax_wrong_axis(chart: Chart) -> Finding | None:
    """A softmax over the samples: columns sum to 1, and rows do not."""
    reading = chart.start
    if chart.patient.known.get("columns"):
        return None
    for node in reading.nodes:
        if node.rule is None or node.ndim < 2 or not reading.made_of[id(node)]:
            continue
        p = np.asarray(node._array)
        axis = node.options.get("axis", -1) if node.rule.name in ("softmax", "log_softmax") else None
        if axis is not None and axis not in (-1, node.ndim - 1):
            total = float(np.ravel(p.sum(-1) if node.rule.name == "softmax" else np.exp(p).sum(-1))[0])
            evidence = (
                f"{node.rule.name} runs over axis {axis} of {node.shape}: the samples compete, the first row sums to {total:.3g}"
            )
            return Finding(evidence, "use axis=-1", line=line_of(node))
        y = reading.y
        if y is None or reading.classes is None or p.shape != y.shape or p.ndim != 2 or len(p) < 2:
            continue
        if (p >= 0).all() and np.allclose(p.sum(0), 1) and not np.allclose(p.sum(1), 1):
            evidence = f"the columns of {node.rule.name} {node.shape} sum to 1 and its rows do not: the samples compete"
            return Finding(evidence, "sum over axis=-1 with keepdims=True", line=line_of(node))
    return None


def softmax_twice(chart: Chart) -> Finding | None:
    """A loss that takes logits and gets probabilities."""
    for node in chart.start.nodes:
        if node.rule is None or node.rule.name not in NORMALISING:
            continue
        given = parents(node)[0] if parents(node) else None
        if given is None or given.rule is None or not chart.start.made_of[id(given)] or not node_is_end(chart, node):
            continue
        if given.rule.name in SQUASHING or (given.ndim > 1 and sums_to_one(given)):
            classes = given.shape[-1] if given.ndim else 1
            alone = classes < 2 or node.rule.name in ("bce_with_logits", "logaddexp", "softplus")
            floor = np.log(1 + np.exp(-1.0)) if alone else np.log(1 + (classes - 1) * np.exp(-1.0))
            evidence = f"{node.rule.name} gets probabilities, made by {given.rule.name}: its loss cannot fall under {floor:.3g}"
            return Finding(evidence, "give it the logits", line=line_of(node))
    return None


def node_is_end(chart: Chart, node: Any) -> bool:
    """Whether a node makes the output or the loss, and is no part of the network, such as attention."""
    output = chart.start.output
    return output is None or node is output or node.ndim == 0 or node.shape == output.shape or node.shape == output.shape[:-1]


def sums_to_one(node: Any) -> bool:
    """Whether every row is made of shares."""
    p = np.asarray(node._array)
    return p.shape[-1] > 1 and bool((p >= 0).all()) and bool(np.allclose(p.sum(-1), 1, rtol=1e-9)) and p.size > p.shape[-1]


def labels_malformed(chart: Chart) -> Finding | None:
    """One-hot rows that do not sum to 1."""
    t, y = chart.start.target, chart.start.y
    if t is not None and y is not None and t.dtype.kind == "i" and t.shape == y.shape[:-1] and t.size and t.min() < 0:
        count, row = int(np.sum(t < 0)), int(np.flatnonzero(t.ravel() < 0)[0])
        evidence = f"{count} class numbers are negative; the first is {t.min()} in row {row}: NumPy counts it from the last class"
        return Finding(evidence, "count the classes from 0")
    if chart.start.classes is None or t is None or y is None or t.shape != y.shape or y.shape == chart.start.classes.shape:
        return None
    wrong = t.sum(-1) != 1
    if np.mean(wrong) <= 0.001:
        return None
    row = int(np.flatnonzero(wrong.ravel())[0])
    return Finding(f"{np.mean(wrong):.1%} of the one-hot rows do not sum to 1; the first is row {row}", "encode the labels anew")


def targets_broadcast(chart: Chart) -> Finding | None:
    """An output (n, 1) that meets targets (n,): each output is compared with all targets."""
    node, y, t = chart.start.met_at, chart.start.y, chart.start.target
    if node is None or y is None or t is None or len(t) < 3 or node.shape != (len(t), len(t)):
        return None
    if sorted([y.shape, t.shape], key=len) != [(len(t),), (len(t), 1)]:
        return None
    evidence = f"the output {y.shape} and the targets {t.shape} give {node.shape}: each output is compared with all targets"
    return Finding(evidence, "give both one shape, such as targets[:, None]", line=line_of(node))


def targets_no_shares(chart: Chart) -> Finding | None:
    """Two targets that are not 0 and 1, in a cross-entropy that takes them for shares: it has no lower limit then."""
    node, t, value = chart.start.met_at, chart.start.target, chart.start.output
    if node is None or t is None or node.rule.name != "multiply" or t.shape != value.shape or len(np.unique(t)) != 2:
        return None
    logits = (n for n in chart.start.nodes if n.rule is not None and n.rule.name in ("logaddexp", "softplus"))
    of_shares = value.rule is not None and value.rule.name in ("log", "log_softmax")
    if not (of_shares or any(p is value for n in logits for p in parents(n))):
        return None
    outside = float(np.mean((t < 0) | (t > 1)))
    if outside <= 0.02:
        return None
    evidence = f"{outside:.0%} of the targets lie outside of 0 to 1, and the loss is a cross-entropy: it can fall without end"
    return Finding(evidence, "use targets of 0 and 1, such as (targets > 0) * 1.0")


def targets_out_of_range(chart: Chart) -> Finding | None:
    """Targets that the last activation, or the loss, cannot take."""
    if (shares := targets_no_shares(chart)) is not None:
        return shares
    kind, t, y = chart.start.last_activation, chart.start.target, chart.start.y
    if kind not in RANGES or t is None or y is None or t.size != y.size or chart.start.meeting in NORMALISING:
        return None
    low, high = RANGES[kind]
    outside = float(np.mean((t < low) | (t > high)))
    if outside <= 0.02:
        return None
    evidence = (
        f"{outside:.0%} of the targets lie outside of ({low:g}, {high:g}), all that {kind} can give: "
        f"they go from {t.min():.3g} to {t.max():.3g}"
    )
    return Finding(evidence, "make the output linear, or scale the targets into the range")


def evaluation_in_training_mode(chart: Chart) -> Finding | None:
    """An evaluation that gives other answers at each call, or whose answer for a row depends on the other rows."""
    if chart.predict is None or not chart.is_finite or len(chart.start.inputs) != 1:
        return None
    first, second = chart.predicted(), chart.predicted()
    if first is None or second is None or first.shape != second.shape:
        return None
    if not np.array_equal(first, second, equal_nan=True):
        evidence = f"two calls of predict() with the same inputs differ by up to {np.abs(first - second).max():.3g}"
        return Finding(evidence, "turn dropout off in the evaluation: model.eval()")
    half = chart.patient.samples // 2
    if half < 2 or not chart.mixes_samples or first.shape[:1] != (chart.patient.samples,):
        return None
    part = chart.predicted(slice(0, half))
    if part is None or part.shape != first[:half].shape or is_form(first[:half], part, tolerance(chart, 1e-5)):
        return None
    evidence = f"predict() of the first {half} rows alone differs by up to {np.abs(part - first[:half]).max():.3g} from all rows"
    return Finding(evidence, "let batch norm use its running statistics in the evaluation: model.eval()")


def evaluation_differs(chart: Chart) -> Finding | None:
    """The user's own evaluation gives other answers than the output in the loss, with the same parameters."""
    if chart.predict is None or not chart.is_finite or chart.end.y is None:
        return None
    p, y = chart.predicted(), chart.end.y
    if p is None:
        return None
    with np.errstate(all="ignore"):
        shifted = np.exp(y - y.max(-1, keepdims=True)) if y.ndim else y
        forms = [y, y.argmax(-1), shifted / shifted.sum(-1, keepdims=True), 1 / (1 + np.exp(-y)), np.exp(y), y > 0, y > 0.5]
    size = tolerance(chart, 1e-5)
    if any(is_form(f, p, size) for f in forms):
        return None
    if p.size == y.size and (not chart.repeats or chart.mixes_samples):  # dropout and batch norm differ on purpose
        quality = quality_of(chart, p.reshape(y.shape))
        if quality > chart.quality - 0.2:
            return None
        evidence = f"in evaluation the quality is {quality:.2f}, in training {chart.quality:.2f}, with the same parameters"
        return Finding(evidence, "check the statistics of batch norm, and which layers are in evaluation mode")
    apart = f"by up to {np.abs(p.ravel() - y.ravel()).max():.3g}" if p.size == y.size else f"in shape: {p.shape} and {y.shape}"
    evidence = f"predict() and the output in the loss differ {apart}, with the same parameters and inputs"
    return Finding(evidence, "use one forward pass for both")


def is_form(form: Any, answers: Array, relative: float) -> bool:
    """Whether the answers are one form of the output, up to rounding."""
    form = np.asarray(form, float)
    close = relative * (np.abs(form) + 0.1 + 0.1 * np.abs(form).max(initial=0))
    return form.size == answers.size and bool(np.all(np.abs(form.ravel() - answers.ravel()) <= close.ravel()))


def quality_of(chart: Chart, answers: Array) -> float:
    """The quality of other answers to the same inputs."""
    reading = copy.copy(chart.end)
    vars(reading).pop("classes", None)
    vars(reading)["y"] = np.asarray(answers, float)
    return reading.quality()
