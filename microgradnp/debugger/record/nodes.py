"""What is recorded: nodes (operations with their operands and values), the calls around them, and the arrays they live in."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.record.sites import Site

SCALARS = frozenset(t for t in np.sctypeDict.values() if issubclass(t, np.number)) | {float, complex}
FLAGS = frozenset([bool, np.bool_])
INTS = frozenset(t for t in SCALARS if issubclass(t, np.integer))
SPACING = 32  # versions of a memory between two that are kept


def fresh(number: Any) -> Any:
    """A float or complex object of the same value that nothing else refers to."""
    if type(number) is complex:
        return complex(number.real, number.imag)
    return struct.unpack("d", struct.pack("d", number))[0]


class Group(NamedTuple):
    """A list, tuple, dict or array of objects among the operands, with nodes for the values inside."""

    kind: type
    items: tuple[Any, ...]
    keys: tuple[Any, ...] = ()  # of a dict; the shape of an array of objects


@dataclass(eq=False, slots=True)
class Call:
    """One call of a function of the user: `site` is the expression that called it, where it is known."""

    function: str
    site: Site | None
    execution: int  # of that expression
    parent: Call | None

    @property
    def chain(self) -> list[Call]:
        """The calls that were running, the outermost first."""
        return [*(self.parent.chain if self.parent else ()), self]


class Node:
    """One value of the program and the operation that made it.

    `kind` is one of
    - "leaf": given (`origin` says where), "literal": a number in the source, "draw": random, "loose": of unknown origin
    - "operation": `function(*args, **options)`; `written` is the operand that it changes in place, if any
    - "part": element `args[1]` of the result `args[0]`, which is a tuple, list or dict
    - "write": the memory `args[0]` after `args[2]` was stored at `args[1]` of `part`, which is a part of it
    - "view": the part of the memory `args[0]` that `array` shows
    - "hold": the memory in which the result `args[0]` lies, where that is larger than the result
    - "decision": a value that Python itself went on with: a condition, an index, an int
    """

    options: dict[str, Any] | None = None
    written: int | str | None = None
    origin: str = ""
    held: Any = None  # the value, where it is no array
    memory: Memory | None = None  # where the value lies, if it is an array, since which version, and in which part of it
    version: int = 0
    array: np.ndarray | None = None
    part: np.ndarray | None = None  # of a "write": the array that was written to
    given: np.ndarray | None = None  # of a "leaf": a copy from when it was first seen, to notice writes that nobody recorded
    state: Any = None  # of a "draw" that reads recorded values: the generator and the state it was in

    def __init__(
        self, number: int, kind: str, function: Any, args: tuple[Any, ...], site: Site | None, execution: int, call: Call | None
    ) -> None:
        self.number = number
        self.kind = kind
        self.function = function
        self.args = args
        self.site = site
        self.execution = execution  # how often the expression had been evaluated before
        self.call = call

    @property
    def value(self) -> Any:
        """The value that the program had, as it was then. Arrays must not be written to."""
        if self.memory is None:
            return self.held
        if self.version == self.memory.version:
            return self.array
        return self.memory.part(self.version, self.array)

    @property
    def parents(self) -> Iterator[Node]:
        """The nodes among the operands."""
        yield from nodes_in(self.args)
        if self.options:
            yield from nodes_in(tuple(self.options.values()))

    @property
    def name(self) -> str:
        """What was done: the operator or function by name; for a leaf where it comes from."""
        if self.kind in ("leaf", "literal", "loose"):
            return self.origin or (self.site.text if self.site else self.kind)
        function = self.function
        return str(getattr(function, "__name__", None) or getattr(function, "__qualname__", None) or self.kind)

    def __repr__(self) -> str:
        operands = ", ".join(f"#{parent.number}" for parent in self.parents)
        return f"#{self.number} {self.kind} {self.name}({operands}) {self.site or ''}"


def nodes_in(args: tuple[Any, ...]) -> Iterator[Node]:
    for arg in args:
        if type(arg) is Node:
            yield arg
        elif type(arg) is Group:
            yield from nodes_in(arg.items)


class Geometry(NamedTuple):
    """Which bytes of a memory an array shows, and how."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: np.dtype
    kind: type

    def of(self, flat: np.ndarray) -> np.ndarray:
        """The array that these bytes of `flat` are."""
        array: np.ndarray = np.ndarray(self.shape, self.dtype, flat, self.offset, self.strides)
        return array if self.kind is np.ndarray else array.view(self.kind)


