"""The picture as DOT, for people who know Graphviz: a `graphviz.Digraph` that a notebook shows even without Graphviz."""

from __future__ import annotations

from html import escape
from typing import Any

import graphviz

from microgradnp.drawing.engine import svg_text
from microgradnp.drawing.groups import nested
from microgradnp.drawing.picture import Box, Edge, Picture
from microgradnp.drawing.svg import LIGHT, LIGHT_KINDS
from microgradnp.drawing.text import cells

EXTRA = {
    "parameter": 'style="rounded,filled" penwidth=2',
    "data": "shape=note",
    "constant": 'style="filled,dashed"',
    "loss": "peripheries=2",
}
KINDS = {kind: f'fillcolor="{fill}" color="{line}" {EXTRA.get(kind, "")}'.rstrip() for kind, (fill, line) in LIGHT_KINDS.items()}
GROUP = f'labeljust=l style=rounded fontsize=11 color="{LIGHT["rim"]}" fontcolor="{LIGHT["muted"]}" bgcolor="{LIGHT["group"]}"'


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """The DOT of a computation graph, and the `picture` that it was written from."""

    picture: Picture

    def pristine(self) -> bool:
        """Whether nothing was added by hand since it was drawn."""
        return bool(self.source == drawing_of(self.picture).source)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **options: Any) -> dict[str, str]:
        if not self.pristine():
            return dict(super()._repr_mimebundle_(include, exclude, **options))
        return {"image/svg+xml": svg_text(self.picture)}


def drawing_of(picture: Picture) -> Drawing:
    """The DOT of a picture. The label of a box holds all its lines."""
    page = LIGHT["page"]
    drawing = Drawing(
        name="graph",
        graph_attr={"rankdir": picture.direction, "bgcolor": page, "nodesep": "0.3", "ranksep": "0.4", "fontname": "monospace"},
        node_attr={"shape": "box", "fontname": "monospace", "fontsize": "11", "margin": "0.09,0.05", "style": "filled"},
        edge_attr={"color": LIGHT["wire"], "arrowsize": "0.7"},
    )
    drawing.picture = picture
    drawing.body.append(f"\ttooltip={quoted(picture.title)}\n")
    for what, index in nested(picture.groups, picture.group_of):
        if what == "open":
            drawing.body.append(f"\tsubgraph cluster_{index} {{ label=<{html(picture.groups[index].label)}> {GROUP}\n")
        else:
            drawing.body.append(node(picture.boxes[index]) if what == "box" else "\t}\n")
    drawing.body.extend(edge(picture, arrow) for arrow in picture.edges)
    return drawing


def node(box: Box) -> str:
    """The statement of a box. `Digraph.node` quotes what needs no quotes, and takes five times as long."""
    tooltip = quoted("\n".join(box.tooltip))
    return f"\t{box.id} [id={box.id} label={label(box)} tooltip={tooltip} {KINDS[box.kind]}]\n"


def edge(picture: Picture, arrow: Edge) -> str:
    start, end = picture.boxes[arrow.source].id, picture.boxes[arrow.target].id
    return f'\t{start} -> {end} [id="{start}-{end}-{arrow.position}" tooltip={quoted(arrow.tooltip)}]\n'


def label(box: Box) -> str:
    """An HTML-like label: name and operation, shape and line, then the numbers in aligned columns."""
    width = box.columns
    name = html(box.name)
    rows = [(f"<b>{name}</b>" if box.named else name) + gap(width - cells(box.name) - cells(box.tag)) + html(box.tag)]
    rows.append(html(box.shape) + gap(width - cells(box.shape) - cells(box.place)) + html(box.place))
    rows += [html(line) for line in box.lines]
    return "<" + "".join(f'{row}<br align="left"/>' for row in rows) + ">"


def gap(count: int) -> str:
    return "&#160;" * count


def html(text: str) -> str:
    """Text escaped for an HTML-like label, where a backslash is an escape character too."""
    return escape(text).replace(" ", "&#160;").replace("\\", "\\\\")


def quoted(text: str) -> str:
    """Text escaped for a tooltip, in which Graphviz undoes escapes twice. New lines stay."""
    plain = text.replace("&", "&amp;").replace("\\", "\\" * 4).replace('"', '\\"').replace("\n", "\\n")
    return f'"{plain}"'
