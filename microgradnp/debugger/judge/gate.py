"""The gate before every verdict: RIGHT and WRONG are said only with a proof.

The proof is the program's record: the forward pass meets the model, and the gradients were compared on two inputs. What cannot be
recorded is judged by its line events, on two inputs as well. Between RIGHT and WRONG stand CANNOT JUDGE and NOT CHECKED.
"""

from __future__ import annotations

import contextlib
import re
import sys
import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.debugger.capture.bind import BindingError, Wanted
from microgradnp.debugger.capture.program import Program, seeded
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.judge import recorded as record_judge
from microgradnp.debugger.judge.evidence import Entry, Place, like, locate_version
from microgradnp.debugger.judge.judged import Judged
from microgradnp.debugger.judge.movements import ONLY_ZERO
from microgradnp.debugger.judge.own_rule import OPEN
from microgradnp.debugger.judge.pairing import kept_parameters
from microgradnp.debugger.judge.points import roots
from microgradnp.debugger.judge.recorded import OTHER_FORWARD, judge_record
from microgradnp.debugger.judge.returned import LAYOUT, RIGHT_HERE, in_words, lone_squares
from microgradnp.debugger.judge.verdict import FORGOTTEN, NOT_FOUND, Verdict, conventions, relation
from microgradnp.debugger.match.references import Evaluation
from microgradnp.debugger.match.trained import Graph, untrained
from microgradnp.debugger.record import alarm
from microgradnp.debugger.record.alarm import OutOfTimeError
from microgradnp.debugger.record.nodes import Node, Record
from microgradnp.debugger.record.record import Trees, record
from microgradnp.debugger.record.step import CannotJudgeError, Step
from microgradnp.debugger.record.structure import DIFFERENCES, SUMS, read
from microgradnp.debugger.record.values import global_state, set_global_state
from microgradnp.debugger.record.ways import final_of, pairs, tail_of

SHORT = 2_000  # operations that are recorded: a few steps tell enough of a long training
MOST = (SHORT, 20_000)
KINDS = {"update": "update", "returned": "returned", "gradient": "variable", "": "returned"}
ASTRAY = "it moves, and not by a gradient that follows the forward pass"
OUT_OF_TIME = "the budget ended before its record was judged; a larger budget= may do"
ONE_INPUT = "the program could not be judged on other inputs"


@dataclass(frozen=True, eq=False)
class Recorded:
    """The verdict on the record of a program, or why there is none."""

    verdict: record_judge.Verdict | None
    why: str = ""
    met: bool = True  # False where the record exists, and its forward pass is not the model's


def ask_record(
    program: Program, model: Callable[..., Any], wanted: Wanted, number: int, seconds: float, edited: Trees | None = None
) -> Recorded:
    """Record a program and judge it. The step with this number is judged, and when it is right the next ones.

    `edited` holds the syntax trees of the files that run with edits. Its record may take as long as that of the program did, and
    twice the `seconds` at most. At the moment of an alarm there is no verdict.
    """
    state, tracer = global_state(), sys.gettrace()  # the user's
    sys.settrace(None)  # a tracer that is code of the program would be recorded, too
    try:
        with seeded(0), program.recordable() as (function, line):  # seeded as in the runs under line events
            seconds_to_record = max(seconds, min(2 * seconds, program.record_seconds) if edited else 0)
            until = clock.process_time() + min(seconds_to_record, alarm.left())
            for most in (most for most in MOST if most >= program.record_at_once):
                program.record_at_once = most
                made = record(function, program.args, program.kwargs, most, wanted, until, edited, line)
                program.record_seconds = max(program.record_seconds, made.seconds)
                with contextlib.suppress(*(() if made.finished or most == MOST[-1] else (CannotJudgeError, BindingError))):
                    verdict = judge_record(
                        made, model, wanted.arguments, wanted.optional, number, until=clock.process_time() + 5 * seconds
                    )
                    if most == MOST[-1] or is_enough(made, verdict):
                        break
        return Recorded(verdict)
    except CannotJudgeError as error:
        return Recorded(None, str(error), met=False)
    except OutOfTimeError:
        return Recorded(None, OUT_OF_TIME)
    except Exception as error:  # a program that cannot be recorded is judged by its line events
        return Recorded(None, f"{type(error).__name__}: {error}")
    finally:
        set_global_state(state)
        sys.settrace(tracer)


def is_enough(made: Record, verdict: record_judge.Verdict) -> bool:
    """Whether a longer record would say no more: the program has ended, or all was judged in its first half."""
    if made.finished:
        return True
    step, judged = verdict.step, {*verdict.right, *verdict.wrong}
    needless = untrained(step.evaluation, {*judged, *step.after}, set(step.after), step.model)
    return verdict.entries.keys() - needless == judged and 2 * step.last.number < len(made.nodes)


# ------------------------------------------------------------------------------------------------- judged by the record


