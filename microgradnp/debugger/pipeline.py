"""From a question to a report: which step is examined, and which case is explained.

Program -> Trace -> Matches -> Verdict -> Blame -> Fix -> Report. Each arrow is a function that can be called alone: `capture`,
`match`, `judge`, `blame`, `repair` and `report`.
"""

from __future__ import annotations

import time as clock
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from microgradnp.core.origin import one_line
from microgradnp.debugger.capture.bind import BindingError, mark_of
from microgradnp.debugger.capture.program import Inputs
from microgradnp.debugger.capture.roles import data_of, lengths
from microgradnp.debugger.capture.shapes import by_shape
from microgradnp.debugger.capture.trace import Run
from microgradnp.debugger.case import Case, Question, examine, examine_again
from microgradnp.debugger.explain import Explanation, explain
from microgradnp.debugger.judge.probe import observe, plan_of
from microgradnp.debugger.judge.score import Scorer
from microgradnp.debugger.judge.verdict import Verdict
from microgradnp.debugger.match.references import ModelError, evaluate
from microgradnp.debugger.report.reasons import reasons
from microgradnp.debugger.report.report import Report

MORE_STEPS = 2  # looked at when the first is right
SLOW = 0.12  # seconds for the trace of one step, from which on fewer samples are looked at
FEW = 5
NOTHING_FOUND = "no gradient was found: no parameter moves, and no variable or returned array is one; see what was bound to what"
UNREPEATABLE = (
    "two runs of the code differ, though its random numbers were seeded: no fix can be proved. "
    "Seed what it draws from, or pass the numbers in"
)


def investigate(question: Question, number: int) -> Report:
    """Examine a step, look further when it is right, and explain what is wrong."""
    began = clock.thread_time()
    whole = case = first_look(question, number)
    if not case.verdict.ok and (clock.thread_time() - began > SLOW or case.trace.tracer.out_of_time):
        case = on_fewer_samples(whole)
    if not case.verdict.entries:
        if case.trace.error is not None:
            raise case.trace.error
        found = report_on(case.noted(NOTHING_FOUND))
    elif case.verdict.ok:
        found = look_further(case)
    elif number:
        found = explain_asked_step(case, whole)
    else:
        found = report_on(case)
    found.reasons = reasons(found.trace, found.matches.index)
    found.seconds = clock.thread_time() - question.budget.started
    return found


# --------------------------------------------------------------------------------------- which run to examine


def first_look(question: Question, number: int) -> Case:
    """The step that was asked for, on the user's inputs; its parameters are known from then on."""
    try:
        case = examine(question, Run(number), max(0.5, 0.6 * question.budget.left))
    except BindingError as error:
        question, note = bound_by_shape(question, error)
        case = examine(question, Run(number), max(0.5, 0.6 * question.budget.left)).noted(note)
    except ModelError as error:
        case = in_inner_frames(question, number, error)
    before = case.trace.before
    known = tuple(mark_of(before[a]) for a in case.verdict.entries if a in before)
    return replace(case, run=replace(case.run, inputs=Inputs(0, known)))


def in_inner_frames(question: Question, number: int, error: ModelError) -> Case:
    """The same step with the arguments of inner functions. Those of outer ones do not fit the model: `x` may be one row there."""
    inner = replace(question, wanted=replace(question.wanted, inner=True))
    try:
        return examine(inner, Run(number), max(0.5, 0.6 * question.budget.left))
    except (ModelError, BindingError):
        raise error from None


