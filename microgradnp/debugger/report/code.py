"""The hand-written code for the page of the graph: each line with its mark, the boxes that it stands for, and its fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from microgradnp.debugger.report.annotate import Block, Line, Meanings, annotate
from microgradnp.debugger.report.facts import MOVE, Facts, Finding
from microgradnp.debugger.report.listing import MARKS, SIGNS

Place = tuple[str, int]
MOST_SAID = 3  # values of a line


def code_of(report: Facts, number: Mapping[int, int], first: int | None) -> list[dict[str, Any]]:
    """The functions that ran, as the page shows them. `number` maps the nodes of the model to boxes, `first` is the wrong one."""
    boxes = boxes_of(report, number)
    wrong = {(finding.file, finding.line): finding for finding in reversed(report.findings) if finding.certainty != "suspected"}
    if first is not None and report.findings:
        place = (report.findings[0].file, report.findings[0].line)
        boxes[place] = list(dict.fromkeys([number[first], *boxes.get(place, [])]))
    return [listed(block, boxes, wrong, replaced(report.findings)) for block in annotate(report)]


def listed(block: Block, boxes: Mapping[Place, list[int]], wrong: Mapping[Place, Finding], fixes: Mapping[Place, Any]) -> Any:
    """A function: its file, its name, and for each line its number, text, mark, words, boxes, wrong columns, and fix."""
    indent = min((line.indent for line in block.lines if line.text.strip()), default=0)
    rows = []
    for line in block.lines:
        place = block.file, line.number
        text = line.text.expandtabs(4)[indent:].rstrip()
        rows.append(
            [line.number, text, line.mark, words(line), boxes.get(place, []), part_in(text, wrong.get(place)), fixes.get(place)]
        )
    return {"file": block.file_name, "name": block.name, "rows": rows}


def words(line: Line) -> list[str]:
    """What a line's mark means, and what its values are in the model."""
    told = [f"{v.name} {SIGNS.get(v.state, '')} {v.meaning}" for v in line.values if v.meaning and v.state in SIGNS]
    mark = [MARKS[line.mark].says] if line.mark in MARKS else [""]
    return [*mark, *told[:MOST_SAID]]


def part_in(text: str, finding: Finding | None) -> tuple[int, int] | None:
    """The columns of a line that are wrong."""
    if finding is None or finding.span is None or finding.source not in text:
        return None
    shift = text.index(finding.source)
    return finding.span.start + shift, finding.span.end + shift


def replaced(findings: list[Finding]) -> dict[Place, list[str] | None]:
    """File and line -> the lines of the fix that come after it; an empty list for all but the last of the replaced lines."""
    found: dict[Place, list[str] | None] = {}
    for finding in findings:
        if finding.fix is None:
            continue
        line, old, new = finding.fix
        last = line + old.count("\n")
        found |= {(finding.file, n): [] for n in range(line, last)}
        found[finding.file, last] = [f"# {new}"] if MOVE.fullmatch(new) else new.split("\n")
    return found


def boxes_of(report: Facts, number: Mapping[int, int]) -> dict[Place, list[int]]:
    """File and line -> the boxes whose value or gradient it makes: those of gradients and parameters first."""
    nodes, meanings = report.matches.evaluation.nodes, Meanings(report)
    arguments = {node.name: k for k, node in enumerate(nodes) if node.rule is None}
    gradients: dict[Place, list[int]] = {}
    values: dict[Place, list[int]] = {}
    for entry in report.gradients.values():
        if entry.file and entry.line and entry.argument in arguments:
            gradients.setdefault((entry.file, entry.line), []).append(number[arguments[entry.argument]])
    for version in report.trace.versions:
        match = meanings.match(version)
        if match is None or match.reference.node not in number or not version.line:
            continue
        found = gradients if match.reference.kind == "adjoint" else values
        found.setdefault((version.file, version.line), []).append(number[match.reference.node])
    return {p: list(dict.fromkeys([*gradients.get(p, ()), *values.get(p, ())])) for p in {**gradients, **values}}
