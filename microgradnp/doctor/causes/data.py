"""What is wrong with the data: scales, rows that moved, targets that nobody can tell, overlaps."""

from __future__ import annotations

import numpy as np

from microgradnp.doctor.causes.finding import Finding, better
from microgradnp.doctor.chart import GOOD, Chart
from microgradnp.doctor.levels import flat, indicators
from microgradnp.doctor.patient import Array
from microgradnp.doctor.reading import Reading

MOST_ENTRIES = 2_000_000  # of the inputs that are looked through
UNTOLD = 0.06  # a cross-validated R^2 under this says nothing


def targets_shifted(chart: Chart) -> Finding | None:
    """Targets that belong to the inputs of a neighbouring row."""
    if not chart.foretold < UNTOLD or chart.patient.samples < 40:
        return None
    shifted = {rows: chart.foretold_when_shifted(rows) for rows in (-2, -1, 1, 2)}
    rows = max(shifted, key=lambda k: shifted[k])
    if shifted[rows] <= max(0.2, 3 * chart.foretold):
        return None
    evidence = (
        f"targets moved by {rows} rows can be told from the inputs (R^2 {shifted[rows]:.2f}), "
        f"as they stand they cannot ({chart.foretold:.2f})"
    )
    return Finding(evidence, f"move the targets by {rows} rows: np.roll(targets, {-rows}, axis=0)")


def targets_unrelated(chart: Chart) -> Finding | None:
    """Targets that no method tells from the inputs: noise, or labels that were shuffled apart."""
    count, x = chart.patient.samples, chart.start.input_array
    if not chart.foretold < UNTOLD or count < 40 or x is None or chart.found & {"targets_shifted", "classes_out_of_balance"}:
        return None
    features = flat(x).shape[1]
    if chart.quality >= GOOD and count <= 2 * features:
        return None
    if not np.isnan(chart.quality_on_validation) and chart.quality_on_validation > 0.15:
        return None
    evidence = (
        f"a smooth fit of these targets explains {chart.foretold:.2f} of samples that it has not seen ({count} samples): "
        "noise, or rows shuffled apart"
    )
    sure = count > 3 * features or chart.quality_on_validation < 0.15
    score = 78.0 if sure else 60.0
    return Finding(evidence, "look at some rows: what is learned here is memorised", score=score)


def target_in_inputs(chart: Chart) -> Finding | None:
    """An input column that is a target, and that the output for this target depends on."""
    x, t = chart.start.input_array, chart.start.target
    if (
        x is None
        or t is None
        or len(x) != len(t)
        or len(x) < 10
        or x.size > MOST_ENTRIES
        or x.dtype.kind not in "fiu"
        or x.ndim > 2
    ):
        return None
    columns, wanted = flat(x), flat(t)
    if chart.start.classes is None and is_reconstruction(columns, wanted):
        return None
    for k in range(min(wanted.shape[1], 20)):
        column = wanted[:, k]
        if np.ptp(column) == 0:
            continue
        apart = np.abs(columns - column[:, None]) - 1e-12 * (1 + np.abs(column[:, None]))
        same = np.flatnonzero(np.all(apart <= 0, axis=0))
        scaled = np.flatnonzero(shares(columns, column) > 1 - 1e-12) if columns.shape[1] > 1 else same
        for found, how in ((same, ""), (scaled, " times a factor plus an offset")):
            if found.size and sees(chart, k, int(found[0])):
                evidence = f"column {found[0]} of the inputs is column {k} of the targets{how}, in all {len(x)} rows"
                return Finding(evidence, "take it out of the inputs")
    return None


def is_reconstruction(columns: Array, wanted: Array) -> bool:
    """Whether several targets, all of them, are nearly an input column of their own: an autoencoder. No single answer leaked."""
    told = [shares(columns, wanted[:, k]) for k in range(min(wanted.shape[1], 20))]
    own = {int(t.argmax()) for t in told if t.max() > 0.8}
    return 1 < len(own) == len(told)


def shares(columns: Array, wanted: Array) -> Array:
    """The share of the variance of some numbers that a straight line of each column explains: the squared correlation."""
    a, b = columns - columns.mean(0), wanted - wanted.mean()
    return np.asarray((b @ a) ** 2 / ((a * a).sum(0) * (b @ b) + 1e-300))


