"""Questions about a record's graph: what depends on what, and by which nodes a parameter goes on from step to step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.record.nodes import SCALARS, Group, Node, Record
from microgradnp.debugger.record.replay import Replay, flat_of

SUMS = frozenset(["add", "iadd"])
DIFFERENCES = frozenset(["sub", "isub", "subtract"])
PRODUCTS = frozenset(["mul", "imul", "multiply", "truediv", "itruediv", "divide", "true_divide"])
ARRANGED = frozenset(  # hand on the numbers of their arguments
    {"getitem", "reshape", "ravel", "flatten", "transpose", "T", "copy", "astype", "array", "asarray", "asanyarray", "copied"}
    | {"squeeze", "atleast_2d", "atleast_1d", "expand_dims", "float", "float64", "float32", "stack", "vstack", "hstack"}
    | {"column_stack", "dstack", "append", "insert", "delete", "block", "pad", "flip", "fliplr", "flipud", "roll"}
    | {"concatenate", "clip", "flat_item", "matrix", "item", "tolist", "ascontiguousarray", "swapaxes", "A1", "A", "real", "mT"}
)


STORES = ("write", "view", "hold")  # kinds of nodes that keep numbers in an array
MOST_TREES = 64


class Part(NamedTuple):
    """The part of the value of a node that `array` shows; all of it where that is None."""

    node: Node
    array: np.ndarray | None = None

    def value(self, values: Replay) -> Any:
        """The numbers in a run."""
        whole = values[self.node]
        if self.array is None or self.node.memory is None:
            return whole
        memory = self.node.memory
        return memory.geometry(self.array).of(flat_of(memory, whole))


def root_of(node: Node) -> Node:
    """The node of the memory that a node's value lies in, at its version; the node itself where it is a number."""
    return node if node.memory is None else node.memory.nodes[node.version]


def size_of(node: Node) -> int:
    """The number of entries of a node's value."""
    if node.memory is not None and node.array is not None:
        return node.array.size
    return 1 if type(node.held) in SCALARS else int(np.size(node.value))


def part_of(node: Node) -> Part:
    """A node's value as a part of its memory."""
    memory = node.memory
    if memory is None or node.array is memory.base:
        return Part(root_of(node))
    return Part(root_of(node), node.array)


def parts_in(held: Any) -> Iterator[Part]:
    """The nodes inside of an operand, as parts, from left to right."""
    if type(held) is Node:
        yield part_of(held)
    elif type(held) is Part:
        yield held
    elif type(held) is Group:
        for item in held.items:
            yield from parts_in(item)


def exchanged(held: Any, parts: Iterator[Part]) -> Any:
    """The operand with its nodes exchanged for these parts, from left to right."""
    if type(held) in (Node, Part):
        return next(parts)
    if type(held) is Group:
        return held._replace(items=tuple([exchanged(item, parts) for item in held.items]))
    return held


def read(held: Any, values: Replay) -> Any:
    """The value of an operand in a run."""
    if type(held) is Part:
        return held.value(values)
    if type(held) is Group:
        return values.resolve(held._replace(items=tuple([read(item, values) for item in held.items])))
    return values.resolve(held)


