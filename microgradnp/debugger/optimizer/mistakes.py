"""What contradicts every known optimizer, or the program itself. A variant that anybody uses on purpose is none of these."""

from __future__ import annotations

from collections.abc import Iterator

from microgradnp.debugger.optimizer import by_graph, by_numbers
from microgradnp.debugger.optimizer.memory import chains_of
from microgradnp.debugger.optimizer.mistake import Mistake
from microgradnp.debugger.optimizer.steps import Course

REMEMBERING = (
    by_graph.root_of_gradients,
    by_graph.never_kept,
    by_graph.moved_by_the_old,
    by_graph.borrowed,
    by_graph.never_counted,
    by_graph.counts_from_zero,
    by_graph.climbs,
)
ALWAYS = (by_graph.never_summed, by_graph.adds_a_number, by_graph.grows_by_itself)
BY_NUMBERS = (
    by_numbers.corrected_and_kept,
    by_numbers.grows,
    by_numbers.reverses,
    by_numbers.subtracts_squares,
    by_numbers.corrected_by_another,
    by_numbers.corrected_upside_down,
    by_numbers.weighted_by_another,
    by_numbers.without_root,
    by_numbers.overshoots,
)


def mistake_of(course: Course) -> Mistake | None:
    """The first mistake that can be proved. None is no proof that the rule is right."""
    return next(mistakes_of(course), None)


def mistakes_of(course: Course) -> Iterator[Mistake]:
    """The mistakes that can be proved, each place once."""
    seen = set()
    for argument in course.arguments:
        for mistake in mistakes_in(course, argument):
            if mistake.site not in seen:
                seen.add(mistake.site)
                yield mistake


def mistakes_in(course: Course, argument: str) -> Iterator[Mistake]:
    """The mistakes in the update of one parameter."""
    for look in (*(REMEMBERING if course.remembers else ()), *ALWAYS):
        for found in look(course, argument):
            yield found._replace(kind=look.__name__)
    chains = chains_of(course, argument)
    for judge in BY_NUMBERS:
        for found in judge(course, chains):
            yield found._replace(kind=judge.__name__)
