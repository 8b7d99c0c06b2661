"""`record`: run the user's function on copies, unchanged but for the hooks, and prove that the graph is the run."""

from __future__ import annotations

import ast
import contextlib
import linecache
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping
from types import CodeType
from typing import Any

from microgradnp.core.origin import one_line
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.record.call_hooks import CallHooks
from microgradnp.debugger.record.census import functions_of
from microgradnp.debugger.record.instrument import Instrumented, instrument, instrument_tree
from microgradnp.debugger.record.nodes import Record
from microgradnp.debugger.record.recorder import StoppedRecordingError
from microgradnp.debugger.record.replay import replay, unlike
from microgradnp.debugger.record.sightings import Sightings
from microgradnp.debugger.record.syntax import HOOKS, INDEX
from microgradnp.debugger.record.values import (
    difference,
    global_state,
    numbers_in,
    quantities_in,
    renewed,
    same,
    set_global_state,
)
from microgradnp.debugger.record.world import Call, World

Trees = Mapping[str, ast.Module]  # file -> its syntax tree


class NotRecordedError(Exception):
    """The program could not be recorded, or the record is not exactly the run. The message says why."""


class Slices:
    """`INDEX[a:b]` is `slice(a, b)`."""

    def __getitem__(self, index: Any) -> Any:
        return index


def record(
    function: Callable[..., Any],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    most: int = 400_000,
    wanted: Wanted | None = None,
    until: float | None = None,
    edited: Trees | None = None,
    line: int = 0,
) -> Record:
    """Run `function(*args, **kwargs)` on copies and return its graph.

    The record proves itself: a plain run gives the same results to the last bit, and so does an evaluation of the graph.

    With `wanted`, the arguments of a model, the record says what was bound to them, and when (`sightings`).

    After `most` operations, or when the process's clock shows `until`, the recording stops, and the record is not `finished`:
    then only the evaluation proves it.

    `edited` holds the syntax trees of the files whose functions run with other code than their files show. The function may be
    a watched block: then `line` is that of its `with`.

    Raises
    ------
    NotRecordedError
        When there is no readable source, or when a proof fails.
    """
    world, state = World(function, tuple(args), dict(kwargs or {})), global_state()
    made, results = run_recorded(world, most, wanted=wanted, until=until, edited=edited, line=line)
    if not made.finished:
        audit(made)
        return made
    set_global_state(state)
    with world.copied() as call:
        plain = outcome(call)
    for name, value in plain.items():
        if (where := difference(value, results[name], name)) is not None:
            raise NotRecordedError(f"{where} differs between a plain run and the recorded one")
    audit(made)
    return made


def run_recorded(
    world: World,
    most: int,
    disturb: Callable[[Any], Any] | None = None,
    wanted: Wanted | None = None,
    until: float | None = None,
    edited: Trees | None = None,
    line: int = 0,
    draws: bool = True,
) -> tuple[Record, dict[str, Any]]:
    """A recorded run and its results. `disturb` changes what the program is given, and its random `draws`."""
    recorder = CallHooks(most, disturb if draws else None)
    recorder.until = until
    sightings = Sightings(wanted) if wanted is not None else None
    if sightings is not None:
        recorder.look, recorder.ignores, recorder.outside = sightings.look, sightings.ignores, sys._getframe()
    with world.copied(lambda parts: renewed(parts, disturb or unchanged, {})) as call:
        for name, value in call.held.items():
            for path, number in numbers_in(value, name):
                recorder.origins.setdefault(id(number), (number, path))
        with hooked(world, recorder, edited or {}, line):
            began, finished = time.process_time(), True
            try:
                results = outcome(call)
            except StoppedRecordingError as stopped:
                if stopped.args:
                    raise NotRecordedError(str(stopped)) from None
                finished, results = False, {"return": None, "error": None, **call.held, **call.made()}
            seconds = time.process_time() - began
        made = Record(recorder.nodes, returned=results["return"], error=results["error"], finished=finished, seconds=seconds)
        for name, value in results.items():
            for path, number in numbers_in(value, name):
                made.ends[path] = recorder.operand(number)
            for path, quantity in quantities_in(value, name):
                made.kept[path] = recorder.operand(quantity)
    made.sightings = sightings
    for node in made.nodes:
        if node.kind == "leaf":
            made.leaves.setdefault(node.origin, node)
    return made, results


def unchanged(value: Any) -> Any:
    return value


def outcome(call: Call) -> dict[str, Any]:
    """What a call returns or raises, and what it leaves behind."""
    returned, error = None, None
    try:
        returned = call.run()
    except (Exception, SystemExit) as raised:
        if isinstance(raised, StoppedRecordingError):
            raise
        error = raised
    return {"return": returned, "error": None if error is None else one_line(error), **call.held, **call.made()}


