"""The source that ran, with marks in its gutter, and beside each line what its values are in the model."""

from __future__ import annotations

from typing import Any, NamedTuple

from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.report.annotate import Block
from microgradnp.debugger.report.facts import Facts
from microgradnp.debugger.report.highlight import highlight


class Mark(NamedTuple):
    """The glyph and the words carry the meaning. The colour only repeats it."""

    glyph: str
    says: str


MARKS = {
    "wrong": Mark("\u2717", "wrong"),
    "suspected": Mark("?", "suspected: the fault may lie here"),
    "after": Mark("\u2193", "made from a wrong value"),
    "unknown": Mark("\u00b7", "not a quantity of the model, so nothing is said"),
    "right": Mark("\u2713", "every value written here equals the model's"),
}
SIGNS = {"right": "=", "wrong": "\u2260", "suspected": "\u2260", "after": "\u2260"}
WITHOUT_MEANING = {
    "after": "made from a wrong value",
    "wrong": "equals nothing in the model",
    "suspected": "equals nothing in the model",
}


def listing(report: Facts, blocks: list[Block]) -> dict[str, Any]:
    """What the template `source.html` is filled in with, and the anchors that the rest of the page links to."""
    files = list(dict.fromkeys(block.file for block in blocks))
    anchor = {file: f"f{k}" for k, file in enumerate(files, 1)}
    findings = [(k, finding) for k, finding in enumerate(report.findings, 1) if finding.certainty != "suspected"]
    return {
        "blocks": blocks,
        "anchors": {(b.file, line.number): f"{anchor[b.file]}-L{line.number}" for b in blocks for line in b.lines},
        "coloured": {file: highlight(source.text) for file in files if (source := source_of(file))},
        "labels": {(finding.file, finding.line): k for k, finding in reversed(findings)},
        "seen": {line.mark for block in blocks for line in block.lines},
        "signs": SIGNS,
        "without_meaning": WITHOUT_MEANING,
    }
