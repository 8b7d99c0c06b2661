"""The boxes that are visible, and their places. The page's own `visible.js` does the same.

A group that is closed is one box: a module, a layer, a run of equal steps. A section that is open has no frame. Several values
between two boxes make one edge. Only between two nodes every argument has its own edge: `x * x` has two.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from microgradnp.drawing.engine import laid_out
from microgradnp.drawing.groups import Group
from microgradnp.drawing.picture import Box, Edge, Picture

NODE, DATA = (186.0, 106.0), (134.0, 106.0)  # pixels
MOST_VISIBLE = 5000  # boxes
MOST_FOR_DOT, PATIENCE = 150, 3.0  # boxes, seconds: beyond these the built-in layout takes over from Graphviz


@dataclass
class Visible:
    """Items in topological order: a node by its number, a closed group g as -1 - g."""

    items: list[int]
    edges: list[tuple[int, int, int]]  # (start, end, number of the edge); start and end are places in `items`
    groups: list[int]  # open groups with a frame, outermost first
    member: list[int | None]  # the innermost frame of each item, by its place in `groups`
    parents: list[int | None]  # the frame around each frame


def visible(data: dict[str, Any], closed: Collection[int]) -> Visible:
    """The items and edges that are visible when these groups are closed."""
    parents = [row["parent"] for row in data["groups"]]
    shut: list[int | None] = []  # for each group the outermost closed one around it, or itself
    frame: list[int | None] = []  # for each group the innermost one, or itself, that gets a frame when it is open
    for group, parent in enumerate(parents):
        above = shut[parent] if parent is not None else None
        shut.append(above if above is not None else group if group in closed else None)
        is_section = data["groups"][group]["kind"] == "section"
        frame.append(group if not is_section else frame[parent] if parent is not None else None)
    first: dict[int, int] = {}
    item_of = []
    for node, group in enumerate(data["member"]):
        around = shut[group] if group is not None else None
        item = node if around is None else -1 - around
        first.setdefault(item, node)
        item_of.append(item)
    edges: dict[tuple[int, int, int], int] = {}
    for number, (source, target, _) in enumerate(data["edges"]):
        start, end = item_of[source], item_of[target]
        if start != end:
            edges.setdefault((start, end, number if start >= 0 and end >= 0 else -1), number)
    items = in_order(first, [(start, end) for start, end, _ in edges])
    place = {item: k for k, item in enumerate(items)}
    groups = [group for group in range(len(parents)) if shut[group] is None and frame[group] == group]
    where: dict[int | None, int | None] = {None: None} | {group: k for k, group in enumerate(groups)}
    around = [data["member"][item] if item >= 0 else parents[-1 - item] for item in items]
    member = [where[None if group is None else frame[group]] for group in around]
    outer = [where[None if parents[group] is None else frame[parents[group]]] for group in groups]
    rows = sorted(
        ((place[start], place[end], number) for (start, end, _), number in edges.items()), key=lambda row: (row[1], row[2])
    )
    return Visible(items, rows, groups, member, outer)


def in_order(first: dict[int, int], edges: list[tuple[int, int]]) -> list[int]:
    """Items in topological order. Among those that could come next, the one with the earliest node comes first."""
    after: dict[int, list[int]] = {item: [] for item in first}
    missing = dict.fromkeys(first, 0)
    for start, end in edges:
        after[start].append(end)
        missing[end] += 1
    heap = [(node, item) for item, node in first.items() if not missing[item]]
    heapq.heapify(heap)
    order = []
    while heap:
        _, item = heapq.heappop(heap)
        order.append(item)
        for end in after[item]:
            missing[end] -= 1
            if not missing[end]:
                heapq.heappush(heap, (first[end], end))
    return order


def size_of(data: dict[str, Any], item: int) -> tuple[float, float]:
    if item >= 0:
        return DATA if data["nodes"][item][2] == "data" else NODE
    width, height = data["groups"][-1 - item]["size"]
    return float(width), float(height)


def at_first(data: dict[str, Any]) -> list[int]:
    """The groups that are closed when Python lays the page out: all but modules and sections."""
    return [group for group, row in enumerate(data["groups"]) if row["kind"] not in ("module", "section")]


def picture(data: dict[str, Any], seen: Visible, direction: str) -> Picture:
    """The items as boxes without text, for an engine to place."""
    boxes: list[Box] = []
    for item in seen.items:
        kind = data["nodes"][item][2] if item >= 0 else "result"
        boxes.append(Box(f"n{len(boxes)}", kind, "", False, "", "", "", (), ()))
    edges = [Edge(start, end, data["edges"][number][2], "") for start, end, number in seen.edges]
    groups = [Group(label_of(data, g), parent) for g, parent in zip(seen.groups, seen.parents, strict=True)]
    sizes = [size_of(data, item) for item in seen.items]
    return Picture("", direction, boxes, edges, groups, list(seen.member), sizes)


def label_of(data: dict[str, Any], group: int) -> str:
    """The sign that closes a group, and its title, cut to the width of a box."""
    label = data["groups"][group]["title"]
    return "\u25be " + (label if len(label) <= 24 else label[:23] + "\u2026")


def placed(data: dict[str, Any], closed: Collection[int], direction: str, engine: str | None) -> dict[str, Any] | None:
    """The layout of this state. None for too many boxes: the page then chooses what it shows."""
    seen = visible(data, closed)
    if len(seen.items) > MOST_VISIBLE:
        return None
    layout = laid_out(picture(data, seen, direction), engine, most=MOST_FOR_DOT, seconds=PATIENCE, tell=False)
    return {
        "width": rounded(layout.width),
        "height": rounded(layout.height),
        "boxes": [[rounded(x), rounded(y)] for x, y in layout.boxes],
        "groups": [[rounded(part) for part in group] for group in layout.groups],
        "routes": [[rounded(part) for point in route for part in point] for route in layout.routes],
    }


def rounded(pixels: float) -> float:
    return round(pixels, 1)
