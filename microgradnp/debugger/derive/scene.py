"""A recorded run in which every statement also notes the variables that it could read: the stage on which edits are tried."""

from __future__ import annotations

import contextlib
import dataclasses
import linecache
import math
import sys
import time as clock
import types
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.fresh import Inputs, varied
from microgradnp.debugger.capture.program import seeded
from microgradnp.debugger.capture.values import is_matrix
from microgradnp.debugger.derive.edited import instrumented
from microgradnp.debugger.judge.points import Point, other_point
from microgradnp.debugger.judge.recorded import Verdict, judge_record
from microgradnp.debugger.record.alarm import OutOfTimeError, alarm
from microgradnp.debugger.record.call_hooks import CallHooks
from microgradnp.debugger.record.hooks import Hook
from microgradnp.debugger.record.nodes import Call, Group, Node, Record
from microgradnp.debugger.record.record import NotRecordedError, outcome, swapped, unchanged
from microgradnp.debugger.record.recorder import Recorder, StoppedRecordingError
from microgradnp.debugger.record.replay import Replay
from microgradnp.debugger.record.sightings import Sightings
from microgradnp.debugger.record.sites import Site, Statement
from microgradnp.debugger.record.values import attributes, is_instance, numbers_in, quantities_in, renewed
from microgradnp.debugger.record.world import World

DEEPEST = 4  # containers and objects inside of each other
LONGEST = 400  # items of a list that is taken apart
MOST_SNAPSHOTS = 6000
GRACE = 0.25  # the share of its time by which a run may be late
ATOMS = frozenset([int, bool, str, type(None), types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type])
Place = tuple[int, int]  # line and column of a statement


class Instance(NamedTuple):
    """An object of the user, with the operands that its attributes hold."""

    kind: type
    names: dict[str, Any]


class Snapshot(NamedTuple):
    """The variables that a statement could read, as operands, when `time` nodes had been recorded."""

    statement: Statement
    time: int
    call: Call | None
    names: dict[str, Any]
    globals: dict[str, Any]


@dataclasses.dataclass(frozen=True, eq=False)
class Question:
    """A call of the user's function and the model that it should follow."""

    world: World
    model: Callable[..., Any]
    wanted: Wanted
    number: int = 0  # of the step
    most: int = 20_000
    inputs: Inputs = dataclasses.field(default_factory=Inputs)

    other: World | None = None  # the same call with another number of samples, where the user's has more than this one

    def elsewhere(self, inputs: Inputs) -> Question:
        """The same question on fresh inputs."""
        return dataclasses.replace(self, world=self.other or self.world, inputs=inputs)


@dataclasses.dataclass(eq=False)
class Scene:
    """One judged run: the record, the verdict, the step at two inputs, and the variables at each statement."""

    question: Question
    texts: dict[str, str]  # edited sources by file
    record: Record
    verdict: Verdict
    point: Point
    snapshots: dict[tuple[str, Place], list[Snapshot]]

    def text(self, file: str) -> str:
        """The source of a file, with its edits."""
        return self.texts[file] if file in self.texts else "".join(linecache.getlines(file))


def latest(deadline: float) -> float:
    """The moment of the thread's clock when a run is stopped, if others are begun until the `deadline`."""
    return deadline + GRACE * max(0.0, deadline - clock.thread_time())


def scene_of(question: Question, texts: Mapping[str, str] | None = None, until: float = math.inf) -> Scene | None:
    """Record a program, perhaps edited, with its variables, and judge it. None where it cannot be judged at other inputs.

    Raises NotRecordedError when the thread's clock shows `until` before the run is over.
    """
    watched = Watched()
    verdict = judged(question, texts or {}, watched=watched, until=until)
    made = verdict.step.record
    point = other_point(verdict.step)
    return None if point is None else Scene(question, dict(texts or {}), made, verdict, point, watched.snapshots)


