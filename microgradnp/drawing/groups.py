"""Modules as groups of boxes, nested as they were called.

A group is drawn as one frame around its boxes, so the graph with its groups folded must have no cycle. A module that was called
twice, with other boxes in between, is two groups. Groups that still depend on each other in a cycle are not drawn.
"""

from __future__ import annotations

import collections
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

DEEPEST = 12  # levels of nesting that are drawn
SPLIT = 40  # with more modules in cycles none is split into parts


@dataclass(frozen=True)
class Group:
    label: str
    parent: int | None  # index of the group around it


Key = tuple[str, int]  # name of a module, and which part of it


def group_boxes(paths: list[tuple[str, ...]], edges: list[tuple[int, int]]) -> tuple[list[Group], list[int | None]]:
    """Groups, each behind its parent, and the innermost group of each box.

    `paths[i]` are the modules around box i, outermost first. `edges` go from lower to higher boxes.
    """
    groups: list[Group] = []
    member: list[int | None] = [None] * len(paths)
    successors: dict[int, list[int]] = collections.defaultdict(list)
    for source, target in edges:
        successors[source].append(target)
    todo: list[tuple[int | None, list[int], int]] = [(None, list(range(len(paths))), 0)]
    while todo:
        parent, boxes, depth = todo.pop()
        if depth == DEEPEST:
            continue
        for (name, part), (parts, inside) in parts_of(boxes, depth, paths, successors).items():
            label = name if parts == 1 else f"{name}, part {part} of {parts}"
            for box in inside:
                member[box] = len(groups)
            todo.append((len(groups), inside, depth + 1))
            groups.append(Group(label, parent))
    return groups, member


def nested(groups: list[Group], member: list[int | None]) -> Iterator[tuple[str, int]]:
    """("open", group), ("box", box) and ("close", group), in the order in which they are written."""
    boxes: dict[int | None, list[int]] = collections.defaultdict(list)
    for box, group in enumerate(member):
        boxes[group].append(box)
    inner: dict[int | None, list[int]] = collections.defaultdict(list)
    for i, child in enumerate(groups):
        inner[child.parent].append(i)
    todo = [("open", group) for group in reversed(inner[None])]
    yield from (("box", box) for box in boxes[None])
    while todo:
        what, group = todo.pop()
        yield what, group
        if what == "open":
            yield from (("box", box) for box in boxes[group])
            todo.append(("close", group))
            todo += [("open", child) for child in reversed(inner[group])]


def parts_of(
    boxes: list[int], depth: int, paths: list[tuple[str, ...]], successors: Mapping[int, list[int]]
) -> dict[Key, tuple[int, list[int]]]:
    """The groups directly inside one group: (name, part) -> how many parts that name has, and the boxes of this one."""
    key: dict[int, Key] = {box: (paths[box][depth], 0) for box in boxes if len(paths[box]) > depth}
    if not key:
        return {}
    within = set(boxes)
    edges = [(box, after) for box in boxes for after in successors[box] if after in within]
    circular = {item[0] for item in in_cycles(boxes, key, edges)}
    for name in sorted(circular) if len(circular) <= SPLIT else ():
        for box, part in visits(boxes, edges, name, key).items():
            key[box] = (name, part)
    dissolved = in_cycles(boxes, key, edges) if circular else set()
    found: dict[Key, list[int]] = collections.defaultdict(list)
    for box in boxes:
        if box in key and key[box] not in dissolved:
            found[key[box]].append(box)
    names = collections.Counter(name for name, _ in found)
    numbered: collections.Counter[str] = collections.Counter()
    parts = {}
    for name, part in sorted(found, key=lambda item: (found[item][0], item)):
        numbered[name] += 1
        parts[name, numbered[name]] = names[name], found[name, part]
    return parts


def visits(boxes: list[int], edges: list[tuple[int, int]], name: str, key: Mapping[int, Key]) -> dict[int, int]:
    """For each box of module `name`: how often a path to it leaves the module and comes back."""
    incoming: dict[int, list[int]] = collections.defaultdict(list)
    for source, target in edges:
        incoming[target].append(source)
    outgoing: dict[int, list[int]] = collections.defaultdict(list)
    for source, target in edges:
        outgoing[source].append(target)
    count: dict[int, int] = {}  # without boxes that depend on no box of the module
    starts: list[int] = []  # boxes that depend on leaves alone, such as the transpose of a parameter
    for box in boxes:  # in topological order
        inside = box in key and key[box][0] == name
        earlier = [
            count[source] + (inside and not (source in key and key[source][0] == name))
            for source in incoming[box]
            if source in count
        ]
        if inside or earlier:
            count[box] = max(earlier, default=0)
        if inside and all(source in starts or not incoming[source] for source in incoming[box]):
            starts.append(box)
    for box in reversed(starts):  # they go with the first box that uses them
        count[box] = min((count[target] for target in outgoing[box] if target in count), default=count[box])
    return {box: part for box, part in count.items() if box in key and key[box][0] == name}


def in_cycles(boxes: list[int], key: Mapping[int, Key], edges: list[tuple[int, int]]) -> set[Key]:
    """Groups that depend on themselves once every group is folded into one item."""
    items: dict[Hashable, set[Hashable]] = {key.get(box, box): set() for box in boxes}
    for source, target in edges:
        start, end = key.get(source, source), key.get(target, target)
        if start != end:
            items[start].add(end)
    return {item for component in components(items) if len(component) > 1 for item in component if isinstance(item, tuple)}


def components(successors: Mapping[Hashable, set[Hashable]]) -> Iterator[list[Hashable]]:
    """Strongly connected components, without recursion (R. Tarjan, "Depth-first search and linear graph algorithms", 1972)."""
    index: dict[Hashable, int] = {}
    low: dict[Hashable, int] = {}
    done: set[Hashable] = set()
    trail: list[Hashable] = []
    for root in successors:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        trail.append(root)
        work = [(root, iter(successors[root]))]
        while work:
            item, following = work[-1]
            after = next(following, None)
            if after is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[item])
                if low[item] == index[item]:
                    component = trail[trail.index(item) :] if trail[-1] != item else [item]
                    del trail[-len(component) :]
                    done.update(component)
                    yield component
            elif after not in index:
                index[after] = low[after] = len(index)
                trail.append(after)
                work.append((after, iter(successors[after])))
            elif after not in done:
                low[item] = min(low[item], index[after])
