"""One step of a program, examined: captured, matched with the model, and judged."""

from __future__ import annotations

import contextlib
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.trace import Run, Trace, capture, rebound
from microgradnp.debugger.judge.gate import Recorded, by_record
from microgradnp.debugger.judge.verdict import Verdict, judge
from microgradnp.debugger.match.matches import Matches, match
from microgradnp.debugger.match.references import ModelError
from microgradnp.debugger.match.spread import spread

LATE = 0.15  # the share of the budget by which work may be late


@dataclass(frozen=True)
class Budget:
    """The seconds of processor time of this thread that an answer may take. Waiting costs nothing."""

    seconds: float
    started: float = field(default_factory=clock.thread_time)

    @property
    def left(self) -> float:
        return self.seconds - (clock.thread_time() - self.started)

    @property
    def last(self) -> float:
        """The moment when all work ends. What was begun within the budget may be a little late."""
        return self.started + (1 + LATE) * self.seconds + 0.1

    def until(self, share: float) -> float:
        """The moment when this share of the budget is used up; a little later than now in any case."""
        return max(self.started + share * self.seconds, clock.thread_time() + 0.05 * self.seconds)


@dataclass(frozen=True)
class Question:
    """What is asked: does this program compute the gradients of this model?"""

    program: Program
    model: Callable[..., Any]
    wanted: Wanted
    budget: Budget


@dataclass(frozen=True, eq=False)
class Case:
    """One run of the program: the trace of a step, what its values are in the model, and which gradients are right."""

    question: Question
    run: Run
    trace: Trace
    matches: Matches
    verdict: Verdict
    notes: tuple[str, ...] = ()  # how it came to this run, for the reader of the report
    carried: bool = False  # the gradients of the step before are still in those of this step
    seconds: float = 0.0  # that the trace took
    hurried: bool = False  # whether the budget left later steps out
    recorded: Recorded | None = None  # what the program's record says; None where it was not asked

    def noted(self, note: str) -> Case:
        """The same case with one more note."""
        return replace(self, notes=(*self.notes, note))


def examine(question: Question, run: Run, seconds: float, recorded: Recorded | None = None) -> Case:
    """Capture, match and judge one run; the trace may take so many seconds. Raises BindingError and ModelError."""
    return case_of(look(question, run, seconds), run, recorded)


class Looked(NamedTuple):
    """A run that was captured."""

    question: Question
    trace: Trace
    seconds: float


def look(question: Question, run: Run, seconds: float) -> Looked:
    """Capture one run. Raises BindingError."""
    began = clock.thread_time()
    trace = capture(question.program, question.wanted, run, seconds)
    expressions = {argument: variable.expression for argument, variable in trace.variables.items()}
    if (inside := spread(question.model, question.wanted, expressions, trace.before, trace.changed)) is not None:
        question = replace(question, model=inside[0], wanted=inside[1])
        trace = capture(question.program, question.wanted, run, seconds)
    return Looked(question, trace, clock.thread_time() - began)


def case_of(looked: Looked, run: Run, recorded: Recorded | None = None) -> Case:
    """Match and judge what was captured. Raises ModelError.

    The verdict is that of the record where there is one. Line events then say where the evidence lies.
    """
    question, trace, seconds = looked
    began = clock.thread_time()
    trace, matches = met(trace, question.model)
    took = seconds + clock.thread_time() - began
    verdict = judge(trace, matches)
    if recorded is not None and recorded.verdict is not None:
        verdict = by_record(recorded.verdict, verdict, trace)
    return Case(question, run, trace, matches, verdict, seconds=took, recorded=recorded)


def met(trace: Trace, model: Callable[..., Any]) -> tuple[Trace, Matches]:
    """The trace and what its values are. Data is what its name meant where the model works. Raises ModelError."""
    try:
        return trace, match(trace, model)
    except ModelError:
        for earlier in rebound(trace):
            with contextlib.suppress(ModelError):
                return earlier, match(earlier, model)
        raise


def examine_again(case: Case, run: Run, edited: bool = False) -> Case | None:
    """Another run of the same program. None when it fails: that says nothing about the run that the user asked for.

    The record knows nothing of an `edited` program.
    """
    recorded = None if edited else case.recorded
    try:
        again = examine(case.question, run, max(0.1, 0.5 * case.question.budget.left), recorded)
    except Exception:  # on other values than the user's the code may raise anything
        return None
    return replace(again, notes=case.notes, carried=case.carried)
