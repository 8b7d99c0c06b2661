"""The trace of one optimisation step of the hand-written code.

It holds the arguments of the model before the step, the parameters after it, and every value that the code had in between.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.capture import backend
from microgradnp.debugger.capture.bind import Binder, BindingError, Held, Variable, Wanted, mark_of, shape_of
from microgradnp.debugger.capture.fresh import Inputs
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.roles import data_of, is_data
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.taint import made_from, tainted
from microgradnp.debugger.capture.tracer import StepOver, Tracer
from microgradnp.debugger.capture.values import as_array, leaves
from microgradnp.debugger.capture.versions import Change, Version
from microgradnp.debugger.capture.writes import Writes


@dataclass(frozen=True)
class Run:
    """Which run is traced: up to which step, from which inputs, and with which values written into it on the way."""

    number: int = 0  # of the step, counted from 0
    inputs: Inputs = field(default_factory=Inputs)
    writes: Writes = field(default_factory=dict)


class Loop(NamedTuple):
    """One iteration of a loop of the user's code. In a comprehension `function` is what it calls, and `line` is 0."""

    function: str
    line: int  # of the loop's header
    iteration: int  # counted from 1


@dataclass(eq=False)
class Trace:
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
    error: Exception | None = None
    idle: dict[str, Version] = field(default_factory=dict)  # arguments that were written and did not move
    kept_back: list[str] = field(default_factory=list)  # what the code did outside of the process, and was not done

    @property
    def versions(self) -> list[Version]:
        """Versions written in the step, and what it started from."""
        return [v for v in self.tracer.versions if self.start <= v.time <= self.end]

    @property
    def loop(self) -> Loop | None:
        """The iteration that the step is; None when the step is no iteration of a loop."""
        if self.tracer.loop.place is None:
            return None
        number, line = self.tracer.loop.place
        state = self.tracer.all_states[number]
        count = state.counts[line].index(int(self.start)) + 1
        return Loop(state.name, line, count) if line > 0 else Loop(state.repeated[line].co_name, 0, count)

    @functools.cached_property
    def tainted(self) -> set[int]:
        """Ids of the versions that depend on the targets."""
        targets = [self.variables[name] for name in self.tracer.targets if name in self.variables]
        return tainted(self.tracer.versions, *traces_of(targets))

    @functools.cached_property
    def single(self) -> bool:
        """Whether the code works in single precision or less somewhere, so that few digits can agree."""
        kinds = (v.array.dtype for v in self.versions)
        return any(kind.kind == "f" and kind.itemsize < 8 for kind in kinds)

    def returned_leaves(self) -> list[tuple[str, Any]]:
        """(path, value) of every array and number that the function returned."""
        if not self.finished:
            return []
        return [(path, leaf) for _, path, leaf in leaves(self.returned, ("returned",), "returned value")]


def capture(program: Program, wanted: Wanted, run: Run | None = None, seconds: float = 5.0) -> Trace:
    """Run the program under the tracer up to the end of the step asked for.

    Raises BindingError when an argument of the model without a default cannot be bound.
    """
    run = run or Run()
    binder = Binder(wanted)
    tracer = Tracer(binder, run.number, seconds, run.writes)
    returned, finished = None, False
    error: Exception | None = None
    with program.world(run.inputs) as call:
        try:
            with backend.listening(tracer):
                returned = call.run()
            finished = True
        except StepOver:
            pass
        except SystemExit as raised:
            error = RuntimeError(f"the code ends the program: sys.exit({raised.code!r})").with_traceback(raised.__traceback__)
        except Exception as raised:  # the user's own error: what was seen before it is kept
            error = raised
        trace = assemble(tracer, wanted, returned, finished, error)
        trace.kept_back = call.kept_back
        return trace


def assemble(tracer: Tracer, wanted: Wanted, returned: Any, finished: bool, error: Exception | None) -> Trace:
    """Choose the variables, find the step in the trace, and read what each argument was before and after it."""
    binder, arguments, optional = tracer.binder, wanted.arguments, wanted.optional
    start, end = tracer.window()
    chosen = {argument: variable for argument in arguments if (variable := binder.choose(argument, end)) is not None}
    problems = binder.explain_all([a for a in arguments if a not in chosen and a not in optional])
    learned = [change for change in learning(tracer, chosen) if start < change.time <= end]
    first_write = min((change.time for change in learned), default=end)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for argument, variable in chosen.items():
        if any(change.variable is variable for change in learned):
            before[argument] = value_at(variable, start)
            after[argument] = value_at(variable, end)
        else:
            others = [v for a, v in chosen.items() if v is not variable and not is_data(a) and a not in tracer.targets]
            before[argument] = last_given(variable, start, first_write, others, tracer.versions)
    if problems:
        if error is not None:
            raise error
        used = {variable.expression for variable in chosen.values()}
        present = {e: v for e, v in (binder.at_start or {}).items() if e not in used}
        unknown = [a for a in arguments if a not in chosen and a not in optional]
        settled = [a for a in unknown if a in binder.bind or a in binder.ambiguous]
        raise BindingError("; ".join(problems), () if settled else tuple(unknown), present, before)
    idle = {a: version for a, v in chosen.items() if a not in after and (version := unmoved(v, tracer, start, end))}
    return Trace(tracer, start, end, before, after, set(after), chosen, returned, finished, error, idle)


