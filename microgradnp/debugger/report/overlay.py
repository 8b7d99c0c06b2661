"""The report on the graph of the model: `report.view("debug.html")`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np

from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.judge.evidence import Entry
from microgradnp.debugger.match.index import Match
from microgradnp.debugger.report.annotate import Meanings
from microgradnp.debugger.report.beside import Beside, Pair, rows_of
from microgradnp.debugger.report.code import code_of
from microgradnp.debugger.report.facts import Facts, Finding, mending
from microgradnp.debugger.report.heat import usual_factor
from microgradnp.debugger.report.meant import node_meant
from microgradnp.viewer.contents import contents_of
from microgradnp.viewer.overlay import Mark, overlay
from microgradnp.viewer.view import Page, written


def page_of(report: Facts, path: str | os.PathLike[str] | None, direction: str, engine: str | None) -> Page:
    contents = contents_of(report.matches.evaluation.nodes[-1], {}, data_of(report))
    number = {k: contents.index[id(node)] for k, node in enumerate(report.matches.evaluation.nodes)}
    marks, first = marks_of(report)
    pairs = Beside(report, first).pairs()
    for k, mark in marks_beside(report, pairs).items():
        known = marks.get(k, mark)
        marks[k] = replace(known, hand=mark.hand, expected=mark.expected) if known.hand is None else known
    extra = overlay(contents, {number[k]: mark for k, mark in marks.items()}, number.get(first) if first is not None else None)
    extra |= {"cause": [cause(finding) for finding in report.findings], "code_by_hand": code_of(report, number, first)}
    extra |= {"beside": rows_of(report, pairs, number, first)}
    return written(contents, extra, path, direction, engine)


def data_of(report: Facts) -> set[int]:
    """The ids of the arguments of which no gradient was asked for. The model was differentiated by all arguments."""
    asked, arguments = {*report.gradients, *report.verdict.unchecked}, report.matches.evaluation.values
    nodes = report.matches.evaluation.nodes
    return {id(node) for node in nodes if node.rule is None and node.name in arguments and node.name not in asked}


def marks_of(report: Facts) -> tuple[dict[int, Mark], int | None]:
    """(node of the model -> mark, the first wrong node where it is known)."""
    nodes = report.matches.evaluation.nodes
    arguments = {
        node.name: k for k, node in enumerate(nodes) if node.rule is None and node.name in report.matches.evaluation.values
    }
    marks = {k: mark for k, mark in matched(report).items() if nodes[k].requires_grad}
    for name, entry in report.gradients.items():
        if name in arguments:
            marks[arguments[name]] = of_entry(entry, report)
    first = proved(report, marks) or derived(report, marks) if report.findings else None
    if first is None and report.findings and report.findings[0].certainty != "suspected":
        ends = [name for name, e in report.gradients.items() if not e.ok and report.blame and e.version is report.blame.first]
        first = next((arguments[name] for name in ends if name in arguments), None)
    return marks, first


def marks_beside(report: Facts, pairs: list[Pair]) -> dict[int, Mark]:
    """Node -> mark, for the values that are wrong or made from a wrong one."""
    nodes, adjoints = report.matches.evaluation.nodes, report.matches.evaluation.adjoints
    found: dict[int, Mark] = {}
    for version, node, state, says, hand in pairs:
        if node is not None and hand is not None and state in ("wrong", "after"):
            ok = False if state == "wrong" else None
            found[node] = Mark(version.path, ok, says, hand, adjoints[id(nodes[node])], 0.0, place(version.file, version.line))
    return found


def of_entry(entry: Entry, report: Facts) -> Mark:
    """The verdict on the gradient of a parameter. A step is shown divided by its factor."""
    hand = expected = None
    if entry.found is not None and entry.expected is not None:
        factor, _ = (entry.scale, "") if entry.ok and entry.scale else usual_factor(entry, report)
        hand, expected = np.asarray(entry.found, float) / factor, np.asarray(entry.expected, float)
        hand = oriented(hand, expected)
    return Mark(entry.variable, entry.ok, entry.relation, hand, expected, entry.digits, place(entry.file, entry.line))


def matched(report: Facts) -> dict[int, Mark]:
    """Node -> mark, for the values of the code that equal the whole gradient of a node."""
    meanings = Meanings(report)
    found: dict[int, Mark] = {}
    for version in report.trace.versions:
        match = meanings.match(version) if version.line else None
        if match is None or not match.whole or match.reference.kind != "adjoint" or match.reference.node < 0:
            continue
        found[match.reference.node] = of_match(version, match)
    return found


def of_match(version: Version, match: Match) -> Mark:
    expected = np.asarray(match.reference.array, float)
    hand = oriented(np.asarray(version.array, float) / match.scale, expected)
    return Mark(version.path, True, f"{version.path} = {match}", hand, expected, 16.0, place(version.file, version.line))


def proved(report: Facts, marks: dict[int, Mark]) -> int | None:
    """The node whose gradient is wrong first, as a run with the right one in its place proved. Its mark is added."""
    blame = report.blame
    if blame is None or blame.proof is None or report.findings[0].certainty == "suspected":
        return None
    reference, version = blame.proof.reference, blame.proof.version
    nodes = report.matches.evaluation.nodes
    node = reference.node if reference.kind == "adjoint" else None
    if reference.kind == "derivative":  # a wrong slope makes the gradient of its argument wrong
        taken_at = [k for k, other in enumerate(nodes) if any(other is argument for argument in nodes[reference.node].args)]
        node = taken_at[0] if len(taken_at) == 1 else None
    if node is None or node < 0 or (node in marks and marks[node].ok) or not nodes[node].requires_grad:
        return None
    hand = expected = None
    if reference.kind == "adjoint":
        expected = np.asarray(reference.array, float)
        hand = oriented(np.asarray(version.array, float) / blame.proof.scale, expected)
    says = f"{version.path} should be {blame.expected}"
    marks[node] = Mark(version.path, False, says, hand, expected, 0.0, place(version.file, version.line))
    return node


def derived(report: Facts, marks: dict[int, Mark]) -> int | None:
    """The node whose gradient the first finding should have been, as a run with the derived statement proved."""
    finding, nodes = report.findings[0], report.matches.evaluation.nodes
    if report.blame is not None or finding.certainty == "suspected" or not finding.expected:
        return None
    node = node_meant(report, finding)
    if node is None or (node in marks and marks[node].ok) or not nodes[node].requires_grad:
        return None
    says = f"{finding.variable} should be {finding.expected}"
    marks[node] = Mark(finding.variable, False, says, None, None, 0.0, place(finding.file, finding.line))
    return node


def oriented(hand: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array in the layout of another, where it differs by axes of length 1 or is transposed."""
    flat, target = np.squeeze(hand), np.squeeze(expected)
    if flat.shape != target.shape and flat.T.shape == target.shape:
        flat = flat.T
    return flat.reshape(expected.shape) if flat.shape == target.shape else hand


def place(file: str | None, line: int | None) -> tuple[str, int, str] | None:
    if not file or not line:
        return None
    source = source_of(file)
    return file, line, source.line(line).strip() if source else ""


def cause(finding: Finding) -> dict[str, str]:
    """A finding for the panel, in the words of the report."""
    known = finding.cause != "unknown" and finding.certainty != "suspected"
    where = f"{finding.place} in {finding.function}"
    if finding.certainty == "suspected" and finding.region:
        where = f"{os.path.basename(finding.file)}: cause not found; what is wrong may stand {finding.whereabouts}"
    return {
        "where": where,
        "source": finding.source,
        "cause": finding.explanation if known else "",
        "expected": f"{finding.variable} = {finding.expected}" if finding.expected else "",
        "equation": finding.equation,
        "calculus": finding.calculus,
        "rule": finding.rule,
        "fix": "\n".join(mending(*finding.fix)) if finding.fix else "",
        "proof": finding.proof,
    }
