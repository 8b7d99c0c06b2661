"""A layout: the sizes of boxes, fixed by their text, and the places that an engine finds for them."""

from __future__ import annotations

from dataclasses import dataclass

from microgradnp.drawing.picture import Picture
from microgradnp.drawing.text import cells

CELL = 6.65  # pixels that a character takes at FONT_SIZE in the widest of the usual monospaced fonts
FONT_SIZE = 11
LINE = 15.0
PAD = 8.0  # between a box and its text
BAND = 21.0  # the header
MARGIN = 16.0
LABEL = 20.0  # height of the line with a group's label

Point = tuple[float, float]


@dataclass
class Layout:
    """Places in pixels from the top left. A route has a start point and three points for each cubic Bezier curve."""

    width: float
    height: float
    boxes: list[Point]
    groups: list[tuple[float, float, float, float]]  # x, y, width, height
    routes: list[list[Point]]


def size_of(picture: Picture, i: int) -> tuple[float, float]:
    """Width and height of a box. They depend on its text alone, so every engine draws the same boxes."""
    if picture.sizes:
        return picture.sizes[i]
    box = picture.boxes[i]
    return round(2 * PAD + CELL * box.columns), BAND + LINE * (1 + len(box.lines)) + PAD


def label_width(label: str) -> float:
    return 2 * PAD + CELL * cells(label)
