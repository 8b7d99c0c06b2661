"""Layout engines: `dot`, then `pygraphviz`, then the built-in layout, which always works.

An engine gets sizes and no text, and answers with positions. Our own writer draws the SVG, so the boxes are the same whatever is
installed. Both engines run in a child process with a time limit: they print, they crash on machines without their libraries, and
they take minutes for many thousand boxes.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

from microgradnp.core.origin import internal
from microgradnp.drawing.groups import nested
from microgradnp.drawing.layout import MARGIN, Layout, Point, label_width, size_of
from microgradnp.drawing.picture import Picture
from microgradnp.drawing.rooms import built_in
from microgradnp.drawing.svg import svg_of

SECONDS = 30.0
MOST_BOXES = 2000  # Graphviz needs minutes for 10,000
INSTALL = (
    'For Graphviz quality and PNG/PDF: pip install "microgradnp[graph]"  (on slim Linux also: apt install libglib2.0-0 libx11-6 '
    "libxext6 libxrender1),\nor install Graphviz itself: https://graphviz.org/download/ ."
)
PYGRAPHVIZ = """
import os, sys
answer = os.dup(1)
os.dup2(2, 1)  # libraries print to stderr, not into the answer
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
with open(answer, "wb") as out:
    out.write(graph.draw(format=sys.argv[1], prog="dot"))
"""


class GraphvizMissing(RuntimeError):  # noqa: N818  a public name, fixed in DESIGN
    """This machine cannot draw with Graphviz as demanded. The message says why and how to install it.

    `render` and `draw` raise it for an engine that is not there.

    >>> import microgradnp as mg
    >>> issubclass(mg.GraphvizMissing, RuntimeError)
    True
    """


class Unavailable(Exception):  # noqa: N818
    """The reason why one engine did not answer."""


def dot(source: str, format: str, seconds: float | None = None) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise Unavailable("dot is not on PATH")
    return child([program, f"-T{format}"], source, "dot", seconds)


def pygraphviz(source: str, format: str, seconds: float | None = None) -> bytes:
    if importlib.util.find_spec("pygraphviz") is None:
        raise Unavailable("pygraphviz is not installed")
    return child([sys.executable, "-P", "-c", PYGRAPHVIZ, format], source, "pygraphviz", seconds)


def child(command: list[str], source: str, name: str, seconds: float | None) -> bytes:
    """The output of a command. Raises Unavailable with the last line of its error output."""
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, timeout=seconds or SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{name} took more than {seconds or SECONDS:.0f} s") from None
    except OSError as error:
        raise Unavailable(f"{name}: {error}") from None
    if done.returncode:
        complaints = done.stderr.decode(errors="replace").strip().splitlines()
        raise Unavailable(f"{name}: {complaints[-1] if complaints else f'ended with code {done.returncode}'}")
    return done.stdout


ENGINES: dict[str, Callable[..., bytes]] = {"dot": dot, "pygraphviz": pygraphviz}  # the wheels of pygraphviz contain Graphviz


def engines() -> dict[str, str]:
    """Which layout engines `render` can use here: "available", or why not. `render` takes the first that works.

    >>> list(engines())
    ['dot', 'pygraphviz', 'builtin']
    """
    found = {}
    for name, run in ENGINES.items():
        try:
            run("digraph {}", "json0")
            found[name] = "available"
        except Unavailable as reason:
            found[name] = str(reason)
    return {**found, "builtin": "available"}


def chain(engine: str | None) -> tuple[str, ...]:
    """The engines to try, in order."""
    if engine not in (None, "builtin", *ENGINES):
        raise ValueError(f'render: engine must be "dot", "pygraphviz", "builtin" or None (the first that works), got {engine!r}')
    return tuple(ENGINES) if engine is None else () if engine == "builtin" else (engine,)


def drawn_by_graphviz(source: str, format: str, engine: str | None) -> bytes:
    """The bytes of a file that only Graphviz can write. Raises GraphvizMissing with every engine's reason."""
    reasons = []
    for name in chain(engine):
        try:
            return ENGINES[name](source, format)
        except Unavailable as reason:
            reasons.append(str(reason))
    raise GraphvizMissing(
        f"render: a .{format} file needs Graphviz: {'; '.join(reasons) or 'the built-in layout writes .svg'}.\n{INSTALL}"
    )