def by_record(made: record_judge.Verdict, line: Verdict, trace: Trace) -> Verdict:
    """The verdict of the record, with the places that line events have found for it."""
    step = made.step
    verdict = Verdict({})
    seen = {argument for argument, entry in line.entries.items() if not entry.ok}
    for argument, judged in made.entries.items():
        if judged.status in ("right", "agrees", "wrong"):
            verdict.entries[argument] = entry_of(judged, line.entries.get(argument), step, trace)
    needless = untrained(step.evaluation, {*verdict.entries, *step.after}, set(step.after), step.model)
    needless -= kept_parameters(step, set(verdict.entries), needless)
    needless -= beside(trace, set(verdict.entries), step.evaluation)
    needless |= {a for a in made.entries.keys() - step.after.keys() if cancels_out(made.entries[a], step)}
    astray = {a for a in needless - step.after.keys() if moves_by_itself(step, a)}
    needless -= astray
    moving = {*step.after, *line.entries, *trace.changed}
    for argument, judged in made.entries.items():
        is_meant = argument in moving or judged.place or not (moving or verdict.entries)
        if judged.status == "cannot judge" and is_meant:
            verdict.unjudged[argument] = judged.why
        elif judged.status == "cannot judge" and argument not in needless and not np.ndim(step.evaluation.values[argument]):
            verdict.unchecked[argument] = judged.why
        elif judged.status == "not checked" and (judged.is_open or argument not in needless):
            verdict.unchecked[argument] = judged.why or (ASTRAY if argument in astray else NOT_FOUND)
    verdict.conventions = conventions(verdict, trace)
    verdict.asleep = bool(line.entries.keys() & set(verdict.wrong)) and not seen & set(verdict.wrong)
    return verdict


def cancels_out(entry: Judged, step: Step) -> bool:
    """Whether the parts of a gradient cancel out: that of a bias before a batch norm. A dead relu makes zeros only."""
    return entry.why == ONLY_ZERO and bool(np.any(step.evaluation.gradients[entry.argument]))


def moves_by_itself(step: Step, argument: str) -> bool:
    """Whether an argument becomes another one behind the forward pass, to which a moving parameter is added.

    Data that are shuffled, or get other noise, know nothing of the parameters.
    """
    variable, end = step.record.sightings.variable(argument), max((n.number for n in step.outputs), default=-1)
    if variable is None or not variable.history or end < 0:
        return False
    tail = tail_of(variable.expression)
    ways = (final_of(step.structure, part, last, tail) for part, last in pairs(step.before[argument], variable.history[-1].value))
    later = {node for way in ways for node in way or () if node.number > end}
    later |= {p for node in later if node.kind == "write" for p in step.record.parents(node)}
    of_parameters = step.structure.after(roots(step, step.after))
    return any(node.kind == "operation" and node.name in SUMS | DIFFERENCES for node in later & of_parameters)


def beside(trace: Trace, judged: set[str], evaluation: Evaluation) -> set[str]:
    """The arguments beside a judged parameter in one list, or of its shape in one object or dict, where hardly any data lie."""

    def place(argument: str) -> tuple[str, tuple[int, ...]]:
        variable = trace.variables.get(argument)
        owner = re.sub(r"(\.\w+|\[[^\[\]]*\])$", "", variable.expression) if variable is not None else ""
        is_item = variable is not None and re.search(r"\[\d+\]$", variable.expression)
        shape = () if is_item else evaluation.gradients[argument].shape
        return owner if variable is not None and owner != variable.expression else "", shape

    taken = {place(a) for a in judged if a in evaluation.gradients}
    graph = Graph(evaluation, judged)
    found = {a: place(a) for a in evaluation.gradients if a not in judged and not graph.is_target(a)}
    several = {a for a in found if evaluation.gradients[a].ndim > 1}
    return {a for a, (owner, shape) in found.items() if a in several and owner and (owner, shape) in taken}


def entry_of(judged: Judged, known: Entry | None, step: Step, trace: Trace) -> Entry:
    """What the record says of a gradient, in the place where line events saw it."""
    right, kind = judged.status != "wrong", KINDS[judged.evidence]
    if known is not None and known.kind == kind and known.ok == right:
        entry = known
        if not right and judged.why:
            entry.relation = judged.why
        entry.agrees = judged.status == "agrees"
        return entry
    entry = Entry(judged.argument, kind, named(judged, trace))
    if known is not None and known.kind == kind:
        entry.variable, entry.place, entry.version = known.variable, known.place, known.version
    elif judged.place:
        entry.place = Place("leaf", re.sub(r"^return\b", "returned", judged.place))
    entry.ok, entry.agrees = right, judged.status == "agrees"
    entry.scale, entry.error, entry.transposed = judged.factor, max(judged.error, 1e-16), judged.transposed
    entry.fault = "" if right else fault_of(judged)
    entry.expected = step.evaluation.gradients[judged.argument]
    entry.found = found_by(judged, step)
    entry.version = entry.version or version_of(judged.node, trace)
    locate_version(entry, trace)
    entry.relation = judged.why or relation(entry, trace)
    return entry


