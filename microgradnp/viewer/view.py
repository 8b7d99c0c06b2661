"""The graph as one offline page: values, gradients, the backward pass step by step, and hand-written backprop beside it.

From the bottom up: `backward` writes the backward pass down, `contents` collects the page's data, `visible` places its first
boxes, `overlay` and `replay` add hand-written gradients and a training, and `page` makes one file of it. `document` fills in the
templates of the folder `page`. For notebooks, `shown` shows a Tensor and `live` a training that is running.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from microgradnp.drawing.layout import label_width
from microgradnp.inspection.files import write_whole
from microgradnp.inspection.names import names_from
from microgradnp.viewer.contents import Contents, Json, contents_of
from microgradnp.viewer.document import filled
from microgradnp.viewer.overlay import of_arrays, overlay
from microgradnp.viewer.page import html_of
from microgradnp.viewer.program import program_of
from microgradnp.viewer.replay import replayed
from microgradnp.viewer.visible import DATA, NODE, at_first, label_of, placed

__all__ = ["Page", "view"]


def view(
    loss: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    hand_written: Mapping[str, Any] | None = None,
    rtol: float | None = None,
    fit: Any = None,
    live: bool = False,
    direction: str | None = None,
    engine: str | None = None,
) -> Page:
    """The graph of `loss` as one offline HTML page, which shows itself in a notebook.

    Parameters
    ----------
    loss : Tensor
        The end of the graph, before `backward` or after `backward(retain_graph=True)`. Its backward pass runs once for the
        page and changes no `.grad`. If `loss` is no real scalar, the page shows values without gradients.
    path : path-like, optional
        The file to write. After an error the old file is still there.
    hand_written : dict, optional
        Gradients derived by hand, as for `compare`: `{"W": dW}` or `{"dz": (z, dz)}`. The page marks each as right or wrong, and
        among the wrong ones the first in the order of the backward pass.
    rtol : float, optional
        Largest difference that counts as agreement, relative to the largest true entry, as in `compare`.
    fit : Fit, optional
        The result of `fit(..., snapshots=k)` for the same model. The page plays its values and gradients over the iterations.
    live : bool
        Whether the page computes. Then any entry of a parameter or an input can be changed in it: all values, gradients and
        pictures follow. It also trains the model, with the steps of `fit`, on the data of this graph: all samples, or batches of
        them in their order. It computes in double precision. If an operation has no JavaScript, the page says so and shows the
        recorded numbers only.
    direction : "TB", "LR" or None
        Top to bottom, or left to right. None takes the one that gives the larger text. The page can change it.
    engine : "dot", "pygraphviz", "builtin" or None
        None lets the page place the boxes: it opens modules for as long as all fits into the window with text that can be read.
        With an engine the page begins with all modules open, placed by that program.

    Raises
    ------
    TypeError
        If `loss` is no Tensor.
    ValueError
        If a plain `backward()` has freed the graph, if `fit` has no snapshots of this graph, or if `direction` or `engine` is
        unknown.
    KeyError, ValueError
        If a hand-written array matches no Tensor of the graph, or several.
    RuntimeError
        If an array that the graph captured has changed since the forward pass.
    OSError
        If the file cannot be written.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True, name="w")
    >>> mg.view(np.sum(w**2), hand_written={"w": 2 * w.numpy()})
    <page of a graph of 3 nodes, ... kB>
    """
    variables = names_from(sys._getframe(1))
    contents = contents_of(loss, variables)
    extra: Json = {}
    if hand_written is not None:
        extra |= overlay(contents, of_arrays(contents, hand_written, variables, rtol))
    if fit is not None:
        extra |= replayed(contents, fit)
    text = None
    if live:
        text, more = program_of(contents)
        extra |= more
    return written(contents, extra, path, direction, engine, program=text)


def written(
    contents: Contents,
    extra: Json,
    path: str | os.PathLike[str] | None,
    direction: str | None = None,
    engine: str | None = None,
    program: str | None = None,
) -> Page:
    """The page of these contents. It is saved if a path is given."""
    if path is not None and (suffix := Path(path).suffix.lower()) in (".svg", ".png", ".pdf"):
        raise ValueError(f"view: it writes a page, a file that ends in .html; for a picture {suffix} use mg.render")
    if direction not in ("TB", "LR", None):
        raise ValueError(f'view: direction must be "TB" (top to bottom), "LR" (left to right) or None, got {direction!r}')
    data = complete(contents, extra, direction, engine)
    page = Page(html_of(data, [program] if program else []), len(data["nodes"]))
    if path is not None:
        page.save(path)
    return page


def several(
    losses: Mapping[str, Any], hand_written: Mapping[str, Mapping[str, Any]], *, rate: float | None = None, by_hand: str = ""
) -> Page:
    """One page of several graphs. It computes, and a control on it chooses the graph by its label.

    `hand_written` has the gradients of each label, as for `view`. `rate` is the learning rate that the page begins with.
    `by_hand` is the JavaScript of a training step that was written by hand (see `cli/story.js`). A second control chooses it.
    """
    variables = names_from(sys._getframe(1))
    rows: list[Json] = []
    programs: list[str] = []
    for label, loss in losses.items():
        contents = contents_of(loss, variables)
        program, extra = program_of(contents)
        if program:
            extra["live"] |= {"program": len(programs), "others": list(losses), "rate": rate}
            programs.append(program)
        extra |= overlay(contents, of_arrays(contents, hand_written[label], variables, None))
        rows.append(complete(contents, extra))
    return Page(html_of(rows[0], programs, rows[1:], by_hand), len(rows[0]["nodes"]))


def complete(contents: Contents, extra: Json, direction: str | None = None, engine: str | None = None) -> Json:
    """The data of a page: the contents, what overlays add to them, and the places of the boxes."""
    data = contents.data | extra
    data |= {"direction": direction, "layout": None, "sizes": {"node": NODE, "data": DATA}}
    if engine is not None:
        data |= {"closed": at_first(data), "direction": direction or "TB"}
        data |= {"layout": placed(data, data["closed"], data["direction"], engine)}
    return data | {"labels": [label_width(label_of(data, group)) for group in range(len(data["groups"]))]}


class Page:
    """An HTML page. `.html` is its text, `.save(path)` writes it, and a notebook shows it."""

    def __init__(self, html: str, nodes: int) -> None:
        self.html, self.nodes = html, nodes
        self.path: Path | None = None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page, and return its path. After an error the old file is still there.

        Raises FileNotFoundError when the folder does not exist, and OSError when the file cannot be written.
        """
        target = Path(path)
        if not target.parent.is_dir():
            raise FileNotFoundError(f"view: the folder {str(target.parent)!r} does not exist; create it first")
        write_whole(target, self.html.encode())
        self.path = target
        return target

    def __repr__(self) -> str:
        what = f"{self.path}, page" if self.path else "page"
        size = len(self.html.encode()) / 1000
        return f"<{what} of a graph of {self.nodes:,} {'node' if self.nodes == 1 else 'nodes'}, {size:,.0f} kB>"

    def _repr_html_(self) -> str:
        return filled("frame.html", html=self.html)
