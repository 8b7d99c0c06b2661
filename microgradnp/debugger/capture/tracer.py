"""The trace: one version for every value that an array or number of the user's code took, with what it was made from.

A version is recorded when the statement that made it is over. Element-wise writes collapse: as long as no other statement
reads the array, writes go to the same version, which then has several writer lines. Every captured object is kept alive,
because CPython reuses identities.
"""

from __future__ import annotations

import ast
import time as clock
from types import CodeType, FrameType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.backend import is_user_code
from microgradnp.debugger.capture.bind import Binder, Held, Variable, plain, shape_of
from microgradnp.debugger.capture.roles import is_data, targets_of
from microgradnp.debugger.capture.source import Path, Statement, is_renaming, is_target_of, passes, source_of
from microgradnp.debugger.capture.training_loop import TrainingLoop
from microgradnp.debugger.capture.values import Key, fingerprint, is_user_instance, leaves
from microgradnp.debugger.capture.versions import (
    Change,
    FrameState,
    Idle,
    Vector,
    Version,
    around,
    depends,
)
from microgradnp.debugger.capture.writes import Writes, refill, write
from microgradnp.debugger.record import alarm

MOST_EVENTS = 60_000
STILL = 50  # iterations after which a loop that moves no parameter is left
FORM = frozenset(["shape", "size", "ndim", "dtype"])  # of an array: reading these reads no number of it


class StepOver(BaseException):
    """Raised into the user's code when everything wanted was seen. Not an Exception, so that no handler swallows it."""


