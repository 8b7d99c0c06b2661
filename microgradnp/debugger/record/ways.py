"""How a parameter goes on from value to value: by its variable, its memory, or the same place in an object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.record.findings import place_of
from microgradnp.debugger.record.nodes import Node, bytes_of
from microgradnp.debugger.record.structure import ARRANGED, Part, Structure, exchanged, part_of, parts_in, root_of, size_of


def goes_on(structure: Structure, held: Any, last: Any, tail: str) -> bool:
    """Whether a parameter is another one at the end of the run, made from what it was."""
    return any(final_of(structure, part, end, tail) is not None for part, end in pairs(held, last))


def is_filled_only(structure: Structure, held: Any, last: Any, tail: str) -> bool:
    """Whether nothing reads an argument before its last value: targets are made as zeros, and then filled in."""
    ways = [way for part, end in pairs(held, last) if (way := final_of(structure, part, end, tail)) is not None]
    early = [(version, way) for way in ways for version in way[:-1]]
    return all(reader in way for version, way in early for reader in readings(structure, version))


def last_of(structure: Structure, held: Any, last: Any, tail: str) -> int:
    """The number of the node in which an argument's last value arises. Targets are often filled in before they are used."""
    ways = (final_of(structure, part, end, tail) for part, end in pairs(held, last))
    return max((way[-1].number for way in ways if way), default=-1)


def tail_of(expression: str) -> str:
    """The place that an expression names in whatever object it is: `.W` of `self.W`, `['W']` of `params['W']`."""
    found = re.search(r"(\.\w+|\[[^\[\]]*\])+$", expression)
    return found[0] if found else ""


def pairs(held: Any, last: Any) -> Iterator[tuple[Part, Part | None]]:
    """The parts of a parameter, each with that at the end of the run, where both have the same form."""
    before, after = list(parts_in(held)), list(parts_in(last)) if last is not None else []
    if len(before) != len(after):
        yield from ((part, None) for part in before)
    else:
        yield from zip(before, after, strict=True)


def final_of(structure: Structure, part: Part, end: Part | None, tail: str) -> list[Node] | None:
    """The way of a part from here to its last value: that of the variable, of the memory, or of the same place in an object."""
    asked = part.node, None if part.array is None else part.array.shape, None if end is None else end.node, tail
    if asked not in structure.known:
        structure.known[asked] = way_of(structure, part, end, tail)
    found: list[Node] | None = structure.known[asked]
    return found


def way_of(structure: Structure, part: Part, end: Part | None, tail: str) -> list[Node] | None:
    """The same, looked for anew."""
    candidates = [end.node] if end is not None else []
    if part.node.memory is not None:
        candidates.append(part.node.memory.nodes[-1])
    for path, node in structure.record.ends.items():
        is_place = path == part.node.origin if part.node.origin else bool(tail) and path.endswith(tail)
        if is_place and type(node) is Node and same_shape(node, part):
            candidates.append(root_of(node))
    return longest_way(structure, part, candidates)


def final_elsewhere(structure: Structure, part: Part, forward: set[Node]) -> list[Node] | None:
    """The way of a part that goes on in another place, a dict of copies say: the same expressions read it there."""
    if part.node.memory is None:
        return None
    ends = [root_of(n) for n in structure.record.ends.values() if type(n) is Node and same_shape(n, part)]
    way = longest_way(structure, part, ends)
    if way is None or not is_read_again(structure, way):
        return None
    places = {place_of(node) for node in forward}
    return None if any(place_of(node) in places for node in way[1:]) else way


def longest_way(structure: Structure, part: Part, ends: list[Node]) -> list[Node] | None:
    """The way of a part to the last of some nodes that it leads to."""
    best: list[Node] | None = None
    for end in dict.fromkeys(ends):
        if end.number > part.node.number and (best is None or end.number > best[-1].number):
            way = structure.way(part.node, end)
            if way is not None and len(way) > 1 and not is_reordered(part, way):
                best = way
    return best


def is_reordered(part: Part, way: list[Node]) -> bool:
    """Whether a way only puts the numbers into another order, or leaves some out. So data are shuffled, and nothing learns."""
    if not all(node.kind in ("view", "hold") or getattr(node.function, "__name__", "") in ARRANGED for node in way[1:]):
        return False
    memory = part.node.memory
    before = np.asarray(part.node.value if memory is None or part.array is None else memory.part(part.node.version, part.array))
    after = np.asarray(way[-1].value)
    return not np.array_equal(before, after) and bool(np.isin(after, before).all())


def is_read_again(structure: Structure, way: list[Node]) -> bool:
    """Whether an expression that reads a parameter reads its later values, too."""
    readers = {place_of(node) for node in readings(structure, way[0]) if node not in way}
    return any(place_of(node) in readers for version in way[1:] for node in readings(structure, version) if node not in way)


def same_shape(node: Node, part: Part) -> bool:
    if node.array is None or part.node.array is None:
        return node.memory is None and part.node.memory is None
    return node.array.shape == (part.node.array if part.array is None else part.array).shape


