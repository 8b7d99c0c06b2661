"""The geometry of a picture: nothing overlaps, edges end at boxes and go around the others, text fits. For any graph."""

import itertools
import math
import random
import shutil
import xml.etree.ElementTree as ET
from importlib.util import find_spec

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.drawing.draw import draw
from microgradnp.drawing.engine import ENGINES, positions, skeleton
from microgradnp.drawing.groups import group_boxes
from microgradnp.drawing.layered import spread
from microgradnp.drawing.layout import size_of
from microgradnp.drawing.picture import Box, Edge, Picture
from microgradnp.drawing.rooms import built_in
from microgradnp.drawing.svg import svg_of

SVG = "{http://www.w3.org/2000/svg}"
WIDEST_MONOSPACED = 0.605  # em: DejaVu Sans Mono and Menlo 0.602, Courier 0.600, Consolas 0.550
HERE = {"dot": shutil.which("dot"), "pygraphviz": find_spec("pygraphviz"), "builtin": True}
ENGINE = [pytest.param(name, marks=[] if found else pytest.mark.skip(f"no {name} here")) for name, found in HERE.items()]


def mlp():
    model = mg.nn.MLP([7, 5, 4, 2], rng=0, name="mlp")
    return mg.mse(model(np.ones((20, 7))), np.zeros((20, 2)))


def recurrent():
    W, h = mg.Tensor(np.eye(2), requires_grad=True), mg.Tensor(np.ones(2))
    total = 0.0
    for _ in range(5):
        h = np.tanh(h @ W + h)
        total = total + np.sum(h**2)
    return total


def shared():
    x = mg.Tensor(np.ones((2, 3)), requires_grad=True)
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return np.sum(e / np.sum(e, axis=1, keepdims=True)) + 0.01 * np.sum(x * x)


def many_arguments():
    rows = [mg.Tensor(np.full(3, float(i)), requires_grad=True) for i in range(40)]
    return np.sum(np.stack(rows))


def cell_called_twice():
    cell, x = mg.nn.Linear(3, 3, name="cell", rng=0), np.ones((2, 3))
    return np.sum(cell(np.exp(cell(x))))


GRAPHS = [mlp, recurrent, shared, many_arguments, cell_called_twice]


def random_picture(seed):
    """A random graph in random, nested, even contradictory groups, without any Tensor."""
    rng = random.Random(seed)
    count = rng.randint(1, 40)
    kinds = ("parameter", "data", "result", "constant", "loss")
    boxes = [
        Box(
            f"n{i}",
            rng.choice(kinds),
            "x" * rng.randint(1, 30),
            True,
            "op",
            "()",
            "a.py:1",
            ("value  1",) * rng.randint(1, 5),
            ("t",),
        )
        for i in range(count)
    ]
    pairs = sorted((target, rng.randrange(target)) for target in range(1, count) for _ in range(rng.randint(0, 3)))
    edges = [Edge(source, target, k, "an edge") for k, (target, source) in enumerate(pairs)]
    paths = [tuple(rng.choice("abc") for _ in range(rng.randint(0, 3))) for _ in range(count)]
    groups, member = group_boxes(paths, [(e.source, e.target) for e in edges])
    return Picture("random", rng.choice(["TB", "LR"]), boxes, edges, groups, member)


# ---------------------------------------------------------------------------------------------------- checks


def rectangles(picture, layout):
    return [(*corner, *size_of(picture, i)) for i, corner in enumerate(layout.boxes)]


def overlap(a, b):
    return min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]) > 0.6 and min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]) > 0.6


def inside(inner, outer, slack=0.6):
    return all(inner[k] >= outer[k] - slack and inner[k] + inner[k + 2] <= outer[k] + outer[k + 2] + slack for k in (0, 1))


def on_border(point, box, slack=1.0):
    x, y = point[0] - box[0], point[1] - box[1]
    return inside((*point, 0, 0), box, slack) and min(abs(x), abs(y), abs(x - box[2]), abs(y - box[3])) <= slack


def along(route, steps=12):
    """Points on the curves of a route."""
    for k in range(0, len(route) - 1, 3):
        p = np.array(route[k : k + 4])
        for t in np.linspace(0, 1, steps):
            yield tuple((1 - t) ** 3 * p[0] + 3 * t * (1 - t) ** 2 * p[1] + 3 * t**2 * (1 - t) * p[2] + t**3 * p[3])


def ancestors(picture, group):
    while group is not None:
        yield group
        group = picture.groups[group].parent


def check_boxes(picture, layout):
    boxes = rectangles(picture, layout)
    page = (0, 0, layout.width, layout.height)
    assert all(inside(box, page) for box in (*boxes, *layout.groups))
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))
    for i, box in enumerate(boxes):
        around = set(ancestors(picture, picture.group_of[i]))
        for g, group in enumerate(layout.groups):
            assert inside(box, group) if g in around else not overlap(box, group)
    for a, b in itertools.combinations(range(len(picture.groups)), 2):
        if a in ancestors(picture, b):
            assert inside(layout.groups[b], layout.groups[a])
        else:
            assert not overlap(layout.groups[a], layout.groups[b])


def check_labels(picture, layout):
    """A group's label lies in its group, and no box inside covers it."""
    for i, (x, y, width, _) in enumerate(layout.groups):
        label = (x + 8, y + 4, len(picture.groups[i].label) * WIDEST_MONOSPACED * 11, 12)
        assert label[0] + label[2] <= x + width - 4
        assert not any(overlap(label, box) for box in rectangles(picture, layout))