def rebound(trace: Trace) -> Iterator[Trace]:
    """The trace with what a name of the data meant before: `x = np.hstack([ones, x])` gives the model's `x` another shape."""
    data = [(a, v) for a, v in trace.variables.items() if a not in trace.changed and a in trace.before]
    for argument, variable in data:
        for held in reversed(variable.history):
            if shape_of(held.value) != shape_of(trace.before[argument]):
                yield replace(trace, before={**trace.before, argument: held.value})
    if len(data) > 1:
        yield replace(trace, before={**trace.before, **{argument: variable.history[0].value for argument, variable in data}})


def unmoved(variable: Variable, tracer: Tracer, start: float, end: float) -> Version | None:
    """What a statement made of a variable that wrote it in the step and left it as it was."""
    for held in variable.history:
        inside = [idle for idle in tracer.idle.get(id(held.version), ()) if start < idle.time <= end]
        if held.version is not None and inside:
            idle = inside[-1]
            old, names = held.version, set(held.version.known_as)
            made = (idle.function, old.file, idle.line, idle.time, held.value, idle.reads)
            return Version(old.key, old.path, *made, (), {idle.line}, known_as=names)
    return None


def value_at(variable: Variable, time: float) -> Any:
    """What a variable held at a time, or first."""
    return [variable.history[0].value, *(held.value for held in variable.history if held.time <= time)][-1]


def last_given(variable: Variable, start: float, end: float, others: list[Variable], versions: list[Version]) -> Any:
    """What a variable that is no parameter held last between two times, unless the step itself carried it on.

    A hidden state is carried on: its new value is made from its old one and from `others`, the parameters.
    """
    earlier = [held for held in variable.history if held.time <= start][-1:]
    held = earlier + [held for held in variable.history if start < held.time <= end]
    parameters = [given for other in others for given in other.history]
    for k in reversed(range(1, len(held))):
        inside = [version for version in versions if version.time > start]
        made = made_from(inside, ids(parameters))
        from_both = made & made_from(inside, ids(held[:k]))
        if id(held[k].version) not in from_both and not has_grown(held[k - 1].value, held[k].value, made, inside):
            return held[k].value
    return held[0].value if held else variable.history[0].value


def has_grown(before: Any, after: Any, made: set[int], versions: list[Version]) -> bool:
    """Whether a list of arrays has got more entries, and one of them was `made` by the step: the states after the first one."""
    if not isinstance(before, list) or not isinstance(after, list) or not 0 < len(before) < len(after):
        return False
    marks = {version.array.tobytes() for version in versions if id(version) in made}
    more = [mark_of(item) for item in after[len(before) :]]
    return all(mark_of(a) == mark_of(b) for a, b in zip(before, after, strict=False)) and not marks.isdisjoint(more)


def ids(values: list[Held]) -> set[int]:
    """Ids of the versions of some values."""
    return {id(held.version) for held in values if held.version is not None}


def learning(tracer: Tracer, chosen: dict[str, Variable]) -> list[Change]:
    """The changes that come from learning: a hidden state or a shuffled batch moves too, but learns nothing.

    What depends on the targets has learned. Other changes count where no statement seems to have made them (there is no source
    to read, say), and for arguments that stand among the parameters: their gradients may have lost sight of the targets.
    """
    targets = [chosen[name] for name in tracer.targets if name in chosen]
    if not targets:
        return [change for change in tracer.changes if change.from_old]
    after_targets = tainted(tracer.versions, *traces_of(targets))
    made = {id(c.version) for c in tracer.changes if c.version is not None and id(c.version) in after_targets}
    sure = [c for c in tracer.changes if c.from_old and (c.version is None or not c.version.line or id(c.version) in made)]
    data = data_of(tracer.binder.arguments, {change.variable.argument for change in sure})
    others = [v for a, v in chosen.items() if not is_data(a) and a not in tracer.targets]
    computed = made_from(tracer.versions, ids([held for v in others for held in v.history[:1]]))
    lost = []
    for change in tracer.changes:
        alone = change.by_itself and change.variable.argument not in data and (sure or is_update(change))
        replaced = not change.from_old and id(change.version) in made and id(change.version) in computed
        lost += [change] if alone or replaced else []
    return [c for c in tracer.changes if c in sure or c in lost]


def is_update(change: Change) -> bool:
    """Whether the statement has the form of an update: `W -= ...`, `W = W - ...`."""
    version = change.version
    source = source_of(version.file) if version is not None else None
    statement = source.by_line.get(version.line) if source is not None and version is not None else None
    node = statement.node if statement is not None else None
    if isinstance(node, ast.AugAssign):
        return isinstance(node.op, (ast.Add, ast.Sub))
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.BinOp):
        return False
    kept = ast.unparse(node.value.left)
    return isinstance(node.value.op, (ast.Add, ast.Sub)) and kept == ast.unparse(node.targets[0])


def traces_of(targets: list[Variable]) -> tuple[set[str], list[np.ndarray]]:
    """The names and the values of the variables that hold the targets."""
    names = {variable.expression.partition("[")[0] for variable in targets}
    values = (as_array(held.value) for variable in targets for held in variable.history)
    return names, [value for value in values if value is not None and value.size > 1]