def bound_by_shape(question: Question, error: BindingError) -> tuple[Question, str]:
    """The question with bindings for what has no name of its own, and a note; the error where not exactly one way fits."""

    def model_runs(values: dict[str, object]) -> bool:
        try:
            evaluate(question.model, values)
        except ModelError:
            return False
        return True

    ways = by_shape(list(error.missing), error.present, error.bound, model_runs) if error.missing else []
    if not ways:
        raise error
    if len(ways) > 1:
        could = "; or ".join(", ".join(f"{a} = {e}" for a, e in way.items()) for way in ways[:4])
        raise BindingError(f"{error}. By their shapes it could be {could}") from None
    found = ways[0]
    said = ", ".join(f"{argument} = {expression}" for argument, expression in found.items())
    wanted = replace(question.wanted, bind=question.wanted.bind | found)
    return replace(question, wanted=wanted), f"{said}: bound by shape, because nothing has these names and no other way fits"


def on_fewer_samples(case: Case) -> Case:
    """The same step on a few samples, when that shows the same faults: code with loops over elements is slow to trace."""
    before, entries = case.trace.before, case.verdict.entries
    counts = lengths(before, data_of(before, entries))
    length = counts.pop() if len(counts) == 1 else 0
    if length <= FEW:
        return case
    program = case.question.program.with_fewer_samples(length, FEW, case.run.inputs.known)
    fewer = examine_again(replace(case, question=replace(case.question, program=program)), case.run)
    if fewer is None or fewer.verdict.wrong != case.verdict.wrong or set(fewer.verdict.entries) != set(entries):
        return case
    return fewer.noted(f"the fault was looked for on the first {FEW} of {length} samples, where it shows as well")


def look_further(case: Case) -> Report:
    """The report on a right step, or on what is wrong with generic values or in a later step.

    Some mistakes sleep while a bias is zero, or wake in the second step.
    """
    generic = wrong_with_generic_values(case)
    if generic is not None:
        return report_on(generic.noted("the gradients are right for the values given, and wrong for generic ones"))
    steps = wrong_later_step(case)
    if steps is None:
        return report_on(case)
    outcome = explain_later_step(steps.wrong, steps.right)
    return outcome if isinstance(outcome, Report) else report_on(case.noted(outcome))


def wrong_with_generic_values(case: Case) -> Case | None:
    """The same step from fresh inputs, where a gradient is wrong with them."""
    question, entries = case.question, case.verdict.entries
    plan = plan_of(case.trace, entries)
    scorer = Scorer(question.model, plan, entries)
    for number in (1, 2):
        if question.budget.left < 0.5 * question.budget.seconds:
            return None
        inputs = case.run.inputs.fresh(number)
        seen = observe(question.program, plan, inputs, clock.thread_time() + 1, set())
        if seen is None or scorer.gradients_at(seen) is None or set(scorer.right(seen)) == set(entries):
            continue
        again = examine_again(case, replace(case.run, inputs=inputs))
        if again is not None and not again.verdict.ok:
            return again
    return None


class Steps(NamedTuple):
    """Two steps of a training, one after the other."""

    right: Case
    wrong: Case


def wrong_later_step(case: Case) -> Steps | None:
    """The first wrong step among the next few, with the right one before it; None when none is wrong."""
    budget, before = case.question.budget, case
    for more in range(1, 1 + MORE_STEPS) if case.trace.loop is not None else ():
        if budget.left < 0.5 * budget.seconds:
            return None
        again = examine_again(case, replace(case.run, number=case.run.number + more))
        if again is None or again.trace.start == before.trace.start:
            return None
        if not again.verdict.ok and again.verdict.entries:
            return Steps(before, again)
        before = again
    return None


def explain_asked_step(case: Case, whole: Case) -> Report:
    """The report on a wrong step that was asked for; on the first step where nothing can be said about that one."""
    outcome = explain_later_step(case, examine_again(case, replace(case.run, number=case.run.number - 1)))
    if isinstance(outcome, Report):
        return outcome
    question = whole.question
    first = examine(question, replace(whole.run, number=0), max(0.5, 0.6 * question.budget.left))
    return report_on(replace(first, notes=whole.notes).noted(outcome))


