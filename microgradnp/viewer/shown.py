"""What a notebook shows of a Tensor: a small heat map, and the picture of its graph where that is small enough to read."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from microgradnp.core import graph
from microgradnp.core.tensor import Tensor
from microgradnp.drawing.engine import laid_out
from microgradnp.drawing.picture import picture_of
from microgradnp.drawing.svg import svg_of
from microgradnp.inspection.heatmap import numeric, packed, unpacked
from microgradnp.viewer.document import filled
from microgradnp.viewer.heat import HeatMap, heat_map

MOST_BOXES = 60


def mimebundle(tensor: Tensor, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG001  IPython's signature
    """Text and HTML for IPython. Consoles take the text."""
    plain = repr(tensor)
    try:
        return {"text/plain": plain, "text/html": html_of(tensor)}
    except Exception:  # a display must never stop the user's own work
        return {"text/plain": plain}


def html_of(tensor: Tensor) -> str:
    """The Tensor as a fragment of HTML."""
    from markupsafe import Markup

    size = f"{tensor.shape} {tensor.dtype}"
    arrays = [column(f"{tensor.name}: {size}" if tensor.name else size, tensor._array, "value")]
    if tensor._grad is not None:
        arrays.append(column("gradient", tensor._grad, "gradient"))
    nodes = len(graph.walk(tensor)) if tensor.rule is not None else 0
    picture = Markup(picture_svg(tensor)) if 0 < nodes <= MOST_BOXES else ""
    return filled("tensor.html", arrays=arrays, nodes=nodes, picture=picture)


class Column(NamedTuple):
    """One array for the template: a map with the range of its numbers, or a text."""

    title: str
    text: str = ""
    map: HeatMap | None = None
    range: str = ""


def column(title: str, array: Any, label: str) -> Column:
    if not numeric(array):
        return Column(title)
    array = np.asarray(array)
    if array.size == 1:
        return Column(title, f"{array.ravel()[0]:.6g}")
    found = packed(array)
    if found is None:
        return Column(title, "empty")
    lost = found.get("nan", 0) + found.get("inf", 0)
    extent = f"{found['min']:.4g} \u2026 {found['max']:.4g}" + (f", {lost} not finite" if lost else "")
    return Column(title, map=heat_map(unpacked(found), found["s"], label, 130.0, 14.0), range=extent)


def picture_svg(tensor: Tensor) -> str:
    picture = picture_of(tensor, {})
    return svg_of(picture, laid_out(picture, "builtin"))