def check_edges(picture, layout):
    boxes = rectangles(picture, layout)
    trunks = {}
    for edge, route in zip(picture.edges, layout.routes, strict=True):
        assert len(route) % 3 == 1
        assert len(route) > 3
        assert on_border(route[-1], boxes[edge.target])
        wire = trunks.setdefault(edge.source, [])
        assert on_border(route[0], boxes[edge.source]) or any(math.dist(route[0], point) < 1 for point in wire)
        wire.extend(route[::3])


def check_detours(picture, layout):
    """No edge runs through a box that is neither its source nor its target."""
    boxes = rectangles(picture, layout)
    for edge, route in zip(picture.edges, layout.routes, strict=True):
        points = np.array(list(along(route)))
        for i, (x, y, width, height) in enumerate(boxes):
            if i not in (edge.source, edge.target):
                within = (
                    (points[:, 0] > x + 1)
                    & (points[:, 0] < x + width - 1)
                    & (points[:, 1] > y + 1)
                    & (points[:, 1] < y + height - 1)
                )
                assert not within.any(), f"{edge} runs through {picture.boxes[i].id}"


# ----------------------------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("engine", ENGINE)
@pytest.mark.parametrize("make", GRAPHS)
def test_nothing_overlaps_and_edges_end_at_boxes(make, engine, direction):
    picture = draw(make(), direction=direction).picture
    if engine == "builtin":
        layout = built_in(picture)
        check_detours(picture, layout)
    else:
        layout = positions(picture, ENGINES[engine](skeleton(picture), "json0"), engine)
    check_boxes(picture, layout)
    check_labels(picture, layout)
    check_edges(picture, layout)


@pytest.mark.parametrize("seed", range(150))
def test_random_graphs_in_random_groups(seed):
    picture = random_picture(seed)
    layout = built_in(picture)
    check_boxes(picture, layout)
    check_labels(picture, layout)
    check_edges(picture, layout)
    check_detours(picture, layout)


@pytest.mark.parametrize("make", GRAPHS)
def test_the_flow_goes_in_one_direction(make):
    for direction, axis in (("TB", 1), ("LR", 0)):
        picture = draw(make(), direction=direction).picture
        layout = built_in(picture)
        for edge in picture.edges:
            end = layout.boxes[edge.source][axis] + size_of(picture, edge.source)[axis]
            assert end < layout.boxes[edge.target][axis]


@pytest.mark.parametrize("make", GRAPHS)
def test_text_fits_into_its_box(make):
    picture = draw(make()).picture
    root = ET.fromstring(svg_of(picture, built_in(picture)))
    boxes = [g for g in root.iter(f"{SVG}g") if (g.get("class") or "").startswith("mg-box")]
    assert len(boxes) == len(picture.boxes)
    for i, box in enumerate(boxes):
        width, height = size_of(picture, i)
        lines = {}
        for text in box.iter(f"{SVG}text"):
            length = len(text.text) * WIDEST_MONOSPACED * 11
            start = float(text.get("x")) - (length if text.get("text-anchor") == "end" else 0)
            assert start >= 4
            assert start + length <= width - 4
            assert 8 <= float(text.get("y")) <= height - 4
            lines.setdefault(text.get("y"), []).append((start, start + length))
        for left, right in (sorted(parts) for parts in lines.values() if len(parts) == 2):
            assert left[1] < right[0], "name and operation, shape and place do not touch"


def test_a_straight_chain_is_drawn_straight():
    x = mg.Tensor(np.ones(3), requires_grad=True)
    picture = draw(np.sum(np.tanh(np.exp(np.sin(x))))).picture
    layout = built_in(picture)
    centers = [x + size_of(picture, i)[0] / 2 for i, (x, _) in enumerate(layout.boxes)]
    assert max(centers) - min(centers) < 0.5


def test_groups_are_split_only_where_the_graph_demands_it():
    groups, member = group_boxes([("a",), ("a",), (), ("a", "b")], [(0, 1), (1, 2), (0, 3)])
    assert [group.label for group in groups] == ["a", "b"]
    assert member == [0, 0, None, 1]
    assert groups[1].parent == 0


def test_a_module_that_is_left_and_entered_again_is_two_groups():
    groups, member = group_boxes([("a",), (), ("a",)], [(0, 1), (1, 2)])
    assert [group.label for group in groups] == ["a, part 1 of 2", "a, part 2 of 2"]
    assert member == [0, None, 1]


def test_modules_that_depend_on_each_other_in_a_circle_have_no_box():
    # a1 -> b1 and b2 -> a2, with nothing between a1 and a2: neither a nor b can be one thing, nor can a split part them
    groups, member = group_boxes([("a",), ("b",), ("b",), ("a",)], [(0, 1), (2, 3)])
    assert groups == []
    assert member == [None] * 4


@pytest.mark.parametrize("seed", range(20))
def test_spread_is_the_least_squares_solution(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    desired, weights, needed = rng.normal(size=n) * 10, rng.uniform(0.1, 3, n), rng.uniform(0, 5, n - 1)
    x = np.array(spread(desired, weights, needed))
    assert np.all(np.diff(x) >= needed - 1e-9)
    # Karush, Kuhn, Tucker: the pull on each touching pair, summed from the left, may only push apart; free ones rest
    pull = np.cumsum(weights * (desired - x))
    touching = np.diff(x) <= needed + 1e-9
    assert abs(pull[-1]) < 1e-9
    assert np.all(pull[:-1][touching] >= -1e-9)
    assert np.all(np.abs(pull[:-1][~touching]) < 1e-9)
