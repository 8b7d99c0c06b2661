"""The faults of a wrong step, one after the other: blame the first, mend it, run again, and look at what is left."""

from __future__ import annotations

import contextlib
import functools
import os
import time as clock
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from microgradnp.debugger.blame.blame import Blame, blame
from microgradnp.debugger.blame.unmended import cause_without_fix
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.case import Budget, Case, examine_again
from microgradnp.debugger.derive.fix import Fix as Derived
from microgradnp.debugger.derive.guard import keeps_forward
from microgradnp.debugger.derived import derive_in, named_by_record, settles_all, suspicion
from microgradnp.debugger.derived import findings as findings_of
from microgradnp.debugger.judge.common import common_factor, is_open_which, turns_all
from microgradnp.debugger.judge.gate import ask_record
from microgradnp.debugger.judge.rerun import Rerun
from microgradnp.debugger.optimizer.kept import keeps_rule
from microgradnp.debugger.optimizer.mistake import Mistake
from microgradnp.debugger.record import alarm
from microgradnp.debugger.record.alarm import OutOfTimeError
from microgradnp.debugger.repair.causes import EXPLAIN, cause_of
from microgradnp.debugger.repair.changes import Change
from microgradnp.debugger.repair.search import Fix, repair
from microgradnp.debugger.repair.workshop import Workshop
from microgradnp.debugger.report.facts import Finding

MOST_FAULTS = 4
SHARE = 0.8  # of the budget, for what is derived from the record
OURS = "the debugger failed while it derived the right statement ({}): please report this; the verdict does not depend on it"


class Fault(NamedTuple):
    """What is wrong in a case, and the edit that mends it where one was proved."""

    case: Case
    blamed: Blame
    fix: Fix | None
    times: float = 1.0  # a factor that all gradients share with the fix
    repeats: bool = True  # whether two runs of the case show the same numbers; without that no fix can be proved
    named: str = ""  # the cause, where the record tells it

    @property
    def is_mended(self) -> bool:
        """Whether an edit makes every gradient right."""
        return self.fix is not None and self.fix.complete

    @property
    def is_sure(self) -> bool:
        """Whether the place of the fault is proved."""
        return self.fix is not None or self.blamed.certain or self.blamed.proof is not None


@dataclass(frozen=True, eq=False)
class Explanation:
    """What is wrong with a case: its faults, in the order in which the program makes them."""

    faults: list[Fault]
    tried: int = 0  # edits that were run
    out_of_time: bool = False  # whether the budget ended before all edits were tried
    failed: str = ""  # an error of the debugger's own
    derived: tuple[Finding, ...] = ()  # the mistakes that the record shows, with changes that were proved
    asleep: Sequence[str] = ()  # the gradients that are wrong on other inputs, whether the fix is there or not

    @property
    def blamed(self) -> Blame | None:
        """What the search among edits says; None where it was not needed."""
        return self.faults[0].blamed if self.faults else None

    @property
    def repeats(self) -> bool:
        return not self.faults or self.faults[0].repeats

    @functools.cached_property
    def findings(self) -> list[Finding]:
        """The faults in plain values, as far as there is a line to name."""
        if self.derived:
            return list(self.derived)
        found = [finding(fault) for fault in self.faults if fault.fix or fault.blamed.regions]
        if not self.faults or self.faults[-1].is_mended:
            return found
        return [replace(f, certainty="part") if f.leaves else f for f in found]  # nobody knows whether they are the mistakes

    @property
    def forward_ok(self) -> bool:
        return not self.findings or self.findings[0].cause != "forward_differs"


def explain(case: Case) -> Explanation:
    """Find the faults of a wrong case, the first one first.

    The right statements are derived from the record of the program. Where that mends all, nothing else is asked. Else edits are
    tried.
    """
    budget = case.question.budget
    derived, failed = None, ""
    try:
        derived = derive_in(case, clock.thread_time() + min(SHARE * budget.left, 4 + 0.1 * budget.left))
    except OutOfTimeError:
        derived = None
    except Exception as error:  # the debugger's own: said in the report, and the search goes on without
        failed = OURS.format(where_it_failed(error))
    if derived is not None and derived.complete and not settles_all(derived, case):
        derived = replace(derived, complete=False)  # nobody knows whether it mends what was not judged, too
    with Workshop(case.question.program) as workshop:
        if derived is not None and derived.complete and not derived.is_roundabout:
            return Explanation([], derived.tried, derived=tuple(findings_of(derived)), asleep=derived.asleep)
        found: list[Fault] = []
        with contextlib.suppress(OutOfTimeError):
            for fault in faults(with_time(case), workshop):
                found += [fault]  # the first ones stay when time is out
    if derived is not None and derived.complete and not (found and found[-1].is_mended):
        return Explanation([], derived.tried, derived=tuple(findings_of(derived)), asleep=derived.asleep)
    found = [f._replace(named=named_by_record(f.fix, derived)) if f.fix is not None else f for f in found[:1]] + found[1:]
    out_of_time = not found or (workshop.out_of_time and not found[-1].is_mended)
    if not found:
        return Explanation([], workshop.tried, out_of_time, failed, tuple(findings_of(derived)) if derived is not None else ())
    changes = changes_without_fix(derived, found[0]) if derived is not None and found[0].fix is None else ()
    return Explanation(found, workshop.tried, out_of_time, failed, changes)


