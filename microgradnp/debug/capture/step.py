"""One optimisation step of the hand-written code, traced: arguments before it, parameters after it, and every version."""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.debug.capture import backend
from microgradnp.debug.capture.bind import Binder, BindingError, Variable
from microgradnp.debug.capture.program import Program
from microgradnp.debug.capture.tracer import StepOver, Tracer, Version
from microgradnp.debug.capture.values import leaves
from microgradnp.debug.capture.writes import Writes


@dataclass(eq=False)
class Step:
    """What one traced step shows."""

    tracer: Tracer
    start: float
    end: float
    before: dict[str, Any]
    after: dict[str, Any]
    changed: set[str]
    variables: dict[str, Variable]
    returned: Any = None
    finished: bool = False
    error: BaseException | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def versions(self) -> list[Version]:
        """Versions written in the step, and what it started from."""
        return [v for v in self.tracer.versions if self.start <= v.time <= self.end]

    @property
    def loop(self) -> tuple[str, int, int] | None:
        """(function, loop header line, iteration) of the step, when it is one iteration of a loop."""
        if self.tracer.step_loop is None:
            return None
        number, line = self.tracer.step_loop
        state = self.tracer.all_states[number]
        return state.name, line, state.counts[line].index(int(self.start)) + 1

    def returned_leaves(self) -> list[tuple[str, Any]]:
        if not self.finished:
            return []
        return [(path, leaf) for _, path, leaf in leaves(self.returned, ("returned",), "returned value")]


@contextlib.contextmanager
def quiet() -> Any:
    """The user's prints and warnings are not ours to show again and again."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def capture(
    program: Program,
    arguments: list[str],
    optional: set[str],
    bind: dict[str, str],
    step: int,
    seconds: float,
    seed: int = 0,
    known: list[bytes] | None = None,
    writes: Writes | None = None,
) -> Step:
    """Run the program under the tracer up to the end of the step asked for.

    Raises BindingError when an argument of the model without a default cannot be bound.
    """
    binder = Binder(arguments, bind)
    tracer = Tracer(binder, step, seconds, writes)
    returned, finished, error = None, False, None
    with program.world(seed, known or []) as call, quiet():
        try:
            with backend.listening(tracer):
                returned = call()
            finished = True
        except StepOver:
            pass
        except Exception as raised:  # the user's own error: what was seen before it is kept
            error = raised
        return assemble(tracer, binder, arguments, optional, returned, finished, error)


def assemble(
    tracer: Tracer,
    binder: Binder,
    arguments: list[str],
    optional: set[str],
    returned: Any,
    finished: bool,
    error: BaseException | None,
) -> Step:
    start, end = tracer.window()
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    chosen: dict[str, Variable] = {}
    changed: set[str] = set()
    problems = []
    first_write = min((when for when, _, _ in tracer.changes if start < when <= end), default=end)
    for argument in arguments:
        variable = binder.choose(argument, end)
        if variable is None:
            if argument not in optional:
                problems.append(binder.explain(argument))
            continue
        chosen[argument] = variable
        history = [(when, value) for when, value in variable.history if when < end or end == float("inf")]
        writes = [when for when, which, _ in tracer.changes if which is variable and start < when <= end]
        earlier = [value for when, value in history if when <= start] if writes or tracer.step_loop else []
        if writes:
            before[argument] = earlier[-1] if earlier else history[0][1]
            after[argument] = variable_at_end(variable, end)
            changed.add(argument)
        else:
            in_time = [value for when, value in history if when <= first_write]
            before[argument] = in_time[-1] if in_time else history[0][1]
    if problems:
        if error is not None:
            raise error
        used = {variable.expression for variable in chosen.values()}
        present = {e: v for e, v in (binder.at_start or {}).items() if e not in used}
        unknown = [a for a in arguments if a not in chosen and a not in optional]
        settled = [a for a in unknown if a in binder.bind or a in binder.ambiguous]
        raise BindingError("; ".join(problems), () if settled else tuple(unknown), present, before)
    return Step(tracer, start, end, before, after, changed, chosen, returned, finished, error)


def variable_at_end(variable: Variable, end: float) -> Any:
    return [value for when, value in variable.history if when <= end][-1]
