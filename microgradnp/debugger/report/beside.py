"""The hand-written backward pass beside the derived one: which statement of the code computes which gradient of the model.

A value that equals a gradient is paired with it. Two kinds of wrong values are paired, too. A statement that runs once for
each of several like nodes, as in a loop over time, is paired run by run. A value made from the first wrong one is paired where
the rules of the model give it from that wrong value. Then its own statement is right.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.sweep import sweep
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.match.index import Match
from microgradnp.debugger.report.annotate import Meanings, tells
from microgradnp.debugger.report.facts import Facts, Finding
from microgradnp.debugger.report.meant import like_nodes, node_meant
from microgradnp.derivatives.agreement import scale_of

EQUAL = 1e-8  # relative
MOST_ROWS = 400

Rows = list[dict[str, Any]]


class Pair(NamedTuple):
    """A value of the code, and the node of the model of which it is the gradient, or should be. `node` is None without one."""

    version: Version
    node: int | None
    state: str  # as in `annotate`: "right", "wrong", "after" or "unknown"
    says: str
    hand: np.ndarray | None = None  # the value in the model's scale and layout


class Beside:
    """Pairs the values of the hand-written backward pass with the nodes of the model."""

    def __init__(self, report: Facts, first: int | None) -> None:
        self.report, self.first = report, first
        self.meanings = Meanings(report)
        self.evaluation = report.matches.evaluation
        ends = [version for version in report.trace.versions if id(version) in self.meanings.ends]
        self.updates = {id(version) for version in ends if self.meanings.ends[id(version)].kind == "update"}
        self.versions = sorted((v for v in report.trace.versions if v.line and tells(v)), key=lambda v: v.time)

    def pairs(self) -> list[Pair]:
        """The statements of the backward pass, in the order in which they ran."""
        found = {id(v): pair for v in self.versions if (pair := self.equal(v)) is not None}
        for pair in self.errors({pair.node for pair in found.values()}):
            found.setdefault(id(pair.version), pair)
        wrong = [pair for finding in self.report.findings if (pair := self.found_wrong(finding)) is not None]
        found |= {id(pair.version): pair for pair in wrong}
        for pair in self.again(found):
            found.setdefault(id(pair.version), pair)
        for one in wrong:
            for pair in self.made_from(one):
                found.setdefault(id(pair.version), pair)
        known = {pair.node for pair in found.values()}
        found |= {id(pair.version): pair for pair in self.ends() if pair.node not in known}
        states = {id(v): self.meanings.state(v) for v in self.versions if id(v) not in self.updates}
        times = [v.time for v in self.versions if id(v) in found or states.get(id(v)) == "wrong"]
        for version in self.versions:
            state = states.get(id(version), "")
            if state in ("wrong", "after") and min(times) <= version.time <= max(times):
                found.setdefault(id(version), Pair(version, None, state, ""))
        return sorted(found.values(), key=lambda pair: pair.version.time)

    def equal(self, version: Version) -> Pair | None:
        """The pair of a value that equals a gradient: of all samples, or of one."""
        match = self.meanings.match(version)
        if match is None or match.reference.kind != "adjoint" or id(version) in self.updates:
            return None
        node = match.reference.node
        if node < 0 or not match.reference.text.startswith(f"dL/d{self.evaluation.names[id(self.evaluation.nodes[node])]}"):
            return None
        if not match.whole:
            return Pair(version, node, "right", f"equal to {match}")
        return Pair(version, node, "right", says_of(match), self.like_model(version, node, match.scale))

    def errors(self, known: set[int | None]) -> Iterator[Pair]:
        """Values that are their own gradient, such as `y - t` below a sum of squares. The last one in the code is meant."""
        for version in reversed(self.versions):
            match = self.meanings.match(version)
            if match is None or match.reference.kind != "value" or not match.whole or match.reference.node in known:
                continue
            node = match.reference.node
            adjoint = self.evaluation.adjoints.get(id(self.evaluation.nodes[node]))
            if adjoint is not None and adjoint.size > 1 and np.array_equal(adjoint, match.reference.array):
                known.add(node)
                yield Pair(version, node, "right", "equal", self.like_model(version, node, 1.0))

    def found_wrong(self, finding: Finding) -> Pair | None:
        """The wrong value of a finding, where the report knows the gradient that it should have been."""
        node = self.first if finding is self.report.first_wrong else node_meant(self.report, finding)
        if node is None or finding.certainty == "suspected":
            return None
        named = [v for v in self.versions if (v.file, v.line, v.path) == (finding.file, finding.line, finding.variable)]
        blamed = self.report.blame.first if self.report.blame is not None else None
        version = blamed if blamed in named else next((v for v in named if self.meanings.match(v) is None), None)
        if version is None or id(version) in self.updates:
            return None
        scales = [match.scale for v in version.inputs if (match := self.meanings.match(v)) and match.reference.kind == "adjoint"]
        hand = self.like_model(version, node, scales[0] if scales else 1.0)
        return Pair(version, node, "wrong", self.difference(node, hand), hand)

    def ends(self) -> Iterator[Pair]:
        """What the report judged for each parameter: the last word where no statement is known to compute its gradient."""
        numbers = {node.name: k for k, node in enumerate(self.evaluation.nodes) if node.rule is None}
        for entry in self.report.gradients.values():
            if entry.version is not None and entry.version.line and entry.argument in numbers:
                yield Pair(entry.version, numbers[entry.argument], "right" if entry.ok else "after", entry.relation)

    def again(self, found: dict[int, Pair]) -> Iterator[Pair]:
        """The other runs of a statement whose runs belong to the like nodes of a loop, one after the other."""
        for runs in grouped(self.versions, lambda v: (v.file, v.line, v.path)):
            known = {k: found[id(v)].node for k, v in enumerate(runs) if id(v) in found}
            if len(runs) == len(known) or not known:
                continue
            node = next(iter(known.values()))
            like = like_nodes(self.evaluation, node) if node is not None else []
            if len(like) != len(runs) or any(like[k] != node for k, node in known.items()):
                continue
            for version, node in zip(runs, like, strict=True):
                hand = self.like_model(version, node, 1.0)
                yield Pair(version, node, "after", self.difference(node, hand), hand)

    def made_from(self, wrong: Pair) -> Iterator[Pair]:
        """The values that the rules of the model give, with the wrong value in the place of the right gradient."""
        nodes, adjoints = self.evaluation.nodes, self.evaluation.adjoints
        if wrong.node is None or wrong.hand is None:
            return
        true = adjoints[id(nodes[wrong.node])]
        if wrong.hand.shape != true.shape:
            return
        twins = [k for k, node in enumerate(nodes) if id(node) in adjoints and np.array_equal(adjoints[id(node)], true)]
        moved = {id(node): g for node, g, _ in sweep(nodes[max(twins)], wrong.hand - true, free=False)}
        below = [k for k, node in enumerate(nodes) if id(node) in moved and k not in twins]
        for version in self.versions:
            if self.meanings.state(version) != "after" or id(version) in self.updates:
                continue
            for k in below:
                given = adjoints[id(nodes[k])] + moved[id(nodes[k])]
                scale = scale_like(version.array, given)
                if scale is not None:
                    hand = self.like_model(version, k, scale)
                    says = f"right, but made from {wrong.version.path}: {self.difference(k, hand)}"
                    yield Pair(version, k, "after", says, hand)
                    break

    def like_model(self, version: Version, node: int, scale: float) -> np.ndarray | None:
        """A value in the scale and the layout of the model's gradient. None for another shape."""
        expected = self.evaluation.adjoints.get(id(self.evaluation.nodes[node]))
        array = np.squeeze(np.asarray(version.array, float) / scale)
        if expected is None:
            return None
        target = np.squeeze(expected)
        array = array.T if array.shape != target.shape and array.T.shape == target.shape else array
        return array.reshape(expected.shape) if array.shape == target.shape else None

    def difference(self, node: int | None, hand: np.ndarray | None) -> str:
        """How far a value is from the gradient of a node."""
        if node is None or hand is None:
            return "it has another shape"
        expected = self.evaluation.adjoints[id(self.evaluation.nodes[node])]
        return f"differs by up to {np.max(np.abs(hand - expected), initial=0.0):.3g}"


