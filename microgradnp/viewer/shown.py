"""What a notebook shows of a Tensor: a small heat map, and the picture of its graph where that is not too large to be read."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.tensor import Tensor
from microgradnp.drawing.engine import laid_out
from microgradnp.drawing.picture import picture_of
from microgradnp.drawing.svg import svg_of
from microgradnp.inspection.heatmap import DARK, LIGHT, drawn, numeric, packed, rules, unpacked

MOST_BOXES = 60
COLUMN = "display:inline-block;vertical-align:top;margin-right:24px"


def mimebundle(tensor: Tensor, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG001  IPython's signature
    """Called by IPython; the text is always there, for consoles."""
    plain = repr(tensor)
    try:
        return {"text/plain": plain, "text/html": html_of(tensor)}
    except Exception:  # what is shown in passing must never be in the way of the user's own work
        return {"text/plain": plain}


def html_of(tensor: Tensor) -> str:
    parts = [f'<div style="{COLUMN}"><p>{facts(tensor)}</p>{heat(tensor._array, "value")}</div>']
    if tensor.grad is not None:
        parts.append(f'<div style="{COLUMN}"><p>gradient</p>{heat(tensor.grad, "gradient")}</div>')
    if tensor.rule is not None:
        parts.append(f"<div>{graph_of(tensor)}</div>")
    style = (
        f"<style>{rules(LIGHT, '.mg-heat ')}@media(prefers-color-scheme:dark){{{rules(DARK, '.mg-heat ')}}}"
        ".mg-heat .lost{stroke:#888;stroke-width:.15;fill:none}</style>"
    )
    return f'<div class="mg-heat">{style}{"".join(parts)}</div>'


def facts(tensor: Tensor) -> str:
    size = f"{tensor.shape} {tensor.dtype}"
    return escape(f"{tensor.name}: {size}" if tensor.name else size)


def heat(array: Any, label: str) -> str:
    """A map with its range, or the number where there is one only."""
    if not numeric(array):
        return ""
    array = np.asarray(array)
    if array.size == 1:
        return f"<p>{array.ravel()[0]:.6g}</p>"
    found = packed(array)
    if found is None:
        return "<p>empty</p>"
    lost = found.get("nan", 0) + found.get("inf", 0)
    told = f"{found['min']:.4g} \u2026 {found['max']:.4g}" + (f", {lost} not finite" if lost else "")
    return f"{drawn(unpacked(found), found['s'], label, 130.0, 14.0)}<p><small>{told}</small></p>"


def graph_of(tensor: Tensor) -> str:
    """The graph as SVG; of a large one, how to see it."""
    count = len(graph.walk(tensor))
    if count > MOST_BOXES:
        return f"<p>a graph of {count:,} nodes: <code>mg.view(...)</code> shows it</p>"
    picture = picture_of(tensor, {})
    return svg_of(picture, laid_out(picture, "builtin"))


Tensor._repr_mimebundle_ = mimebundle  # type: ignore[attr-defined]  # the class stands below all that is drawn