class Tracer:
    """Listens to the user's frames; keeps versions, the arguments' histories, and loop iterations."""

    def __init__(self, binder: Binder, step: int = 0, seconds: float = 3.0, writes: Writes | None = None) -> None:
        self.binder = binder
        self.targets = targets_of(binder.arguments)
        self.writes = writes or {}
        self.step = step
        self.deadline = clock.thread_time() + min(seconds, alarm.left())
        self.time = 0
        self.states: dict[int, FrameState] = {}
        self.stack: list[FrameState] = []
        self.all_states: list[FrameState] = []
        self.cells: dict[Key, tuple[tuple[int, bytes], Version]] = {}
        self.by_object: dict[int, Version] = {}
        self.versions: list[Version] = []
        self.alive: list[Any] = []
        self.codes: dict[CodeType, bool] = {}
        self.executed: set[tuple[str, int]] = set()
        self.code_objects: set[CodeType] = set()
        self.variable_version: dict[Variable, Version] = {}
        self.changes: list[Change] = []
        self.idle: dict[int, list[Idle]] = {}  # id of a version -> the statements that wrote it and changed nothing
        self.loop = TrainingLoop()
        self.out_of_time = False
        self.dirty = False  # something has changed since the waiting frames were looked at

    # ------------------------------------------------------------------------------------- events

    def wants(self, code: CodeType) -> bool:
        if code not in self.codes:
            self.codes[code] = is_user_code(code)
        return self.codes[code]

    def on_call(self, frame: FrameType) -> None:
        """A function begins: its arguments are known from its caller, or are new."""
        state = FrameState(frame, source_of(frame.f_code.co_filename), len(self.all_states), len(self.stack))
        self.code_objects.add(frame.f_code)
        if self.stack:
            self.repeats(self.stack[-1], frame.f_code)
        self.states[id(frame)] = state
        self.all_states.append(state)
        caller = self.stack[-1] if self.stack else None
        self.stack.append(state)
        count = frame.f_code.co_argcount + frame.f_code.co_kwonlyargcount
        call = caller.statement if caller else None
        for position, name in enumerate(frame.f_code.co_varnames[:count]):
            if name in frame.f_locals:
                given = call is None or passes(call.node, state.name, name, position)
                self.register(state, frame.f_locals[name], ("local", state.number, name), name, caller, given)

    def repeats(self, caller: FrameState, called: CodeType) -> None:
        """A comprehension is a loop: it goes round whenever it calls again what it called first."""
        statement = caller.statement
        if statement is None or not statement.comprehends or called.co_name.startswith("<"):
            return
        if caller.repeated.setdefault(-statement.line, called) is called:
            caller.counts.setdefault(-statement.line, []).append(self.time)

    def register(self, state: FrameState, value: Any, key: Key, path: str, caller: FrameState | None, given: bool = True) -> None:
        """A function's argument: the same version when the object is known, else one made by the calling statement.

        A default value (not `given`) was made by nothing that the caller read.
        """
        for leaf_key, leaf_path, leaf in leaves(value, key, path):
            if leaf_key in self.cells and leaf_key[0] != "local":
                continue
            known = self.by_object.get(id(leaf)) if not isinstance(leaf, (int, bool)) else None
            if known is not None:
                self.cells[leaf_key] = (fingerprint(leaf), known)
                known.known_as.add((state.name, leaf_path))
                continue
            source = caller.statement if caller else None
            version = self.new_version(caller or state, leaf_key, leaf_path, leaf, caller.reads if caller and given else [])
            version.known_as = {(state.name, leaf_path)}
            version.is_argument = caller is None
            if caller is None or source is None or not given:
                version.line, version.lines = 0, set()

    def on_line(self, frame: FrameType, line: int) -> None:
        """A statement is about to run: the one before it is over, and what this one reads is looked up."""
        state = self.states.get(id(frame))
        if state is None:
            return
        self.tick()
        if self.time in self.writes:
            write(frame, self.writes[self.time])
        self.finish(state)
        self.look(state)
        statement = state.source.by_line.get(line) if state.source else None
        self.executed.add((frame.f_code.co_filename, line))
        if statement is not None and statement.is_loop and statement.line == line:
            state.counts.setdefault(line, []).append(self.time)
        state.statement = statement
        state.loops = statement.loops if statement else ()
        state.reads = self.reads_of(state, statement) if statement else []

    def on_return(self, frame: FrameType, value: Any) -> None:
        """A function is over: what it returned is handed to its caller."""
        state = self.states.pop(id(frame), None)
        if state is None:
            return
        self.time += 1
        if self.time in self.writes and not refill(value, self.writes[self.time].array):
            write(frame, self.writes[self.time])
        returning = state.statement
        self.finish(state)
        self.look(state)
        if self.stack and self.stack[-1] is state:
            self.stack.pop()
        caller = self.stack[-1] if self.stack else None
        for key, path, leaf in leaves(value, ("return", state.number), f"{state.name}()"):
            version = self.by_object.get(id(leaf)) if not isinstance(leaf, (int, bool)) else None
            if version is None or fingerprint(leaf)[1] != version.array.tobytes():
                part = key[-1] if path.count("[") == 1 else None
                version = self.new_version(state, key, path, leaf, self.reads_of_part(state, returning, part))
            elif returning is not None and isinstance(returning.node, ast.Return) and returning.line not in version.lines:
                version.alias_lines.add(returning.line)
            if caller is not None:
                caller.reads.append(version)

    def tick(self) -> None:
        """Count an event; stop when there were too many, or time is up."""
        self.time += 1
        if self.time > MOST_EVENTS or (self.time & 255 == 0 and clock.thread_time() > self.deadline):
            self.out_of_time = True
            raise StepOver

    # ------------------------------------------------------------------------------------ versions

    def reads_of(self, state: FrameState, statement: Statement) -> list[Version]:
        """The versions of everything that a statement mentions."""
        reads: list[Version] = []
        variables = state.frame.f_locals
        state.by_path = {path: set() for path in statement.loads}
        for path in statement.loads:
            for key, text, leaf in self.reach(state, variables, path):
                cell = self.cells.get(key)
                version = cell[1] if cell else self.by_object.get(id(leaf)) if not isinstance(leaf, (int, bool)) else None
                if version is None:
                    version = self.new_version(state, key, text, leaf, [])
                    version.line, version.lines, version.is_argument = 0, set(), True
                version.known_as.add((state.name, text))
                if statement.line not in version.lines:
                    version.observed = True
                reads.append(version)
                state.by_path[path].add(id(version))
        return reads

    def reads_of_part(self, state: FrameState, statement: Statement | None, part: Any) -> list[Version]:
        """Those of the reads that one element of a tuple or dict is made from; all where that cannot be told."""
        loads = statement.parts.get(part) if statement is not None else None
        if loads is None:
            return state.reads
        told = set().union(*state.by_path.values()) if state.by_path else set()
        wanted = set().union(*(state.by_path.get(path, set()) for path in loads)) if loads else set()
        return [v for v in state.reads if id(v) in wanted or id(v) not in told]

    def reach(self, state: FrameState, variables: dict[str, Any], path: Path) -> list[tuple[Key, str, Any]]:
        """The arrays and numbers that an access path leads to."""
        name = path[0]
        if name in variables:
            value, key = variables[name], ("local", state.number, name)
        elif name in state.frame.f_globals:
            value, key = state.frame.f_globals[name], ("global", id(state.frame.f_globals), name)
        else:
            return []
        text = name
        for attribute in path[1:]:
            if attribute in FORM and not is_user_instance(value):
                return []
            if not is_user_instance(value) or attribute not in vars(value):
                break
            key = ("attr", id(value), attribute)
            value = vars(value)[attribute]
            text = f"{text}.{attribute}"
        if isinstance(value, type) or (callable(value) and not is_user_instance(value)):
            return []
        return list(leaves(value, key, text))

    def finish(self, state: FrameState) -> None:
        """The statement that a frame was executing is over: record what it changed."""
        statement = state.statement
        if statement is None:
            return
        state.statement = None
        variables = state.frame.f_locals
        for path in statement.paths:
            stored, passed = path in statement.stores, path in statement.passed
            for key, text, leaf in self.reach(state, variables, path):
                cell = self.cells.get(key)
                print_ = fingerprint(leaf)
                if cell is not None and cell[0] == print_:
                    if stored and is_target_of(statement.node, text):
                        self.left_alone(cell[1], Idle(self.time, statement.line, state.name, list(state.reads)))
                    continue
                self.changed(state, statement, key, text, leaf, print_, cell[1] if cell else None, stored, passed)

    def changed(
        self,
        state: FrameState,
        statement: Statement,
        key: Key,
        text: str,
        leaf: Any,
        print_: tuple[int, bytes],
        earlier: Version | None,
        stored: bool,
        passed: bool,
    ) -> None:
        """A place has another content than before: another name for a known value, a write in place, or a new version."""
        known = self.by_object.get(id(leaf)) if not isinstance(leaf, (int, bool)) else None
        if known is not None and known is not earlier and fingerprint(known.value)[1] == print_[1]:
            self.cells[key] = (print_, known)  # another name for something already recorded
            known.known_as.add((state.name, text))
            if stored or (passed and earlier is None and isinstance(statement.node, ast.Expr)):  # `outputs.append(a)`
                known.alias_lines.add(statement.line)
                if is_renaming(statement.node):
                    known.renamed.add(statement.line)
            return
        in_place = earlier is not None and key in self.cells and self.cells[key][0][0] == id(leaf)
        if earlier is not None and in_place and not earlier.observed and earlier.line:
            self.dirty = True
            earlier.value = plain(leaf)
            earlier.time = self.time
            earlier.line = statement.line
            earlier.lines.add(statement.line)
            earlier.inputs = list({id(v): v for v in (*earlier.inputs, *state.reads)}.values())
            self.cells[key] = (print_, earlier)
            return
        version = self.new_version(state, key, text, leaf, self.reads_of_part(state, statement, text), statement)
        if in_place and earlier is not None and stored:
            version.inputs = [*version.inputs, earlier]
        self.cells[key] = (print_, version)

    def new_version(
        self, state: FrameState, key: Key, text: str, leaf: Any, reads: list[Version], statement: Statement | None = None
    ) -> Version:
        """Record a value with what it was made from."""
        statement = statement or state.statement
        line = statement.line if statement else state.frame.f_lineno
        inputs = list({id(v): v for v in (*reads, *self.rows(leaf))}.values())
        version = Version(
            key,
            text,
            state.name,
            state.frame.f_code.co_filename,
            line,
            self.time,
            plain(leaf),
            inputs,
            self.vector(),
            {line},
            known_as={(state.name, text)},
            calls=tuple((s.frame.f_code.co_filename, s.statement.line) for s in self.stack if s is not state and s.statement),
        )
        self.cells[key] = (fingerprint(leaf), version)
        if not isinstance(leaf, (int, bool)):
            self.by_object[id(leaf)] = version
        self.alive.append(leaf)
        self.versions.append(version)
        self.dirty = True
        return version

    def rows(self, leaf: Any) -> list[Version]:
        """The lists inside a list, which may have been written under names of their own."""
        rows = leaf if isinstance(leaf, (list, tuple)) else ()
        return [version for row in rows if isinstance(row, list) and (version := self.by_object.get(id(row))) is not None]

    def vector(self) -> Vector:
        """Which iteration of which loop the code is in, outermost first."""
        return tuple((state.number, loop, len(state.counts[loop])) for state in self.stack for loop in around(state))

    # ---------------------------------------------------------------------- arguments and the step

    def look(self, state: FrameState) -> None:
        """Let the binder see the frame, and those that wait for it, where a statement has changed something of theirs."""
        if self.dirty:
            self.dirty = False
            for waiting in self.stack:
                if waiting is not state:
                    self.look_at(waiting)
        self.look_at(state)

    def look_at(self, state: FrameState) -> None:
        """Which arguments a frame has, and which have changed."""
        variables = state.frame.f_locals
        if len(variables) != state.locals_seen:
            state.locals_seen = len(variables)
            state.readers = self.binder.resolve(state.frame, state.depth, state.readers)
        for variable, read in state.readers:
            value = read(variables)
            if value is None:
                continue
            mark = variable.marked(value)
            if variable.history and mark == variable.mark:
                self.left_as_it_was(variable, value)
                continue
            self.argument_changed(variable, value, mark)

    def argument_changed(self, variable: Variable, value: Any, mark: bytes) -> None:
        """Enter an argument's new value, and whether it is a step of learning."""
        earlier = variable.last
        variable.mark, variable.last = mark, plain(value)
        version = self.by_object.get(id(value))
        if version is None and earlier is None and isinstance(value, np.ndarray):
            version = self.given(variable, value)
        variable.history.append(Held(self.time, variable.last, version))
        before = self.variable_version.get(variable)
        if version is not None:
            self.variable_version[variable] = version
        if earlier is None or is_data(variable.argument) or variable.argument in self.targets:
            return
        by_itself = version is before or (version is not None and before in version.inputs)
        reshaped = shape_of(earlier) != shape_of(value)
        if version is None or before is None:
            if not variable.from_bind or reshaped:
                return
        elif version is not before and not depends(version, before):
            if not reshaped:  # a new sample or batch, mostly: it does not come from the old value
                self.changes.append(Change(self.time, variable, self.vector(), version, False, False))
            return
        if self.binder.is_best(variable):
            if version is not None and version.array.tobytes() != mark:
                version, by_itself = None, True  # it was written under another name, and what it was made from is recorded there
            whole = reshaped or shape_of(value) is None
            moved = np.ones(1, bool) if whole else np.asarray(np.asarray(earlier) != np.asarray(value))
            self.changes.append(Change(self.time, variable, self.vector(), version, by_itself))
            self.loop.write(variable, moved, self.vector())
            if self.loop.is_found and len(self.loop.iterations(self.changes)) > self.step + 1:
                raise StepOver

    def left_as_it_was(self, variable: Variable, value: Any) -> None:
        """Another object with the same content: `W = W - 0 * dW`."""
        version, before = self.by_object.get(id(value)), self.variable_version.get(variable)
        if version is not None and before is not None and version is not before and version.line:
            self.left_alone(before, Idle(version.time, version.line, version.function, version.inputs))

    def left_alone(self, version: Version, idle: Idle) -> None:
        """Stop when a loop has gone round many times, writing its variables, and no parameter has moved."""
        self.idle.setdefault(id(version), []).append(idle)
        vector = self.vector()
        if not self.changes and vector and vector[0][2] > STILL:
            self.loop.place = vector[0][:2]
            raise StepOver

    def given(self, variable: Variable, value: np.ndarray) -> Version:
        """A version for an array that no statement has made or read so far: a global of the module, say."""
        state = self.stack[-1]
        version = self.new_version(state, ("given", id(value)), variable.expression, value, [])
        version.line, version.lines, version.is_argument = 0, set(), True
        return version

    def window(self) -> tuple[float, float]:
        """(start, end) times of the step asked for."""
        return self.loop.window(self.changes, self.all_states, self.step)