def named(judged: Judged, trace: Trace) -> str:
    """What holds the evidence, in the words of the code."""
    if judged.evidence == "update" and judged.argument in trace.variables:
        return f"update of {trace.variables[judged.argument].expression}"
    if judged.place:
        return in_words(judged.place)
    site = judged.node.site if judged.node is not None else None
    return (site.target or site.text) if site is not None else judged.argument


def fault_of(judged: Judged) -> str:
    """The kind of a fault."""
    if "times the others" in judged.why:
        return "scale"
    if "uphill" in judged.why:
        return "sign"
    return "update" if "changes nothing" in judged.why else "gradient"


def found_by(judged: Judged, step: Step) -> np.ndarray | None:
    """The movement, or the gradient, as an array."""
    held = (step.before.get(judged.argument), step.after.get(judged.argument))
    try:
        if judged.evidence == "update" and held[1] is not None:
            before, after = (np.asarray(read(part, step.values), float) for part in held)
            return after - before
        return None if judged.node is None else np.asarray(step.values[judged.node], float)
    except (TypeError, ValueError, KeyError):
        return None


def version_of(node: Node | None, trace: Trace) -> Version | None:
    """The traced value that a node is: of the same line and with the same numbers, or else of the same line."""
    if node is None or node.site is None:
        return None
    there = [v for v in trace.versions if v.file == node.site.file and v.line == node.site.statement.line]
    value = np.asarray(node.value)
    equal = [v for v in there if v.array.shape == value.shape and v.array.tobytes() == value.tobytes()]
    return next(iter([*equal, *reversed(there)]), None)


def completed(verdict: Verdict, first: Verdict, second: Verdict | None) -> Verdict:
    """The verdict of a record, with the gradients that it has not found and line events call right on two inputs.

    A parameter that never moves stays unchecked, with its right gradient as the reason.
    """
    disproved = {argument for argument, why in verdict.unjudged.items() if why in (RIGHT_HERE, LAYOUT) or why.startswith(OPEN)}
    for argument in [a for a in (*verdict.unjudged, *verdict.unchecked) if a not in disproved]:
        seen = [line.entries.get(argument) for line in (first, second) if line is not None]
        if len(seen) == 2 and all(entry is not None and entry.ok for entry in seen) and seen[0] is not None:
            verdict.entries[argument] = seen[0]
            verdict.unjudged.pop(argument, None)
            verdict.unchecked.pop(argument, None)
        elif len(seen) == 2 and seen[0] is not None and all(is_forgotten(entry) for entry in seen):
            where = f" (line {seen[0].line})" if seen[0].line else ""
            verdict.unchecked[argument] = f"{seen[0].variable}{where} is right, but {argument} is {FORGOTTEN}"
    doubt_turned_squares(verdict)
    return verdict


def doubt_turned_squares(verdict: Verdict) -> None:
    """Square gradients that are transposed, where no other one shows that they are meant so, cannot be judged."""
    turned = {a: entry for a, entry in verdict.entries.items() if entry.ok and entry.transposed and entry.kind != "update"}
    for argument in lone_squares({a: entry.expected for a, entry in turned.items() if entry.expected is not None}):
        verdict.unjudged[argument] = LAYOUT
        del verdict.entries[argument]


def is_forgotten(entry: Entry | None) -> bool:
    """Whether line events saw the right gradient of a parameter that never moves."""
    return entry is not None and entry.fault == "missing"


# ---------------------------------------------------------------------------------------------- judged by line events


@dataclass(frozen=True, eq=False)
class Seen:
    """What line events say on one input: the verdict, and whether the forward pass is the model's."""

    verdict: Verdict
    meets: bool


def is_data_beside(argument: str, verdict: Verdict, evaluation: Evaluation, moving: set[str]) -> bool:
    """Whether an argument does not move, and is data of a model whose other judged arguments are parameters."""
    return argument not in moving and argument in untrained(evaluation, verdict.entries.keys() - {argument}, moving)


def by_two_runs(first: Seen, second: Seen | None, evaluation: Evaluation, moving: set[str], why: str) -> Verdict:
    """What line events say on two inputs alike. Everything else cannot be judged, and `why` says for what reason."""
    verdict = Verdict({}, list(first.verdict.conventions))
    for argument, entry in first.verdict.entries.items():
        other = second.verdict.entries.get(argument) if second is not None else None
        if other is None or other.ok != entry.ok:
            verdict.unjudged[argument] = ONE_INPUT if second is None else "it is right on one input and wrong on another"
        elif not entry.ok and (why or not (first.meets and second is not None and second.meets)):
            verdict.unjudged[argument] = why or OTHER_FORWARD
        elif not entry.ok and not like(entry.variable, argument) and is_data_beside(argument, first.verdict, evaluation, moving):
            continue  # nobody asks for the gradient of data: what has their shape may be anything
        else:
            verdict.entries[argument] = entry
    doubt_turned_squares(verdict)
    judged = {*verdict.entries, *verdict.unjudged}
    needless = untrained(evaluation, judged, moving)
    verdict.unchecked = {
        argument: NOT_FOUND for argument in evaluation.gradients if argument not in judged and argument not in needless
    }
    return verdict
