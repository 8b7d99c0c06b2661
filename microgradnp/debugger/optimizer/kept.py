"""What a fix must leave behind: an optimizer whose steps follow a textbook's rule, where the fix has changed the optimizer."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.judge.judged import SAME
from microgradnp.debugger.judge.own_rule import remembered_at
from microgradnp.debugger.judge.recorded import Verdict
from microgradnp.debugger.optimizer.rule import FOLLOWED_STEPS, course_in, is_long
from microgradnp.debugger.optimizer.steps import Course
from microgradnp.debugger.optimizer.textbook import rules_of
from microgradnp.debugger.record.nodes import Node


def keeps_rule(first: Verdict, again: Verdict, wanted: Wanted, texts: Mapping[str, str] | None = None) -> bool:
    """Whether an edited program moves its parameters as it should, as far as the edit has a share in that.

    A factor that was wrong becomes that of the others. What remembers goes on to remember, by a textbook's rule. `texts` are the
    edited files: an edit of the backward pass leaves the rule alone.
    """
    if not has_one_rate(first, again):
        return False
    before, after = remembering(first), remembering(again)
    if before - after:
        return False
    if not after:
        return True
    try:
        course = course_in(again, wanted, again.number, FOLLOWED_STEPS, whole=True)
        if course is None or (texts is not None and not is_touched(course, texts)):
            return True
        return is_long(course) and bool(rules_of(course))
    except Exception:  # with other gradients than its own a program may do anything
        return False


def has_one_rate(first: Verdict, again: Verdict) -> bool:
    """Whether a parameter that moved by another factor than the right ones now moves by theirs."""
    known = [e.factor for e in first.entries.values() if e.status in ("right", "agrees") and e.evidence == "update" and e.factor]
    scaled = [a for a, entry in first.entries.items() if entry.status == "wrong" and "times the others" in entry.why]
    new = [again.entries[a].factor for a in scaled if again.entries[a].evidence == "update"]
    return not known or all(any(abs(c - factor) <= 10 * SAME * abs(c) for c in known) for factor in new)


def remembering(verdict: Verdict) -> set[str]:
    """The parameters whose update multiplies what it has kept, such as a velocity."""
    step = verdict.step
    return {argument for argument in step.after if remembered_at(step, argument)} if step.outputs else set()


def is_touched(course: Course, texts: Mapping[str, str]) -> bool:
    """Whether an edited line moves the parameters by their gradients, or has no share in the gradients."""
    edited = {(file, line) for file, text in texts.items() for line in edited_lines(file, text)}
    backward: set[Node] = set()
    update: set[Node] = set()
    for stage in course.stages:
        gradients = set(stage.gradients.values())
        backward |= stage.structure.before(gradients)
        update |= {node for a in course.arguments for node in stage.update(a)} - gradients - set(stage.before.values())
    return bool(edited & lines_of(update)) or not edited <= lines_of(backward)


def lines_of(nodes: set[Node]) -> set[tuple[str, int]]:
    """The files and lines of the statements that made some nodes."""
    statements = {node.site.statement for node in nodes if node.site is not None}
    return {(held.file, line) for held in statements for line in range(held.line, held.end_line + 1)}


def edited_lines(file: str, text: str) -> set[int]:
    """The lines of an edited text that are new, counted from 1."""
    source = source_of(file)
    old, new = (source.text if source is not None else "").split("\n"), text.split("\n")
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return {k + 1 for kind, _, _, start, end in blocks if kind != "equal" for k in range(start, max(end, start + 1))}
