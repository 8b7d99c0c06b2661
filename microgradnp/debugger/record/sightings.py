"""What the user's variables held, and when: which recorded values are the arguments of the model."""

from __future__ import annotations

import re
from types import CodeType, FrameType
from typing import Any

from microgradnp.debugger.capture.bind import Binder, Held, Readers, Variable, Wanted
from microgradnp.debugger.record.nodes import Group, Node
from microgradnp.debugger.record.recorder import Recorder
from microgradnp.debugger.record.syntax import HOOKS

NAME = re.compile(r"[^\W\d]\w*")


class Sightings:
    """Looks at frames, and keeps for each argument the nodes that were bound to it, with the number of nodes at that time."""

    def __init__(self, wanted: Wanted) -> None:
        self.binder = Binder(wanted)
        self.readers: dict[CodeType, Readers] = {}
        self.looking = False  # an expression of `bind` may call a function of the user
        self.sizes: dict[CodeType, set[int]] = {}  # for how many variables the readers of a function were looked for
        self.names: dict[CodeType, set[str]] = {}  # that the readers of a function mention

    def look(self, recorder: Recorder, frame: FrameType) -> None:
        """Note the arguments that have changed in a frame."""
        if self.looking:
            return
        self.looking = True
        try:
            self.note(recorder, frame)
        finally:
            self.looking = False

    def note(self, recorder: Recorder, frame: FrameType) -> None:
        """Note the values that the variables of a frame have now."""
        code = frame.f_code
        if code not in self.readers and HOOKS not in frame.f_globals:
            return
        variables = frame.f_locals
        sizes = self.sizes.setdefault(code, set())
        if len(variables) not in sizes:
            sizes.add(len(variables))
            depth = len(recorder.call.chain) if recorder.call is not None else 0
            self.readers[code] = self.binder.resolve(frame, depth, self.readers.get(code, []))
            self.names[code] = {name for variable, _ in self.readers[code] for name in NAME.findall(variable.expression)}
        for variable, read in self.readers[code]:
            value = read(variables)
            if value is None:
                continue
            held = recorder.operand(value)
            if not variable.history or not is_same(held, variable.history[-1].value):
                variable.history.append(Held(len(recorder.nodes), held, None))

    def ignores(self, code: CodeType, name: str) -> bool:
        """Whether a variable of a function is no part of any argument. Another number in it needs no look."""
        return code in self.names and name not in self.names[code]

    def variable(self, argument: str) -> Variable | None:
        """The best variable for an argument."""
        return self.binder.choose(argument, float("inf"))


def is_same(first: Any, second: Any) -> bool:
    """Whether two operands are the same nodes."""
    if first is second:
        return True
    if type(first) is Group and type(second) is Group:
        return len(first.items) == len(second.items) and all(map(is_same, first.items, second.items))
    if type(first) is Node or type(second) is Node:
        return first is second
    try:
        return type(first) is type(second) and bool(first == second)
    except ValueError:
        return False