def svg_text(picture: Picture, engine: str | None = None) -> str:
    """The picture as SVG, laid out by the given engine or the first that works."""
    return svg_of(picture, laid_out(picture, engine))


def laid_out(
    picture: Picture, engine: str | None = None, *, most: int = MOST_BOXES, seconds: float | None = None, tell: bool = True
) -> Layout:
    """The layout by the given engine, or by the first that works. Above `most` boxes that is the built-in layout.

    An engine may take so many `seconds`. With `tell`, a fallback to the built-in layout gives a warning. Raises GraphvizMissing
    when the given engine does not work.
    """
    reasons = []
    for name in chain(engine):
        if engine is None and len(picture.boxes) > most:
            break
        try:
            return positions(picture, ENGINES[name](skeleton(picture), "json0", seconds), name)
        except Unavailable as reason:
            reasons.append(str(reason))
    if reasons and engine is not None:
        raise GraphvizMissing(f'render: engine="{engine}" was demanded, but {reasons[0]}.\n{INSTALL}')
    layout = built_in(picture)
    if reasons and tell:
        tell_once(reasons)
    return layout


told: set[str] = set()


def tell_once(reasons: list[str]) -> None:
    """Warn once in a process, at the user's line."""
    if told:
        return
    told.add("built-in layout")
    level, frame = 1, sys._getframe()
    while internal[frame.f_code.co_filename] and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    message = f'drawn with the built-in layout: {"; ".join(reasons)}.\n{INSTALL} The DOT text: mg.render(..., "graph.gv").'
    warnings.warn(message, UserWarning, stacklevel=level)


# -------------------------------------------------------------------------------------------- asking Graphviz


def skeleton(picture: Picture) -> str:
    """DOT of boxes and groups with fixed sizes, without fonts and without the user's text."""
    lines = [
        f"digraph {{ rankdir={picture.direction} nodesep=0.3 ranksep=0.42",
        'node [shape=box fixedsize=true label=""] edge [arrowhead=none]',
    ]
    for what, index in nested(picture.groups, picture.group_of):
        if what == "open":
            width = label_width(picture.groups[index].label)
            cell = f'<td fixedsize="true" width="{width:.0f}" height="14"></td>'
            table = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{cell}</tr></table>'
            lines.append(f"subgraph cluster_{index} {{ label=<{table}> labeljust=l margin=12")
        elif what == "close":
            lines.append("}")
        else:
            width, height = size_of(picture, index)
            lines.append(f"n{index} [width={width / 72:.5f} height={height / 72:.5f}]")
    lines += [f"n{edge.source} -> n{edge.target} [id=e{i}]" for i, edge in enumerate(picture.edges)]
    return "\n".join([*lines, "}"])


def positions(picture: Picture, answer: bytes, name: str) -> Layout:
    """The layout in an answer of Graphviz. Raises Unavailable when the answer cannot be read."""
    try:
        return layout_from(picture, json.loads(answer))
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"{name}: cannot read its layout: {type(error).__name__}: {error}") from error


def layout_from(picture: Picture, graph: dict[str, Any]) -> Layout:
    """The layout in Graphviz' JSON, which counts in points from the bottom left."""
    _, _, right, top = numbers(graph["bb"])

    def turned(x: float, y: float) -> Point:
        return x + MARGIN, top - y + MARGIN

    objects = {thing["name"]: thing for thing in graph.get("objects", ())}
    wires = {wire["id"]: wire for wire in graph.get("edges", ())}
    boxes = []
    for i in range(len(picture.boxes)):
        (x, y), (width, height) = turned(*numbers(objects[f"n{i}"]["pos"])), size_of(picture, i)
        boxes.append((x - width / 2, y - height / 2))
    groups = []
    for i in range(len(picture.groups)):
        x0, y0, x1, y1 = numbers(objects[f"cluster_{i}"]["bb"])
        groups.append((*turned(x0, y1), x1 - x0, y1 - y0))
    routes = [[turned(*numbers(point)) for point in wires[f"e{i}"]["pos"].split()] for i in range(len(picture.edges))]
    return Layout(right + 2 * MARGIN, top + 2 * MARGIN, boxes, groups, routes)


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]
