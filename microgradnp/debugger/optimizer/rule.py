"""The rule of an optimizer whose gradients are right: the mistake in it, and the verdict that goes with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.judge.judged import Judged, quantity
from microgradnp.debugger.judge.recorded import Verdict
from microgradnp.debugger.optimizer.mistake import Mistake
from microgradnp.debugger.optimizer.mistakes import mistakes_of
from microgradnp.debugger.optimizer.steps import STEPS, Course, beginnings, beginnings_in, course_of, found_step, moves_on
from microgradnp.debugger.optimizer.textbook import rules_of
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.step import ground_of

UNKNOWN_RULE = (
    "the parameters move by a rule that is no textbook's (momentum, Nesterov, Adagrad, RMSProp, Adam, AdamW), as with clipping: "
    "only the gradients were checked, not the rule"
)
FOLLOWED = "the parameters move as the formula of {} says; the gradients were checked"
ONE_STEP = (
    "step {} is a plain step, but its update also reads {}, which may hold something of earlier steps: only the gradients were "
    "checked, not the rule. Let the code that is judged make three steps"
)
FOLLOWED_STEPS = 4


def wrong_rule(made: Verdict, wanted: Wanted, number: int) -> tuple[Verdict, list[Mistake]] | None:
    """The verdict with right gradients, and what is wrong with the rule. None where no mistake of the rule is proved.

    What was called wrong is right if its gradient was formed in each step: then only the rule is to blame.
    """
    try:
        course = course_in(made, wanted, number)
        mistakes = list(mistakes_of(course)) if course is not None else []
    except Exception:  # with other gradients than its own a program may do anything; then nothing is said of its rule
        return None
    return (with_right_gradients(made, course, number), mistakes) if course is not None and mistakes else None


class Rule(NamedTuple):
    """What is known of the rule by which parameters move: a sentence, and whether nobody knows if the rule is right."""

    told: str
    is_open: bool = False


def rule_followed(made: Verdict, wanted: Wanted, number: int, right: Iterable[str]) -> Rule:
    """By which rule the parameters with a `right` gradient move; nothing is told where each step is a plain one."""
    ruled = {a for a, entry in made.entries.items() if entry.evidence == "gradient" and entry.status in ("right", "agrees")}
    if not made.step.after:
        return Rule(UNKNOWN_RULE, True) if ruled or any(is_set_anew(made, argument) for argument in right) else Rule("")
    if made.plain and made.last > made.number:
        return Rule("")
    try:
        course = course_in(made, wanted, number, FOLLOWED_STEPS, whole=True)
        rules = rules_of(course) if course is not None and is_long(course) else None
    except Exception:  # as in `wrong_rule`
        return Rule(UNKNOWN_RULE, True)
    if rules and ruled <= rules.keys():
        return Rule(FOLLOWED.format(" and ".join(sorted(set(rules.values())))))
    if rules or not made.plain or (course is not None and moves_on(course.stages[-1])):
        return Rule(UNKNOWN_RULE, True)
    kept = beginnings(course.stages[0]) if course is not None else beginnings_in(made.step)
    return Rule(ONE_STEP.format(made.number, named(kept)), True) if kept else Rule("")


def named(kept: list[Node]) -> str:
    """What an update reads of earlier steps, as the program calls it."""
    return " and ".join(dict.fromkeys(node.name if node.kind == "leaf" or node.site is None else node.site.text for node in kept))


def is_set_anew(made: Verdict, argument: str) -> bool:
    """Whether a parameter that was not seen to move has other numbers at the end."""
    variable = made.step.record.sightings.variable(argument)
    if variable is None or not variable.history:
        return False
    first, last = (quantity(variable.history[k].value, made.step.values) for k in (0, -1))
    return first is not None and last is not None and first.shape == last.shape and not np.array_equal(first, last)


def is_long(course: Course) -> bool:
    """Whether a course shows the rule: three steps, or all of a program that remembers nothing."""
    return len(course.stages) >= 3 or not (course.remembers or moves_on(course.stages[-1]))


def course_in(made: Verdict, wanted: Wanted, number: int, steps: int = STEPS, whole: bool = False) -> Course | None:
    """The steps of a training whose gradients are right. None where one that was called wrong is not formed."""
    first = made.step
    if made.number != number:  # a later step is wrong, perhaps for what the rule has done before
        found = found_step(
            first, wanted.arguments, wanted.optional, ground_of(first.record, wanted.arguments, wanted.optional), number
        )
        first = found or first
    course = course_of(first, wanted.arguments, wanted.optional, number, steps, whole)
    if course is None or not set(made.wrong) <= set(course.arguments):
        return None
    if any("times the others" in made.entries[argument].why for argument in made.wrong):
        return None
    return course


def with_right_gradients(made: Verdict, course: Course, number: int) -> Verdict:
    """The verdict on the first of these steps, judged by the gradients alone."""
    stage = course.stages[0]
    entries = dict(made.entries)
    for argument in course.arguments:
        entries[argument] = Judged(argument, "right", "gradient", stage.factors[argument], 0.0, stage.gradients[argument])
    return dataclasses.replace(made, step=course.first, entries=entries, number=number)