def where_it_failed(error: Exception) -> str:
    """An error of the debugger, with its last line: "KeyError: 3, turn.py:41"."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error}, {os.path.basename(last.filename)}:{last.lineno}"


def changes_without_fix(derived: Derived, fault: Fault) -> tuple[Finding, ...]:
    """What the record shows where nothing mends all: a change that mends a part, or the first wrong statement.

    A place that line events prove comes before a suspicion.
    """
    changes = findings_of(derived)
    if changes or fault.blamed.proof is not None or (fault.blamed.certain and not derived.blame.certain):
        return tuple(changes)
    place = finding(fault) if fault.blamed.regions else None
    first = derived.blame.statement
    agree = place is not None and first is not None and (place.file, place.line) == (first.file, first.line)
    cause = place.cause if place is not None else "unknown"  # the numbers name it, not the line
    found = suspicion(derived, cause, agree and place is not None and place.certainty != "suspected")
    return (found,) if found is not None else ()


def with_time(case: Case) -> Case:
    """The case with all the time that is left for the search among edits."""
    question = case.question
    now = clock.thread_time()
    return replace(case, question=replace(question, budget=Budget(question.budget.last - now, now)))


def faults(case: Case, workshop: Workshop) -> Iterator[Fault]:
    """The faults that show one behind the other. After the first only those whose place is proved."""
    for number in range(MOST_FAULTS):
        alarm.look()
        rerun = rerun_of(case)
        blamed = blame(case.trace, case.matches, case.verdict, rerun, case.question.budget.until(0.4))
        repeats = number > 0 or rerun.repeats()
        factors: dict[frozenset[str], float] = {}
        fix = fix_of(case, blamed, rerun, workshop, factors) if repeats else None
        times = factors.get(frozenset(fix.right), 1.0) if fix is not None else 1.0
        fault = Fault(case, blamed, fix, times, repeats)
        if number and not fault.is_sure:
            return
        yield fault
        behind = case_behind(fault, workshop)
        if behind is None:
            return
        case = behind


def rerun_of(case: Case) -> Rerun:
    """Quick runs of the case."""
    return Rerun(case.question.program, case.question.model, case.run, case.trace, case.verdict)


def fix_of(case: Case, blamed: Blame, rerun: Rerun, workshop: Workshop, factors: dict[frozenset[str], float]) -> Fix | None:
    """The edit that mends a case, and in `factors` that of the gradients with it.

    None where values are written into the run: the program would not be the user's.
    """
    budget = case.question.budget
    workshop.out_of_time = budget.left <= 0
    if case.run.writes or workshop.out_of_time:
        return None
    deadline = budget.until(0.7 if blamed.proof else 0.55)
    try:
        fix = repair(case.trace, blamed, rerun, workshop, deadline, functools.partial(stands, case, workshop, factors))
    except OutOfTimeError:
        workshop.out_of_time = True
        return None
    differs = fix is not None and not fix.complete and not blamed.forward_ok
    return None if differs else fix  # while the forward pass differs, nothing is said about the backward pass


def stands(case: Case, workshop: Workshop, factors: dict[frozenset[str], float], right: set[str]) -> bool:
    """Whether the record of the edited program says so, too: these gradients are right, and no other one becomes wrong.

    The forward pass must stay as it is.
    What was found and could not be judged before must be right then: nothing else tells a mended program from another one.
    """
    made = case.recorded.verdict if case.recorded is not None else None
    if made is None:
        return not (case.verdict.unchecked or case.verdict.unjudged)
    question = case.question
    again = ask_record(
        question.program, question.model, question.wanted, made.number, 0.1 * question.budget.seconds, workshop.trees
    )
    if again.verdict is None:
        return False
    needed = {*right, *case.verdict.doubtful} & set(made.entries)
    factor = common_factor(made, again.verdict)
    if factors.get(frozenset(right), 1.0) == 1:
        factors[frozenset(right)] = factor
    mended = needed <= set(again.verdict.right) and set(again.verdict.wrong) < set(made.wrong)
    kept = keeps_forward(made, again.verdict) and keeps_rule(made, again.verdict, question.wanted)
    return mended and kept and not turns_all(made, again.verdict)


def case_behind(fault: Fault, workshop: Workshop) -> Case | None:
    """The same run with the fault mended, or with the right value written in; None where nothing new shows in it."""
    case, proof, fix = fault.case, fault.blamed.proof, fault.fix
    budget = case.question.budget
    if budget.left < 0.3 * budget.seconds:
        return None
    writes = case.run.writes
    if fix is not None and not fix.complete:
        workshop.keep(fix.edit, fix.file, fix.change.after)
    elif fix is None and proof is not None and proof.mends != set(case.verdict.entries):
        writes = {**writes, **proof.writes}
    else:
        return None
    again = examine_again(case, replace(case.run, writes=writes), edited=True)
    for argument, entry in again.verdict.entries.items() if again is not None else ():
        entry.ok = entry.ok or argument not in case.verdict.wrong  # an edit that mends breaks nothing
    fewer = again is not None and not again.verdict.ok and len(again.verdict.wrong) < len(case.verdict.wrong)
    return again if fewer else None


def finding(fault: Fault) -> Finding:
    """The fault in plain values: the edit that mends it, or the statement or stretch of lines to blame."""
    blamed, fix = fault.blamed, fault.fix
    region = fix.region if fix else blamed.regions[0]
    version = (blamed.first if fix is None or blamed.first is not None else fix.region.version) or region.version
    own = region.version is not None and region.version.line and region.kind != "passed"
    line = fix.line if fix else region.version.line if region.version is not None and own else region.lines[0]
    source = source_of(region.file)
    statement = source.by_line.get(line) if source else None
    cause = cause_of_fault(fault)
    return Finding(
        variable=version.path if version else "",
        function=statement.function if statement else "",
        file=region.file,
        line=line,
        source=source.line(line).strip() if source else "",
        cause=cause,
        explanation=EXPLAIN.get(cause, ""),
        expected=blamed.expected,
        fix=fix.change.fix if fix else None,
        diff=fix.change.diff if fix else "",
        certainty=certainty_of(fault),
        times=fault.times,
        shortens=fix is not None and fix.shortens,
        mends=sorted(fix.right if fix else blamed.proof.mends if blamed.proof else ()),
        leaves=[name for name in fault.case.verdict.wrong if fix and name not in fix.right],
        region=list(region.lines),
    )


def certainty_of(fault: Fault) -> str:
    """How sure the place and the fix of a fault are."""
    if fault.fix is None:
        return "consistent" if fault.blamed.certain else "suspected"
    made = fault.case.recorded.verdict if fault.case.recorded is not None else None
    if fault.times != 1:
        return "scaled"
    return "relative" if made is not None and is_open_which(made) else "exact"


def cause_of_fault(fault: Fault) -> str:
    """The slug of the mistake."""
    case, blamed, fix, *_ = fault
    if case.carried:
        return "gradient_accumulated_across_steps"
    if fault.named:
        return fault.named
    return cause_of(fix, blamed, case.trace, case.verdict) if fix else cause_without_fix(blamed, case.verdict, case.trace)


def finding_of_rule(mistake: Mistake, change: Change | None = None, follows: str = "") -> Finding:
    """A mistake of an optimizer's rule in plain values, with the change that mends it where one was proved."""
    statement = mistake.site.statement
    source, site = source_of(statement.file), mistake.site
    text = source.line(statement.line) if source else ""
    start = len(text) - len(text.lstrip())
    on_line = site.line == site.end_line == statement.line and text.isascii()
    return Finding(
        variable=statement.target or "",
        function=statement.function.rpartition(".")[2],
        file=statement.file,
        line=statement.line,
        source=text.strip(),
        cause=mistake.cause,
        explanation=mistake.says,
        expected="",
        fix=change.fix if change else None,
        diff=change.diff if change else "",
        certainty="exact" if change else "consistent",
        mends=[mistake.argument] if change else [],
        region=[statement.line],
        rule=mistake.formula,
        follows=follows,
        part=(site.column - start, site.end_column - start) if on_line else None,
    )
