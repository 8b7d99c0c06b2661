"""The hooks: each does what the expression would have done, and notes it as a node of the graph.

Which value came from where is told by identity. Every array and number that was seen is kept alive, so its `id` stays its own.
Arrays share memory with their views. So each memory counts its versions, and a view is read anew when its memory has changed.
"""

from __future__ import annotations

import cmath
import itertools
import math
import operator
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.values import Nest, is_each
from microgradnp.debugger.record.nodes import FLAGS, SCALARS, Call, Group, Memory, Node, Undo, root_of
from microgradnp.debugger.record.sites import Site

LARGE = 4_000_000  # elements; larger data are not copied
TRACKED = (np.ndarray, np.matrix, np.memmap)
READERS = frozenset(["binary", "unary", "call", "set_item", "augmented", "augmented_place", "item"])  # a flag flows into these

Hook = Callable[..., Any]


class StoppedRecordingError(BaseException):
    """The program does what cannot be recorded; or, without a reason, the record is long enough."""


class Entry:
    """An array that was seen: its memory, and its node at the version of the memory that it was last seen at."""

    __slots__ = ("array", "memory", "node", "version")

    def __init__(self, array: np.ndarray, memory: Memory, version: int, node: Node) -> None:
        self.array = array
        self.memory = memory
        self.version = version
        self.node = node


class Listed:
    """A list that was an operand, and its Group, which stays the same as long as the list holds the same numbers."""

    __slots__ = ("group", "nest", "renamed", "value")

    def __init__(self, value: list[Any], group: Group, renamed: int) -> None:
        self.value, self.group, self.renamed = value, group, renamed
        self.nest = Nest(value)


