"""The rule of an optimizer whose gradients are right: the mistake in it, and the verdict that goes with it."""

from __future__ import annotations

import dataclasses

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.judge.judged import Judged
from microgradnp.debugger.judge.recorded import Verdict
from microgradnp.debugger.optimizer.mistake import Mistake
from microgradnp.debugger.optimizer.mistakes import mistakes_of
from microgradnp.debugger.optimizer.steps import STEPS, Course, course_of, found_step
from microgradnp.debugger.optimizer.textbook import rules_of
from microgradnp.debugger.record.step import ground_of

UNKNOWN_RULE = (
    "the parameters move by a rule that is no textbook's (momentum, Nesterov, Adagrad, RMSProp, Adam, AdamW), as with clipping: "
    "only the gradients were checked, not the rule"
)


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


def rule_followed(made: Verdict, wanted: Wanted, number: int) -> str:
    """By which rule the parameters move, in a sentence. Empty where the steps cannot be followed."""
    try:
        course = course_in(made, wanted, number)
        rules = rules_of(course) if course is not None else {}
    except Exception:  # as in `wrong_rule`
        return ""
    if rules is None:
        return UNKNOWN_RULE
    names = " and ".join(sorted(set(rules.values())))
    return f"the parameters move as the formula of {names} says; the gradients were checked" if names else ""


def course_in(made: Verdict, wanted: Wanted, number: int, steps: int = STEPS) -> Course | None:
    """The steps of a training whose gradients are right. None where one that was called wrong is not formed."""
    first = made.step
    if made.number != number:  # a later step is wrong, perhaps for what the rule has done before
        found = found_step(
            first, wanted.arguments, wanted.optional, ground_of(first.record, wanted.arguments, wanted.optional), number
        )
        first = found or first
    course = course_of(first, wanted.arguments, wanted.optional, number, steps)
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
