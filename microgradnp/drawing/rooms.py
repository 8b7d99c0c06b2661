"""The built-in layout: groups from the inside out, each as one level of `layered.py`. It works without Graphviz.

The algorithm has three parts:

1. `House.furnish`: a group that is laid out becomes one item of the group around it, and so groups cannot overlap. A wire
   crosses the border of a group at a port, an item without size. So its bends go on inside, and it runs through no box.
2. `House.locate`: from the outside in, each group learns where it stands.
3. `House.ends_of` and `House.route`: an arrow ends below the place that it comes from, as near as its box and the other arrows
   allow. Its route is traced back until its source, or a part of the source's wire that is drawn already.

The page has the same algorithm in `viewer/page/rooms.js`, function by function. A test compares the results.

Places are counted `across` the direction of flow and `along` it, and turned into x and y at the very end.
"""

from __future__ import annotations

import collections
import itertools
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
Hop = tuple[int | None, Key, Key]  # the part of an edge in one room: the room, the item where it starts, and where it ends


def built_in(picture: Picture) -> Layout:
    """The layout of a picture."""
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
        """The place across where a wire crosses the border, counted from the middle of the room."""
        return self.placed.center[self.item[key]] + self.shift - self.size[0] / 2

    def across(self, place: float) -> float:
        """A place in this room as one in the picture."""
        return self.origin[0] + self.shift + place

    def along(self, place: float) -> float:
        return self.origin[1] + place