def audit(made: Record) -> None:
    """Evaluate the whole graph; every value must be the recorded one, and what was given must be as it was."""
    again = replay(made, everything=True)
    given = (node for node in made.nodes if node.given is not None and not same(node.given, node.value))
    wrong = unlike(made, again) or next(given, None)
    if wrong is None and again.changed:
        wrong = again.changed[0]
    if wrong is not None:
        why = again.failed.get(wrong)
        raise NotRecordedError(f"{wrong}: the graph gives another value than the run{f' ({why})' if why else ''}")


# ------------------------------------------------------------------------------------------------------- hooks in place


@contextlib.contextmanager
def hooked(world: World, recorder: CallHooks, edited: Trees, line: int) -> Iterator[None]:
    """While this lasts, the functions of the user run with hooks; `line` is that of a watched block, if any."""
    lines = {world.function.__code__.co_filename: line} if line else {}
    files = {function.__code__.co_filename for function in world.functions.values()}
    looking = recorder.look is not None
    modules = {file: instrument_tree(file, edited[file], looking, lines.get(file, 0)) for file in sorted(files & set(edited))}
    for file in sorted(files - set(edited)):
        if (found := instrumented(file, looking, lines.get(file, 0))) is not None:
            modules[file] = found
    if not any(function.__code__.co_filename in modules for function in world.functions.values()):
        raise NotRecordedError("the source of the program cannot be read")
    with swapped(modules, recorder):
        yield


@contextlib.contextmanager
def swapped(modules: Mapping[str, Instrumented], recorder: CallHooks) -> Iterator[None]:
    """While this lasts, the functions of some files run the code with hooks."""
    tables = {file: CodeTable(module) for file, module in modules.items()}
    hooks = {file: recorder.hooks(module.hooks, module.literals) for file, module in modules.items()}
    changed: list[tuple[types.FunctionType, CodeType]] = []
    variables: dict[int, dict[str, Any]] = {}
    try:
        for function in functions_of(set(modules)):
            code = function.__code__
            new = tables[code.co_filename].find(code)
            if new is not None:
                changed.append((function, code))
                function.__code__ = new
                variables[id(function.__globals__)] = function.__globals__
                function.__globals__[HOOKS] = hooks[code.co_filename]
                function.__globals__[INDEX] = Slices()
        if not changed:
            raise NotRecordedError("the source of the program is not the code that runs")
        yield
    finally:
        back = {id(b): a for table in tables.values() for a, b in table.pairs}
        for function in functions_of(set(modules)):  # those that the run has made are among them
            if id(function.__code__) in back:
                function.__code__ = back[id(function.__code__)]
        for function, code in changed:
            function.__code__ = code
        for names in variables.values():
            names.pop(HOOKS, None)
            names.pop(INDEX, None)


def instrumented(file: str, looking: bool, line: int) -> Instrumented | None:
    """A file with hooks, or None when its source cannot be read."""
    linecache.checkcache(file)
    text = "".join(linecache.getlines(file))
    try:
        return instrument(file, text, looking, line) if text else None
    except SyntaxError:
        return None


class CodeTable:
    """The code with hooks by the code without, told by its bytes, or else by name and line."""

    def __init__(self, module: Instrumented) -> None:
        self.base = CodeTable(module.base) if module.base is not None else None
        self.exact: dict[Any, CodeType] = {}
        self.near: dict[Any, CodeType | None] = {}
        self.pairs: list[tuple[CodeType, CodeType]] = list(self.base.pairs) if self.base is not None else []
        self.exact[key_of(module.plain)] = module.hooked  # of a script
        self.pair(module.plain, module.hooked)
        if module.block is not None:
            self.exact[key_of(module.block[0])] = module.block[1]
            self.pair(*module.block)

    def pair(self, plain: CodeType, hooked: CodeType) -> None:
        """Take in the functions inside of two versions of a code."""
        inside = [constant for constant in plain.co_consts if isinstance(constant, CodeType)]
        other = [constant for constant in hooked.co_consts if isinstance(constant, CodeType)]
        if len(inside) != len(other):
            return
        for a, b in zip(inside, other, strict=True):
            if a.co_name == b.co_name and a.co_freevars == b.co_freevars:
                self.exact[key_of(a)] = b
                short = (a.co_qualname, a.co_firstlineno)
                self.near[short] = None if short in self.near else b
                self.pairs.append((a, b))
                self.pair(a, b)

    def find(self, code: CodeType) -> CodeType | None:
        """The code with hooks for a function's code."""
        found = self.exact.get(key_of(code)) or self.near.get((code.co_qualname, code.co_firstlineno))
        if found is not None and found.co_freevars == code.co_freevars:
            return found
        return self.base.find(code) if self.base is not None else None


def key_of(code: CodeType) -> Any:
    return code.co_qualname, code.co_firstlineno, code.co_code, code.co_linetable
