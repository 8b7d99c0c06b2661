"""From a question to a report: which step is examined, and which case is explained.

Program -> Trace -> Matches -> Verdict -> Blame -> Fix -> Report. Each arrow is a function that can be called alone: `capture`,
`match`, `judge`, `blame`, `repair` and `report`.
"""

from __future__ import annotations

import contextlib
import functools
import time as clock
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from microgradnp.debugger.blame.forward import forward_agrees
from microgradnp.debugger.capture.bind import BindingError, mark_of
from microgradnp.debugger.capture.fresh import Inputs
from microgradnp.debugger.capture.trace import Run
from microgradnp.debugger.case import Case, Looked, Question, case_of, examine, examine_again, look
from microgradnp.debugger.derive.proof import wrong_elsewhere
from microgradnp.debugger.derived import question_of
from microgradnp.debugger.explain import finding_of_rule
from microgradnp.debugger.fewer import is_slow, on_fewer_samples, shortened
from microgradnp.debugger.judge.gate import (
    OUT_OF_TIME,
    Recorded,
    Seen,
    ask_record,
    by_record,
    by_two_runs,
    completed,
    is_forgotten,
)
from microgradnp.debugger.judge.meeting import meets_model
from microgradnp.debugger.judge.probe import observe, plan_of
from microgradnp.debugger.judge.recorded import Verdict as RecordVerdict
from microgradnp.debugger.judge.score import Scorer
from microgradnp.debugger.judge.verdict import ANOTHER_RULE, Verdict
from microgradnp.debugger.match.references import ModelError, evaluate
from microgradnp.debugger.match.trained import untrained
from microgradnp.debugger.mended import mended
from microgradnp.debugger.optimizer.rule import Rule, rule_followed, wrong_rule
from microgradnp.debugger.record.alarm import OutOfTimeError, alarm
from microgradnp.debugger.record.binding import ways_to_bind
from microgradnp.debugger.record.forward import Forward, forward_of
from microgradnp.debugger.record.outside import aside
from microgradnp.debugger.report.reasons import reasons
from microgradnp.debugger.report.report import Report
from microgradnp.debugger.rows import by_rows, other_binding
from microgradnp.debugger.told import allowed, equation_of, report, report_on

MORE_STEPS = 2  # looked at when the first is right
NOTHING_FOUND = "no gradient was found: no parameter moves, and no variable or returned array is one; see what was bound to what"
SEEN = "steps {} to {} were judged, no later one; step= looks at another"
PARTED = "the samples of {} were put into another order, those of {} were not: what belongs together may be parted"
RESTING = "{} moved in step {}, and in no later step that was judged: if that is not meant, the update stands in the wrong place"
ASLEEP = "on inputs far from yours the gradient of {} is not the model's: a mistake may be asleep on yours. Ask again with others"
UNSEEN = "the recording ended after step {}: later steps were not judged; a larger budget= may reach them"
TOO_FAR = "the training could not be followed so far; raise the budget, or ask for an earlier step"
WHOLE_NUMBERS = "step 1 was judged: {} is a whole number of Python in step 0"


def investigate(question: Question, number: int) -> Report:
    """Examine a step, look further when it is right, and explain what is wrong, until the budget ends the work."""
    case = first_look(question, number)
    if case.trace.error is not None and not case.verdict.entries:
        raise case.trace.error
    asked, budget = case.question, question.budget
    recorded = Recorded(None)
    try:
        with alarm(budget.last):
            recorded = recorded_in(case)
            if ends_too_soon(recorded) and (fewer := shortened(Looked(asked, case.trace, case.seconds), case.run)) is not None:
                case, recorded = fewer, recorded_in(fewer)
            if number and recorded.verdict is None:
                return first_instead(question, number, recorded.why)
            found = by_rows(answered(case, recorded), question, number, investigate)
    except OutOfTimeError:
        found = cut_short(case, recorded)
    found.findings = [replace(finding, equation=equation_of(found, finding)) for finding in found.findings]
    found.reasons = reasons(found.trace, found.matches.index)
    found.seconds = clock.thread_time() - budget.started
    return found


