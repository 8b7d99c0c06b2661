"""What a trace is made of: versions of values, changes of parameters, and what is known of a running function."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.bind import Readers, Variable
from microgradnp.debugger.capture.source import Path, Source, Statement
from microgradnp.debugger.capture.values import Key

Vector = tuple[tuple[int, int, int], ...]  # (frame, loop header line, iteration), outermost first
HOPS = 3


@dataclass(eq=False)
class Version:
    """A value that a variable had, from one write to the next."""

    key: Key
    path: str
    function: str
    file: str
    line: int
    time: int
    value: Any
    inputs: list[Version]
    vector: Vector
    lines: set[int] = field(default_factory=set)
    observed: bool = False
    is_argument: bool = False
    known_as: set[tuple[str, str]] = field(default_factory=set)  # (function, expression) under which the code had it
    alias_lines: set[int] = field(default_factory=set)  # statements that gave it another name: calls of helpers, mostly
    renamed: set[int] = field(default_factory=set)  # those of them that do nothing else: `a = b`
    calls: tuple[tuple[str, int], ...] = ()  # (file, line) of the calls that led to the statement, outermost first

    @property
    def array(self) -> np.ndarray:
        return np.asarray(self.value)

    @property
    def names(self) -> set[str]:
        """All expressions under which the code had it."""
        return {name for _, name in self.known_as}


@dataclass(frozen=True)
class Change:
    """A parameter took another value, made from its old one; `version` is None for one that is spread over several objects."""

    time: int
    variable: Variable
    vector: Vector
    version: Version | None
    by_itself: bool  # made from the old value by one statement
    from_old: bool = True  # made from the old value at all


@dataclass(frozen=True)
class Idle:
    """A statement that wrote a value and left it as it was."""

    time: int
    line: int
    function: str
    reads: list[Version]


@dataclass(eq=False)
class FrameState:
    """What the tracer knows about one running function."""

    frame: FrameType
    source: Source | None
    number: int
    depth: int
    statement: Statement | None = None
    reads: list[Version] = field(default_factory=list)
    by_path: dict[Path, set[int]] = field(default_factory=dict)  # which of the reads each access path led to
    counts: dict[int, list[int]] = field(default_factory=dict)  # loop header line -> times of its events; -line: see `repeats`
    repeated: dict[int, CodeType] = field(default_factory=dict)  # -line of a comprehension -> what it calls again and again
    readers: Readers = field(default_factory=list)
    locals_seen: int = -1
    loops: tuple[int, ...] = ()  # headers around the statement that runs, or ran last

    @property
    def name(self) -> str:
        return self.frame.f_code.co_name


def around(state: FrameState) -> list[int]:
    """The loops that a frame is in, outermost first; a comprehension that calls comes last, as -line."""
    line = -state.statement.line if state.statement else 0
    return [loop for loop in (*state.loops, line) if loop in state.counts]


def first_difference(a: Vector, b: Vector) -> tuple[int, int] | None:
    """The outermost loop that is in another iteration."""
    earlier = {(number, loop): count for number, loop, count in a}
    for number, loop, count in b:
        if (number, loop) in earlier and earlier[number, loop] != count:
            return number, loop
    return None


def depends(version: Version, on: Version) -> bool:
    """Whether a value was made from another in a few statements, as a parameter is from what it was before its step."""
    reached = [version]
    for _ in range(HOPS):
        if any(v is on for v in reached):
            return True
        reached = list({id(v): v for one in reached for v in one.inputs if v.time >= on.time}.values())
    return any(v is on for v in reached)