class House:
    """A picture and its rooms, by group. The whole picture is the room None."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.flipped = picture.direction == "LR"
        self.rooms: dict[int | None, Room] = {index: Room() for index in (None, *range(len(picture.groups)))}
        self.sizes = [self.turn(size_of(picture, box)) for box in range(len(picture.boxes))]
        self.hops = [self.hops_of(edge) for edge in picture.edges]
        self.drawn: set[tuple[int | None, int, int]] = set()
        self.children: dict[int | None, list[int]] = collections.defaultdict(list)
        for child, inner in enumerate(picture.groups):
            self.children[inner.parent].append(child)
        for box in range(len(picture.boxes)):
            self.add(picture.group_of[box], ("box", box))
        for edge, hops, weight in zip(picture.edges, self.hops, weights_of(picture), strict=True):
            for group, start, end in hops:
                self.rooms[group].hops.append((edge.source, start, end, weight))

    def turn(self, pair: Point) -> Point:
        """(x, y) as (across, along), and back."""
        return (pair[1], pair[0]) if self.flipped else pair

    def path_of(self, box: int) -> list[int | None]:
        """The rooms around a box, outermost first."""
        path = [self.picture.group_of[box]]
        while path[-1] is not None:
            path.append(self.picture.groups[path[-1]].parent)
        return path[::-1]

    def hops_of(self, edge: Edge) -> list[Hop]:
        """The rooms that an edge goes through, from its source on."""
        up, down = self.path_of(edge.source), self.path_of(edge.target)
        common = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(up, down, strict=False)))
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
        """The item of a room that stands for `key`. It is made when it is new."""
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
        """Lay out one room. The groups inside it are laid out already."""
        room = self.rooms[group]
        for child in self.children[group]:
            self.add(group, ("group", child))
        for source, start, end, weight in sorted(room.hops, key=lambda hop: -hop[3]):
            if source not in room.wire:
                room.wire[source] = len(room.level.wires)
                out = self.rooms[start[1]].port(("out", source)) if start[0] == "group" else 0.0
                room.level.wires.append(Wire(self.add(group, start), out))
            into = self.rooms[end[1]].port(("in", source)) if end[0] == "group" else 0.0
            room.level.wires[room.wire[source]].targets.setdefault(self.add(group, end), (into, weight))
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
        """Free space across before and behind, and along before and behind. A group's label is at its top."""
        if group is None:
            return (MARGIN,) * 4
        if self.flipped:
            return LABEL + 6, GROUP_PAD, APPROACH + 6, APPROACH
        return GROUP_PAD, GROUP_PAD, LABEL + APPROACH - 6, APPROACH

    # ----------------------------------------------------------------------------------- from the outside in

    def locate(self, group: int) -> None:
        """Find the place of a room in the picture. The room around it has its place already."""
        outer, room = self.rooms[self.picture.groups[group].parent], self.rooms[group]
        item = outer.item["group", group]
        room.origin = outer.across(outer.placed.center[item]) - room.size[0] / 2, outer.along(outer.placed.start[item])

    def corner(self, box: int) -> Point:
        """(across, along) of a box's corner."""
        room = self.rooms[self.picture.group_of[box]]
        item = room.item["box", box]
        return room.across(room.placed.center[item]) - self.sizes[box][0] / 2, room.along(room.placed.start[item])

    def layout(self) -> Layout:
        """The positions of all boxes, groups and edges, in the direction of the picture."""
        corners = [self.corner(box) for box in range(len(self.sizes))]
        rooms = [self.rooms[group] for group in range(len(self.picture.groups))]
        routes = [self.route(edge, corners, end) for edge, end in enumerate(self.ends_of(corners))]
        return Layout(
            *self.turn(self.rooms[None].size),
            boxes=[self.turn(corner) for corner in corners],
            groups=[(*self.turn(room.origin), *self.turn(room.size)) for room in rooms],
            routes=[[self.turn(point) for point in curves(route)] for route in routes],
        )

    # ---------------------------------------------------------------------------------------------- routes

    def ends_of(self, corners: list[Point]) -> list[float]:
        """The place across where the arrow of each edge ends."""
        arriving: dict[int, list[tuple[float, int, int]]] = collections.defaultdict(list)
        for index, (edge, hops) in enumerate(zip(self.picture.edges, self.hops, strict=True)):
            arriving[edge.target].append((self.coming_from(edge.source, hops[-1]), edge.position, index))
        ends = [0.0] * len(self.hops)
        for box, arrivals in arriving.items():
            arrivals.sort()
            low, high = corners[box][0] + CORNER, corners[box][0] + self.sizes[box][0] - CORNER
            for (_, _, index), x in zip(arrivals, ports([x for x, _, _ in arrivals], low, high), strict=True):
                ends[index] = x
        return ends

    def coming_from(self, source: int, hop: Hop) -> float:
        """The place across of a wire in the rank before the one in which this hop ends."""
        group, _, end = hop
        room = self.rooms[group]
        wire = room.wire[source]
        bend = room.placed.bends[wire].get(room.placed.rank[room.item[end]] - 1)
        return self.leaving(room, wire) if bend is None else room.across(bend)

    def leaving(self, room: Room, wire: int) -> float:
        """The place across where a wire leaves its source."""
        return room.across(room.placed.center[room.level.wires[wire].source] + room.level.wires[wire].offset)

    def route(self, index: int, corners: list[Point], end: float) -> list[Point]:
        """The points of an edge, traced back from its arrow."""
        edge = self.picture.edges[index]
        points = [(end, corners[edge.target][1])]
        for group, start, finish in reversed(self.hops[index]):
            room = self.rooms[group]
            placed, wire = room.placed, room.wire[edge.source]
            source = room.level.wires[wire].source
            first, last = placed.rank[source], placed.rank[room.item[finish]]
            points.append((points[-1][0], room.along(placed.rank_start[last]) - (HEAD if finish[0] == "box" else 0)))
            for rank in range(last - 1, first, -1):
                if rank in placed.bends[wire]:
                    bend = room.across(placed.bends[wire][rank])
                    points.append((bend, room.along(placed.rank_end[rank])))
                    if self.drawn_before(group, edge.source, rank):
                        return points[::-1]
                    points.append((bend, room.along(placed.rank_start[rank])))
            leaving = self.leaving(room, wire)
            points.append((leaving, room.along(placed.rank_end[first])))
            if start[0] != "in":
                points.append((leaving, room.along(placed.start[source] + room.level.along[source])))
            if start[0] != "box" and self.drawn_before(group, edge.source, first):
                return points[::-1]
        return points[::-1]

    def drawn_before(self, group: int | None, source: int, rank: int) -> bool:
        """Whether the wire of this source is drawn in this rank already. From now on it is."""
        part = group, source, rank
        before = part in self.drawn
        self.drawn.add(part)
        return before


def weights_of(picture: Picture) -> list[float]:
    """How straight each edge should be: the longest chains through a box are the flow, and the rest goes beside it."""
    count = len(picture.boxes)
    depth, height = [0] * count, [0] * count
    for edge in picture.edges:  # grouped by target, in topological order
        depth[edge.target] = max(depth[edge.target], depth[edge.source] + 1)
    for edge in reversed(picture.edges):
        height[edge.source] = max(height[edge.source], height[edge.target] + 1)
    weights = []
    for edge in picture.edges:
        flow = depth[edge.target] == depth[edge.source] + 1 and height[edge.source] == height[edge.target] + 1
        weights.append(1.0 if flow else 0.01 if depth[edge.source] else 0.001)
    return weights


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