def recorded_in(case: Case) -> Recorded:
    """What the record of a case's program says."""
    asked = case.question
    return ask_record(asked.program, asked.model, asked.wanted, case.run.number, max(1.0, 0.1 * asked.budget.seconds))


def ends_too_soon(recorded: Recorded) -> bool:
    """Whether a record ends before a single gradient could be judged: the step has too many operations."""
    made = recorded.verdict
    return made is not None and not made.step.record.finished and not made.right and not made.wrong


def answered(case: Case, recorded: Recorded) -> Report:
    """The report on a case with its record, if there is one."""
    asked, number = case.question, case.run.number
    rule = wrong_rule(recorded.verdict, asked.wanted, number) if recorded.verdict is not None else None
    if rule is not None:
        case = replace(case, verdict=by_record(rule[0], case.verdict, case.trace))
        found = report(case)
        found.findings = [finding_of_rule(rule[1][0])]
        with contextlib.suppress(OutOfTimeError):
            found.findings = [finding_of_rule(*one) for one in mended(asked, rule[0], rule[1])]
    elif recorded.verdict is not None:
        found = report_on(judged_case(replace(case, recorded=recorded), recorded.verdict))
        found.parting = recorded.verdict.parting
        if found.verdict.ok:
            say_rule(found, rule_followed(recorded.verdict, asked.wanted, number, found.verdict.entries))
    else:
        found = judged_by_lines(replace(case, recorded=recorded))
    found.rule_is_open |= ANOTHER_RULE in found.verdict.conventions
    if found.verdict.unjudged:
        found.proposal = other_binding(case)
    return found


def say_rule(found: Report, rule: Rule) -> None:
    """Say by which rule the parameters move, or that nobody knows whether it is right."""
    said = found.verdict.conventions
    found.rule_is_open = rule.is_open and bool(found.verdict.entries)
    if rule.told and (found.rule_is_open or not rule.is_open):
        said[:] = [rule.told, *(one for one in said if one != ANOTHER_RULE)]


def cut_short(case: Case, recorded: Recorded) -> Report:
    """The report where the budget ends the work: what the record has proved stands, and all else is open."""
    made = recorded.verdict
    if made is not None:
        verdict = by_record(made, case.verdict, case.trace)
        case = replace(case, verdict=verdict, recorded=recorded, run=replace(case.run, number=made.number))
    else:
        case = replace(case, verdict=Verdict({}, unjudged=dict.fromkeys(case.verdict.entries, OUT_OF_TIME)))
    found = report(case.noted(f"{allowed(case)} ended the work"))
    found.hurried = True
    return found


def first_instead(question: Question, number: int, why: str) -> Report:
    """The report on the first step, where the one that was asked for cannot be judged."""
    found = investigate(question, 0)
    why = TOO_FAR if why.startswith("BindingError") else why  # the first step has all variables
    missing = "does not exist" if why.startswith("the code takes") else "could not be judged"
    found.instead = f"Step {number} {missing}; this is step {found.number}. "
    found.notes.append(f"step {number} could not be judged ({why}); this is the first")
    return found


