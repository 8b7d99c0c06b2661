"""Which value of the model a finding speaks of, where a loop makes several of one name."""

from __future__ import annotations

from collections import Counter
from typing import Any

from microgradnp.core.origin import locate
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.match.references import Evaluation
from microgradnp.debugger.report.facts import Facts, Finding

SHARE = "a share of "


def node_meant(report: Facts, finding: Finding) -> int | None:
    """The node whose gradient the value of a finding should have been. None where the finding names no gradient.

    Where a proof is known, its node is meant. The runs of a statement in a loop belong to the like nodes of the model, in the
    order of the backward pass. So the first run that equals nothing of the model tells the node.
    """
    blame = report.blame
    if finding is report.first_wrong and blame is not None and blame.proof is not None:
        reference = blame.proof.reference
        return reference.node if reference.kind == "adjoint" and reference.node >= 0 else None
    found = nodes_called(report, finding.expected)
    if not found:
        return None
    like = like_nodes(report.matches.evaluation, found[0])
    runs = runs_of(report, finding)
    wrong = next((k for k, version in enumerate(runs) if report.matches.index.match(version.array) is None), 0)
    return like[wrong] if len(like) == len(runs) > 0 else like[0] if like else found[0]


def node_shared(report: Facts, finding: Finding) -> int | None:
    """A node that is read several times, where the value of a finding should have been a share of its gradient."""
    if not finding.expected.startswith(SHARE):
        return None
    evaluation = report.matches.evaluation
    reads = Counter(id(a) for node in evaluation.nodes if node.rule is not None for a in node.args)
    like = [k for node in nodes_called(report, finding.expected.removeprefix(SHARE)) for k in like_nodes(evaluation, node)]
    return next((k for k in like if reads[id(evaluation.nodes[k])] > 1), None)


def nodes_called(report: Facts, text: str) -> list[int]:
    """The nodes whose gradient has the name with which a text begins: "dL/dz (20x3)", "dL/dz x 0.1 (20x3)"."""
    known = (r for r in report.matches.index.references if r.kind == "adjoint" and not r.partial and r.node >= 0)
    return [r.node for r in known if text == r.text or text.startswith((f"{r.text} (", f"{r.text} x "))]


def runs_of(report: Facts, finding: Finding) -> list[Version]:
    """The values that the statement of a finding made, in the order of time."""
    made = (v for v in report.trace.versions if (v.file, v.line, v.path) == (finding.file, finding.line, finding.variable))
    return sorted(made, key=lambda version: version.time)


def like_nodes(evaluation: Evaluation, node: int) -> list[int]:
    """The nodes that the same operation on the same line of the model made, in the order of the backward pass."""
    keys = [key(value) for value in evaluation.nodes]
    return [k for k in reversed(range(len(keys))) if keys[k] is not None and keys[k] == keys[node]]


def key(value: Any) -> Any:
    """What like nodes have in common: their line and text in the model, operation and shape. None for a variable."""
    place = locate(value.place) if value.rule is not None else None
    return (place.file, place.line, place.text, value.rule.name, value.shape) if place is not None else None