def explain_later_step(case: Case, before: Case | None) -> Report | str:
    """The report on a wrong step that is not the first; a sentence where its rule may be one of its own, such as momentum.

    Momentum moves by a * gradient + b * (the movement before), the same for all. b = 1 is no momentum: the gradients of the
    step before are still there. Anything else is called wrong only when a fix or an intervention proves it.
    """
    number = case.run.number
    kept = carried_on(before.verdict, case.verdict) if before is not None else None
    if kept is not None and abs(kept - 1) > 1e-4:
        return f"step {number} moves on with {kept:.6g} times the step before: momentum; only the first was judged"
    if kept is not None:
        case = case.noted(f"the gradients of step {number - 1} are still in those of step {number}")
        return report_on(replace(case, carried=True))
    found = report_on(case.noted(f"the first step is right; step {number} is not"))
    if any(f.certainty == "consistent" or (f.fix and not f.shortens) for f in found.findings):
        return found
    return f"step {number} does not go along its gradient, as with rules that look ahead or back; only the first was judged"


def carried_on(before: Verdict, later: Verdict) -> float | None:
    """b of: later movement = a * gradient + b * earlier movement, with the same a and b for all parameters; None without."""
    movements, gradients, ones_before = [], [], []
    for name, entry in later.entries.items():
        one_before = before.entries.get(name)
        if one_before is None or not entry.kind == one_before.kind == "update":
            return None
        if entry.found is None or entry.expected is None or one_before.found is None:
            return None
        movements.append(entry.found.ravel())
        gradients.append(entry.expected.ravel())
        ones_before.append(one_before.found.ravel())
    movement, gradient, earlier = (np.concatenate(parts) for parts in (movements, gradients, ones_before))
    if not (movement.shape == gradient.shape == earlier.shape and np.isfinite(movement).all()) or movement.size < 3:
        return None
    columns = np.stack([gradient, earlier], axis=1)
    factors, *_ = np.linalg.lstsq(columns, movement, rcond=None)
    rest = np.max(np.abs(columns @ factors - movement))
    return float(factors[1]) if rest < 1e-5 * np.max(np.abs(movement), initial=1e-300) and factors[0] < 0 else None


# --------------------------------------------------------------------------------------- what is said about it


def report_on(case: Case) -> Report:
    """The report on one case, with what is wrong in it explained."""
    wrong = bool(case.verdict.entries) and not case.verdict.ok
    return report(case, explain(case) if wrong else None)


def report(case: Case, explained: Explanation | None = None) -> Report:
    """What was found in one case, ready to be shown."""
    found = Report(case.question.program, case.trace, case.matches, case.verdict, case.run.number)
    found.notes = [*case.notes, *warnings_about(case)]
    if explained is not None:
        found.notes += [] if explained.repeats else [UNREPEATABLE]
        found.notes += [f"{allowed(case)} ended before all edits were tried"] if explained.out_of_time else []
        found.matches, found.blame, found.findings = explained.blamed.matches, explained.blamed, explained.findings
        found.forward_ok, found.tried = explained.forward_ok, explained.tried
    return found


def allowed(case: Case) -> str:
    """The budget, as the user may change it."""
    return f"the budget of {case.question.budget.seconds:g} s of processor time (budget=, --budget)"


def warnings_about(case: Case) -> list[str]:
    """What limits the answer."""
    trace, wrong = case.trace, bool(case.verdict.entries) and not case.verdict.ok
    found = []
    if trace.single:
        found.append("the code works in single precision: three digits count as equal")
    if trace.error is not None:
        found.append(f"the code stopped with {one_line(trace.error)}; only what it did before that was judged")
    if trace.kept_back:
        found.append(f"the code ran several times on copies, and this was left out: {', '.join(trace.kept_back)}")
    if trace.tracer.out_of_time:
        found.append(f"{allowed(case)} was used up before the step was over: give fewer samples or a larger budget")
    if wrong and case.question.program.source is None:
        found.append("the source of the code cannot be read, so no line can be named; put it into a file")
    return found
