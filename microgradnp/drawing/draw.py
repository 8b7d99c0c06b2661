"""The graph as a picture: a `graphviz.Digraph` for those who know Graphviz, and an SVG on any machine.

From the bottom up: `text` and `numbers` write what stands in a box, `names` finds what the user calls it, `groups` nests the
modules, and `picture` puts boxes, edges and groups together. `layered` lays out one level and `rooms` nests such levels;
`engine` asks Graphviz instead where it can. `svg` and `dot` write.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microgradnp.drawing.engine import GraphvizMissing, drawn_by_graphviz, engines, svg_text
from microgradnp.drawing.picture import picture_of
from microgradnp.inspection.names import names_from

if TYPE_CHECKING:
    import graphviz

__all__ = ["GraphvizMissing", "draw", "engines", "render"]

DOT, GRAPHVIZ_ONLY = (".gv", ".dot"), (".png", ".pdf")


def draw(loss: Any, *, direction: str = "TB") -> graphviz.Digraph:
    """The graph of `loss` as a `graphviz.Digraph`: shows itself in a notebook; `.source`, `.render()` and `.pipe()` as usual.

    One box stands for one Tensor, in the order of `len(graph.walk(loss))`, and one for each plain array: name, operation,
    shape, dtype, source line, value and gradient, as numbers when they are few and as statistics when many. Parameters are
    rounded, data has a folded corner, results that need no gradient are dashed, the loss has a double border.

    Parameters
    ----------
    loss : Tensor
        Where the graph ends, of any shape. Gradients of intermediates are there after `loss.backward(retain_grads=True)`.
    direction : "TB" or "LR"
        Top to bottom, or left to right.

    Raises
    ------
    TypeError
        If `loss` is no Tensor.
    ValueError
        If a plain `backward()` has freed the graph.

    >>> import numpy as np, microgradnp as mg
    >>> x = mg.Tensor(3.0, requires_grad=True)
    >>> drawing = draw(x * x)
    >>> "multiply" in drawing.source
    True
    """
    from microgradnp.drawing.dot import drawing_of

    return drawing_of(picture_of(loss, names_from(sys._getframe(1)), direction))


def render(drawn: Any, path: str | os.PathLike[str], *, engine: str | None = None, direction: str = "TB") -> Path:
    """Draw a graph into a file, SVG on any machine, and return the file's path.

    Parameters
    ----------
    drawn : Tensor or graphviz.Digraph
        A loss, or what `draw` made of it.
    path : path-like
        `.svg`; `.gv` or `.dot` for the DOT text; `.png` or `.pdf` where Graphviz is installed. The file is written whole or
        not at all.
    engine : "dot", "pygraphviz", "builtin" or None
        Who lays it out; None takes the first that works (`engines()` tells which), and above 2,000 boxes the built-in one.
    direction : "TB" or "LR"
        Top to bottom, or left to right. A Digraph has its own.

    Raises
    ------
    GraphvizMissing
        If an engine or a format was demanded that this machine cannot give; the message says why and what to install.
    ValueError
        For another suffix or engine, or a freed graph.
    FileNotFoundError
        If the folder does not exist.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".svg", *DOT, *GRAPHVIZ_ONLY):
        raise ValueError(f"render: cannot write {path.name!r}: the suffix must be .svg, .png, .pdf, .gv or .dot")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"render: the folder {str(path.parent)!r} does not exist; create it first")
    write_whole(path, content(drawn, suffix, engine, direction, names_from(sys._getframe(1))))
    return path


def content(drawn: Any, suffix: str, engine: str | None, direction: str, variables: dict[int, str]) -> bytes:
    """What goes into the file."""
    import graphviz

    from microgradnp.drawing.dot import Drawing, drawing_of

    is_dot = isinstance(drawn, (graphviz.Digraph, graphviz.Graph))
    picture = None if is_dot else picture_of(drawn, variables, direction)
    if isinstance(drawn, Drawing) and drawn.pristine():
        picture = drawn.picture
    if suffix == ".svg" and picture is not None:
        return svg_text(picture, engine).encode()
    source = str((drawing_of(picture) if picture is not None else drawn).source)
    return source.encode() if suffix in DOT else drawn_by_graphviz(source, suffix[1:], engine)


def write_whole(path: Path, data: bytes) -> None:
    """Write beside the file and move into place: a reader never sees half of it, and an error leaves the old one."""
    part = path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