class Undo(NamedTuple):
    """How to go back one version: store `old` at `index` of the part that `array` shows (None: in all of it)."""

    array: np.ndarray
    index: Any
    old: Any


class Memory:
    """The bytes of one array and of all its views, with every version that they had."""

    __slots__ = ("base", "geometries", "kept", "last", "nodes", "places", "undo")

    def __init__(self, base: np.ndarray, node: Node) -> None:
        self.base = base
        self.nodes = [node]  # one for each version
        self.undo: list[Undo] = []  # undo[k] goes from version k + 1 back to k
        self.kept: dict[int, np.ndarray] = {}  # some versions, so that no way back is long
        self.places: list[int] = []  # their numbers, in order
        self.last = (-1, np.empty(0, np.uint8))  # the version that was read last
        self.geometries: dict[int, tuple[np.ndarray, Geometry]] = {}  # by the identity of an array

    @property
    def version(self) -> int:
        return len(self.undo)

    def geometry(self, array: np.ndarray) -> Geometry:
        """Where an array lies in this memory."""
        known = self.geometries.get(id(array))
        if known is None or known[0] is not array or known[1][1:4] != (array.shape, array.strides, array.dtype):
            offset = address(array) - address(self.base)
            known = array, Geometry(offset, array.shape, array.strides, array.dtype, type(array))
            self.geometries[id(array)] = known
        return known[1]

    def at(self, version: int) -> np.ndarray:
        """The bytes as they were at a version."""
        if version == self.version:
            return bytes_of(self.base)
        if version == self.last[0]:
            return self.last[1]
        if version not in self.kept:
            self.last = version, self.back_to(version)
            return self.last[1]
        return self.kept[version]

    def back_to(self, version: int) -> np.ndarray:
        """A version, from the next one that is known. What lies far on the way is kept."""
        place = bisect.bisect_left(self.places, version)
        later = self.places[place] if place < len(self.places) else self.version
        flat = (bytes_of(self.base) if later == self.version else self.kept[later]).copy()
        for number in range(later - 1, version - 1, -1):
            undo = self.undo[number]
            if undo.index is None and undo.array is self.base:
                flat = bytes_of(undo.old).copy()
            else:
                self.geometry(undo.array).of(flat)[... if undo.index is None else undo.index] = undo.old
            if number % SPACING == 0 and number != version:
                self.kept[number] = flat.copy()
                bisect.insort(self.places, number)
        return flat

    def part(self, version: int, array: np.ndarray | None) -> np.ndarray:
        """What an array showed at a version."""
        return self.geometry(self.base if array is None else array).of(self.at(version))


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def bytes_of(array: np.ndarray) -> np.ndarray:
    """The memory of an array as a flat array of bytes. Raises ValueError when it has gaps."""
    flat = np.asarray(array).ravel(order="K")
    if array.size and not np.may_share_memory(flat, array):
        raise ValueError("an array with gaps in its memory")
    return flat.view(np.uint8)


def root_of(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory."""
    root, base = array, array.base
    while base is not None:
        if isinstance(base, np.ndarray):
            root = base
        base = getattr(base, "base", None)
    return root


@dataclass(eq=False)
class Record:
    """A run of the user's program as a graph."""

    nodes: list[Node]
    leaves: dict[str, Node] = field(default_factory=dict)  # by where they come from: "W1", "net.W[0]"
    returned: Any = None
    ends: dict[str, Node] = field(default_factory=dict)  # the values of "return", "net.W[0]", ... after the run
    kept: dict[str, Any] = field(default_factory=dict)  # the same, with lists of numbers as one operand
    error: str | None = None  # what the user's program itself raised
    finished: bool = True  # False where the recording was stopped before the program ended
    sightings: Any = None  # what was bound to the arguments of a model
    seconds: float = 0.0
    again: Any = None  # the record evaluated again with its own values

    _parents: dict[int, tuple[Node, ...]] = field(default_factory=dict, repr=False)

    def parents(self, node: Node) -> tuple[Node, ...]:
        """The nodes among the operands of a node."""
        found = self._parents.get(node.number)
        if found is None:
            found = self._parents[node.number] = tuple(node.parents)
        return found