def judged(
    question: Question, texts: Mapping[str, str], more: int = 2, watched: Watched | None = None, until: float = math.inf
) -> Verdict:
    """The verdict on an edited program, and on `more` steps where the first is right.

    Raises what the program or the judge raises, and NotRecordedError when the run is not over before the thread's clock shows
    `until`.
    """
    end, tracer = clock.process_time() + until - clock.thread_time(), sys.gettrace()
    sys.settrace(None)  # a tracer that is code of the program would be recorded, too
    wanted = question.wanted
    try:
        made = run(question, dict(texts), watched, end)
        with alarm(until):
            return judge_record(made, question.model, list(wanted.arguments), set(wanted.optional), question.number, more, end)
    except OutOfTimeError:
        raise NotRecordedError("the time was over before the run was judged") from None
    finally:
        sys.settrace(tracer)


# ------------------------------------------------------------------------------------------------------------ snapshots


class Watched:
    """Keeps the variables at statements."""

    def __init__(self) -> None:
        self.snapshots: dict[tuple[str, Place], list[Snapshot]] = {}
        self.count = 0

    def look(self, recorder: Recorder, frame: FrameType, site: Site) -> None:
        """Note what a statement could read."""
        self.count += 1
        if self.count > MOST_SNAPSHOTS:
            return
        memo: dict[int, Any] = {}
        names = {name: hold(recorder, value, memo) for name, value in frame.f_locals.items() if not name.startswith("__")}
        known = frame.f_globals
        for name in frame.f_code.co_names:
            if name in known and name not in names and not name.startswith("__") and is_data(known[name]):
                names[name] = hold(recorder, known[name], memo)
        place = (site.line, site.column)
        made = Snapshot(site.statement, len(recorder.nodes), recorder.call, names, known)
        self.snapshots.setdefault((site.file, place), []).append(made)


def is_data(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.generic, float, list, dict, tuple)) or (
        is_instance(value) and not isinstance(value, (type, types.FunctionType, types.ModuleType, types.BuiltinFunctionType))
    )


def hold(recorder: Recorder, value: Any, memo: dict[int, Any], depth: int = 0) -> Any:
    """A value as an operand, with the objects and containers inside of it taken apart."""
    kind = type(value)
    if kind in ATOMS:
        return value
    if isinstance(value, (np.ndarray, float, np.number)):
        return recorder.operand(value)
    if kind is list and (known := recorder.lists.get(id(value))) is not None and known.nest.holds(value):
        return known.group if known.renamed == recorder.renamed else recorder.operand(value)
    if kind is list and depth < DEEPEST - 1 and is_small(value):
        return recorder.operand(value)  # the same as below, and kept
    kind = dict if isinstance(value, dict) else kind  # an OrderedDict or a defaultdict is read as a dict
    if (kind in (list, tuple, dict) or is_named_tuple(value)) and len(value) <= LONGEST and depth < DEEPEST:
        if id(value) not in memo:
            memo[id(value)] = None
            items = value.values() if kind is dict else value
            held = tuple([hold(recorder, item, memo, depth + 1) for item in items])
            memo[id(value)] = Group(kind, held, tuple(value) if kind is dict else ())
        return memo[id(value)]
    if (depth < DEEPEST and is_instance(value) and not callable(value)) or (is_instance(value) and attributes(value)):
        if isinstance(value, (type, types.FunctionType, types.ModuleType)):
            return value
        if id(value) not in memo:
            inside: dict[str, Any] = {}
            memo[id(value)] = Instance(kind, inside)
            if depth < DEEPEST:
                inside.update((name, hold(recorder, item, memo, depth + 1)) for name, item in attributes(value).items())
        return memo[id(value)]
    return value


def is_named_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_fields")


def is_small(value: list[Any]) -> bool:
    """Whether a value is a list of lists of numbers that is taken apart as a whole."""
    return len(value) <= LONGEST and is_matrix(value) and max(map(len, value), default=0) <= LONGEST


