"""A quick run reads only what the verdict needs, so that hundreds of edits can be tried in a second."""

from __future__ import annotations

import re
import time as clock
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.capture import backend
from microgradnp.debugger.capture.backend import is_user_code
from microgradnp.debugger.capture.bind import mark_of, plain, shape_of
from microgradnp.debugger.capture.fresh import Inputs
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.trace import Loop, Trace
from microgradnp.debugger.capture.tracer import StepOver
from microgradnp.debugger.capture.writes import Writes, refill, write
from microgradnp.debugger.judge.evidence import Entry
from microgradnp.debugger.record import alarm

NAMELESS = re.compile(r"^returned value")


class Reader(NamedTuple):
    """An expression, and the function in whose frame it is evaluated."""

    function: str
    code: CodeType


class Leaf(NamedTuple):
    """An expression of the value that the function returned; `stepped` where it is the parameter after its step."""

    stepped: bool
    code: CodeType


@dataclass(eq=False)
class Plan:
    """Where the evidence lies: found once in the traced run, read again in every quick run. The keys are arguments."""

    readers: dict[str, Reader]
    moving: set[str]  # arguments whose value after the step is the evidence
    variables: dict[str, Reader]  # where the variable with the gradient is
    leaves: dict[str, Leaf]  # which part of the returned value is the evidence
    loop: Loop | None
    single: bool = False

    @property
    def functions(self) -> set[str]:
        named = {reader.function for reader in (*self.readers.values(), *self.variables.values())}
        return named | ({self.loop.function} if self.loop else set())


def plan_of(trace: Trace, entries: dict[str, Entry]) -> Plan:
    """Where each argument is read, and where its evidence lies, as found in the traced run."""
    readers = {a: Reader(v.function, compile(v.expression, "<bind>", "eval")) for a, v in trace.variables.items()}
    variables: dict[str, Reader] = {}
    leaves: dict[str, Leaf] = {}
    moving: set[str] = set()
    for argument, entry in entries.items():
        place = entry.place
        if place is not None and "[piece " in place.expression:
            continue  # a part of what is returned, which no expression reads
        if place is not None and place.kind != "variable" and not NAMELESS.match(place.expression):
            if argument in trace.variables:  # an attribute that is kept
                code = compile(place.expression, "<kept>", "eval")
                variables[argument] = Reader(trace.variables[argument].function, code)
        elif place is not None and place.kind != "variable":
            expression = NAMELESS.sub("returned", place.expression)
            leaves[argument] = Leaf(place.kind == "stepped leaf", compile(expression, "<returned>", "eval"))
        elif place is not None and "()" not in place.expression:
            variables[argument] = Reader(place.function, compile(place.expression, "<variable>", "eval"))
        elif argument in trace.changed or entry.kind in ("update", "missing"):
            moving.add(argument)
    return Plan(readers, moving, variables, leaves, trace.loop, trace.single)