class Structure:
    """The graph of a record in both directions."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.consumers: list[list[Node]] = [[] for _ in record.nodes]
        self.readers: list[list[int]] = [[] for _ in record.nodes]  # the same by their numbers
        self.sources: list[list[int]] = []
        self.known: dict[Any, Any] = {}  # answers to questions that are asked again and again
        self.trees: dict[Node, Tree] = {}
        self.asked: list[Node] = []  # the nodes that `around` was asked for last
        self.answer: tuple[set[Node], set[Node]] = (set(), set())
        for node in record.nodes:
            parents = record.parents(node)
            self.sources.append([parent.number for parent in parents])
            for parent in parents:
                self.consumers[parent.number].append(node)
                self.readers[parent.number].append(node.number)

    def after(self, nodes: Iterable[Node], without: Iterable[Node] = ()) -> set[Node]:
        """What is made from some nodes, they themselves included; nothing is followed through `without`."""
        return self.reached(nodes, self.readers, without)

    def before(self, nodes: Iterable[Node], without: Iterable[Node] = ()) -> set[Node]:
        """What some nodes are made from, they themselves included."""
        return self.reached(nodes, self.sources, without)

    def around(self, nodes: list[Node]) -> tuple[set[Node], set[Node]]:
        """What is made from some nodes, and what they are made from; kept until others are asked for. Not to be changed."""
        if self.asked != nodes:
            self.asked, self.answer = list(nodes), (self.after(nodes), self.before(nodes))
        return self.answer

    def is_only_stored(self, node: Node) -> bool:
        """Whether a value is at most written into arrays of which nothing else is made."""
        if not all(reader.kind in STORES for reader in self.consumers[node.number]):
            return False
        return all(reader.kind in STORES for reader in self.after([node]) - {node})

    def reached(self, nodes: Iterable[Node], links: list[list[int]], without: Iterable[Node]) -> set[Node]:
        """All nodes to which links lead, from some of them."""
        seen = bytearray(len(self.record.nodes))
        for node in without:
            seen[node.number] = 1
        todo = list({node.number for node in nodes if not seen[node.number]})
        for number in todo:
            seen[number] = 1
        found = todo.copy()
        while todo:
            for number in links[todo.pop()]:
                if not seen[number]:
                    seen[number] = 1
                    todo.append(number)
                    found.append(number)
        return {self.record.nodes[number] for number in found}

    def carried(self, node: Node) -> list[Node]:
        """The operands whose numbers go on in a node's value, or are added up in it. Memories are told by their nodes."""
        found: list[Node] | None = self.known.get(node)
        if found is None:
            found = self.known[node] = []
            for operand in self.carriers(node):
                root = root_of(operand)
                if root is node:  # the memory of an np.matrix is larger than the matrix, and is made after it
                    found += self.carried(operand)
                else:
                    found.append(root)
        return found

    def carriers(self, node: Node) -> Iterator[Node]:
        parents = self.record.parents(node)
        name = getattr(node.function, "__name__", "")
        if node.kind in ("view", "hold", "part"):
            yield node.args[0]
        elif node.kind == "write":
            yield node.args[0]
            if type(node.args[2]) is Node:
                yield node.args[2]
        elif node.kind != "operation":
            return
        elif name in SUMS or name in ARRANGED:
            yield from parents
        elif name == "at" and node.written == 0:  # np.add.at, np.subtract.at
            yield node.args[0]
        elif name in DIFFERENCES:
            if type(node.args[0]) is Node:
                yield node.args[0]
        elif name in PRODUCTS:
            sizes = [size_of(parent) for parent in parents]
            if len(parents) == 1 or min(sizes, default=1) == 1:
                yield from (parent for parent, size in zip(parents, sizes, strict=True) if size == max(sizes))

    def way(self, start: Node, end: Node) -> list[Node] | None:
        """The nodes from `start` to `end` through which a parameter is carried on: the shortest way. None where there is none."""
        if end not in self.trees:
            if len(self.trees) >= MOST_TREES:
                self.trees.clear()
            self.trees[end] = Tree(self, end)
        return self.trees[end].way(start)


class Tree:
    """The shortest ways to one node, looked for as far as they are asked for."""

    def __init__(self, structure: Structure, end: Node) -> None:
        self.structure = structure
        self.came: dict[Node, Node | None] = {end: None}  # a node -> the next one on its way
        self.todo = deque([end])

    def way(self, start: Node) -> list[Node] | None:
        """The way from a node to the end, both included."""
        came, todo = self.came, self.todo
        while start not in came and todo:
            node = todo.popleft()
            for parent in self.structure.carried(node):
                if parent not in came:
                    came[parent] = node
                    todo.append(parent)
        if start not in came:
            return None
        path, at = [], came[start]
        while at is not None:
            path.append(at)
            at = came[at]
        return [start, *path]
