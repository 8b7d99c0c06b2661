"""The change that mends an optimizer's rule: the edited program runs, and its steps are those of a textbook rule."""

from __future__ import annotations

import contextlib
import itertools
import time as clock
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.case import Question
from microgradnp.debugger.derive.guard import keeps_forward, keeps_start
from microgradnp.debugger.derive.scene import Question as Edited
from microgradnp.debugger.derive.scene import judged
from microgradnp.debugger.judge import points
from microgradnp.debugger.judge.recorded import Verdict
from microgradnp.debugger.optimizer.mistake import Mistake
from microgradnp.debugger.optimizer.remedies import remedies
from microgradnp.debugger.optimizer.rule import course_in
from microgradnp.debugger.optimizer.splices import Option, Text
from microgradnp.debugger.optimizer.textbook import GRADIENT_DESCENT, rules_of
from microgradnp.debugger.record.outside import aside
from microgradnp.debugger.record.world import World
from microgradnp.debugger.repair.changes import Change

MOST_RUNS = 40
MOST = 10_000  # operations that are recorded of a run
WITHOUT_MEMORY = ("grows", "adds_a_number", "grows_by_itself")  # plain steps may be what was meant
FRESH = 0.3  # the share by which fresh inputs differ
SHARE = 0.6  # of what is left of the budget


class Mended(NamedTuple):
    """A mistake, the change that mends it together with those of the other mistakes, and the rule that the steps then follow."""

    mistake: Mistake
    change: Change | None
    rule: str = ""


def mended(question: Question, made: Verdict, mistakes: list[Mistake]) -> list[Mended]:
    """The mistakes with their changes, where all together were proved; else as they are, the first one only."""
    file = mistakes[0].site.file
    own = [mistake for mistake in mistakes if mistake.site.file == file]
    source = source_of(file) if hasattr(question.program, "function") else None
    plain = [Mended(mistakes[0], None)]
    if source is None:
        return plain
    first = made
    if made.number:  # an edit changes where a later step begins
        with contextlib.suppress(Exception), aside():
            first = from_the_start(question, {})
    text, until = Text(source.text), clock.thread_time() + SHARE * question.budget.left
    runs = 0
    for chosen in choices(text, own):
        after = text.changed(piece for option in chosen.values() for piece in option)
        if after is None or after == source.text:
            continue
        if runs == MOST_RUNS or clock.thread_time() > until:
            break
        runs += 1
        rules = proved(question, first, made.wrong, {file: after})
        if (
            rules
            and proved(question, None, made.wrong, {file: after})
            and all(rules[m.argument] != GRADIENT_DESCENT or m.kind in WITHOUT_MEMORY for m in chosen)
        ):
            rule = ", ".join(dict.fromkeys(rules[m.argument] for m in chosen))
            changes = {m: text.changed(option) for m, option in chosen.items()}
            return [
                Mended(m, Change(file, source.text, alone, ""), rule) for m, alone in changes.items() if alone is not None
            ] or plain
    return plain


def choices(text: Text, mistakes: list[Mistake]) -> Iterator[dict[Mistake, Option]]:
    """A way for each mistake, the same for all of a kind. The likeliest come first; ways for all kinds before those for one."""
    kinds = list(dict.fromkeys(mistake.kind for mistake in mistakes))
    ways = {mistake: remedies(text, mistake) for mistake in mistakes}
    for count in range(len(kinds), 0, -1):
        for some in itertools.combinations(kinds, count):
            own = [m for m in mistakes if m.kind in some and ways[m]]
            lengths = [range(max((len(ways[m]) for m in own if m.kind == kind), default=0)) for kind in some]
            for ranks in sorted(itertools.product(*lengths), key=sum):
                at = dict(zip(some, ranks, strict=True))
                yield {m: ways[m][min(at[m.kind], len(ways[m]) - 1)] for m in own}


def proved(question: Question, first: Verdict | None, wrong: list[str], texts: dict[str, str]) -> dict[str, str] | None:
    """The rule of each parameter in the first steps of an edited program, with right gradients. None where one has none.

    The start is that of the `first` run. Without one the program runs on fresh inputs.
    """
    try:
        with aside():
            again = from_the_start(question, texts, fresh=first is None)
            course = course_in(again, question.wanted, 0, steps=4)
    except Exception:  # an edited program may raise anything
        return None
    if course is None or (first is not None and not (keeps_start(first, again) and keeps_forward(first, again))):
        return None
    if again.wrong or not set(wrong) <= set(course.arguments) or (course.remembers and len(course.stages) < 3):
        return None
    return rules_of(course)


def varied(held: Any) -> Any:
    """Arguments with other numbers in arrays of floats. Labels, masks and single numbers stay."""
    if isinstance(held, (tuple, list)) and type(held) in (tuple, list):
        return type(held)(varied(part) for part in held)
    if type(held) is dict:
        return {key: varied(part) for key, part in held.items()}
    new = points.varied(held, np.random.default_rng(3), FRESH, points.REAL) if isinstance(held, np.ndarray) else None
    return held if new is None else new


def from_the_start(question: Question, texts: dict[str, str], fresh: bool = False) -> Verdict:
    """The verdict on the first steps of a program, perhaps edited, and perhaps on other arrays than the user's."""
    program = question.program
    args, kwargs = (varied(program.args), varied(program.kwargs)) if fresh else (program.args, program.kwargs)
    world = World(program.function, args, kwargs)
    until = clock.thread_time() + max(1.0, 0.2 * question.budget.seconds)
    return judged(Edited(world, question.model, question.wanted, 0, MOST), texts, until=until)
