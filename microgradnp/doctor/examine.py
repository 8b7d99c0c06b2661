"""From a chart to a diagnosis: ask the causes in order, and say what was found."""

from __future__ import annotations

import numpy as np

from microgradnp.doctor.again import TREATMENTS, as_second, is_asked, treated
from microgradnp.doctor.causes.data import UNTOLD, one_column_tells
from microgradnp.doctor.causes.finding import Finding, Row, is_worse
from microgradnp.doctor.causes.numbers import bad_values_in_data, unstable_formula
from microgradnp.doctor.causes.table import ALWAYS, AT_ONE_POINT, BY_TRIALS, OF_THE_DATA, UNMEASURED
from microgradnp.doctor.chart import GOOD, Chart
from microgradnp.doctor.diagnosis import Diagnosis
from microgradnp.doctor.facts import CONFIDENCE, EXACT, MEASURED, Cause

MOST_POINTS = 120  # of a curve in a report


def examine(chart: Chart) -> Diagnosis:
    """Ask all causes. Trials are made only where the training has not learned its data, or an exact fault was found."""
    found = Diagnosis(name=chart.patient.name)
    if (bad := bad_values_in_data(chart.patient)) is not None and are_left_out(chart):
        found.notes.append(f"{bad.evidence}. The loss leaves them out, so nothing else was asked")
        found.verdict, found.summary, found.steps = "could not tell", chart.patient.name, chart.lab.steps
        return found
    if bad is not None:
        found.causes = [cause_of(Row("bad_values_in_data", 99, EXACT, lambda _: bad), bad)]
        look_again(chart, found)
        return told(chart, found, "sick", "the data are not finite")
    if chart.is_random:
        found.notes.append("the loss is another one at each call, with the same parameters and data: it draws random numbers")
    if (bad := unstable_formula(chart)) is not None:
        found.causes = [cause_of(Row("unstable_formula", 98, EXACT, lambda _: bad), bad)]
        return told(chart, found, "sick", "the loss is not finite")
    ask(chart, found, AT_ONE_POINT)
    exact = chart.is_exact = bool(found.causes) and found.causes[0].score > 80
    ask(chart, found, ALWAYS)
    if not exact and not chart.is_measured:
        rows = UNMEASURED if chart.is_finite else [r for r in BY_TRIALS if r.mark == MEASURED]
        ask(chart, found, [*rows, *OF_THE_DATA])
        found.notes.append(why_unmeasured(chart))
        return told(chart, found, "sick" if found.causes else "could not tell", summary_of(chart))
    if chart.quality > GOOD and not exact:
        if chart.found <= {"overfitting"}:
            ask(chart, found, OF_THE_DATA)
        return told(chart, found, "sick" if found.causes else "healthy", summary_of(chart))
    if chart.is_memorising and not exact:
        ask(chart, found, OF_THE_DATA)
        found.notes.append(f"a smooth fit tells {chart.foretold:.0%} of unseen rows: what goes beyond it may be memorised")
        return told(chart, found, "sick" if found.causes else "healthy", summary_of(chart))
    if not exact and nearly_best(chart):
        ask(chart, found, OF_THE_DATA)
        return told(chart, found, "sick" if found.causes else "at its floor", summary_of(chart))
    if not (exact and found.causes[0].name in TREATMENTS):  # else they are asked once it is treated
        ask(chart, found, BY_TRIALS)
        ask(chart, found, OF_THE_DATA)
    look_again(chart, found)
    verdict = "sick" if found.causes else "at its floor" if is_at_floor(chart) else "could not tell"
    return told(chart, found, verdict, summary_of(chart))


def why_unmeasured(chart: Chart) -> str:
    """Why nobody can say how much was learned."""
    if chart.start.tail.falls_without_end:
        return (
            "the loss has no floor: it falls without end as the outputs grow, like that of a policy gradient. "
            "Its value does not say how much was learned: look at the reward"
        )
    return "the loss of the best constant answer, or of a perfect one, is not known: nor how much was learned"


def are_left_out(chart: Chart) -> bool:
    """Whether loss and gradients are finite although the data are not, as with a mask over missing entries."""
    value, slopes = chart.lab.value_and_grad(chart.patient.start)
    return bool(np.isfinite(value)) and all(np.isfinite(g).all() for g in slopes.values())


