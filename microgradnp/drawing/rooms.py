"""The built-in layout, group by group from the inside out: what always works.

A group that is laid out becomes one item of the group around it. A wire that crosses its border does so at a port, an item
without size on the border, so its bends continue inside and it never runs through a box; and groups cannot overlap.

Everything is counted `across` the direction of flow and `along` it, and turned into x and y at the very end.
"""

from __future__ import annotations

import collections
from dataclasses import dataclass, field

from microgradnp.drawing.layered import Level, Placed, Wire, place, spread
from microgradnp.drawing.layout import LABEL, MARGIN, Layout, Point, label_width, size_of
from microgradnp.drawing.picture import Edge, Picture

GROUP_PAD = 14.0
APPROACH = 18.0  # between a group's border and its boxes, where wires bend
PORTS = 14.0  # between the ends of two arrows
HEAD = 5.0  # the last pixels before an arrow's end are straight
CORNER = 14.0  # of a box, where no arrow ends

Key = tuple[str, int]  # ("box" | "group", index), or ("in" | "out", source box) on the border of a room
Hop = tuple[int | None, Key, Key]  # an edge within one room: the room, and the items between which it runs


def built_in(picture: Picture) -> Layout:
    """Lay out a picture without any engine."""
    house = House(picture)
    for group in (*reversed(range(len(picture.groups))), None):
        house.furnish(group)
    for group in range(len(picture.groups)):  # behind its parent
        house.locate(group)
    return house.layout()


@dataclass
class Room:
    """One group, or the whole picture: a level to lay out, whose items are boxes, groups and ports."""

    level: Level = field(default_factory=Level)
    item: dict[Key, int] = field(default_factory=dict)
    wire: dict[int, int] = field(default_factory=dict)  # source box -> wire
    hops: list[tuple[int, Key, Key, float]] = field(default_factory=list)  # (source box, from, to, weight)
    size: Point = (0.0, 0.0)
    shift: float = 0.0  # added to places across, to count from the room's own edge
    origin: Point = (0.0, 0.0)
    placed: Placed = field(init=False)

    def port(self, key: Key) -> float:
        """Where a wire crosses the border, counted from the middle."""
        return self.placed.center[self.item[key]] + self.shift - self.size[0] / 2

    def across(self, place: float) -> float:
        return self.origin[0] + self.shift + place

    def rank_start(self, rank: int) -> float:
        return self.origin[1] + self.placed.rank_start[rank]

    def rank_end(self, rank: int) -> float:
        return self.origin[1] + self.placed.rank_end[rank]