def one_column_tells(chart: Chart) -> str:
    """That one input column nearly is the target, and no other is near it: often a leak. Empty where that is not so.

    It is no cause: an honest column may be as good, and only its owner knows when it is measured.
    """
    x, t, classes = chart.start.input_array, chart.start.target, chart.start.classes
    if x is None or t is None or len(x) != len(t) or len(x) < 30 or x.ndim != 2 or x.shape[1] < 3 or x.size > MOST_ENTRIES:
        return ""
    if chart.start.is_index(x) or x.dtype.kind not in "fiu" or not (np.isfinite(x).all() and np.isfinite(t).all()):
        return ""
    wanted = indicators(t, classes)
    if wanted.shape[1] > 20 or (classes is None and is_reconstruction(flat(x), wanted)):
        return ""
    for k in range(wanted.shape[1]):
        told = shares(flat(x), wanted[:, k])
        first, second = (int(at) for at in np.argsort(-told)[:2])
        if told[first] > 0.97 and told[second] < 0.8:
            what = f"class {k}" if classes is not None and wanted.shape[1] > 1 else f"column {k} of the targets"
            return (
                f"column {first} of the inputs alone tells {what} (R^2 {told[first]:.3f}; the next best column has "
                f"{told[second]:.2f}). If it is known only after the answer, it is a leak: take it out"
            )
    return ""


def sees(chart: Chart, target: int, column: int) -> bool:
    """Whether the output for a target changes with an input column. In a causal model that of the next token does not."""
    x, t, inputs = chart.start.input_array, chart.start.target, chart.start.inputs
    if x is None or t is None:
        return False
    if not inputs or not chart.repeats:  # a change cannot be seen: what remains is the form of a shifted sequence
        return not (x.shape == t.shape and x.ndim == 2 and bool(np.array_equal(x[:, 1:], t[:, :-1])))
    moved = np.array(x)
    moved[:, column] = np.random.default_rng(0).permutation(moved[:, column])
    data = tuple(moved if k == inputs[0] else a for k, a in enumerate(chart.patient.data))
    for at in (chart.patient.start, chart.patient.end) if chart.is_finite else (chart.patient.start,):
        before, after = chart.lab.read(at).y, chart.lab.read(at, data).y
        if before is None or after is None or before.shape != after.shape:
            return True
        of_target = (slice(None), target) if before.shape[: t.ndim] == t.shape and t.ndim == 2 else ()
        if not np.array_equal(before[of_target], after[of_target]):
            return True
    return False


def validation_overlaps(chart: Chart) -> Finding | None:
    """Rows of the validation data that were trained on."""
    x = chart.start.input_array
    inputs = chart.start.inputs
    if chart.validation is None or x is None or not inputs or x.dtype.kind != "f":
        return None
    seen = {row.tobytes() for row in np.ascontiguousarray(flat(x))}
    other = np.ascontiguousarray(flat(chart.validation[inputs[0]]))
    shared = float(np.mean([row.tobytes() in seen for row in other])) if len(other) else 0.0
    if shared < 0.05 or len(seen) < 0.5 * len(x):
        return None
    evidence = f"{shared:.0%} of the {len(other)} validation rows are rows of the training data, to the last bit"
    return Finding(evidence, "split the data before anything is repeated or augmented: this validation measures memory")


def rows_contradict(chart: Chart) -> Finding | None:
    """Rows with the same inputs and other targets: no function of the inputs can be right for all of them."""
    x, t = chart.start.input_array, chart.start.target
    if x is None or t is None or len(x) != len(t) or len(x) < 20 or x.dtype.kind != "f" or x.size > MOST_ENTRIES:
        return None
    groups = np.unique(flat(x), axis=0, return_inverse=True)[1].ravel()
    if flat(x).shape[1] < 2 or groups.max() > 0.9 * len(x) or chart.mixes_samples:
        return None
    wanted = indicators(t, chart.start.classes)
    count = np.bincount(groups)
    sums = np.stack([np.bincount(groups, column) for column in wanted.T], 1)
    if chart.start.classes is not None:
        best = sums.max(1) if wanted.shape[1] > 1 else np.maximum(sums[:, 0], count - sums[:, 0])
        share = float(wanted.mean(0).max())
        right, base = float(best.sum() / len(x)), share if wanted.shape[1] > 1 else max(share, 1 - share)
        most = (right - base) / (1 - base + 1e-12)
    else:
        means = sums / count[:, None]
        most = 1 - float(np.sum((wanted - means[groups]) ** 2) / (np.sum((wanted - wanted.mean(0)) ** 2) + 1e-300))
    apart = np.abs(wanted - (sums / count[:, None])[groups]).max(1) > 1e-9
    if not (most < 0.8 and np.mean(apart) > 0.2):
        return None
    evidence = (
        f"{np.mean(apart):.0%} of the {len(x)} rows have the inputs of another row, to the last bit, and other targets: "
        f"no function of the inputs reaches a quality over {most:.2f}"
    )
    return Finding(evidence, "look where rows are copied: random.shuffle of an array repeats some rows and loses others")