def judged_case(case: Case, made: RecordVerdict) -> Case:
    """The case with the verdict of its record, and in the step and on the inputs where what is wrong shows."""
    case = case.noted(made.unlike) if made.unlike else case
    line, number = case.verdict, case.run.number
    later = examine_again(case, replace(case.run, number=made.number)) if made.number != number else None
    if later is not None and made.ints and made.number == 1:
        case = later.noted(WHOLE_NUMBERS.format(", ".join(sorted(made.ints))))
    elif later is not None:
        kept = carried_on(line, later.verdict)
        carried = kept is not None or any("the step before" in entry.why for entry in made.entries.values())
        case = replace(later.noted(f"step {number} is right; step {made.number} is not"), carried=carried)
    else:
        case = replace(case, verdict=by_record(made, line, case.trace))
    open_ = [line.entries[a] for a in (*case.verdict.unjudged, *case.verdict.unchecked) if a in line.entries]
    if any(entry.ok or is_forgotten(entry) for entry in open_):
        other = examine_again(replace(case, recorded=None), replace(case.run, inputs=case.run.inputs.fresh(1)))
        verdict = completed(case.verdict, line, other.verdict if other is not None else None)
        needless = untrained(case.matches.evaluation, {*verdict.entries, *made.step.after}, case.trace.changed)
        known = {*needless, *verdict.unchecked}
        verdict.unjudged = {argument: why for argument, why in verdict.unjudged.items() if argument not in known}
        case = replace(case, verdict=verdict)
    if case.verdict.ok:
        if (parted := made.parted) is not None:
            case = case.noted(PARTED.format(*parted))
        if made.resting:
            case = case.noted(RESTING.format(" and ".join(made.resting), number))
        if asleep := asleep_in(case, made):
            case = case.noted(ASLEEP.format(" and ".join(sorted(asleep))))
        seen = made.step.record.finished or made.parting or made.unlike or made.last == number + MORE_STEPS
        if not seen:
            return replace(case.noted(UNSEEN.format(made.last)), hurried=True)
        return case.noted(SEEN.format(number, made.last)) if made.last == number + MORE_STEPS else case
    if case.verdict.asleep and (generic := wrong_with_generic_values(case)) is not None:
        return generic.noted("the gradients are right for the values given, and wrong for generic ones")
    return on_fewer_samples(case) if is_slow(case) else case


def asleep_in(case: Case, made: RecordVerdict) -> set[str]:
    """The gradients of a right program that are wrong on other inputs."""
    question = question_of(case)
    if question is None:
        return set()
    with aside():
        return wrong_elsewhere(question, made, clock.thread_time() + 0.3 * case.question.budget.left)


def judged_by_lines(case: Case) -> Report:
    """The report on a program of which the record gives no verdict. Line events are believed where two inputs agree."""
    case = confirmed(case)
    if case.verdict.wrong:
        case = on_fewer_samples(case) if is_slow(case) else case
        return report_on(case)
    return look_further(case) if case.verdict.entries else report_on(case)


def confirmed(case: Case) -> Case:
    """The case with what line events say alike on its inputs and on others."""
    other = examine_again(case, replace(case.run, inputs=case.run.inputs.fresh(1)))
    first = Seen(case.verdict, meets_model(case.trace, case.matches))
    second = Seen(other.verdict, meets_model(other.trace, other.matches)) if other is not None else None
    why = case.recorded.why if case.recorded is not None else ""
    unmet = why if case.recorded is not None and not case.recorded.met else ""
    verdict = by_two_runs(first, second, case.matches.evaluation, case.trace.changed, unmet)
    found = replace(case, verdict=verdict)
    if not verdict.entries and not verdict.unjudged:
        return found.noted(NOTHING_FOUND)
    said = f"the code was judged by its line events on two inputs: {why}"
    return found.noted(said) if why and said not in found.notes else found


# --------------------------------------------------------------------------------------- which run to examine


def first_look(question: Question, number: int) -> Case:
    """The step that was asked for, on the user's inputs; its parameters are known from then on."""
    try:
        case = one_step(question, Run(number))
    except (BindingError, ModelError) as error:
        case = otherwise_bound(question, number, error)
    wanted = case.question.wanted
    if counted := wanted.uncounted.union(counters(case)) - wanted.uncounted:
        wanted = replace(wanted, uncounted=wanted.uncounted | counted)
        again = first_look(replace(question, wanted=wanted), number)
        return replace(again, notes=(*case.notes, *again.notes))
    if (other := otherwise_than_counts(case, number)) is not None:
        return replace(other, notes=(*case.notes, *other.notes))
    before = case.trace.before
    known = tuple(mark_of(before[a]) for a in case.verdict.entries if a in before)
    return replace(case, run=replace(case.run, inputs=Inputs(0, known)))


