"""The SVG of a graph as PNG or PDF. Matplotlib draws the same rectangles, paths and texts; it brings its own fonts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from microgradnp.drawing.layout import FONT_SIZE
from microgradnp.drawing.svg import LIGHT, LIGHT_KINDS

RESOLUTION = 2.0  # pixels of a PNG for one of the SVG
NAMESPACE = "{http://www.w3.org/2000/svg}"
TOKEN = re.compile(r"[A-Z]|-?\d+(?:\.\d+)?")
POINTS = {"M": 1, "L": 1, "C": 3, "Q": 2}


def rasterized(svg: str, format: str) -> bytes:
    """The bytes of a file that shows the SVG. `format` is "png" or "pdf". Raises ImportError without Matplotlib."""
    from matplotlib.figure import Figure

    root = ElementTree.fromstring(svg)
    width, height = float(root.get("width", 1)), float(root.get("height", 1))
    figure = Figure(figsize=(width / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for order, (element, classes, shift) in enumerate(shapes(root)):
        draw(axes, element, classes, shift, order)
    out = io.BytesIO()
    figure.savefig(out, format=format, dpi=72 * RESOLUTION)
    return out.getvalue()


Point = tuple[float, float]


def shapes(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, list[str], Point]]:
    """Each shape with the classes of itself and of the groups around it, the innermost first, and its place."""
    stack: list[tuple[ElementTree.Element, list[str], Point]] = [(root, [], (0.0, 0.0))]
    while stack:
        element, classes, (x, y) = stack.pop()
        own = [*element.get("class", "").split(), *classes]
        moved = re.fullmatch(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform", ""))
        place = (x + float(moved[1]), y + float(moved[2])) if moved else (x, y)
        if element.tag in (f"{NAMESPACE}rect", f"{NAMESPACE}path", f"{NAMESPACE}text"):
            yield element, own, place
        stack += [(child, own, place) for child in reversed(element)]


def draw(axes: Any, element: ElementTree.Element, classes: list[str], shift: Point, order: int) -> None:
    """Add one shape to the picture, with the colours of a light page."""
    kind = next((name[3:] for name in classes if name[3:] in LIGHT_KINDS), "result")
    own = classes[0] if classes else ""
    if element.tag == f"{NAMESPACE}text":
        color = LIGHT["muted" if own in ("mg-muted", "mg-label") else "text"]
        x, y = float(element.get("x", 0)) + shift[0], float(element.get("y", 0)) + shift[1]
        style = {"family": "monospace", "fontsize": FONT_SIZE, "weight": "bold" if own in ("mg-name", "mg-label") else "normal"}
        side = "right" if element.get("text-anchor") == "end" else "left"
        axes.text(x, y, element.text or "", color=color, ha=side, va="baseline", zorder=order, parse_math=False, **style)
        return
    from matplotlib.patches import PathPatch

    fill, line = LIGHT_KINDS[kind]
    fills = {
        "mg-page": LIGHT["page"],
        "mg-group": LIGHT["group"],
        "mg-body": LIGHT["box"],
        "mg-band": fill,
        "mg-arrow": LIGHT["wire"],
    }
    lines = {"mg-group": LIGHT["rim"], "mg-rim": line, "mg-inner": line, "mg-wire": LIGHT["wire"]}
    thick = 2.0 if own == "mg-rim" and kind in ("parameter", "loss") else 1.2 if own in lines and own != "mg-group" else 1.0
    dashes = (0, (4, 3)) if own == "mg-rim" and kind == "constant" else "solid"
    patch = PathPatch(
        outline(element, shift),
        facecolor=fills.get(own, "none"),
        edgecolor=lines.get(own, "none"),
        linewidth=thick if own in lines else 0.0,
        linestyle=dashes,
        zorder=order,
    )
    axes.add_patch(patch)


def outline(element: ElementTree.Element, shift: Point) -> Any:
    """The outline of a rectangle or a path, as Matplotlib has it."""
    from matplotlib.path import Path

    text = element.get("d") or rectangle(element)
    codes: list[Any] = []
    points: list[Point] = []
    kinds = {"M": Path.MOVETO, "L": Path.LINETO, "C": Path.CURVE4, "Q": Path.CURVE3}
    tokens = TOKEN.findall(text)
    at, command, start = 0, "M", (0.0, 0.0)
    while at < len(tokens):
        if tokens[at].isalpha():
            command, at = tokens[at], at + 1
        if command == "Z":
            codes.append(Path.CLOSEPOLY)
            points.append(start)
            continue
        if command in "HV":
            x, y = points[-1]
            number, at = float(tokens[at]), at + 1
            new, code = [(number + shift[0], y) if command == "H" else (x, number + shift[1])], Path.LINETO
        else:
            count, code = POINTS[command], kinds[command]
            numbers = [float(token) for token in tokens[at : at + 2 * count]]
            new = [(a + shift[0], b + shift[1]) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
            at += 2 * count
        start = new[0] if command == "M" else start
        codes += [code] * len(new)
        points += new
    return Path(points, codes)


def rectangle(element: ElementTree.Element) -> str:
    """A rectangle with round corners as the text of a path."""
    x, y, w, h, r = (float(element.get(name, 0)) for name in ("x", "y", "width", "height", "rx"))
    right, low = x + w, y + h
    corners = f"M{x + r} {y}H{right - r}Q{right} {y} {right} {y + r}V{low - r}Q{right} {low} {right - r} {low}"
    return f"{corners}H{x + r}Q{x} {low} {x} {low - r}V{y + r}Q{x} {y} {x + r} {y}Z"