def resolved(held: Any, values: Replay, memo: dict[int, Any] | None = None) -> Any:
    """The value of an operand in a run: a private one, that cannot be written to."""
    memo = {} if memo is None else memo
    made: Any
    if type(held) is Node:
        value = values[held]
        if isinstance(value, np.ndarray):
            value = value.copy()
            value.flags.writeable = False
        return value
    if type(held) is Group:
        if id(held) not in memo:
            items = [resolved(item, values, memo) for item in held.items]
            if held.kind is dict:
                memo[id(held)] = dict(zip(held.keys, items, strict=True))
            elif held.kind is np.ndarray:
                array = np.empty(len(items), object)
                array[:] = items
                memo[id(held)] = array.reshape(held.keys)
            else:
                memo[id(held)] = held.kind(*items) if hasattr(held.kind, "_fields") else held.kind(items)
        return memo[id(held)]
    if type(held) is Instance:
        if id(held) not in memo:
            made = memo[id(held)] = bare(held.kind)
            for name, item in held.names.items():
                with contextlib.suppress(Exception):  # what this run does not have, or cannot be made, nobody can read
                    object.__setattr__(made, name, resolved(item, values, memo))
        return memo[id(held)]
    return held


def bare(kind: type) -> Any:
    """An object of a class, without its attributes; no code of the user runs."""
    new: Any = kind.__new__
    return new(kind) if isinstance(new, types.BuiltinFunctionType) else object.__new__(kind)


# -------------------------------------------------------------------------------------------------------------- a run


class WatchingHooks(CallHooks):
    """A recorder that shows the variables before each statement to `watched`."""

    watched: Watched | None = None

    def hook_watch(self, site: Site) -> Hook:
        def hook() -> None:
            if self.watched is not None:
                self.watched.look(self, sys._getframe(1), site)

        return hook


def run(question: Question, texts: dict[str, str], watched: Watched | None, until: float) -> Record:
    """A recorded run of the program with edited sources. Raises NotRecordedError at this moment of the process's clock."""
    recorder = WatchingHooks(question.most)
    recorder.watched, recorder.until = watched, until
    sightings = Sightings(question.wanted)
    recorder.look, recorder.ignores, recorder.outside = sightings.look, sightings.ignores, sys._getframe()
    change = varied(question.inputs) if question.inputs.seed else unchanged
    with question.world.copied(lambda parts: change(renewed(parts, unchanged, {}))) as call, seeded(question.inputs.seed):
        for name, value in call.held.items():
            for path, number in numbers_in(value, name):
                recorder.origins.setdefault(id(number), (number, path))
        with hooked(question.world, recorder, texts):
            try:
                results, finished = outcome(call), True
            except StoppedRecordingError as stopped:
                if stopped.args:
                    raise NotRecordedError(str(stopped)) from None
                if recorder.is_late:
                    raise NotRecordedError("the time was over before the run") from None
                finished, results = False, {"return": None, "error": None, **call.held}
        made = Record(recorder.nodes, returned=results["return"], error=results["error"], finished=finished)
        for name, value in results.items():
            for path, number in numbers_in(value, name):
                made.ends[path] = recorder.operand(number)
            for path, quantity in quantities_in(value, name):
                made.kept[path] = recorder.operand(quantity)
    made.sightings = sightings
    for node in made.nodes:
        if node.kind == "leaf":
            made.leaves.setdefault(node.origin, node)
    return made


@contextlib.contextmanager
def hooked(world: World, recorder: WatchingHooks, texts: dict[str, str]) -> Iterator[None]:
    """While this lasts, the functions of the user run with hooks, and with edits."""
    files = {function.__code__.co_filename for function in world.functions.values()}
    originals = {file: "".join(linecache.getlines(file)) for file in sorted(files)}
    watching, is_script = recorder.watched is not None, world.function.__code__.co_name == "<module>"
    modules = {
        file: instrumented(file, texts.get(file, text), text, watching, is_script) for file, text in originals.items() if text
    }
    if not modules:
        raise NotRecordedError("the source of the program cannot be read")
    with swapped(modules, recorder):
        yield
