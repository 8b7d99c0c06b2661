"""The graph as a picture: a `graphviz.Digraph` for people who know Graphviz, and an SVG on any machine.

From the bottom up: `text` and `numbers` write the lines of a box. `groups` nests the modules, `outline` lists values, names and
edges, and `picture` makes boxes of them. `layered` lays out one level and `rooms` nests the levels; `engine` asks Graphviz
instead where it can. `svg` and `dot` write the result.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microgradnp.drawing.engine import GraphvizMissing, drawn_by_graphviz, engines, svg_text
from microgradnp.drawing.picture import picture_of
from microgradnp.drawing.raster import rasterized
from microgradnp.inspection.files import write_whole
from microgradnp.inspection.names import names_from

if TYPE_CHECKING:
    import graphviz

__all__ = ["GraphvizMissing", "draw", "engines", "render"]

DOT, RASTER = (".gv", ".dot"), (".png", ".pdf")


def draw(loss: Any, *, direction: str = "TB") -> graphviz.Digraph:
    """The graph of `loss` as a `graphviz.Digraph`, which shows itself in a notebook.

    Each Tensor and each plain array is a box with its name, operation, shape, dtype, source line, value and gradient. Few
    numbers are written out; of many there are statistics. Parameters are rounded, data has a folded corner, results that need
    no gradient are dashed, and the loss has a double border.

    Parameters
    ----------
    loss : Tensor
        The end of the graph, of any shape. `loss.backward(retain_grads=True)` keeps the gradients of intermediate results.
    direction : "TB" or "LR"
        Top to bottom, or left to right.

    Raises
    ------
    TypeError
        If `loss` is no Tensor.
    ValueError
        If a plain `backward()` has freed the graph, or `direction` is unknown.

    >>> import numpy as np, microgradnp as mg
    >>> x = mg.Tensor(3.0, requires_grad=True)
    >>> drawing = draw(x * x)
    >>> "multiply" in drawing.source
    True
    """
    from microgradnp.drawing.dot import drawing_of

    return drawing_of(picture_of(loss, names_from(sys._getframe(1)), direction))


def render(drawn: Any, path: str | os.PathLike[str], *, engine: str | None = None, direction: str = "TB") -> Path:
    """Draw a graph into a file, and return the file's path. SVG needs no Graphviz.

    Parameters
    ----------
    drawn : Tensor or graphviz.Digraph
        A loss, or the result of `draw`.
    path : path-like
        `.svg`; `.gv` or `.dot` for the DOT text; `.png` or `.pdf`, drawn as the SVG is where Matplotlib is installed, else by
        Graphviz. After an error the old file is still there.
    engine : "dot", "pygraphviz", "builtin" or None
        The program that lays the graph out. None takes the first that works (see `engines()`), and the built-in layout above
        2,000 boxes.
    direction : "TB" or "LR"
        Top to bottom, or left to right. A Digraph has its own direction.

    Raises
    ------
    GraphvizMissing
        If this machine lacks the engine, or both programs for the format. The message says why and what to install.
    ValueError
        For an unknown suffix, engine or direction, or a freed graph.
    FileNotFoundError
        If the folder does not exist.

    >>> import microgradnp as mg, os, tempfile
    >>> x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> mg.render(mg.sse(x, x.numpy()), os.path.join(tempfile.mkdtemp(), "graph.svg")).name
    'graph.svg'
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".svg", *DOT, *RASTER):
        raise ValueError(f"render: cannot write {path.name!r}: the suffix must be .svg, .png, .pdf, .gv or .dot")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"render: the folder {str(path.parent)!r} does not exist; create it first")
    write_whole(path, content(drawn, suffix, engine, direction, names_from(sys._getframe(1))))
    return path


def has_matplotlib() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def content(drawn: Any, suffix: str, engine: str | None, direction: str, variables: dict[int, str]) -> bytes:
    """The bytes of the file."""
    import graphviz

    from microgradnp.drawing.dot import Drawing, drawing_of

    is_dot = isinstance(drawn, (graphviz.Digraph, graphviz.Graph))
    picture = None if is_dot else picture_of(drawn, variables, direction)
    if isinstance(drawn, Drawing) and drawn.pristine():
        picture = drawn.picture
    if suffix == ".svg" and picture is not None:
        return svg_text(picture, engine).encode()
    if suffix in RASTER and picture is not None and has_matplotlib():
        return rasterized(svg_text(picture, engine), suffix[1:])
    source = str((drawing_of(picture) if picture is not None else drawn).source)
    return source.encode() if suffix in DOT else drawn_by_graphviz(source, suffix[1:], engine)
