"""`mg.check`: is a hand-written pair of forward and backward right, or a layer object?"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.pairs.judge import Comparison, Trial, averaged
from microgradnp.debugger.pairs.report import Gradient, PairReport
from microgradnp.debugger.pairs.run import run
from microgradnp.debugger.pairs.search import Search, UnjudgedError, Wanted, prepared, with_parameters
from microgradnp.debugger.pairs.trace import wrong_lines
from microgradnp.debugger.pairs.world import Place, Subject
from microgradnp.debugger.record.outside import aside

METHODS = (
    ("forward", "backward"),
    ("forward", "backprop"),
    ("forward", "back"),
    ("fprop", "bprop"),
    ("forward_pass", "backward_pass"),
    ("forward_prop", "backward_prop"),
    ("forward_propagation", "backward_propagation"),
    ("feedforward", "backprop"),
    ("forward", "gradient"),
    ("__call__", "backward"),
    ("__call__", "gradient"),
    ("__call__", "grad"),
    ("__call__", "derivative"),
)


def check(
    forward: Any,
    *given: Any,
    gradients: Wanted | None = None,
    output: str | None = None,
    kwargs: Mapping[str, Any] | None = None,
    seed: int = 0,
    budget: float = 5.0,
) -> PairReport:
    """Check a hand-written backward pass against its own forward pass. No loss and no training loop is needed.

    Call it as `check(forward, backward, *arrays)` for two functions, or as `check(layer, *arrays)` for an object with the methods
    `forward` and `backward`. `check(function, *arrays)` is for a function that returns its loss with the gradients, or its result
    with a function that takes `dout`.

    The output's gradient `dout` is drawn at random, in the shape of the output. The true gradient of `sum(out * dout)` comes from
    the graph of forward, or from numerical slopes where forward takes no Tensors. It is compared at your values and at others.
    All runs work on copies, from the same random state.

    Parameters
    ----------
    forward, *given :
        The pair or the layer, then the arguments of forward: arrays of any shape, integers, dicts of options. Arrays of
        floating-point numbers are differentiated, single precision in double.
    gradients : sequence or dict, optional
        Which argument each returned value is the gradient of: `("x", "w", None)`. Or a dict for gradients in attributes:
        `{"W": "dW", "x": 0}`, where a number is a position among the returned values. What is not named is not wanted.
    output : str, optional
        The attribute that holds the output, if forward does not return it.
    kwargs : dict, optional
        Keyword arguments of forward.
    seed : int
        Seed of `dout`, of the other values, and of the code's own random numbers.
    budget : float
        Seconds of processor time for the search for the wrong line.

    Returns
    -------
    PairReport
        `.ok`, `.verdict`, `.gradients`, `.unchecked`, `.first_wrong`; prints as text, `.to_json()`.

    Raises
    ------
    TypeError
        When what is given is neither a pair nor a layer, or holds no array of floating-point numbers.
    ValueError
        When `gradients` names something that there is not.

    >>> import numpy as np
    >>> def forward(x, w):
    ...     return x @ w, (x, w)
    >>> def backward(dout, cache):
    ...     x, w = cache
    ...     return dout @ w.T, x.T @ dout
    >>> check(forward, backward, np.ones((2, 3)), np.ones((3, 4))).verdict
    'RIGHT'
    """
    began = clock.process_time()
    subject = subject_of(forward, given, dict(kwargs or {}), seed)
    with aside() as kept_back:
        report = report_on(subject, gradients, output, budget)
    outside = [what for what in kept_back if what != "printing"]
    report.notes += [f"kept back while the code was run again and again: {', '.join(outside)}"] if outside else []
    report.seconds = clock.process_time() - began
    return report


def subject_of(forward: Any, given: tuple[Any, ...], kwargs: dict[str, Any], seed: int) -> Subject:
    """The pair that the arguments of `check` mean."""
    if isinstance(forward, type):
        raise TypeError(f"check: {forward.__name__} is a class; pass an object of it: check({forward.__name__}(...), x)")
    arrays = tuple(a.numpy() if isinstance(a, Tensor) else a for a in given)
    methods = next(((f, b) for f, b in METHODS if hasattr(forward, f) and hasattr(forward, b)), None)
    if methods is not None and not (given and callable(given[0])):
        return Subject(getattr(forward, methods[0]), getattr(forward, methods[1]), arrays, kwargs, seed)
    if not callable(forward):
        raise TypeError(
            f"check: {type(forward).__name__} is no function, and has no methods forward and backward; "
            "pass the two methods: check(layer.predict, layer.learn, x)"
        )
    if given and callable(given[0]):
        return Subject(forward, given[0], arrays[1:], kwargs, seed)
    return Subject(forward, None, arrays, kwargs, seed)


def report_on(given: Subject, wanted: Wanted | None, output: str | None, budget: float) -> PairReport:
    """The verdict on a pair, with the wrong line where there is one."""
    try:
        subject = prepared(given)
        later, made = with_parameters(subject)
        report, trial = judged(later, wanted, output)
        if made and not report.ok and not (trial is not None and repeats(subject, trial)):
            first, _ = judged(subject, wanted, output)
            return without(first, made) if first.ok or first.verdict.startswith("AGREES") else report
    except UnjudgedError as error:
        return PairReport(given.name, "CANNOT JUDGE", reason=str(error))
    if report.verdict == "WRONG" and trial is not None:
        report.lines, notes = wrong_lines(trial, budget)
        report.notes += notes
    return report


def judged(subject: Subject, wanted: Wanted | None, output: str | None) -> tuple[PairReport, Trial | None]:
    """(the report without lines, what it is about)."""
    rng = np.random.default_rng(subject.seed)
    try:
        trial = Search(subject, wanted, output, rng).find()
    except UnjudgedError as error:
        return PairReport(subject.name, "CANNOT JUDGE", reason=str(error)), None
    return verdict_on(trial, subject.name, rng), trial


def repeats(subject: Subject, trial: Trial) -> bool:
    """Whether a layer gives the same gradients in its first call as after it, when it had made its parameters."""
    for point in trial.points[:2]:
        values = {place.path: point.values[place.path] for place in trial.places if place.argument}
        try:
            seen = run(subject, trial.plan, values, point.douts)
        except Exception:  # the first call alone may be another one
            return False
        again = [(claim, claim.read(seen)) for claim in point.claims.values()]
        if not all(other is not None and np.allclose(claim.array, other.array) for claim, other in again):
            return False
    return True


def without(report: PairReport, made: list[str]) -> PairReport:
    """The report on a layer whose parameters could not be judged, because they are made in its first call."""
    report.verdict, report.unchecked = "NOT CHECKED", made
    report.notes.append("these parameters are made in the first call; call the layer once with other data, then check it")
    return report


def verdict_on(trial: Trial, name: str, rng: np.random.Generator) -> PairReport:
    """The report without lines."""
    report = PairReport(name, "", call=str(trial.plan), oracle=trial.oracle.spoken)
    means, count = averaged(trial, rng)
    for place in trial.paired:
        report.gradients[place.name] = gradient_of(trial, place, means, count)
        report.notes += remarks(trial, place)
    report.unchecked = [place.name for place in trial.missing]
    conclude(report, trial)
    if len(means) > 1:
        averages = ", ".join(place.name for place in means)
        report.notes.append(
            f"the gradients of {averages} are 1/{count} of the true ones: means over {count} samples, a convention"
        )
    if trial.mean != 1.0:
        report.notes.append(
            f"backward gives the gradient of the mean of the {round(1 / trial.mean)} numbers that forward returns"
        )
    if not trial.plan.seeded and trial.plan.call and trial.plan.call[0] in trial.plan.outputs and report.verdict == "RIGHT":
        report.notes.append("backward is right for the output of forward, not for its input; call it so")
    if trial.pairing.left:
        report.notes.append(f"{', '.join(trial.pairing.left)}: fits no argument, and was not judged")
    failed = [point.failed for point in trial.points if point.failed]
    if failed:
        report.notes.append(f"at {len(failed)} of {len(trial.points)} inputs nothing was compared: {failed[0]}")
    return report


def gradient_of(trial: Trial, place: Place, means: list[Place], count: int) -> Gradient:
    """One line of the report."""
    verdict, source = trial.verdict_of(place), trial.pairing.claims[place].source
    if not any(place in point.compared for point in trial.points):
        return Gradient(place.name, source, verdict, float("inf"), 0, "no number could be compared")
    shown = trial.worst_at(place)
    if place in means and len(means) > 1:
        return Gradient(place.name, source, "RIGHT", 0.0, 15)
    if place in means:
        return Gradient(place.name, source, "CANNOT JUDGE", shown.error, 0, f"is 1/{count} of the true one")
    if verdict == "CANNOT JUDGE":
        return Gradient(place.name, source, verdict, shown.error, shown.digits, "differs at some values and agrees at others")
    return Gradient(place.name, source, verdict, shown.error, shown.digits, shown.how)


def remarks(trial: Trial, place: Place) -> list[str]:
    """What a reader should know about one gradient."""
    claim, verdict = trial.pairing.claims[place], trial.verdict_of(place)
    given: Comparison | None = trial.points[0].compared.get(place)
    found = []
    if verdict in ("RIGHT", "AGREES"):
        if given is not None and given.verdict == "WRONG":
            found.append(
                f"the gradient of {place.name} differs at your values only, where the function has a kink or a special value"
            )
        if claim.array.shape != place.array.shape:
            found.append(f"{claim.source} has shape {claim.array.shape}, and {place.name} has {place.array.shape}")
        if claim.update:
            found.append(f"backward moves {place.name} by -{trial.worst_at(place).factor:.6g} times its gradient")
    elif verdict == "WRONG" and given is not None and given.verdict == "RIGHT":
        found.append(f"the gradient of {place.name} is right at your values, and wrong at others")
    return found


def conclude(report: PairReport, trial: Trial) -> None:
    """The verdict on the whole, from those on the gradients, and what to write where something is missing."""
    wrong = [g.name for g in report.gradients.values() if g.verdict == "WRONG"]
    unclear = [g for g in report.gradients.values() if g.verdict == "CANNOT JUDGE"]
    digits = [g.digits for g in report.gradients.values() if g.verdict == "AGREES"]
    if wrong:
        report.verdict, report.reason = "WRONG", f"the gradient of {', '.join(wrong)}"
    elif unclear:
        report.verdict = "CANNOT JUDGE"
        report.reason = "; ".join(f"the gradient of {g.name} {g.how}" for g in unclear)
    elif report.unchecked:
        report.verdict = "NOT CHECKED"
    else:
        report.verdict = f"AGREES TO {min(digits)} DIGITS" if digits else "RIGHT"
    for doubt in trial.doubts:
        name, _, could = doubt.partition(": ")
        report.notes.append(f"the gradient of {name} could be {could}; say which, gradients={{{name!r}: ...}}")
    if report.unchecked:
        named = tuple(place.name for place in trial.paired)
        report.notes.append(
            f"no gradient of {', '.join(report.unchecked)} was found; if none is wanted, write gradients={named!r}"
        )