class House:
    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.flipped = picture.direction == "LR"
        self.rooms: dict[int | None, Room] = {index: Room() for index in (None, *range(len(picture.groups)))}
        self.sizes = [self.turn(size_of(picture, box)) for box in range(len(picture.boxes))]
        self.hops = [self.hops_of(edge) for edge in picture.edges]
        self.children: dict[int | None, list[int]] = collections.defaultdict(list)
        for child, inner in enumerate(picture.groups):
            self.children[inner.parent].append(child)
        for box in range(len(picture.boxes)):
            self.add(picture.group_of[box], ("box", box))
        for edge, hops, weight in zip(picture.edges, self.hops, weights(picture), strict=True):
            for group, start, end in hops:
                self.rooms[group].hops.append((edge.source, start, end, weight))

    def turn(self, pair: Point) -> Point:
        """(x, y) to (across, along) and back."""
        return (pair[1], pair[0]) if self.flipped else pair

    def path(self, box: int) -> list[int | None]:
        """The rooms around a box, outermost first."""
        path: list[int | None] = []
        group = self.picture.group_of[box]
        while group is not None:
            path.append(group)
            group = self.picture.groups[group].parent
        return [None, *reversed(path)]

    def hops_of(self, edge: Edge) -> list[Hop]:
        """The rooms that an edge goes through, from its source on."""
        up, down = self.path(edge.source), self.path(edge.target)
        common = 0
        while common < min(len(up), len(down)) and up[common] == down[common]:
            common += 1
        start: Key = ("box", edge.source)
        hops: list[Hop] = []
        for group in reversed(up[common:]):
            hops.append((group, start, ("out", edge.source)))
            start = ("group", group)  # type: ignore[assignment]  # None, the picture, is common to all paths
        for here, inner in zip(down[common - 1 :], [*down[common:], None], strict=True):
            end: Key = ("box", edge.target) if inner is None else ("group", inner)
            hops.append((here, start, end))
            start = ("in", edge.source)
        return hops

    def add(self, group: int | None, key: Key) -> int:
        """The item of a room that stands for `key`; made when it is new."""
        room, (kind, index) = self.rooms[group], key
        if key in room.item:
            return room.item[key]
        item = room.item[key] = len(room.level.across)
        size = self.sizes[index] if kind == "box" else self.rooms[index].size if kind == "group" else (0.0, 0.0)
        room.level.across.append(size[0])
        room.level.along.append(size[1])
        if kind == "in":
            room.level.first.add(item)
        elif kind == "out":
            room.level.last.add(item)
        if kind != "group" and self.picture.boxes[index].kind in ("parameter", "data"):
            room.level.light.add(item)
        return item

    # ----------------------------------------------------------------------------------- from the inside out

    def furnish(self, group: int | None) -> None:
        """Lay out one room, the groups inside it being done."""
        room = self.rooms[group]
        for child in self.children[group]:
            self.add(group, ("group", child))
        known: set[tuple[int, Key]] = set()
        for source, start, end, weight in sorted(room.hops, key=lambda hop: -hop[3]):
            if source not in room.wire:
                room.wire[source] = len(room.level.wires)
                out = self.rooms[start[1]].port(("out", source)) if start[0] == "group" else 0.0
                room.level.wires.append(Wire(self.add(group, start), out))
            if (source, end) not in known:
                known.add((source, end))
                into = self.rooms[end[1]].port(("in", source)) if end[0] == "group" else 0.0
                room.level.wires[room.wire[source]].targets.append((self.add(group, end), into, weight))
        before, behind, lead, tail = self.pads(group)
        placed = room.placed = place(room.level, lead, tail)
        across, along = placed.right - placed.left + before + behind, placed.length
        room.shift = before - placed.left
        if group is not None:
            label = label_width(self.picture.groups[group].label)
            wider = 0.0 if self.flipped else max(0.0, label - across)
            across, along, room.shift = across + wider, max(along, label) if self.flipped else along, room.shift + wider / 2
            if along > placed.length and room.level.last:  # the ports stay on the border
                placed.rank_start[-1] = placed.rank_end[-1] = along
        room.size = across, along

    def pads(self, group: int | None) -> tuple[float, float, float, float]:
        """Free space across before and behind, and along before and behind; a group's label is at its top."""
        if group is None:
            return (MARGIN,) * 4
        if self.flipped:
            return LABEL + 6, GROUP_PAD, APPROACH + 6, APPROACH
        return GROUP_PAD, GROUP_PAD, LABEL + APPROACH - 6, APPROACH

    # ----------------------------------------------------------------------------------- from the outside in

    def locate(self, group: int) -> None:
        outer, room = self.rooms[self.picture.groups[group].parent], self.rooms[group]
        item = outer.item["group", group]
        across = outer.across(outer.placed.center[item]) - room.size[0] / 2
        room.origin = across, outer.origin[1] + outer.placed.start[item]

    def layout(self) -> Layout:
        boxes = [self.corner(box) for box in range(len(self.sizes))]
        groups = []
        for index in range(len(self.picture.groups)):
            room = self.rooms[index]
            groups.append((*self.turn(room.origin), *self.turn(room.size)))
        ends = self.ends(boxes)
        drawn: set[tuple[int | None, int, int]] = set()
        routes = [self.route(edge, boxes, ends[edge], drawn) for edge in range(len(self.hops))]
        width, height = self.turn(self.rooms[None].size)
        return Layout(
            width,
            height,
            [self.turn(corner) for corner in boxes],
            groups,
            [[self.turn(point) for point in curves(route)] for route in routes],
        )

    def corner(self, box: int) -> Point:
        """(across, along) of a box's corner."""
        room = self.rooms[self.picture.group_of[box]]
        item = room.item["box", box]
        return room.across(room.placed.center[item]) - self.sizes[box][0] / 2, room.origin[1] + room.placed.start[item]

    # ---------------------------------------------------------------------------------------------- routes

    def ends(self, boxes: list[Point]) -> list[float]:
        """Where across each edge's arrow ends: straight below where it comes from, as far as the box and the others allow."""
        arriving: dict[int, list[tuple[float, int, int]]] = collections.defaultdict(list)
        for index, (edge, hops) in enumerate(zip(self.picture.edges, self.hops, strict=True)):
            arriving[edge.target].append((self.coming_from(edge.source, hops[-1]), edge.position, index))
        ends = [0.0] * len(self.hops)
        for box, arrivals in arriving.items():
            arrivals.sort()
            low, high = boxes[box][0] + CORNER, boxes[box][0] + self.sizes[box][0] - CORNER
            wished = [x for x, _, _ in arrivals]
            for (_, _, index), x in zip(arrivals, ports(wished, low, high), strict=True):
                ends[index] = x
        return ends

    def coming_from(self, source: int, hop: Hop) -> float:
        """Where a wire is, across, in the rank before the one in which this hop ends."""
        room = self.rooms[hop[0]]
        bend = room.placed.bends[room.wire[source]].get(room.placed.rank[room.item[hop[2]]] - 1)
        if bend is not None:
            return room.across(bend)
        wire = room.level.wires[room.wire[source]]
        return room.across(room.placed.center[wire.source] + wire.offset)

    def route(self, index: int, boxes: list[Point], end: float, drawn: set[tuple[int | None, int, int]]) -> list[Point]:
        """Points of an edge, traced back from its arrow until its source or a part of the wire that is drawn already."""
        edge = self.picture.edges[index]
        points = [(end, boxes[edge.target][1])]
        for group, start, finish in reversed(self.hops[index]):
            room = self.rooms[group]
            placed, wire = room.placed, room.wire[edge.source]
            begin = room.level.wires[wire].source
            last = placed.rank[room.item[finish]]
            points.append((points[-1][0], room.rank_start(last) - (HEAD if finish[0] == "box" else 0)))
            for rank in range(last - 1, placed.rank[begin], -1):
                bend = placed.bends[wire].get(rank)
                if bend is None:
                    continue
                points.append((room.across(bend), room.rank_end(rank)))
                if (group, edge.source, rank) in drawn:
                    return points[::-1]
                drawn.add((group, edge.source, rank))
                points.append((room.across(bend), room.rank_start(rank)))
            leaving = room.across(placed.center[begin] + room.level.wires[wire].offset)
            points.append((leaving, room.rank_end(placed.rank[begin])))
            if start[0] != "in":
                points.append((leaving, room.origin[1] + placed.start[begin] + room.level.along[begin]))
            if start[0] != "box":
                rank = placed.rank[begin]
                if (group, edge.source, rank) in drawn:
                    return points[::-1]
                drawn.add((group, edge.source, rank))
        return points[::-1]