def scale_like(array: np.ndarray, reference: np.ndarray) -> float | None:
    """The factor by which an array is another one, or its transpose. None where it is not."""
    if array.dtype.kind != "f" or array.size < 2:
        return None
    flat, target = np.squeeze(array), np.squeeze(reference)
    for form in (flat, flat.T):
        if form.shape == target.shape:
            scale, error = scale_of(form, target)
            if scale and error < EQUAL:
                return scale
    return None


def says_of(match: Match) -> str:
    factor = "" if abs(match.scale - 1) < 1e-9 else f", times {match.scale:.4g}"
    return f"equal{factor}{', transposed' if match.transposed else ''}"


def grouped(versions: Iterable[Version], key: Any) -> Iterable[list[Version]]:
    groups: dict[Any, list[Version]] = {}
    for version in versions:
        groups.setdefault(key(version), []).append(version)
    return groups.values()


def rows_of(report: Facts, pairs: list[Pair], number: dict[int, int], first: int | None) -> Rows:
    """The pairs for the page: one row for a statement and a box, with the number of its values."""
    rows = rows_of_pairs(pairs, number)
    finding = report.first_wrong
    if finding is None or finding.certainty == "suspected" or any(row["state"] == "wrong" for row in rows):
        return rows
    here = [row for row in rows if (row["line"], row["file"]) == (finding.line, os.path.basename(finding.file))]
    if here:
        here[0]["state"] = "wrong"
        return rows
    node = number[first] if first is not None else None
    row = {"node": node, "name": finding.variable, "line": finding.line, "file": os.path.basename(finding.file)}
    row |= {
        "source": finding.source,
        "state": "wrong",
        "says": f"should be {finding.expected}" if finding.expected else "",
        "count": 1,
    }
    after = [k for k, other in enumerate(rows) if other["state"] == "after"]
    rows.insert(after[0] if after else len(rows), row)
    return rows


def rows_of_pairs(pairs: list[Pair], number: dict[int, int]) -> Rows:
    """A row for each statement and box, in the order in which they ran."""
    rows: dict[Any, dict[str, Any]] = {}
    for pair in pairs:
        version = pair.version
        node = number.get(pair.node) if pair.node is not None else None
        key = (version.file, version.line, version.path, node)
        source = source_of(version.file)
        row = {"node": node, "name": version.path, "line": version.line, "file": os.path.basename(version.file)}
        row |= {"source": source.line(version.line).strip() if source else "", "state": pair.state, "says": pair.says}
        known = rows.setdefault(key, row | {"count": 0})
        known["count"] += 1
        if pair.state != "right":
            known |= {"state": pair.state, "says": pair.says}
    return list(rows.values())[:MOST_ROWS]
