"""Which quantity of the model each value of a traced step is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.match.index import Index, Match
from microgradnp.debugger.match.references import Evaluation, evaluate, per_sample, references


@dataclass(frozen=True, eq=False)
class Matches:
    """The model at the point where the step began, and what each value of the step equals in it."""

    evaluation: Evaluation
    index: Index
    found: dict[int, Match | None]  # by the id of a version of the step

    def of(self, version: Version) -> Match | None:
        """The quantity that a value equals; None where it equals none, or does not belong to the step."""
        return self.found.get(id(version))

    def correct(self, version: Version, match: Match | None) -> None:
        """Say what a value is, whatever it equals."""
        self.found[id(version)] = match


def match(trace: Trace, model: Callable[..., Any]) -> Matches:
    """Evaluate the model where the step began, and look up every value of the step among its quantities.

    Raises ModelError when the model fails there, or does not return one real number.
    """
    evaluation = evaluate(model, trace.before)
    known = references(evaluation) + per_sample(model, trace.before, evaluation, trace.changed)
    return looked_up(trace, evaluation, Index(known, single=trace.single))


def looked_up(trace: Trace, evaluation: Evaluation, index: Index) -> Matches:
    """Every value of the step, looked up in an index."""
    return Matches(evaluation, index, {id(version): index.match(version.array) for version in trace.versions})
