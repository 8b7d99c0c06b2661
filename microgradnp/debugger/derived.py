"""The mistakes that were derived, as findings of a report; and the search for them in a case of the debugger."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import warnings
from collections import Counter
from collections.abc import Iterator

import numpy as np

from microgradnp.debugger.capture.bind import BindingError
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.case import Case
from microgradnp.debugger.derive.candidate import Mended
from microgradnp.debugger.derive.cause import cause_of
from microgradnp.debugger.derive.fix import Fix, derive
from microgradnp.debugger.derive.meanings import Meaning
from microgradnp.debugger.derive.scene import Question
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.derive.tried import mended_by
from microgradnp.debugger.judge.common import (
    common_factor,
    drops_rate,
    is_open_which,
    is_turned,
    moves_by_no_rate,
    turns_against_model,
)
from microgradnp.debugger.judge.gate import SHORT, entry_of
from microgradnp.debugger.judge.judged import Judged
from microgradnp.debugger.judge.pairing import nodes_of
from microgradnp.debugger.match.references import ModelError
from microgradnp.debugger.record.outside import aside
from microgradnp.debugger.record.record import NotRecordedError
from microgradnp.debugger.record.step import CannotJudgeError
from microgradnp.debugger.record.world import World
from microgradnp.debugger.repair.causes import EXPLAIN
from microgradnp.debugger.repair.search import Fix as Tried
from microgradnp.debugger.report.facts import Finding

MOST = (5_000, 10_000)  # operations that are recorded: where a short record gave the verdict, and else
FAILED = "microgradnp failed while it looked for the name of a mistake ({}: {}; {}): please report this; verdict and fix stand"
NOT_RECORDED = (BindingError, ModelError, CannotJudgeError, NotRecordedError)


def derive_in(case: Case, deadline: float) -> Fix | None:
    """The changes that mend the program of a case, until a moment of the thread's clock. None where it cannot be recorded.

    Any other error than those of programs that cannot be recorded or judged is the debugger's own, and is raised.
    """
    question = question_of(case)
    if question is None:
        return None
    try:
        with aside():
            return derive(question, deadline)
    except NOT_RECORDED:  # left to the search among edits
        return None


def question_of(case: Case) -> Question | None:
    """The question about the step of a case, for a recorder. None where the program is a block of code, or writes files."""
    program = case.question.program
    if case.run.writes or not hasattr(program, "function"):
        return None
    world = World(program.function, program.args, program.kwargs)
    other = World(fewer.function, fewer.args, fewer.kwargs) if (fewer := program.other) is not None else None
    most = MOST[program.record_at_once > SHORT]
    return Question(world, case.question.model, case.question.wanted, case.run.number, most, other=other)


def findings(fix: Fix) -> list[Finding]:
    """The mistakes in the order in which the program makes them. What mends a part only is a suspicion, and no fix."""
    kept = fix.changes if fix.complete else [mended for mended in fix.changes[:1] if mended.right]
    found = [finding(mended) for mended in merged(kept)]
    times = common_factor(fix.scene.verdict, fix.verdict) if fix.complete and fix.verdict is not None else 1.0
    if times != 1:
        return [dataclasses.replace(f, certainty="scaled", times=times) for f in found]
    first, again = fix.scene.verdict, fix.verdict
    turns = again is not None and is_turned(again) and any(f.cause == "sign_flipped" for f in found)
    is_open = again is not None and (turns or drops_rate(first, again) or turns_against_model(first, again))
    is_open |= again is not None and any(map(changes_scale, kept)) and moves_by_no_rate(first, again)
    if fix.complete and (is_open_which(first) or is_open):
        return [dataclasses.replace(f, certainty="relative") for f in found]
    return found if fix.complete else [dataclasses.replace(f, fix=None, diff="", certainty="suspected") for f in found]


def settles_all(fix: Fix, case: Case) -> bool:
    """Whether a fix makes right what could not be judged, too. Where that is kept in the same places, it was wrong: say so."""
    verdict, made = case.verdict, case.recorded.verdict if case.recorded is not None else None
    unsaid = verdict.doubtful
    if not unsaid or made is None or fix.verdict is None:
        return not unsaid
    places = {
        a: entry.place for a, entry in fix.verdict.entries.items() if entry.status == "right" and entry.evidence == "returned"
    }
    kept = made.step.record.kept
    if not all(places.get(argument) in kept for argument in unsaid):
        return False
    for argument in unsaid:
        place = places[argument]
        wrong = Judged(argument, "wrong", "returned", node=nodes_of(kept[place])[0], place=place)
        verdict.entries[argument] = entry_of(wrong, None, made.step, case.trace)
    verdict.entries = {a: verdict.entries[a] for a in made.entries if a in verdict.entries}
    verdict.unchecked = {argument: why for argument, why in verdict.unchecked.items() if argument not in unsaid}
    verdict.unjudged = {}
    return True


def suspicion(fix: Fix, cause: str, sure: bool) -> Finding | None:
    """The statement whose value is wrong first; `sure` says that line events agree. None where there is none."""
    if not fix.blame.suspects:
        return None
    suspect = fix.blame.suspects[0]
    statement = suspect.statement
    source = source_of(statement.file)
    return Finding(
        variable=statement.target or "",
        function=statement.function.rpartition(".")[2],
        file=statement.file,
        line=statement.line,
        source=source.line(statement.line).strip() if source else "",
        cause=cause,
        explanation=EXPLAIN.get(cause, ""),
        expected="",
        fix=None,
        certainty="consistent" if sure else "suspected",
        region=[statement.line],
    )


def changes_scale(mended: Mended) -> bool:
    """Whether a change multiplies or divides by another number: one in the text, or one that a variable holds."""
    old, new = (Counter(operands(text)) for text in (mended.old, mended.new))
    stage, suspect = Stage(mended.scene), mended.candidate.suspect
    snapshot = stage.snapshot(suspect.statement, suspect.node)
    return snapshot is not None and any(stage.is_scalar(text, snapshot) for text in ((old - new) + (new - old)))


def operands(text: str) -> Iterator[str]:
    """What is multiplied or divided in an expression, and by what."""
    for node in ast.walk(ast.parse(text, mode="eval")) if text else ():
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
            yield from (ast.unparse(side) for side in (node.left, node.right))


def merged(changes: list[Mended]) -> list[Mended]:
    """The changes with those of one expression, one after the other, as one."""
    found: list[Mended] = []
    for mended in changes:
        before = found[-1] if found else None
        same = before is not None and before.new == mended.old and before.new != ""
        if before is not None and same and before.change.file == mended.change.file and before.change.line == mended.change.line:
            change = before.change.followed_by(mended.change)
            found[-1] = dataclasses.replace(before, change=change, new=mended.new, right=before.right | mended.right)
        else:
            found.append(mended)
    return found


def finding(mended: Mended) -> Finding:
    """One mistake, with the change that was proved."""
    change, statement = mended.change, mended.candidate.suspect.statement
    source, cause = source_of(change.file), named(mended)
    line = origin(change.line, source.text, change.before) if source else change.line
    means = mended.candidate.means
    return Finding(
        variable=statement.target or "",
        function=statement.function.rpartition(".")[2],
        file=change.file,
        line=line,
        source=source.line(line).strip() if source else change.fix[1],
        cause=cause,
        explanation=EXPLAIN.get(cause, ""),
        expected=told(means) if means is not None and means.is_gradient else "",
        fix=change.fix,
        diff=change.diff,
        certainty="exact",
        mends=sorted(mended.right),
        region=[line],
    )


def named(mended: Mended) -> str:
    """The cause of a mistake. The proof does not depend on its name: where the debugger itself fails over it, it is unknown."""
    try:
        return mended.cause or cause_of(mended)
    except Exception as error:
        warnings.warn(FAILED.format(type(error).__name__, error, mended.change.fix[0]), RuntimeWarning, stacklevel=2)
        return "unknown"


def named_by_record(fix: Tried, derived: Fix | None) -> str:
    """The cause of a mistake that an edit mended, from the values of the record; "" where it has none of them."""
    mended = mended_by(fix, derived.scene, derived.blame) if derived is not None else None
    cause = named(mended) if mended is not None else ""
    return "" if cause == "unknown" else cause


def origin(line: int, text: str, edited: str) -> int:
    """The line of a text that is a certain line of the text with earlier edits."""
    blocks = difflib.SequenceMatcher(None, edited.split("\n"), text.split("\n"), autojunk=False).get_opcodes()
    return next((j + min(line - 1 - i, max(0, end - j - 1)) + 1 for _, i, k, j, end in blocks if i <= line - 1 < k), line)


def told(means: Meaning) -> str:
    """What stands there in the model: "dL/d(x @ W) (20x3)"."""
    shape = "x".join(map(str, means.quantity.pair[0].shape))
    times = "" if np.isclose(means.scale, 1) else f" x {means.scale:.6g}"
    return f"{means.quantity.text}{times} ({shape})" if shape else f"{means.quantity.text}{times}"