def look_again(chart: Chart, found: Diagnosis) -> None:
    """Treat the first cause that can be treated, and add what is left then."""
    cause = next((cause for cause in found.causes if cause.name in TREATMENTS), None)
    after = treated(chart, cause.name) if cause is not None else None
    if cause is not None and after is not None:
        second = Diagnosis()
        if unstable_formula(after) is None:
            ask(after, second, [row for row in (*AT_ONE_POINT, *BY_TRIALS, *OF_THE_DATA) if is_asked(row.name, cause.name)])
        chart.lab.steps += after.lab.steps
        if cause.name not in ("targets_unscaled", "bad_values_in_data"):  # these change what the loss measures
            chart.treated = [run.loss for name, run in after.trials.items() if "targets" not in name]
        told_already = {c.name for c in found.causes}
        found.causes += [as_second(c, cause.name) for c in second.causes if c.name not in told_already and c.score > 50]


def ask(chart: Chart, found: Diagnosis, rows: list[Row]) -> None:
    """Ask some causes, and keep what they find."""
    for row in rows:
        finding = row.check(chart)
        if finding is None:
            found.ruled_out.append(row.name)
        else:
            finding = finding._replace(treatment="") if is_worse(chart, finding.trial) else finding
            chart.found.add(row.name)
            found.causes.append(cause_of(row, finding))
    found.causes.sort(key=lambda cause: -cause.score)


def cause_of(row: Row, finding: Finding) -> Cause:
    """A row and what it found."""
    score = row.score if finding.score is None else finding.score
    confidence = CONFIDENCE[row.mark] * (1.0 if row.mark == EXACT else min(1.0, score / 70))
    return Cause(row.name, score, row.mark, *finding[:3], line=finding.line, confidence=round(confidence, 2))


def nearly_best(chart: Chart) -> bool:
    """Whether no trial does much better than the training did."""
    quality, best = chart.quality, chart.best_quality
    return 1 - quality < 1.6 * (1 - best) + 0.03 and quality > 0.5 and not chart.saturated > 0.5


def is_at_floor(chart: Chart) -> bool:
    """Whether no trial reached clearly more, and nobody else tells more from the inputs."""
    small = chart.best_quality - chart.quality < 0.1 and not chart.lab.out_of_time
    return small and (chart.quality > 0.5 or not chart.foretold > chart.quality + 0.1)


def summary_of(chart: Chart) -> str:
    """The training in one line: steps, losses, quality."""
    patient = chart.patient
    way = f"loss {chart.loss_end:.4g}"
    if patient.steps:
        way = f"{patient.steps} steps, loss {chart.loss_start:.4g} -> {chart.loss_end:.4g}"
        way += f" ({chart.said(chart.loss_end)})" if chart.unit[0] != "loss" else ""
    quality = chart.quality
    if quality == -np.inf:
        return f"{patient.name}, {way}"
    if quality > GOOD:
        return f"{patient.name}, {way}; it explains {quality:.0%} of what a constant answer leaves open"
    simple = chart.simple_levels.get("mean only")
    if simple is not None and chart.loss_end >= 0.98 * simple:
        return f"{patient.name}, {way}; that is no better than answering the mean ({chart.said(simple)})"
    return f"{patient.name}, {way}; it explains {max(quality, 0):.0%} of what a constant answer leaves open"


def told(chart: Chart, found: Diagnosis, verdict: str, summary: str) -> Diagnosis:
    """Complete a diagnosis: levels, trials, measurements, notes, what to do."""
    found.verdict, found.summary = verdict, summary
    found.notes += chart.notes
    found.trials = {name: {"loss": r.loss, "quality": r.quality, "steps": len(r.losses)} for name, r in chart.trials.items()}
    if all(cause.score < 97 for cause in found.causes):
        found.level_of, scale = chart.unit
        found.levels = {name: scale * value for name, value in chart.levels.items()}
        tried = [run.loss for name, run in chart.trials.items() if "targets" not in name] + chart.treated
        if finite := [value for value in tried if np.isfinite(value)]:
            found.levels["best of the trials"] = scale * min(finite)
        found.measured = measured(chart)
        if found.verdict == "at its floor":
            found.notes.append(f"no treatment gives more than quality {chart.best_quality:.2f}; it has {chart.quality:.2f}")
    if chart.lab.out_of_time:
        found.notes.append("the budget was used up before all trials were done: a larger budget= allows them")
    if chart.patient.known.get("joined"):
        whose = f"first batches that your code gave ({chart.patient.samples} different rows)"
        whose = whose if chart.patient.known.get("drawn") else "batches of your list"
        found.notes.append(f"the {whose} are joined here, and the trials draw their own batches from them")
    alike = found.levels.get("all classes alike")
    if alike is not None and abs(chart.loss_end - alike) < 0.02 * alike:
        found.notes.append(f"the loss is about ln C = {alike:.4g}: all C classes get the same probability")
    if "target_in_inputs" not in chart.found and chart.quality > GOOD and (note := one_column_tells(chart)):
        found.notes.append(note)
    if (note := memorised(chart)) and "targets_unrelated" not in chart.found:
        found.notes.append(note)
    found.to_do = what_to_do(chart, found)
    found.curves = curves(chart)
    found.strips = chart.trials["control"].norms if "control" in chart.trials else {}
    found.steps = chart.lab.steps
    return found


