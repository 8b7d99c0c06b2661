"""The source that ran, with marks in its gutter, and beside each line what its values are in the model."""

from __future__ import annotations

import os
from html import escape

from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.report.annotate import Block, Line, Value
from microgradnp.debugger.report.facts import Facts
from microgradnp.debugger.report.highlight import highlight

# Mark -> (glyph, what it says). The glyph and the words carry the meaning, the colour only repeats it.
MARKS = {
    "wrong": ("\u2717", "wrong"),
    "suspected": ("?", "suspected: the fault may lie here"),
    "after": ("\u2193", "made from a wrong value"),
    "unknown": ("\u00b7", "not a quantity of the model, so nothing is said"),
    "right": ("\u2713", "every value written here equals the model's"),
}
SIGNS = {"right": "=", "wrong": "\u2260", "suspected": "\u2260", "after": "\u2260"}
WITHOUT_MEANING = {
    "after": "made from a wrong value",
    "wrong": "equals nothing in the model",
    "suspected": "equals nothing in the model",
}


class Links:
    """Links to lines that are on the page; plain text for those that are not."""

    def __init__(self, anchors: dict[tuple[str, int], str]) -> None:
        self.anchors = anchors

    def __call__(self, file: str | None, line: int | None, text: str | None = None) -> str:
        if line is None:
            return ""
        label = escape(text or f"line {line}")
        anchor = self.anchors.get((file or "", line))
        return f'<a href="#{anchor}">{label}</a>' if anchor else label


def source_section(blocks: list[Block], links: Links, report: Facts) -> str:
    if not blocks:
        return '<section id="source"><h2>Source</h2><p>The text of the code that ran could not be read.</p></section>'
    seen = {line.mark for block in blocks for line in block.lines}
    legend = "".join(f'<li class="{m}">{mark(m)} {says}</li>' for m, (_, says) in MARKS.items() if m in seen)
    colored = {file: highlight(source.text) for file in {b.file for b in blocks} if (source := source_of(file))}
    labels = {(f.file, f.line): k for k, f in reversed([*enumerate(report.findings, 1)]) if f.certainty != "suspected"}
    parts = "".join(block_of(block, colored[block.file], links, labels) for block in blocks)
    note = "Every function that ran, and what each value written on a line is in the model."
    return f'<section id="source"><h2>Source</h2><p>{note}</p><ul class="legend-of-marks">{legend}</ul>{parts}</section>'


def block_of(block: Block, colored: list[str], links: Links, labels: dict[tuple[str, int], int]) -> str:
    name, file = escape(block.name), escape(os.path.basename(block.file))
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Line", "Mark", "Source", "Values"))
    columns = "".join(f'<col class="{letter}">' for letter in "nmtv")
    rows = []
    for line in block.lines:
        number = labels.get((block.file, line.number))
        rows.append(source_row(line, colored[line.number - 1], links.anchors[block.file, line.number], number))
    return (
        f'<h3 class="function"><code>{name}</code> <small>{file}</small></h3>'
        f'<table class="source" aria-label="Source of {name}"><colgroup>{columns}</colgroup>'
        f'<thead class="unseen"><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def source_row(line: Line, colored: str, anchor: str, finding: int | None) -> str:
    text = line.text.expandtabs(4)
    indent = len(text) - len(text.lstrip())
    values = " ".join(map(value_of, line.values))
    given = " given" if line.is_definition else ""
    label = f'<span class="flag">{"first wrong" if finding == 1 else f"wrong ({finding})"}</span>' if finding else ""
    return (
        f'<tr id="{anchor}" class="{line.mark or "plain"}"><td class="n">{line.number}</td><td class="m">{mark(line.mark)}</td>'
        f'<td class="t" style="--i:{indent}ch"><code>{colored}</code></td><td class="v{given}">{label}{values}</td></tr>\n'
    )


def mark(kind: str) -> str:
    if not kind:
        return ""
    glyph, says = MARKS[kind]
    return f'<span class="glyph" role="img" title="{says}" aria-label="{kind}">{glyph}</span>'


def value_of(value: Value) -> str:
    """`dz1 = dL/dz1 x 0.1  8x5`: its name, its meaning, its shape, and how many there were."""
    if value.meaning and value.state in SIGNS:
        relation = f' <span class="sign">{SIGNS[value.state]}</span> {escape(value.meaning)}'
    else:
        relation = f" <i>{WITHOUT_MEANING[value.state]}</i>" if value.state in WITHOUT_MEANING else ""
    many = f"{value.count} values, {value.matched} right" if 0 < value.matched < value.count else f"{value.count} values"
    size = many if value.count > 1 else value.shape or value.details
    return (
        f'<span class="value {value.state}" title="{escape(value.details)}"><b>{escape(value.name)}</b>{relation} '
        f"<small>{escape(size)}</small></span>"
    )