def moved_to(structure: Structure, held: Any, last: Any, tail: str, outputs: list[Node]) -> Any:
    """A parameter after the step: as the next forward pass reads it, or as it is at the end. None when it has not moved."""
    made, forward = structure.around(outputs)
    end = max(node.number for node in outputs)
    last_nodes = [final.node for _, final in pairs(held, last) if final is not None]
    if not made & structure.before(last_nodes):  # by branches only
        made = set(structure.record.nodes[min(node.number for node in outputs) + 1 :])
    parts, moved = [], False
    for part, final in pairs(held, last):
        whole = final_of(structure, part, final, tail) or final_elsewhere(structure, part, forward) or []
        way = [node for node in whole if node is part.node or node in made]
        if len(way) < 2 and len(whole) > 1 and is_elsewhere(part, whole[-1]):  # it moves, but not because of the loss
            way = whole
        if len(way) < 2:
            parts.append(part)
            continue
        new = arrived(part, next_read(structure, whole, way, forward, end), structure, final)
        if new.array is None and part.array is None and is_longer(part.node.value, new.node.value):
            parts.append(part)  # data with a column more under the same name is no step of learning
            continue
        moved = True
        parts.append(new)
    return exchanged(held, iter(parts)) if moved else None


def is_longer(before: Any, after: Any) -> bool:
    """Whether a value has as many axes as before, and another number of entries."""
    return np.ndim(before) == np.ndim(after) and np.size(before) != np.size(after)


def is_mixed(structure: Structure, held: Iterable[Any]) -> bool:
    """Whether one of these parameters was made from another one as it is: in the midst of a step, when some have moved."""
    nodes = {part.node for one in held for part in parts_in(one)}
    return any(nodes & structure.after([node]) != {node} for node in nodes)


def is_elsewhere(part: Part, node: Node) -> bool:
    """Whether a parameter has another value at the end than a numerical gradient check would leave behind."""
    before = np.asarray(part.node.value if part.array is None else part.array, float)
    moved = arrived(part, node)
    after = np.asarray(moved.node.value, float) if moved.array is None else None
    return after is None or before.shape != after.shape or not np.allclose(before, after, rtol=1e-6, atol=1e-9)


def next_read(structure: Structure, whole: list[Node], way: list[Node], forward: set[Node], end: int) -> Node:
    """The first later value of a parameter that an expression of the forward pass reads again.

    `whole` is the way of the parameter with the copies that were made of it before the step.
    """
    early = [version for version in whole if version is whole[0] or version in forward]
    seen = (node for version in early for node in readings(structure, version))
    readers = {place_of(node) for node in seen if node in forward and node not in way}
    later: dict[int, Node] = {}
    for k, version in enumerate(way):
        for node in readings(structure, version) if version not in early else ():
            if node.number > end and place_of(node) in readers and node not in way:
                later.setdefault(k, node)
    return way[min(later)] if later else way[-1]


def readings(structure: Structure, node: Node) -> Iterator[Node]:
    """The operations that read a value, also by views of it. An np.matrix has a node of its own beside that of its memory."""
    same = (node.memory, node.version)
    todo = [node, *(parent for parent in node.parents if node.memory is not None and (parent.memory, parent.version) == same)]
    while todo:
        for consumer in structure.consumers[todo.pop().number]:
            if consumer.memory is not None and consumer.memory is node.memory and consumer.version == node.version:
                todo.append(consumer)
            if consumer.kind != "write":
                yield consumer


def arrived(part: Part, node: Node, structure: Structure | None = None, final: Part | None = None) -> Part:
    """The same parameter when its value has gone on to a node: to a part of it, where `final`, its last value, is such a part."""
    if node.memory is not None and node.memory is part.node.memory:
        return Part(node, part.array)
    found = part_of(node)
    if structure is None or final is None or found.array is not None or node.memory is None:
        return found
    if final.array is not None and (memory := final.node.memory) is not None:
        if memory is node.memory:
            return Part(node, final.array)
        where = memory.geometry(final.array)
        views = (n for n in structure.consumers[node.number] if n.memory is node.memory)
        same = next((n for n in views if n.array is not None and node.memory.geometry(n.array) == where), None)
        if same is not None:
            return Part(node, same.array)
    return found if size_of(node) == size_of(part.node) else share_of(node, final) or found


def share_of(node: Node, final: Part) -> Part | None:
    """Of the vector of several parameters that a node is, the part that `final` shows of a later version of that vector."""
    memory, later, array = node.memory, final.node.memory, final.array
    if array is None and final.node.name == "getitem" and type(final.node.args[0]) is Node:  # one number of it
        index = final.node.args[1] if type(final.node.args[1]) is tuple else (final.node.args[1],)
        whole = final.node.args[0]
        if whole.array is not None and all(type(place) is int for place in index):
            later, array = whole.memory, whole.array[(*index, ...)]
    if memory is None or later is None or array is None:
        return None
    if (memory.base.shape, memory.base.strides, memory.base.dtype) != (later.base.shape, later.base.strides, later.base.dtype):
        return None
    return Part(node, later.geometry(array).of(bytes_of(memory.base)))
