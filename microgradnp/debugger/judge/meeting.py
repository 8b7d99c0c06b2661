"""Does the hand-written forward pass compute what the model computes?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.match.matches import Matches
from microgradnp.debugger.record.findings import Values
from microgradnp.debugger.record.model import outputs_of


class Seen(dict[Any, Any]):
    """The values of a trace, as `Values` reads those of a record."""

    failed: tuple[Any, ...] = ()


def meets_model(trace: Trace, matches: Matches) -> bool:
    """Whether the last values before the loss are among those of the code."""
    seen = Seen()
    for number, version in enumerate(trace.versions):
        if not version.is_argument:
            seen[Place(number)] = version.value
    found = Values(seen, seen)  # type: ignore[arg-type]
    return bool(outputs_of(matches.evaluation, trace.changed, found.located))


class Place(SimpleNamespace):
    """Stands for a node of a record: a value that a line of the code gave to a variable."""

    kind, call = "operation", None

    def __init__(self, number: int) -> None:
        super().__init__(number=number, site=number)

    def __hash__(self) -> int:  # type: ignore[override]
        return int(self.number)
