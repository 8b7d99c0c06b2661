"""Evaluate a record again with other values: the operations in their order, without the user's code."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from microgradnp.debugger.record import alarm
from microgradnp.debugger.record.nodes import Group, Memory, Node, Record, bytes_of
from microgradnp.debugger.record.values import global_state, same, set_global_state

LEAVES = frozenset(["leaf", "literal", "loose"])
OFTEN = 64  # operations between two looks at the clock


class Replay:
    """The values of a record when some of them are replaced.

    `changed` lists the decisions that would fall out differently: from there on, this is no run of the program. `failed` lists
    the nodes that could not be evaluated.
    """

    def __init__(self, record: Record, put: Mapping[Node, Any]) -> None:
        self.record = record
        self.put = put
        self.values: dict[int, Any] = {}  # number of a node -> its new value, where it may be a new one
        self.changed: list[Node] = []
        self.failed: dict[Node, Exception] = {}

    @property
    def faithful(self) -> bool:
        """Whether the program would have run like this."""
        return not self.changed and not self.failed

    def __getitem__(self, node: Node) -> Any:
        """The value of a node. Raises KeyError when it could not be evaluated."""
        if node in self.failed:
            raise KeyError(node)
        if node.number in self.values:
            return self.values[node.number]
        return node.value

    def evaluate(self, node: Node) -> Any:
        """The value that a node has now."""
        if node.kind == "part":
            return self[node.args[0]][node.args[1]]
        if node.kind in ("view", "write", "hold"):
            return self.stored(node)
        args = [self.resolve(arg) for arg in node.args]
        options = {name: self.resolve(value) for name, value in node.options.items()} if node.options else {}
        function = node.function
        if node.kind == "draw":
            function = redrawn(node)
        elif node.state is not None:  # a function of a library that nobody knows
            if any(callable(value) for value in (*args, *options.values())):
                raise TypeError(f"{node.name} would run the user's code")
            set_global_state(node.state)
        if node.written is None:
            return function(*args, **options)
        place: Any = args if isinstance(node.written, int) else options
        content = place[node.written] = self.same_layout(node, place[node.written])
        function(*args, **options)
        return content

    def run(self, nodes: list[Node], everything: bool) -> None:
        """Evaluate operations in their order: all, or those that depend on another value."""
        values, failed, put, parents_of = self.values, self.failed, self.put, self.record.parents
        for count, node in enumerate(nodes):
            if count % OFTEN == 0:
                alarm.look()
            if node.kind in LEAVES or node in put:
                continue
            parents = parents_of(node)
            if failed and any(parent in failed for parent in parents):
                failed[node] = KeyError("an operand could not be evaluated")
                continue
            if everything:
                if not is_repeatable(node, parents):
                    continue
            elif not any(parent.number in values for parent in parents):
                continue
            try:
                value = self.evaluate(node)
            except Exception as error:  # other values may be of no use to an operation
                failed[node] = error
                continue
            if node.kind == "decision":
                if not same(value, node.held) and not alike(value, node.held):
                    self.changed.append(node)
            else:
                values[node.number] = value

    def stored(self, node: Node) -> Any:
        """A memory after a store, or a part of it."""
        memory, value = node.memory, self[node.args[0]]
        assert memory is not None
        if node.kind == "view":
            return memory.geometry(node.array).of(flat_of(memory, value))  # type: ignore[arg-type]
        if node.kind == "hold":
            flat = memory.at(0).copy()
            memory.geometry(node.part).of(flat)[...] = value  # type: ignore[arg-type]
        else:
            flat = flat_of(memory, value).copy()
            part = memory.geometry(node.part).of(flat)  # type: ignore[arg-type]
            target = part.flat if node.function == "flat" else part
            target[self.resolve(node.args[1])] = self.resolve(node.args[2])
        return memory.geometry(memory.base).of(flat)

    def same_layout(self, node: Node, value: Any) -> Any:
        """A copy to be written to. It lies in memory as the original did."""
        if node.memory is not None and node.array is node.memory.base:
            return node.memory.geometry(node.array).of(flat_of(node.memory, value).copy())
        return np.array(value, order="K", subok=True)

    def resolve(self, operand: Any) -> Any:
        """The value of an operand."""
        if type(operand) is Node:
            return self[operand]
        if type(operand) is not Group:
            return operand
        items = [self.resolve(item) for item in operand.items]
        if operand.kind is dict:
            return dict(zip(operand.keys, items, strict=True))
        if operand.kind is np.ndarray:
            array = np.empty(len(items), object)
            for k, item in enumerate(items):
                array[k] = item
            return array.reshape(operand.keys)
        return operand.kind(*items) if hasattr(operand.kind, "_fields") else operand.kind(items)


def replay(record: Record, put: Mapping[Node, Any] | None = None, everything: bool = False, until: Node | None = None) -> Replay:
    """Evaluate the record again, with other values for the nodes in `put`. No code of the user runs.

    Only what depends on those nodes is evaluated, or with `everything` all operations. The others keep their values. Random draws
    keep theirs, unless their arguments change. `until` is the last node to evaluate.
    """
    plain = everything and not put and until is None
    if plain and record.again is not None:
        return record.again
    again, state = Replay(record, dict(put or {})), global_state()
    again.values.update((node.number, value) for node, value in again.put.items())
    start = 0 if everything else min((node.number for node in again.put), default=len(record.nodes))
    end = len(record.nodes) if until is None else until.number + 1
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            again.run(record.nodes[start:end], everything)
    finally:
        set_global_state(state)
    if plain:
        record.again = again
    return again


def is_empty(node: Node) -> bool:
    """Whether an array was made whose content is not defined."""
    return getattr(node.function, "__name__", "").startswith("empty")


def is_repeatable(node: Node, parents: tuple[Node, ...]) -> bool:
    """Whether a second evaluation must give the same: not for draws, nor for what a library makes out of nothing."""
    if is_empty(node) or node.kind == "draw" or node.state is not None:
        return False
    return bool(parents) or getattr(node.function, "__module__", "") == "numpy"


def alike(value: Any, before: Any) -> bool:
    """Whether two decisions fall out alike, whatever the type."""
    try:
        return bool(value == before)
    except (ValueError, TypeError):
        return False


def flat_of(memory: Memory, value: Any) -> np.ndarray:
    """The bytes of a memory that holds a value. They are shared with the value where its layout allows it."""
    base = memory.base
    if (
        isinstance(value, np.ndarray)
        and value.dtype == base.dtype
        and value.shape == base.shape
        and value.strides == base.strides
    ):
        return bytes_of(value)
    flat = np.empty(base.nbytes, np.uint8)
    memory.geometry(base).of(flat)[...] = value
    return flat


def redrawn(node: Node) -> Any:
    """The function of a draw, with a generator in the state it had."""
    import random

    owner = node.function.__self__
    if isinstance(owner, np.random.Generator):
        generator: Any = np.random.Generator(type(owner.bit_generator)())
        generator.bit_generator.state = node.state
    elif isinstance(owner, np.random.RandomState):
        generator = np.random.RandomState()  # the program's own kind
        generator.set_state(node.state)
    else:
        generator = random.Random()
        generator.setstate(node.state)
    return getattr(generator, node.function.__name__)


def unlike(record: Record, again: Replay, nodes: Iterable[Node] | None = None) -> Node | None:
    """The first node whose value is not the recorded one to the last bit."""
    for node in record.nodes if nodes is None else nodes:
        if node in again.failed:
            return node
        is_container = node.memory is None and node.held is None
        if node.number in again.values and not is_container and not same(again.values[node.number], node.value):
            return node
    return None
