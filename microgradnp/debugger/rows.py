"""The rows of a batch: code often takes them from the data under another name, and works on these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from microgradnp.debugger.capture.bind import Variable
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.case import Case, Question
from microgradnp.debugger.judge.gate import ask_record
from microgradnp.debugger.match.references import is_regular
from microgradnp.debugger.report.report import Report

MOST_BINDINGS = 8  # that are tried


def by_rows(found: Report, question: Question, number: int, investigate: Callable[[Question, int], Report]) -> Report:
    """The report on what the code works on, the rows of a batch, where nothing can be judged with the data of the same name."""
    if not found.proposal or found.verdict.entries:
        return found
    wanted = replace(question.wanted, bind=question.wanted.bind | found.proposal)
    try:
        other = investigate(replace(question, wanted=wanted), number)
    except Exception:
        return found
    if not other.verdict.entries or other.instead:
        return found
    taken = " and ".join(f"{argument} is {name}" for argument, name in found.proposal.items())
    other.notes.append(f"{taken} here: the rows that the step works on (bind= says otherwise)")
    return other


def other_binding(case: Case) -> dict[str, str]:
    """Other variables for the data with which the record gives a verdict: the rows of a batch, say. Empty where none is found."""
    trace, question = case.trace, case.question
    choices: list[dict[str, str]] = [{}]
    for argument, value in trace.before.items():
        if argument not in trace.changed and argument not in question.wanted.bind and is_regular(value) and np.ndim(value):
            others = [{argument: name} for name in names_of_rows(trace, trace.variables[argument], np.asarray(value))]
            choices = [{**choice, **more} for choice in choices for more in ({}, *others)][: 4 * MOST_BINDINGS]
    choices.sort(key=lambda choice: -len(choice))
    for choice in [c for c in choices if c][:MOST_BINDINGS]:
        wanted = replace(question.wanted, bind=question.wanted.bind | choice)
        answer = ask_record(question.program, question.model, wanted, case.run.number, 0.05 * question.budget.seconds)
        if answer.verdict is not None and (answer.verdict.right or answer.verdict.wrong):
            return choice
    return {}


def names_of_rows(trace: Trace, variable: Variable, value: np.ndarray) -> list[str]:
    """Other variables of a function that hold some rows of an array."""
    rows = {row.tobytes() for row in value}
    found: dict[str, None] = {}
    for version in trace.versions:
        array = version.array
        alike = array.dtype == value.dtype and array.ndim == value.ndim and array.shape[1:] == value.shape[1:] and array.size
        if alike and all(row.tobytes() in rows for row in array):
            names = (name for function, name in sorted(version.known_as) if function == variable.function)
            found |= dict.fromkeys(name for name in names if name.isidentifier() and name != variable.expression)
    return list(found)
