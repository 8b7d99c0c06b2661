"""The picture as DOT, for people who know Graphviz: a `graphviz.Digraph` that shows itself in a notebook without Graphviz too."""

from __future__ import annotations

from typing import Any

import graphviz

from microgradnp.draw.groups import nested
from microgradnp.draw.picture import Box, Picture
from microgradnp.draw.svg import LIGHT, LIGHT_KINDS
from microgradnp.draw.text import cells

STYLES = {"parameter": "rounded,filled", "constant": "filled,dashed"}


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """The DOT of a computation graph; `picture` is what it was written from."""

    picture: Picture

    def pristine(self) -> bool:
        """Is this still what was drawn, with nothing added by hand?"""
        return bool(self.source == drawing_of(self.picture).source)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **options: Any) -> dict[str, str]:
        if not self.pristine():
            return dict(super()._repr_mimebundle_(include, exclude, **options))
        from microgradnp.draw.engines import svg_text

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
    drawing.attr(tooltip=escaped(picture.title))
    for what, index in nested(picture.groups, picture.group_of):
        if what == "box":
            node(drawing, picture.boxes[index])
        else:
            drawing.body.append(begin(picture.groups[index].label, index) if what == "open" else "\t}\n")
    for edge in picture.edges:
        start, end = picture.boxes[edge.source].id, picture.boxes[edge.target].id
        drawing.edge(start, end, id=f"{start}-{end}-{edge.position}", tooltip=escaped(edge.tooltip))
    return drawing


def begin(label: str, index: int) -> str:
    """The opening line of a group."""
    quoted = graphviz.quoting.quote(escaped(label))
    colors = f'color="{LIGHT["rim"]}" fontcolor="{LIGHT["muted"]}" bgcolor="{LIGHT["group"]}"'
    return f"\tsubgraph cluster_{index} {{\n\t\tlabel={quoted} labeljust=l style=rounded fontsize=11 {colors}\n"


def node(graph: graphviz.Digraph, box: Box) -> None:
    fill, line = LIGHT_KINDS[box.kind]
    extra = {"shape": "note"} if box.kind == "data" else {"peripheries": "2"} if box.kind == "loss" else {}
    graph.node(
        box.id,
        label=label(box),
        id=box.id,
        tooltip="\\n".join(escaped(part) for part in box.tooltip),
        color=line,
        fillcolor=fill,
        style=STYLES.get(box.kind, "filled"),
        penwidth="2" if box.kind in ("parameter", "loss") else "1",
        **extra,
    )


def label(box: Box) -> str:
    """An HTML-like label: name and operation, shape and line, then the numbers, columns aligned."""
    width = box.columns
    name = html(box.name)
    title = f"<b>{name}</b>" if box.named else name
    rows = [title + gap(width - cells(box.name) - cells(box.tag)) + html(box.tag)]
    rows.append(html(box.shape) + gap(width - cells(box.shape) - cells(box.place)) + html(box.place))
    rows += [html(line) for line in box.lines]
    return "<" + "".join(f'{row}<br align="left"/>' for row in rows) + ">"


def gap(count: int) -> str:
    return "&#160;" * count


def html(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), (" ", "&#160;")):
        text = text.replace(character, entity)
    return text


def escaped(text: str) -> str:
    """Text in which Graphviz shall see no escape sequence, no entity and no HTML."""
    return graphviz.escape(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