def memorised(chart: Chart) -> str:
    """That nobody can tell these targets from these inputs; empty where that is not so, or was not asked."""
    foretold = vars(chart).get("foretold", np.nan)
    if not foretold < UNTOLD:
        return ""
    simple = chart.simple_levels.get("mean only")
    under = f"what falls under {chart.said(simple)} is memorised" if simple else "what is learned is memorised"
    many = chart.patient.samples
    return f"nothing tells these targets from these inputs (cross-validated R^2 {foretold:.2f}, {many} samples): {under}"


def what_to_do(chart: Chart, found: Diagnosis) -> list[str]:
    """The treatments of the causes in order. Slow descent gets the best of the faster rules, with what they reached.

    These were tried before the first treatment, so they are no answer to what is seen after it. Where no treatment helped in its
    trial, they are told, too.
    """
    chosen: list[str] = []
    for cause in found.causes:
        if not cause.after and cause.name.startswith("learning_rate") and "inputs_unscaled" in chart.found:
            continue  # that rate suits the inputs as they are
        slow = not cause.after and cause.name in ("learning_rate_too_low", "stopped_on_a_plateau")
        if slow or (cause.trial and not cause.treatment):
            chosen.append(faster(chart))
        if not slow or cause.name != "learning_rate_too_low":
            chosen.append(cause.treatment)
    return list(dict.fromkeys(what for what in chosen if what))[:4]


def faster(chart: Chart) -> str:
    """The best trials of faster rules: `momentum 0.9 with lr 0.01 (150 steps: SSE 2.1), or Adam 0.03 (150 steps: SSE 1.99)`."""
    fast = [
        name
        for name, run in chart.trials.items()
        if name.startswith(("momentum", "lr ", "Adam")) and "redrawn" not in name and helps(chart, run.loss)
    ]
    best: dict[str, str] = {}
    for name in sorted(fast, key=lambda name: chart.trials[name].loss):
        best.setdefault(name.split()[0], name)
    return ", or ".join(
        f"{name.removesuffix(', longer')} ({len(chart.trials[name].losses)} steps: {chart.said(chart.trials[name].loss)})"
        for name in list(best.values())[:2]
    )


def helps(chart: Chart, loss: float) -> bool:
    """Whether a trial ended with less than the training as it is, repeated."""
    return bool(np.isfinite(loss)) and not loss >= chart.control.loss


def measured(chart: Chart) -> dict[str, float]:
    """The figures that were computed on the way."""
    names = ("quality", "quality_on_validation", "foretold", "steepest", "fall", "saturated", "dead", "dead_now", "target_size")
    known = {name: float(vars(chart)[name]) for name in names if isinstance(vars(chart).get(name), (int, float))}
    return known | {"learning rate": chart.lr}


def curves(chart: Chart) -> dict[str, list[tuple[int, float]]]:
    """Loss against steps: the training, its repeat, and the three best treatments from the same start."""
    found = {"training": thinned(chart.patient.losses)}
    shown = [n for n in chart.trials if n not in ("control", "continued") and "targets" not in n]
    others = [n for n in shown if f"{n}, longer" not in shown]
    best = sorted(others, key=lambda name: chart.trials[name].loss)
    for name in (*(["control"] if "control" in chart.trials else []), *best[:3]):
        run = chart.trials[name]
        found["repeated" if name == "control" else name] = thinned([*run.losses, run.loss])
    return {name: points for name, points in found.items() if points}


def thinned(losses: list[float]) -> list[tuple[int, float]]:
    """(step, loss) at a few steps, dense at the beginning."""
    if not losses:
        return []
    chosen = np.unique(np.geomspace(1, len(losses), MOST_POINTS).astype(int))
    return [(int(k), float(losses[k - 1])) for k in chosen if np.isfinite(losses[k - 1])]
