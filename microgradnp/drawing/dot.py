"""The picture as DOT, for people who know Graphviz: a `graphviz.Digraph` that shows itself in a notebook without Graphviz too."""

from __future__ import annotations

from html import escape
from typing import Any

import graphviz

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
    """The DOT of a computation graph; `picture` is what it was written from."""

    picture: Picture

    def pristine(self) -> bool:
        """Is this still what was drawn, with nothing added by hand?"""
        return bool(self.source == drawing_of(self.picture).source)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **options: Any) -> dict[str, str]:
        if not self.pristine():
            return dict(super()._repr_mimebundle_(include, exclude, **options))
        from microgradnp.drawing.engine import svg_text

        return {"image/svg+xml": svg_text(self.picture)}


def drawing_of(picture: Picture) -> Drawing:
    """DOT with everything that is known of each box in its label."""
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
    """One statement. Written here and not by `Digraph.node`, which takes five times as long to quote what needs no quoting."""
    tooltip = quoted("\n".join(box.tooltip))
    return f"\t{box.id} [id={box.id} label={label(box)} tooltip={tooltip} {KINDS[box.kind]}]\n"


def edge(picture: Picture, arrow: Edge) -> str:
    start, end = picture.boxes[arrow.source].id, picture.boxes[arrow.target].id
    return f'\t{start} -> {end} [id="{start}-{end}-{arrow.position}" tooltip={quoted(arrow.tooltip)}]\n'


def label(box: Box) -> str:
    """An HTML-like label: name and operation, shape and line, then the numbers, columns aligned."""
    width = box.columns
    name = html(box.name)
    rows = [(f"<b>{name}</b>" if box.named else name) + gap(width - cells(box.name) - cells(box.tag)) + html(box.tag)]
    rows.append(html(box.shape) + gap(width - cells(box.shape) - cells(box.place)) + html(box.place))
    rows += [html(line) for line in box.lines]
    return "<" + "".join(f'{row}<br align="left"/>' for row in rows) + ">"


def gap(count: int) -> str:
    return "&#160;" * count


def html(text: str) -> str:
    """Text of an HTML-like label; a backslash is an escape character there too."""
    return escape(text).replace(" ", "&#160;").replace("\\", "\\\\")


def quoted(text: str) -> str:
    """A tooltip, in which Graphviz undoes escapes twice; new lines stay."""
    plain = text.replace("&", "&amp;").replace("\\", "\\" * 4).replace('"', '\\"').replace("\n", "\\n")
    return f'"{plain}"'
