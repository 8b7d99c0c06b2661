"""The first wrong expression: back from each wrong parameter, to where all operands are right and the value is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.derive.meanings import Meaning, Meanings
from microgradnp.debugger.derive.scene import Scene
from microgradnp.debugger.record.findings import as_numbers
from microgradnp.debugger.record.nodes import Call, Node
from microgradnp.debugger.record.sites import Site, Statement
from microgradnp.debugger.record.structure import ARRANGED, PRODUCTS, SUMS, parts_in

SUBTRACTIONS = frozenset(["sub", "isub", "subtract", "neg", "negative"])
LINEAR = SUMS | SUBTRACTIONS | ARRANGED | frozenset(["sum", "mean"])
SAME = 1e-6


@dataclasses.dataclass(eq=False)
class Suspect:
    """A statement that may be wrong. The smaller `near`, the more likely."""

    statement: Statement
    near: float
    node: Node  # its first value in doubt
    reach: frozenset[str] = frozenset()  # the parameters that its value goes into
    updates: bool = False  # whether it moves a parameter
    target: frozenset[str] = frozenset()  # the parameters of whose gradients its value should be a part
    reads_updated: bool = False  # whether it reads a parameter that has moved


@dataclasses.dataclass(eq=False)
class Blame:
    """Where a step goes wrong: the first wrong value, and the statements that may be to blame, the most likely one first."""

    first: Node | None
    suspects: list[Suspect]
    meanings: Meanings
    wrong: list[str]
    usual: list[float]  # with what factors the right gradients occur

    @property
    def statement(self) -> Statement | None:
        return self.suspects[0].statement if self.suspects else None


def locate(scene: Scene) -> Blame:
    """Blame the first expression on the way to a wrong parameter whose operands are right and whose value is not."""
    return Locator(scene).blame()


class Locator:
    """Walks through the record of one step."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.step = scene, scene.verdict.step
        self.structure = self.step.structure
        self.meanings = Meanings(self.step, scene.point)
        self.wrong = scene.verdict.wrong
        self.start = min((node.number for node in self.step.outputs), default=0) - 1  # a residual is a gradient, too
        self.known: dict[Node, list[Meaning]] = {}
        self.updated: set[Node] = set()  # parameters, or parts of them, that have moved
        self.by_site: dict[Site, list[Node]] = {}
        for node in self.step.record.nodes[: self.step.last.number + 1]:
            if node.site is not None:
                self.by_site.setdefault(node.site, []).append(node)
        self.ends = {a: self.ends_of(a) for a in scene.verdict.entries}
        self.cones = {a: self.behind(nodes) for a, nodes in self.ends.items() if nodes}

    # ------------------------------------------------------------------------------------------------ values

    def pair(self, node: Node) -> tuple[Any, Any] | None:
        """A node's numbers at both inputs."""
        if node.kind == "decision" or node in self.scene.point.values.failed or node in self.step.values.failed:
            return None
        first, second = as_numbers(self.step.values[node]), as_numbers(self.scene.point.values[node])
        if first is None or second is None or first.dtype.kind not in "f" or first.shape != second.shape:
            return None
        return first, second

    def of(self, node: Node) -> list[Meaning]:
        """What a node is in the model."""
        if node not in self.known:
            pair = self.pair(node)
            found = self.meanings.of(pair) if pair is not None else []
            if pair is not None and not found:
                found = self.moved(node, pair)
                if found:
                    self.updated.add(node)
            self.known[node] = found
        return self.known[node]

    def moved(self, node: Node, pair: tuple[Any, Any]) -> list[Meaning]:
        """The meaning of a parameter, or of an entry, on its way to its new value."""
        update = self.meanings.update(pair)
        if update is not None:
            return [update]
        if getattr(node.function, "__name__", "") in SUMS | SUBTRACTIONS:
            for parent in self.step.record.parents(node):
                before = self.pair(parent)
                if before is None or before[0].shape != pair[0].shape:
                    continue
                if any(m.quantity.kind == "value" and m.quantity.argument in self.step.after for m in self.meanings.of(before)):
                    return self.meanings.gradients((pair[0] - before[0], pair[1] - before[1]))
        return []

    # ------------------------------------------------------------------------------------------------ the graph

    def ends_of(self, argument: str) -> list[Node]:
        """The nodes that hold a parameter after the step, or its returned gradient."""
        entry = self.scene.verdict.entries[argument]
        if argument in self.step.after:
            return [part.node for part in parts_in(self.step.after[argument])]
        return [entry.node] if entry.node is not None else []

    def behind(self, nodes: list[Node]) -> set[Node]:
        """What some nodes are made from, after the forward pass."""
        return {node for node in self.structure.before(nodes) if node.number > self.start and node.kind != "decision"}

    def contributions(self, ends: list[Node]) -> set[Node]:
        """What goes into some values by sums and constant factors only: a gradient, on its way into a parameter."""
        found, todo = set(ends), list(ends)
        while todo:
            node = todo.pop()
            name = getattr(node.function, "__name__", "")
            parents = self.step.record.parents(node)
            if node.kind in ("view", "hold", "part", "write"):
                through = [p for p in parents if p.kind != "decision"]
            elif name in LINEAR:
                through = list(parents)
            elif name in PRODUCTS:
                sizes = [np.size(p.value) if p.kind != "decision" else 0 for p in parents]
                small = len(parents) == 1 or min(sizes, default=1) == 1
                through = [p for p, size in zip(parents, sizes, strict=True) if small and size == max(sizes)]
            else:
                continue
            for parent in through:
                if parent.number > self.start and parent not in found:
                    found.add(parent)
                    todo.append(parent)
        return found

    def usual(self) -> list[float]:
        """With what factors the adjoints occur that only right gradients are made from, or all of them."""
        right = [self.cones[a] for a in self.scene.verdict.right if a in self.cones]
        nodes = set().union(*right) if right else set()
        scales: list[float] = []
        for node in nodes:
            scales += [m.scale for m in self.of(node) if m.is_gradient][:1]
        return list(dict.fromkeys(float(f"{scale:.9g}") for scale in scales))

    def is_usual(self, meaning: Meaning, usual: list[float]) -> bool:
        return not usual or any(abs(meaning.scale - scale) <= SAME * abs(scale) for scale in usual)

    # ------------------------------------------------------------------------------------------------ suspects

    def blame(self) -> Blame:
        """The first wrong value and the suspects."""
        region: set[Node] = set().union(*(self.cones[a] for a in self.wrong if a in self.cones))
        ends = {node for a in self.wrong for node in self.ends[a]}
        usual = self.usual()
        good = {node for node in region if node not in ends and self.of(node)}
        right = {node for node in good if any(not m.is_gradient or self.is_usual(m, usual) for m in self.of(node))}
        cleared = self.structure.before(right)
        doubtful = sorted((node for node in region if node not in cleared), key=lambda n: n.number)
        placed = [node for node in doubtful if node.site is not None and node.kind in ("operation", "write", "literal")]
        goals = {a: self.contributions(self.ends[a]) for a in self.wrong}
        suspects: dict[Statement, Suspect] = {}

        def enter(node: Node, near: float) -> bool:
            reach = frozenset(a for a, cone in self.cones.items() if node in cone)
            target = frozenset(a for a, nodes in goals.items() if node in nodes)
            new = False
            for k, statement in enumerate(self.statements(node)):
                if statement not in suspects:
                    suspects[statement] = Suspect(
                        statement, near + 0.3 * k, node, reach, node in ends, target if k == 0 else frozenset()
                    )
                    new = True
                elif node in ends:
                    suspects[statement].updates = True
            return new

        rank = 0.0
        for node in placed:
            rank += enter(node, rank)
        behind = set(doubtful) | ends
        wrong = frozenset(self.wrong)
        rank = 1.0
        since = placed[0].number if placed else 0
        for node in sorted(region - behind, key=lambda n: (n.number > since, abs(n.number - since))):
            if node.site is None or node.kind != "operation" or not any(m.is_gradient for m in self.of(node)):
                continue
            reach = frozenset(a for a, cone in self.cones.items() if node in cone)
            if reach <= wrong or any(c in behind for c in self.structure.consumers[node.number]):
                common = 0.0 if len(reach) > 1 and reach == wrong else rank
                rank += enter(node, min(common, 4.0))
        for statement, node in self.unused():
            if statement not in suspects:
                suspects[statement] = Suspect(statement, 0.3, node)
        known = {(s.file, s.line, s.column) for s in suspects}
        for k, (statement, node) in enumerate(self.beside(placed[:3])):
            if (statement.file, statement.line, statement.column) not in known:
                suspects[statement] = Suspect(statement, min(1.5 + 0.1 * k, 3.0), node)
        for suspect in suspects.values():
            suspect.reads_updated = self.reads_updated(suspect.statement)
        order = sorted(suspects.values(), key=lambda s: s.near)
        return Blame(placed[0] if placed else None, order, self.meanings, self.wrong, usual)

    def reads_updated(self, statement: Statement) -> bool:
        """Whether a statement reads a parameter, or an entry, after it has moved, and moves none itself."""
        if not hasattr(self, "of_statement"):
            self.of_statement: dict[Statement, list[Node]] = {}
            for site, nodes in self.by_site.items():
                self.of_statement.setdefault(site.statement, []).extend(n for n in nodes if n.number > self.start)
        moved = self.updated | {part.node for held in self.step.after.values() for part in parts_in(held)}
        nodes = self.of_statement.get(statement, [])
        own = set(nodes)
        return any(
            parent in moved and parent not in own and node not in moved
            for node in nodes
            for parent in self.step.record.parents(node)
        )

    def beside(self, doubtful: list[Node]) -> Iterator[tuple[Statement, Node]]:
        """The other statements of the functions in which some values or their operands were made, the latest first.

        They compute nothing themselves: they name, copy or hand on.
        """
        step = self.step
        since = self.start
        if self.scene.verdict.number:  # what an earlier step has left behind counts as well
            since = max((part.node.number for a in step.after for part in parts_in(step.before[a])), default=self.start)
        for node in doubtful:
            nodes = [node, *(p for p in step.record.parents(node) if p.number > self.start)]
            calls = {id(call) for n in nodes if n.call is not None for call in n.call.chain[-3:]} | {id(n.call) for n in nodes}
            near = [
                snapshot
                for snapshots in self.scene.snapshots.values()
                for snapshot in snapshots
                if since <= snapshot.time <= node.number and (id(snapshot.call) in calls)
            ]
            seen: set[tuple[int, int]] = set()
            for snapshot in sorted(near, key=lambda s: -s.time):
                place = (snapshot.statement.line, snapshot.statement.column)
                if place not in seen and len(seen) < 10:
                    seen.add(place)
                    yield snapshot.statement, node

    def unused(self) -> list[tuple[Statement, Node]]:
        """Statements that compute an adjoint which nothing reads."""
        found: dict[Statement, Node] = {}
        used = self.structure.before(node for nodes in self.ends.values() for node in nodes)
        for node in self.step.record.nodes[max(self.start, 0) : self.step.last.number + 1]:
            unread = node.kind == "operation" and node not in used and not self.structure.consumers[node.number]
            if unread and node.site is not None and any(m.is_gradient for m in self.of(node)):
                found.setdefault(node.site.statement, node)
        return list(found.items())[:6]

    def statements(self, node: Node) -> list[Statement]:
        """The statement of a node, and those that called its function; these first where the function is right elsewhere."""
        site = node.site
        assert site is not None
        chain: list[Call] = node.call.chain if node.call is not None else []
        calls = [call.site.statement for call in reversed(chain) if call.site is not None]
        backward = [s for s in calls if self.is_backward(s)]
        own = [site.statement]
        return [*backward[:2], *own] if self.is_right_elsewhere(site, node) else [*own, *backward[:2]]

    def is_backward(self, statement: Statement) -> bool:
        """Whether a statement runs after the forward pass of the step."""
        first = self.scene.snapshots.get((statement.file, (statement.line, statement.column)), [])
        return any(self.start <= snapshot.time <= self.step.last.number for snapshot in first)

    def is_right_elsewhere(self, site: Site, node: Node) -> bool:
        """Whether the expression gives a right quantity in another call."""
        own = node.call.site if node.call is not None else None
        return any(
            other.call is not node.call and other.call is not None and other.call.site is not own and self.of(other)
            for other in self.by_site.get(site, ())[:40]
        )
