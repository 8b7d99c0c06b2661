"""The picture as SVG, with text that can be selected and colours for light and dark pages.

Kinds of boxes differ in shape, in their text, and in colour. The colours are from M. Okabe and K. Ito, "Color universal design"
(2008): nobody needs red and green to tell orange, blue, purple and grey apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from microgradnp.drawing.layout import BAND, FONT_SIZE, LABEL, LINE, PAD, Layout, Point, size_of
from microgradnp.drawing.picture import Box, Picture

FOLD = 9.0  # the cut corner of a data box
ARROW = 7.0

# Kind of box -> the colours of its header and of its border.
LIGHT_KINDS = {
    "parameter": ("#fdf0d5", "#b26a00"),
    "data": ("#ddeefa", "#0072b2"),
    "result": ("#eaeef2", "#6e7781"),
    "constant": ("#eaeef2", "#6e7781"),
    "loss": ("#f8e1ee", "#a63d7f"),
}
DARK_KINDS = {
    "parameter": ("#4a3305", "#e69f00"),
    "data": ("#0f3554", "#56b4e9"),
    "result": ("#2a313b", "#8b949e"),
    "constant": ("#2a313b", "#8b949e"),
    "loss": ("#4f1f3d", "#e58ac2"),
}
LIGHT = {
    "page": "#ffffff",
    "text": "#1f2328",
    "muted": "#59636e",
    "wire": "#6e7781",
    "box": "#ffffff",
    "group": "#f6f8fa",
    "rim": "#d1d9e0",
}
DARK = {
    "page": "#0d1117",
    "text": "#f0f6fc",
    "muted": "#9aa6b2",
    "wire": "#8b949e",
    "box": "#161b22",
    "group": "#11161d",
    "rim": "#343b44",
}


def svg_of(picture: Picture, layout: Layout) -> str:
    """The SVG document."""
    width, height = math.ceil(layout.width), math.ceil(layout.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mg-graph" role="img" aria-label="{escape(picture.title)}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f"<title>{escape(picture.title)}</title>",
        f"<style>{style()}</style>",
        f'<rect class="mg-page" width="{width}" height="{height}"/>',
        *(part for i in range(len(picture.groups)) for part in group_of(picture, layout, i)),
        *(part for i in range(len(picture.edges)) for part in edge_of(picture, layout, i)),
        *(part for i in range(len(picture.boxes)) for part in box_of(picture, layout, i)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def style() -> str:
    """Rules for a light page, then for a dark one. Colours are written out, because many viewers know no CSS variables."""
    family = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace'
    fixed = (
        f".mg-graph text{{font-family:{family};font-size:{FONT_SIZE}px;white-space:pre}}.mg-graph .mg-name{{font-weight:bold}}"
        ".mg-graph .mg-rim{stroke-width:1.2}.mg-graph .mg-parameter .mg-rim,.mg-graph .mg-loss .mg-rim{stroke-width:2}"
        ".mg-graph .mg-constant .mg-rim{stroke-dasharray:4 3}.mg-graph .mg-inner,.mg-graph .mg-wire{fill:none;stroke-width:1.2}"
    )
    light, dark = colors(LIGHT, LIGHT_KINDS), colors(DARK, DARK_KINDS)
    return f"{fixed}{light}@media (prefers-color-scheme:dark){{{dark}}}"


def colors(theme: dict[str, str], kinds: dict[str, tuple[str, str]]) -> str:
    rules = (
        ".mg-page{{fill:{page}}}.mg-graph text{{fill:{text}}}.mg-graph .mg-muted{{fill:{muted}}}.mg-wire{{stroke:{wire}}}"
        ".mg-arrow{{fill:{wire}}}.mg-body{{fill:{box}}}.mg-group{{fill:{group};stroke:{rim}}}"
        ".mg-graph .mg-label{{fill:{muted};font-weight:bold;stroke:{group};stroke-width:4px;paint-order:stroke}}"
    ).format(**theme)
    for kind, (fill, line) in kinds.items():
        rules += f".mg-{kind} .mg-band{{fill:{fill}}}.mg-{kind} .mg-rim,.mg-{kind} .mg-inner{{stroke:{line};fill:none}}"
    return rules


def px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def group_of(picture: Picture, layout: Layout, i: int) -> Iterator[str]:
    x, y, width, height = layout.groups[i]
    label = escape(picture.groups[i].label)
    yield f'<g id="g{i}"><title>module {label}</title>'
    yield f'<rect class="mg-group" x="{px(x)}" y="{px(y)}" width="{px(width)}" height="{px(height)}" rx="8"/></g>'
    yield f'<text class="mg-label" x="{px(x + PAD)}" y="{px(y + LABEL - 6)}">{label}</text>'


def edge_of(picture: Picture, layout: Layout, i: int) -> Iterator[str]:
    edge, route = picture.edges[i], layout.routes[i]
    source, target = picture.boxes[edge.source].id, picture.boxes[edge.target].id
    path = f"M{point(route[0])}" + "".join(f"C{' '.join(map(point, route[k : k + 3]))}" for k in range(1, len(route), 3))
    yield f'<g id="{source}-{target}-{edge.position}"><title>{escape(edge.tooltip)}</title>'
    yield f'<path class="mg-wire" d="{path}"/><path class="mg-arrow" d="{arrow(route)}"/></g>'


def point(place: Point) -> str:
    return f"{px(place[0])},{px(place[1])}"


def arrow(route: list[Point]) -> str:
    """The head at the end of a route, in the direction of the curve."""
    tip = route[-1]
    back = next((p for p in reversed(route[:-1]) if math.dist(p, tip) > 0.5), (tip[0], tip[1] - 1))
    length = math.dist(tip, back) or 1.0
    ux, uy = (tip[0] - back[0]) / length, (tip[1] - back[1]) / length
    base = tip[0] - ARROW * ux, tip[1] - ARROW * uy
    side = 0.42 * ARROW
    return (
        f"M{point(tip)}L{point((base[0] - side * uy, base[1] + side * ux))}L{point((base[0] + side * uy, base[1] - side * ux))}Z"
    )


def box_of(picture: Picture, layout: Layout, i: int) -> Iterator[str]:
    box, (x, y), (width, height) = picture.boxes[i], layout.boxes[i], size_of(picture, i)
    yield f'<g id="{box.id}" class="mg-box mg-{box.kind}" transform="translate({px(x)} {px(y)})">'
    yield f"<title>{escape(chr(10).join(box.tooltip))}</title>"
    yield from outline(box.kind, width, height)
    middle = BAND / 2 + 4
    named = ' class="mg-name"' if box.named else ""
    yield f'<text{named} x="{px(PAD)}" y="{px(middle)}">{escape(box.name)}</text>'
    if box.tag:
        end = width - PAD - (FOLD / 2 if box.kind == "data" else 0)
        yield f'<text x="{px(end)}" y="{px(middle)}" text-anchor="end">{escape(box.tag)}</text>'
    yield from lines_of(box, width)
    yield "</g>"


def outline(kind: str, width: float, height: float) -> Iterator[str]:
    """The shape of a box. Parameters are rounded, data has a cut corner, the loss has a double border."""
    w, h = px(width), px(height)
    if kind == "data":
        cut, band = f"H{px(width - FOLD)}L{w},{px(FOLD)}", px(BAND)
        yield f'<path class="mg-body" d="M0,0{cut}V{h}H0Z"/><path class="mg-band" d="M0,0{cut}V{band}H0Z"/>'
        yield f'<path class="mg-rim" d="M0,0{cut}V{h}H0Z"/><path class="mg-rim" d="M{px(width - FOLD)},0V{px(FOLD)}H{w}"/>'
        return
    r = 12 if kind == "parameter" else 3
    yield f'<rect class="mg-body" width="{w}" height="{h}" rx="{r}"/>'
    yield f'<path class="mg-band" d="M0,{px(BAND)}V{r}Q0,0 {r},0H{px(width - r)}Q{w},0 {w},{r}V{px(BAND)}Z"/>'
    yield f'<rect class="mg-rim" width="{w}" height="{h}" rx="{r}"/>'
    if kind == "loss":
        yield f'<rect class="mg-inner" x="3" y="3" width="{px(width - 6)}" height="{px(height - 6)}" rx="2"/>'


def lines_of(box: Box, width: float) -> Iterator[str]:
    y = BAND + LINE - 2
    yield f'<text class="mg-muted" x="{px(PAD)}" y="{px(y)}">{escape(box.shape)}</text>'
    if box.place:
        yield f'<text class="mg-muted" x="{px(width - PAD)}" y="{px(y)}" text-anchor="end">{escape(box.place)}</text>'
    for line in box.lines:
        y += LINE
        muted = ' class="mg-muted"' if line.lstrip().startswith("min") else ""
        yield f'<text{muted} x="{px(PAD)}" y="{px(y)}" xml:space="preserve">{escape(line)}</text>'