@dataclass(eq=False)
class Observation:
    """What one quick run showed."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    gradients: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> bytes:
        return b"\0".join(name.encode() + mark_of(value) for name, value in sorted(self.before.items()))


class Probe:
    """Listens to the few functions that hold arguments or evidence."""

    def __init__(self, plan: Plan, deadline: float, looping: set[str]) -> None:
        self.plan = plan
        self.deadline = deadline
        self.looping = looping  # functions that may never end when they are edited
        self.functions = plan.functions
        self.count = 0
        self.events = 0
        self.seen = Observation()
        self.frames: dict[str, FrameType] = {}
        self.codes: dict[CodeType, bool] = {}

    def wants(self, code: CodeType) -> bool:
        self.events += 1
        if self.events & 63 == 0 and clock.thread_time() > self.deadline:
            raise StepOver
        if code not in self.codes:
            self.codes[code] = (code.co_name in self.functions or code.co_name in self.looping) and is_user_code(code)
        return self.codes[code]

    def on_call(self, frame: FrameType) -> None:
        name = frame.f_code.co_name
        if self.plan.loop is not None and self.plan.loop[:2] == (name, 0):
            self.go_round(name, frame)
        if name in self.functions:
            self.frames.setdefault(name, frame)

    def go_round(self, name: str, frame: FrameType) -> None:
        """The loop begins another iteration: the one that is looked at begins, or is over."""
        wanted = self.plan.loop.iteration if self.plan.loop else 0
        self.count += 1
        if self.count == wanted:
            self.seen.before.clear()
            self.frames[name] = frame
            for outer, running in self.frames.items():  # what its callers hold was there before the step, too
                self.read_before(outer, running)
        elif self.count > wanted:
            self.read_all()
            raise StepOver

    def on_line(self, frame: FrameType, line: int) -> None:
        """Count the turns of the training loop, and read the variables before the wanted one. Raises StepOver when time is up."""
        self.events += 1
        if self.events & 63 == 0 and clock.thread_time() > self.deadline:
            raise StepOver
        loop = self.plan.loop
        name = frame.f_code.co_name
        if loop is not None and name == loop.function and line == loop.line:
            self.go_round(name, frame)
        if loop is not None and self.count < loop.iteration:
            return
        self.frames.setdefault(name, frame)
        if len(self.seen.before) < len(self.plan.readers):
            self.read_before(name, frame)
        elif loop is None and name not in self.looping:
            frame.f_trace_lines = False

    def on_return(self, frame: FrameType, value: Any) -> None:  # noqa: ARG002  # the returned value is seen by the caller
        name = frame.f_code.co_name
        if self.frames.get(name) is frame:
            if len(self.seen.before) < len(self.plan.readers):
                self.read_before(name, frame)
            self.read_after(name, frame)
            del self.frames[name]

    def read_before(self, name: str, frame: FrameType) -> None:
        """Read the arguments that a frame gives, before the step."""
        for argument, (function, code) in self.plan.readers.items():
            if function == name and argument not in self.seen.before:
                value = evaluate_in(code, frame)
                if value is not None:
                    self.seen.before[argument] = plain(value)

    def read_after(self, name: str, frame: FrameType) -> None:
        """Read the parameters and gradients that a frame gives, after the step."""
        for argument, (function, code) in self.plan.readers.items():
            if function != name:
                continue
            value = evaluate_in(code, frame)
            if value is None:
                continue
            if argument in self.plan.moving:
                self.seen.after[argument] = plain(value)
            elif argument not in self.plan.leaves and argument not in self.plan.variables:
                self.seen.before[argument] = plain(value)  # data: what the step worked on
        for argument, (function, code) in self.plan.variables.items():
            if function == name:
                value = evaluate_in(code, frame)
                if shape_of(value) is not None:  # a function may have the name of what holds the gradient
                    self.seen.gradients[argument] = plain(value)

    def read_all(self) -> None:
        """Read what every frame that still runs gives."""
        for name, frame in list(self.frames.items()):
            self.read_after(name, frame)


class Writer(Probe):
    """A quick run that counts events as the tracer does, and writes at the given times."""

    def __init__(self, plan: Plan, deadline: float, looping: set[str], writes: Writes) -> None:
        super().__init__(plan, deadline, looping)
        self.writes = writes
        self.time = 0
        self.user: dict[CodeType, bool] = {}

    def wants(self, code: CodeType) -> bool:
        if code not in self.user:
            self.user[code] = is_user_code(code)
        super().wants(code)
        return self.user[code]

    def on_call(self, frame: FrameType) -> None:
        if self.codes.get(frame.f_code):
            super().on_call(frame)

    def on_line(self, frame: FrameType, line: int) -> None:
        self.time += 1
        if self.time in self.writes:
            write(frame, self.writes[self.time])
        if self.codes.get(frame.f_code):
            super().on_line(frame, line)
            frame.f_trace_lines = True  # every line counts here

    def on_return(self, frame: FrameType, value: Any) -> None:
        self.time += 1
        if self.time in self.writes:
            one = self.writes[self.time]
            if one.path.endswith("()"):
                refill(value, one.array)
            else:
                write(frame, one)
        if self.codes.get(frame.f_code):
            super().on_return(frame, value)


def evaluate_in(code: CodeType, frame: FrameType) -> Any:
    """The value of an expression in a frame; None when it is not made yet."""
    try:
        return eval(code, frame.f_globals, frame.f_locals)
    except Exception:  # not made yet
        return None


def observe(
    program: Program, plan: Plan, inputs: Inputs, deadline: float, looping: set[str], writes: Writes | None = None
) -> Observation | None:
    """One quick run; None when the code fails, or does not end by the deadline or an alarm.

    `looping` names the functions that may never end once they are edited: the clock is looked at in their loops, too.
    """
    deadline = min(deadline, alarm.end)
    probe = Writer(plan, deadline, looping, writes) if writes else Probe(plan, deadline, looping)
    with program.world(inputs) as call:
        try:
            with backend.listening(probe):
                returned = call.run()
        except StepOver:
            if plan.loop is None or probe.count <= plan.loop.iteration:
                return None
            returned = None
        except SystemExit:  # what moved until then is judged
            returned = None
        except Exception:  # an edit may break the code in any way
            return None
    for argument, (stepped, code) in plan.leaves.items():
        try:
            value = np.array(eval(code, {"returned": returned}), dtype=float)
            probe.seen.gradients[argument] = value - np.asarray(probe.seen.before[argument]) if stepped else value
        except Exception:  # another structure than before
            return None
    return probe.seen