class Recorder:
    """Records one run. `most` is the largest number of nodes."""

    def __init__(self, most: int, disturb: Callable[[Any], Any] | None = None) -> None:
        self.most = most
        self.until: float | None = None  # when the clock of the process shows this, the recording stops
        self.is_late = False  # whether it did
        self.disturb = disturb  # changes random draws
        self.look: Callable[[Recorder, FrameType], None] | None = None  # is shown the frames of the user's functions
        self.outside: FrameType | None = None  # the frame that makes the recorded call: what lies behind it is not looked at
        self.ignores: Callable[[CodeType, str], bool] = lambda _code, _name: False  # whether a variable is none that it looks at
        self.nodes: list[Node] = []
        self.numbers: dict[int, Node] = {}  # id of a number -> its node, which keeps the number alive
        self.renamed = 0  # how often a number got another node
        self.lists: dict[int, Listed] = {}  # id of a list -> its operand as it was when last asked for
        self.arrays: dict[int, Entry] = {}  # id of an array
        self.memories: dict[int, Memory] = {}  # id of the array that owns the memory
        self.origins: dict[int, tuple[Any, str]] = {}  # id -> a value that was given, and where
        self.flags: dict[Site, Node] = {}  # the last flag that an expression gave
        self.transparent: set[Site] = set()  # expressions that call functions of the user
        self.literals: dict[int, tuple[Any, Site]] = {}  # id -> a number in the source, and where
        self.pickled: dict[int, tuple[bytes, list[Node]]] = {}
        for library in (math, cmath, np):
            for name, value in vars(library).items():
                if type(value) in SCALARS:
                    self.origins[id(value)] = (value, f"{library.__name__}.{name}")
        self.call: Call | None = None
        self.calling: tuple[Site, int] | None = None

    # ------------------------------------------------------------------------------------------------ nodes of values

    def node(self, kind: str, function: Any, args: tuple[Any, ...], site: Site | None, execution: int = 0) -> Node:
        """A new node."""
        nodes = self.nodes
        if self.until is not None and len(nodes) % 64 == 0 and time.process_time() > self.until:
            self.is_late, self.most = True, 0
        made = Node(len(nodes), kind, function, args, site, execution, self.call)
        nodes.append(made)
        return made

    def number(self, value: Any, site: Site | None = None) -> Node:
        """The node of a number; a new leaf when it was never seen."""
        found = self.numbers.get(id(value))
        if found is None:
            literal = self.literals.get(id(value))
            found = self.node("literal", None, (), literal[1]) if literal else self.leaf(value, site)
            found.held = value
            self.numbers[id(value)] = found
        return found

    def leaf(self, value: Any, site: Site | None) -> Node:
        """A value that no recorded operation made."""
        origin = self.origins.get(id(value))
        node = self.node("leaf" if origin else "loose", None, (), site)
        if origin:
            node.origin = origin[1]
        return node

    def array(self, value: np.ndarray, site: Site | None = None) -> Node:
        """The node of an array as it is now."""
        return self.entry(value, site).node

    def entry(self, value: np.ndarray, site: Site | None = None) -> Entry:
        """What is known about an array, brought up to date."""
        entry = self.arrays.get(id(value)) or self.meet(value, site)
        memory = entry.memory
        if entry.version != memory.version:
            entry.version = memory.version
            entry.node = memory.nodes[-1] if value is memory.base else self.view(value, memory, site)
        return entry

    def meet(self, value: np.ndarray, site: Site | None) -> Entry:
        """An array that is seen for the first time: given, or a view that a library made."""
        root = root_of(value)
        memory = self.memories.get(id(root)) or self.memory_around(value)
        if memory is None:
            if type(root) not in TRACKED:
                raise StoppedRecordingError(f"arrays of type {type(root).__name__} cannot be recorded")
            name = self.origins.get(id(value), self.origins.get(id(root)))
            node = self.node("leaf" if name else "loose", None, (), site)
            node.origin = name[1] if name else ""
            node.given = root.copy(order="K") if root.size <= LARGE else None
            memory = self.own(root, node)
        node = memory.nodes[-1] if value is memory.base else self.view(value, memory, site)
        entry = self.arrays[id(value)] = Entry(value, memory, memory.version, node)
        return entry

    def memory_around(self, value: np.ndarray) -> Memory | None:
        """The memory that an array lies in although its base does not say so."""
        if value.base is None or not value.size:
            return None
        return next((memory for memory in self.memories.values() if np.may_share_memory(memory.base, value)), None)

    def own(self, root: np.ndarray, node: Node) -> Memory:
        """A new memory, whose first version is the value of `node`."""
        memory = self.memories[id(root)] = Memory(root, node)
        node.memory, node.array = memory, root
        self.arrays[id(root)] = Entry(root, memory, 0, node)
        return memory

    def view(self, value: np.ndarray, memory: Memory, site: Site | None) -> Node:
        """A node that reads a view as it is now."""
        node = self.node("view", None, (memory.nodes[-1],), site)
        node.memory, node.version, node.array = memory, memory.version, value
        return node

    def operand(self, value: Any, inner: Site | None = None) -> Any:
        """What a node holds for an operand: a node, a group of them, or the value itself."""
        kind = type(value)
        if kind in SCALARS:
            return self.numbers.get(id(value)) or self.number(value)
        if isinstance(value, np.ndarray):
            if value.dtype.kind == "O":
                return Group(np.ndarray, tuple(self.operand(item) for item in value.flat), value.shape)
            return self.entry(value).node
        if kind in FLAGS:
            return self.flags.get(inner, value) if inner is not None else value
        if kind is list:
            return self.list_operand(value)
        if isinstance(value, tuple):
            return Group(kind, tuple([self.operand(item) for item in value]))
        if kind is dict:
            return Group(dict, tuple([self.operand(item) for item in value.values()]), tuple(value))
        return value

    def list_operand(self, value: list[Any]) -> Group:
        """The operand of a list: the same Group as long as the list holds the same."""
        known = self.lists.get(id(value))
        if known is not None and known.renamed == self.renamed and known.nest.holds(value):
            return known.group
        items = tuple([self.operand(item) for item in value])
        if known is not None and known.value is value and is_each(items, known.group.items):
            known.renamed = self.renamed
            return known.group
        group = Group(list, items)
        self.lists[id(value)] = Listed(value, group, self.renamed)
        return group

    def operands(self, args: tuple[Any, ...], inner: tuple[Site | None, ...] = ()) -> tuple[Any, ...]:
        """All operands."""
        if inner:
            return tuple([self.operand(arg, site) for arg, site in itertools.zip_longest(args, inner[: len(args)])])
        return tuple([self.operand(arg) for arg in args])

    # ------------------------------------------------------------------------------------------------ results

    def known(self, value: Any) -> bool:
        """Whether a value has a node, or is none that gets one."""
        if type(value) in SCALARS:
            return id(value) in self.numbers
        return not isinstance(value, np.ndarray) or id(value) in self.arrays

    def result(self, value: Any, node: Node) -> None:
        """Note a value as the result of a node. Values inside of a container become parts."""
        kind = type(value)
        if kind in SCALARS:
            node.held = value
            self.renamed += id(value) in self.numbers
            self.numbers[id(value)] = node
        elif isinstance(value, np.ndarray) and value.dtype.kind != "O":
            self.array_result(value, node)
        elif kind in FLAGS or kind is int:
            node.held = value
        else:
            self.parts(value, node)  # a container may change later: only its parts have values

    def array_result(self, value: np.ndarray, node: Node) -> None:
        """Note an array: new, a view of a memory that is known, or part of a memory that the operation has made."""
        if value.base is None:
            self.own(value, node)
            return
        root = root_of(value)
        memory = self.memories.get(id(root)) or self.memory_around(value)
        if type(root) not in TRACKED:
            raise StoppedRecordingError(f"arrays of type {type(root).__name__} cannot be recorded")
        if memory is None:
            hold = self.node("hold", None, (node,), node.site, node.execution)
            memory = self.own(root, hold)
            hold.part = value
        node.memory, node.version, node.array = memory, memory.version, value
        self.arrays[id(value)] = Entry(value, memory, memory.version, node)

    def parts(self, value: Any, node: Node) -> None:
        """The values inside of a result, each with a node of its own."""
        if isinstance(value, np.ndarray):
            items: Any = zip(np.ndindex(value.shape), value.flat, strict=True)
        elif isinstance(value, dict):
            items = list(value.items())
        elif isinstance(value, (list, tuple)):
            items = list(enumerate(value))
        else:
            return
        for key, item in items:
            if isinstance(item, (list, tuple, dict)) or not self.known(item):
                self.result(item, self.node("part", None, (node, key), node.site, node.execution))

    def holds_unknown(self, value: Any) -> bool:
        """Whether a result holds a number or array that has no node yet."""
        if isinstance(value, np.ndarray) and value.dtype.kind == "O":
            return any(self.holds_unknown(item) for item in value.flat)
        if isinstance(value, (list, tuple)):
            return any(self.holds_unknown(item) for item in value)
        if isinstance(value, dict):
            return any(self.holds_unknown(item) for item in value.values())
        return not self.known(value)

    def decide(self, function: Any, args: tuple[Any, ...], value: Any, site: Site | None, execution: int = 0) -> Node:
        """Note that Python goes on with a value that was read from recorded ones."""
        node = self.node("decision", function, args, site, execution)
        node.held = value
        return node

    def flag(self, function: Any, args: tuple[Any, ...], value: Any, site: Site, execution: int) -> Node:
        """Note a truth value: an operand of the expression around it, or a decision."""
        outer = site.outer
        if outer is None or outer.kind not in READERS or outer in self.transparent:
            return self.decide(function, args, value, site, execution)
        node = self.flags[site] = self.node("operation", function, args, site, execution)
        node.held = value
        return node

    # ------------------------------------------------------------------------------------------------ writing

    def before(self, array: np.ndarray, index: Any = None) -> Undo:
        """What is needed to undo a change of an array."""
        if index is None:
            return Undo(array, None, array.copy(order="K"))
        old = array[index]
        return Undo(array, kept(index), old.copy() if isinstance(old, np.ndarray) else old)

    def wrote(self, array: np.ndarray, node: Node, undo: Undo) -> None:
        """Note that `node` is the new content of an array."""
        entry = self.entry(array)
        memory = entry.memory
        if array is not memory.base:
            write = self.node("write", operator.setitem, (memory.nodes[-1], ..., node), node.site, node.execution)
            write.part = array
        else:
            write = node
        memory.nodes.append(write)
        memory.undo.append(undo)
        write.memory, write.version, write.array = memory, memory.version, memory.base
        node.memory, node.version, node.array = memory, memory.version, array
        entry.node, entry.version = node, memory.version

    def store(self, site: Site, execution: int, value: Any, array: Any, index: Any) -> None:
        """`array[index] = value` for an array or its `flat`."""
        flat = isinstance(array, np.flatiter)
        part: np.ndarray = array.base if flat else array
        memory = self.entry(part).memory
        args = (
            memory.nodes[-1],
            self.operand(index, site.inner[2] if len(site.inner) > 2 else None),
            self.operand(value, site.inner[0] if site.inner else None),
        )
        try:
            undo = self.before(part) if flat else self.before(part, index)
        except (IndexError, ValueError, TypeError):
            array[index] = value  # raises what the user's statement raises
            raise
        array[index] = value
        node = self.node("write", "flat" if flat else operator.setitem, args, site, execution)
        node.part = part
        memory.nodes.append(node)
        memory.undo.append(undo)
        node.memory, node.version, node.array = memory, memory.version, memory.base


def has_node(args: tuple[Any, ...]) -> bool:
    """Whether there is a node among some operands."""
    return any(type(arg) is Node or (type(arg) is Group and has_node(arg.items)) for arg in args)


def kept(index: Any) -> Any:
    """An index that nobody else can change."""
    if isinstance(index, np.ndarray):
        return index.copy()
    if isinstance(index, tuple):
        return tuple(kept(part) for part in index)
    return list(index) if isinstance(index, list) else index
