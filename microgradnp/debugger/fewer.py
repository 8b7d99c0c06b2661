"""A slow step on a few of its samples: code with loops over elements takes long to trace."""

from __future__ import annotations

from dataclasses import replace

from microgradnp.debugger.capture.bind import mark_of
from microgradnp.debugger.capture.roles import data_of, lengths
from microgradnp.debugger.capture.trace import Run
from microgradnp.debugger.case import Case, Looked, examine, examine_again
from microgradnp.debugger.judge.gate import ask_record

SLOW = 0.12  # seconds for the trace of one step, from which on fewer samples are looked at
FEW = 5


def is_slow(case: Case) -> bool:
    """Whether the step takes so long that faults are looked for on a few samples."""
    return case.seconds > SLOW or case.trace.tracer.out_of_time


def shortened(looked: Looked, run: Run) -> Case | None:
    """The step on a few samples; None where there are no samples, or where it is slow with them as well."""
    question, before = looked.question, looked.trace.before
    data = data_of(before, ())
    counts = lengths(before, data)
    length = counts.pop() if len(counts) == 1 else 0
    if length <= FEW:
        return None
    known = [mark_of(value) for argument, value in before.items() if argument not in data]
    question = replace(question, program=question.program.with_fewer_samples(length, FEW, known))
    try:
        fewer = examine(question, run, max(0.1, 0.4 * question.budget.left))
    except Exception:  # on other values than the user's the code may raise anything
        return None
    if fewer.trace.tracer.out_of_time:
        return None
    return fewer.noted(
        f"only the first {FEW} of {length} samples were looked at: with all of them a step takes too long to trace"
    )


def on_fewer_samples(case: Case) -> Case:
    """The same step on a few samples, when that shows the same faults: code with loops over elements is slow to trace."""
    before, entries = case.trace.before, case.verdict.entries
    counts = lengths(before, data_of(before, entries))
    length = counts.pop() if len(counts) == 1 else 0
    if length <= FEW:
        return case
    question = replace(case.question, program=case.question.program.with_fewer_samples(length, FEW, case.run.inputs.known))
    recorded = None
    if case.recorded is not None and case.recorded.verdict is not None:  # what it says holds for all samples only
        seconds = max(1.0, 0.1 * question.budget.seconds)
        recorded = ask_record(question.program, question.model, question.wanted, case.run.number, seconds)
        if recorded.verdict is None or recorded.verdict.number != case.run.number:
            return case
    fewer = examine_again(replace(case, question=question, recorded=recorded), case.run)
    if fewer is None or fewer.verdict.wrong != case.verdict.wrong or set(fewer.verdict.entries) != set(entries):
        return case
    return fewer.noted(f"the fault was looked for on the first {FEW} of {length} samples, where it shows as well")
