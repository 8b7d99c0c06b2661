"""Entries of arrays: which of a wrong gradient are wrong, which write set them, and what a part of an array is made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from microgradnp.debugger.judge.judged import quantity
from microgradnp.debugger.judge.points import Point
from microgradnp.debugger.judge.rates import scalars_of
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import Part, part_of, parts_in

SAME = 1e-6
MOST_RATES = 4
LIKE = frozenset(["zeros_like", "ones_like", "empty_like"])  # take a shape only
MOST_VERSIONS = 400  # of an array, of which the writes are told apart


class Entries:
    """Some entries of an array, in the memory in which it lies."""

    def __init__(self, held: Part, which: np.ndarray) -> None:
        assert held.node.memory is not None
        self.memory = held.node.memory
        flat = np.zeros(self.memory.base.nbytes, np.uint8)
        view = self.memory.geometry(held.array if held.array is not None else self.memory.base).of(flat)
        view[...] = np.reshape(which, view.shape)
        self.where = self.memory.geometry(self.memory.base).of(flat) != 0

    def spared_by(self, write: Node, step: Step) -> bool:
        """Whether a node is a write to the memory that leaves these entries as they are."""
        if write.kind != "write" or write.memory is not self.memory or write.part is None:
            return False
        return not np.any(self.where & flags_of(write, step))


def flags_of(write: Node, step: Step) -> np.ndarray:
    """Which entries of its memory a write sets: flags in the shape of the memory's base."""
    memory = write.memory
    assert memory is not None
    assert write.part is not None
    flat = np.zeros(memory.base.nbytes, np.uint8)
    part = memory.geometry(write.part).of(flat)
    target: Any = part.flat if write.function == "flat" else part
    target[step.values.resolve(write.args[1])] = 1
    return memory.geometry(memory.base).of(flat) != 0


class Sources:
    """What the values of a step are made from. A part of an array is made from the writes to it, and not from those beside it."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.flags: dict[Node, np.ndarray] = {}  # of a write
        self.known: dict[Node, tuple[list[Node], list[Node]]] = {}

    def before(self, nodes: Iterable[Node]) -> set[Node]:
        """All that some nodes are made from, they themselves included."""
        found = set(nodes)
        todo = list(found)
        while todo:
            parents, passed = self.of(todo.pop())
            found.update(passed)
            new = [parent for parent in parents if parent not in found]
            found.update(new)
            todo += new
        return found

    def of(self, node: Node) -> tuple[list[Node], list[Node]]:
        """(what a value is made from, the writes through which it came)."""
        if node not in self.known:
            memory = node.memory
            is_part = memory is not None and node.kind != "write" and node.array is not memory.base
            told_apart = is_part and memory is not None and 0 < node.version <= MOST_VERSIONS
            made = [] if node.name in LIKE else list(self.step.record.parents(node))
            self.known[node] = self.written(node) if told_apart else (made, [])
        return self.known[node]

    def written(self, node: Node) -> tuple[list[Node], list[Node]]:
        """The same for a part of an array: from the last write to it back to the one before which nothing of it is left."""
        memory, parents = node.memory, self.step.record.parents(node)
        assert memory is not None
        assert node.array is not None
        left = Entries(part_of(node), np.ones(node.array.shape)).where
        found = [parent for parent in parents if parent.memory is not memory]
        passed: list[Node] = []
        for maker in memory.nodes[node.version :: -1]:
            if maker.kind != "write":
                return [*found, maker], passed
            if maker not in self.flags:
                self.flags[maker] = flags_of(maker, self.step)
            flags = self.flags[maker]
            if np.any(left & flags):
                passed.append(maker)
                found += [maker.args[2]] if type(maker.args[2]) is Node else []
                left = left & ~flags
            if not np.any(left):
                break
        return found, passed


def written_by(node: Node, step: Step) -> Node | None:
    """The last write to what a node shows of an array. None where it shows no part of an array that was written to."""
    part, which = node, np.ones(())
    if node.kind == "operation" and node.name == "getitem" and type(node.args[0]) is Node and node.args[0].memory is not None:
        part = node.args[0]
        which = np.zeros(np.shape(part.value))
        which[step.values.resolve(node.args[1])] = 1
    elif node.kind != "view" or node.memory is None:
        return None
    held = part_of(part)
    shape = np.shape(part.value)
    entries, write = Entries(held, np.broadcast_to(which, shape)), held.node
    while entries.spared_by(write, step):
        write = write.args[0]
    return write if write.kind == "write" else None


def wrong_entries(step: Step, point: Point, argument: str, end: Any, right: list[float]) -> Entries | None:
    """The wrong entries of a gradient that ends in the operand `end`. None where that is no single array, or all are wrong.

    `right` are the factors of right gradients. Where there are none, one or a rate of the program is tried.
    """
    parts = list(parts_in(end))
    if len(parts) != 1 or parts[0].node.memory is None:
        return None
    moves = argument in step.after
    rates = [-abs(float(node.held)) for node in scalars_of(step)][:MOST_RATES] if moves else [1.0]
    best = None
    for factor in right or rates:
        masks = []
        for values, evaluation in ((step.values, step.evaluation), (point.values, point.evaluation)):
            gradient, found = evaluation.gradients[argument], quantity(end, values)
            before = quantity(step.before[argument], values) if moves else np.zeros(())
            if found is None or before is None or np.squeeze(found).shape != np.squeeze(gradient).shape:
                return None
            moved = (found - before).reshape(gradient.shape)
            size = max(float(np.max(np.abs(moved), initial=0)), abs(factor) * float(np.max(np.abs(gradient), initial=0)))
            masks.append(np.abs(moved - factor * gradient) > SAME * size)
        wrong = masks[0] | masks[1]
        if best is None or np.count_nonzero(wrong) < np.count_nonzero(best):
            best = wrong
    if best is None or best.all() or not best.any() or best.size < 2:
        return None
    return Entries(parts[0], best)