def classes_out_of_balance(chart: Chart) -> Finding | None:
    """The commonest class is the answer to everything, and rows drawn equally from all classes change that."""
    classes, y = chart.end.classes, chart.end.y
    if classes is None or y is None or classes.size != len(y) or not chart.is_finite:
        return None
    classes = classes.ravel()
    shares = np.bincount(classes) / len(classes)
    common = int(shares.argmax())
    here = recall_of_others(chart.end, common)
    if shares[common] < 0.7 or not here < 0.2 or np.sum(shares > 0) < 2:
        return None
    random = np.random.default_rng(chart.seed)
    kinds = np.flatnonzero(shares)
    each = -(-len(classes) // len(kinds))
    rows = np.concatenate([random.choice(np.flatnonzero(classes == k), each) for k in kinds])
    random.shuffle(rows)
    data = tuple(a[rows] for a in chart.patient.data)
    run = chart.attempt("classes balanced", chart.patient.end, data=data, steps=4 * chart.length)
    there = recall_of_others(chart.lab.read(run.weights), common) if np.isfinite(run.loss) else 0.0
    if there - here < 0.3:
        return None
    evidence = f"{shares[common]:.0%} of the samples are of class {common}; of the others {here:.0%} are recognised"
    trial = f"{len(run.losses)} more steps with rows drawn equally from all classes: {there:.0%} of the others are recognised"
    return Finding(evidence, "draw equally from all classes, or weight the loss of each class by 1 / its share", trial)


def recall_of_others(reading: Reading, common: int) -> float:
    """The share of the samples of all but one class that get the right answer."""
    classes, y = reading.classes, reading.y
    if classes is None or y is None:
        return 0.0
    one_column = y.shape == classes.shape or (y.ndim == 2 and y.shape[1] == 1)
    answers = reading.sides[0].ravel() if one_column and reading.sides is not None else y.reshape(len(y), -1).argmax(1)
    others = classes.ravel() != common
    return float(np.mean(answers[others] == classes.ravel()[others])) if others.any() else 0.0


def class_never_occurs(chart: Chart) -> Finding | None:
    """Columns of a small output that are no sample's class, at one end: labels that begin at 1, or a one-hot of another width."""
    classes, y = chart.start.classes, chart.start.y
    if classes is None or y is None or y.ndim < 2 or not 2 < y.shape[-1] <= 100 or classes.ndim != 1:
        return None
    width = y.shape[-1]
    there = np.unique(classes)
    missing = np.setdiff1d(np.arange(width), there)
    between = np.setdiff1d(np.arange(there[0], there[-1]), there)
    if not missing.size or between.size or len(there) < 2:
        return None
    listed = ", ".join(map(str, missing[:5]))
    evidence = f"the output has {width} classes, and the targets are {there[0]} to {there[-1]}: class {listed} never occurs"
    cure = "count the classes from 0: labels - 1" if there[0] == 1 else "give one_hot and the last layer the number of classes"
    return Finding(evidence, cure)


def inputs_unscaled(chart: Chart) -> Finding | None:
    """Inputs far from mean 0 and unit spread, where standardising them helps."""
    if not chart.inputs_are_odd or chart.input_sizes is None:
        return None
    ratio, unequal, size = chart.input_sizes
    name = "inputs standardised"
    gain = chart.gain(name)
    if gain <= 0.6 * max(chart.best_rate[1], 0.3 * chart.gain("weights redrawn")) or (gain <= 0.25 and chart.is_finite):
        if (other := chart.standardising_helps_anyway()) is None:
            return None
        name = other
    evidence = (
        f"the inputs have |mean| / std {ratio:.3g}, root mean square {size:.3g}, and a largest std {unequal:.3g} times the median"
    )
    trial = better(chart, name) if name in chart.trials else ""
    rate = f". Then use a rate of about {name.rpartition(' ')[2]}" if "lr" in name else ""
    return Finding(evidence, f"standardise: (x - x.mean(0)) / x.std(0), with these numbers for new data, too{rate}", trial)


def targets_unscaled(chart: Chart) -> Finding | None:
    """Targets that a linear output must reach from far away."""
    name = "targets standardised"
    if not chart.targets_are_odd or chart.gain(name) <= 0.25 or chart.gain(name) <= 0.6 * chart.best_rate[1]:
        return None
    evidence = f"the targets have a root mean square of {chart.target_size:.3g}, and the output begins near 0"
    return Finding(evidence, "standardise the targets, and undo it in the evaluation", better(chart, name))