def one_step(question: Question, run: Run) -> Case:
    """The case of a step; on a few samples where it is not over in a short time with all of them."""
    looked = look(question, run, 0.2 * question.budget.seconds)
    if not looked.trace.tracer.out_of_time:
        return case_of(looked, run)
    return shortened(looked, run) or examine(looked.question, run, max(0.1, 0.4 * question.budget.left))


def counters(case: Case) -> list[str]:
    """The arguments that the counter of a loop was taken for, though the model computes with them, and does not only index.

    Added as 0 it leaves every number as it is: the forward pass would be the model's, and would prove nothing of the argument.
    """
    counting = [a for a, variable in case.trace.variables.items() if variable.is_counter and a in case.trace.before]
    return [argument for argument in counting if is_computed_with(case, argument)]


def otherwise_than_counts(case: Case, number: int) -> Case | None:
    """The step with other variables for whole numbers, such as lengths, with which the forward pass is not the model's.

    None where there are no such variables, or where it is not the model's with them either.
    """
    wanted, trace = case.question.wanted, case.trace
    whole = {a for a, value in trace.before.items() if type(value) is int} - wanted.unmeasured - wanted.bind.keys()
    if not whole or forward_agrees(trace, case.matches):
        return None
    counts = [argument for argument in whole if is_computed_with(case, argument)]
    wanted = replace(wanted, unmeasured=wanted.unmeasured.union(counts))
    with contextlib.suppress(BindingError, ModelError):
        again = first_look(replace(case.question, wanted=wanted), number) if counts else None
        if again is not None and forward_agrees(again.trace, again.matches):
            return again
    return None


def is_computed_with(case: Case, argument: str) -> bool:
    """Whether the model computes with a whole number, and does not only index."""
    before = case.trace.before
    try:
        evaluate(case.question.model, {**before, argument: before[argument] + 0.5})
    except ModelError:
        return False
    return True


def otherwise_bound(question: Question, number: int, error: BindingError | ModelError) -> Case:
    """The same step with other variables for the arguments. The error where they are not found."""
    if isinstance(error, ModelError):  # `x` may be one row in an inner function
        inner = replace(question, wanted=replace(question.wanted, inner=True))
        with contextlib.suppress(ModelError, BindingError):
            return one_step(inner, Run(number))
    question, note = bound_by_numbers(question, error)
    try:
        return one_step(question, Run(number)).noted(note)
    except (ModelError, BindingError):
        raise error from None


def bound_by_numbers(question: Question, error: BindingError | ModelError) -> tuple[Question, str]:
    """The question with bindings for what has no name of its own, and a note; the error where not exactly one way fits."""
    if isinstance(error, BindingError) and not error.missing:
        raise error
    until, wanted = clock.process_time() + 0.3 * question.budget.seconds, question.wanted

    @functools.cache
    def forward_with(zeros: bool) -> Forward:
        try:
            return forward_of(question.program, wanted, until, zeros)
        except Exception:  # a program that cannot be recorded
            if isinstance(error, ModelError):
                raise error from None
            return Forward(error.present, error.bound)

    ways = ways_to_bind(question.model, forward_with, wanted, until)
    if not ways or not ways[0]:
        raise error
    if len(ways) > 1:
        could = "; or ".join(", ".join(f"{a} = {e}" for a, e in sorted(way.items())) for way in ways[:4])
        raise BindingError(f"{error}. By their numbers it could be {could}") from None
    found = {argument: ways[0][argument] for argument in wanted.arguments if argument in ways[0]}
    said = ", ".join(f"{argument} = {expression}" for argument, expression in found.items())
    told = "bound by the numbers of the forward pass, because nothing that fits has these names"
    return replace(question, wanted=replace(wanted, bind=wanted.bind | found)), f"{said}: {told}"


def look_further(case: Case) -> Report:
    """The report on a right step, or on what is wrong in a later one. Some mistakes wake in the second step."""
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
        again = again if again.verdict.ok else confirmed(again)
        if not again.verdict.ok and again.verdict.entries:
            return Steps(before, again)
        before = again
    return None


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