def weights(picture: Picture) -> list[float]:
    """How straight each edge should be: the longest chains through a box are the flow, the rest goes beside it."""
    count = len(picture.boxes)
    depth, height = [0] * count, [0] * count
    for edge in picture.edges:  # grouped by target, in topological order
        depth[edge.target] = max(depth[edge.target], depth[edge.source] + 1)
    for edge in reversed(picture.edges):
        height[edge.source] = max(height[edge.source], height[edge.target] + 1)
    on_the_way = [
        depth[edge.target] == depth[edge.source] + 1 and height[edge.source] == height[edge.target] + 1 for edge in picture.edges
    ]
    return [1.0 if main else 0.01 if depth[edge.source] else 0.001 for edge, main in zip(picture.edges, on_the_way, strict=True)]


def ports(wished: list[float], low: float, high: float) -> list[float]:
    """Places for arrows between `low` and `high`, in order, evenly apart where they would touch."""
    between = min(PORTS, (high - low) / max(1, len(wished) - 1))
    places = spread(wished, [1.0] * len(wished), [between] * (len(wished) - 1))
    return [min(max(x, low + i * between), high - (len(wished) - 1 - i) * between) for i, x in enumerate(places)]


def curves(points: list[Point]) -> list[Point]:
    """A route through (across, along) points, as cubic Bezier curves that leave and arrive along the flow."""
    route = points[:1]
    for across, along in points[1:]:
        x, y = route[-1]
        if (x, y) != (across, along):
            half = (y + along) / 2
            route += [(x, half), (across, half), (across, along)]
    return route
