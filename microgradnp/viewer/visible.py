"""The boxes that a page begins with, and their places. The page's own `visible.js` does the same for every other state.

A module that is closed is one box. Several values between two boxes make one edge. Only between two nodes every argument has its
own edge: `x * x` has two.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from microgradnp.drawing.engine import laid_out
from microgradnp.drawing.groups import Group
from microgradnp.drawing.picture import Box, Edge, Picture

NODE, CLOSED = (176.0, 96.0), (176.0, 50.0)  # pixels
MOST_OPEN = 300  # nodes; larger graphs begin with their modules closed
MOST_VISIBLE = 5000  # boxes
MOST_FOR_DOT, PATIENCE = 150, 3.0  # boxes, seconds: beyond these the built-in layout takes over from Graphviz


@dataclass
class Visible:
    """Items in topological order: a node by its number, a closed module g as -1 - g."""

    items: list[int]
    edges: list[tuple[int, int, int]]  # (start, end, number of the edge); start and end are places in `items`
    groups: list[int]  # modules that are open, outermost first
    member: list[int | None]  # the innermost open module of each item, by its place in `groups`


def visible(data: dict[str, Any], closed: Collection[int]) -> Visible:
    """The items and edges that are visible when these modules are closed."""
    parents = [parent for _, parent in data["groups"]]
    shut: list[int | None] = []  # for each module the outermost closed one around it, or itself
    for group, parent in enumerate(parents):
        above = shut[parent] if parent is not None else None
        shut.append(above if above is not None else group if group in closed else None)
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
    groups = [group for group in range(len(parents)) if shut[group] is None]
    where: dict[int | None, int | None] = {None: None} | {group: k for k, group in enumerate(groups)}
    member = [where[data["member"][item] if item >= 0 else parents[-1 - item]] for item in items]
    rows = sorted(
        ((place[start], place[end], number) for (start, end, _), number in edges.items()), key=lambda row: (row[1], row[2])
    )
    return Visible(items, rows, groups, member)


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


def at_first(data: dict[str, Any]) -> list[int]:
    """The modules that are closed when the page opens."""
    if len(data["nodes"]) <= MOST_OPEN:
        return []
    return [group for group, (_, parent) in enumerate(data["groups"]) if parent is None]


def picture(data: dict[str, Any], seen: Visible, direction: str) -> Picture:
    """The items as boxes without text, for an engine to place."""
    boxes: list[Box] = []
    for item in seen.items:
        kind = data["nodes"][item][2] if item >= 0 else "result"
        boxes.append(Box(f"n{len(boxes)}", kind, "", False, "", "", "", (), ()))
    edges = [Edge(start, end, data["edges"][number][2], "") for start, end, number in seen.edges]
    where = {group: k for k, group in enumerate(seen.groups)}
    groups = [Group(label_of(data, g), where.get(data["groups"][g][1])) for g in seen.groups]
    sizes = [NODE if item >= 0 else CLOSED for item in seen.items]
    return Picture("", direction, boxes, edges, groups, list(seen.member), sizes)


def label_of(data: dict[str, Any], group: int) -> str:
    """The sign that closes a module, and its name, cut to the width of a box."""
    label = data["groups"][group][0]
    return "\u25be " + (label if len(label) <= 24 else label[:23] + "\u2026")


def placed(data: dict[str, Any], closed: Collection[int], direction: str, engine: str | None) -> dict[str, Any] | None:
    """The layout that the page begins with. None for too many boxes: the page then chooses what it shows."""
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
