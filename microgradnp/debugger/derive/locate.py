"""The first wrong expression: back from each wrong parameter, to where all operands are right and the value is not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.derive.entries import LIKE, written_by
from microgradnp.debugger.derive.guard import begin_of
from microgradnp.debugger.derive.meanings import Meanings
from microgradnp.debugger.derive.scene import Scene
from microgradnp.debugger.derive.statements import alias_in, is_mask
from microgradnp.debugger.derive.values import held_by
from microgradnp.debugger.derive.walk import Walker
from microgradnp.debugger.judge.settle import largest_of
from microgradnp.debugger.optimizer.steps import like
from microgradnp.debugger.record.nodes import Call, Memory, Node
from microgradnp.debugger.record.replay import replay
from microgradnp.debugger.record.sites import Site, Statement
from microgradnp.debugger.record.structure import ARRANGED, SUMS, parts_in

FAR = 2.0  # how far a statement is that makes the same value everywhere, such as `zeros`
INGREDIENT = 0.5  # of a value that is made without a gradient
SHARED = 0.5  # of a wrong value of a function that several statements call, at most
PRODUCER = 0.3  # of a right gradient that goes into the first wrong value
MOST_SEEN = 8  # executions of a statement that are looked at
UNUSED = 0.6  # of a gradient that nothing reads: it is right, and what should read it is not
AGAINST = 0.5  # of a slope with the other sign
IDLE = 0.6  # of a mask that never fires
MOST_PUSHED = 24  # values of which it is looked at whether right ones depend on them
MOST_NEAR = 4.0  # of a right value on the way to a wrong one


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
    moves_early: bool = False  # whether it moves a parameter that is read afterwards
    returns: bool = False  # whether it returns a wrong gradient

    @property
    def is_early_or_late(self) -> bool:
        """Whether it should stand before another suspect, or behind it."""
        return self.reads_updated or self.moves_early


@dataclasses.dataclass(eq=False)
class Blame:
    """Where a step goes wrong: the first wrong value, and the statements that may be to blame, the most likely one first."""

    first: Node | None
    suspects: list[Suspect]
    meanings: Meanings
    wrong: list[str]
    usual: list[float]  # with what factors the right gradients occur
    certain: bool = False  # whether the first value has right operands only
    unread: frozenset[str] = frozenset()  # the variables that hold a gradient which nothing reads
    unused: frozenset[Node] = frozenset()  # gradients and slopes which nothing reads
    stores: frozenset[Memory] = frozenset()  # arrays in which such gradients are stored, one of each time step

    @property
    def statement(self) -> Statement | None:
        return self.suspects[0].statement if self.suspects else None


def locate(scene: Scene) -> Blame:
    """Blame the first expression on the way to a wrong parameter whose operands are right and whose value is not."""
    return Locator(scene).blame()


class Locator(Walker):
    """Ranks the statements of one step."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.region: set[Node] = set().union(*(self.cones[a] for a in self.wrong if a in self.cones))
        self.wrong_ends = {node for a in self.wrong for node in self.ends[a]}
        self.moved_ends = {node for a in self.wrong if a in self.step.after for node in self.ends[a]}
        self.factors_usual = self.usual()
        good = {node for node in self.region if node not in self.wrong_ends and self.of(node)}
        right = {n for n in good if any(not m.is_gradient or self.is_usual(m, self.factors_usual) for m in self.of(n))}
        cleared = self.sources.before(right)
        cleared -= self.of_no_weight(right, cleared)
        self.doubtful = sorted((node for node in self.region if node not in cleared), key=lambda n: n.number)
        self.goals = {a: self.contributions(self.ends[a]) for a in self.wrong}
        gradients = (n for n in self.region if n.kind != "literal" and any(m.is_gradient for m in self.of(n)))
        self.from_gradients = self.structure.after(gradients, [node for node in self.region if node.name in LIKE])
        self.suspects: dict[Statement, Suspect] = {}
        self.unused_values = self.unused()

    def of_no_weight(self, right: set[Node], cleared: set[Node]) -> set[Node]:
        """The values behind right ones that are nothing in the model, and on which the right ones do not depend.

        What is multiplied by a sum that is zero may have any value. Only what also goes into a doubtful value is looked at.
        """
        found: set[Node] = set()
        tried = 0
        for node in sorted(self.region & cleared, key=lambda n: -n.number):
            readers = self.structure.consumers[node.number]
            open_ = any(c in self.region and (c not in cleared or c in found) for c in readers)
            if not open_ or node in right or node.kind != "operation" or self.of(node) or (pair := self.pair(node)) is None:
                continue
            tried += 1
            if tried > MOST_PUSHED:
                break
            pushed = replay(self.step.record, {node: like(node.value, 1.5 * pair[0])}, until=self.step.last)
            ends = [n for n in right & self.structure.after([node]) if n.number in pushed.values]
            if not pushed.failed and all(is_near(pushed[n], self.step.values[n]) for n in ends):
                found.add(node)
        return found

    def blame(self) -> Blame:
        """The first wrong value and the suspects."""
        placed = [n for n in self.doubtful if n.site is not None and n.kind in ("operation", "write", "literal")]
        made = [node for node in placed if not self.is_constant(node)]
        self.suspect_wrong_values(made)
        self.suspect_aliases(made)
        self.suspect_slopes()
        for node in placed:
            if self.is_constant(node):
                self.enter(node, FAR)
        self.suspect_right_values(made)
        for statement, node in self.unused_values:
            self.suspects.setdefault(statement, Suspect(statement, UNUSED, node))
        known = {(s.file, s.line, s.column) for s in self.suspects}
        for k, (statement, node) in enumerate(self.beside(made[:3])):
            if (statement.file, statement.line, statement.column) not in known:
                near = IDLE if is_mask(statement.text) else min(1.5 + 0.1 * k, 3.0)
                self.suspects[statement] = Suspect(statement, near, node)
        for suspect in self.suspects.values():
            suspect.reads_updated = self.reads_updated(suspect.statement)
        if any(suspect.reads_updated for suspect in self.suspects.values()):
            ends = (part.node for held in self.step.after.values() for part in parts_in(held))
            movers = {node.site.statement for node in (*self.updated, *ends) if node.site is not None}
            for statement, suspect in self.suspects.items():
                suspect.moves_early = statement in movers
        order = sorted(self.suspects.values(), key=lambda s: (s.near, s.node.number))
        first = made[0] if made else None
        certain = first is not None and self.is_certain(first)
        unread = frozenset(statement.target for statement, _ in self.unused_values if statement.target)
        unused = frozenset(self.unread())
        stores = frozenset(n.memory for node in unused for n in self.structure.consumers[node.number] if n.memory is not None)
        return Blame(first, order, self.meanings, self.wrong, self.factors_usual, certain, unread, unused, stores)

    # ------------------------------------------------------------------------------------------------ suspects

    def enter(self, node: Node, near: float) -> bool:
        """Suspect the statement of a node and those that called it. Whether one of them is new."""
        reach = frozenset(a for a, cone in self.cones.items() if node in cone)
        target = frozenset(a for a, nodes in self.goals.items() if node in nodes)
        new = False
        for k, statement in enumerate(self.statements(node)):
            if statement not in self.suspects:
                self.suspects[statement] = Suspect(
                    statement, near + 0.3 * k, node, reach, node in self.moved_ends, target if k == 0 else frozenset()
                )
                new = True
            elif node in self.moved_ends:
                self.suspects[statement].updates = True
            if node in self.wrong_ends and k == 0:
                self.suspects[statement].returns = statement.text.startswith("return")
        return new

    def suspect_wrong_values(self, made: list[Node]) -> None:
        """Suspect what makes values that are nothing in the model, the first one most.

        A statement that runs for each sample is looked at where it is wrong, though another sample may have led to it.
        """
        wrong = {node.site.statement: node for node in reversed(made) if node.site is not None}
        rank = 0.0
        for node in (n for n in made if n in self.from_gradients):
            first, near = rank < 2, min(rank, SHARED) if self.is_shared(node) else rank
            for part in self.shares_in(node) if first else ():
                self.enter(part, near)
            rank += self.enter(node, near) * (near == rank)
            for part, further in self.producers(node) if first else ():
                self.enter(wrong.get(part.site.statement, part) if part.site is not None else part, near + further)
        rank = 0.0
        for node in (n for n in made if n not in self.from_gradients):
            first, near = rank < 2, rank + INGREDIENT
            rank += self.enter(node, near)
            for part, further in self.producers(node) if first else ():
                self.enter(part, near + further)

    def is_shared(self, node: Node) -> bool:
        """Whether the function that makes a wrong value is called by several statements: one mistake there explains more."""
        made = self.by_site[node.site][:40] if node.site is not None else []
        sites = (n.call.site for n in made if n.call is not None and n.number > self.start)
        return len({site.statement for site in sites if site is not None}) > 1

    def producers(self, node: Node) -> list[tuple[Node, float]]:
        """What made the gradients and slopes that go into a wrong value, and how far it is: each may be that of another quantity.

        A value of the forward pass that is made again behind it may stand where a gradient belongs: `y - t` without its target.
        """
        found: dict[Node, float] = {}
        todo = list(self.step.record.parents(node))
        while todo:
            parent = self.made_by(todo.pop())
            if parent.site is None or parent.number <= self.start or parent.kind == "decision" or parent in found:
                continue
            told = self.of(parent)
            if any(m.is_gradient or m.quantity.kind == "slope" for m in told):
                found[parent] = PRODUCER
                if node.site is not None and parent.site.statement is node.site.statement:
                    todo += self.step.record.parents(parent)  # the statement itself is suspected already
            elif parent.kind == "operation" and any(m.quantity.kind == "value" and not m.quantity.argument for m in told):
                found[parent] = 2 * PRODUCER
        return list(found.items())

    def made_by(self, node: Node) -> Node:
        """The node from which a value was only handed on."""
        write = written_by(node, self.step)
        if write is not None and write.number > self.start and type(write.args[2]) is Node:
            node = write.args[2]
        while node.kind in ("view", "hold", "part", "write") or getattr(node.function, "__name__", "") in ARRANGED:
            before = [p for p in self.step.record.parents(node) if p.kind != "decision" and p.number > self.start]
            if not before:
                break
            node = before[-1]
        return node

    def shares_in(self, node: Node) -> list[Node]:
        """The operands that are only a share of a gradient, where nothing is added to them: a summand may be missing there."""
        if not self.unused_values or getattr(node.function, "__name__", "") in SUMS:
            return []
        parents = (
            p for p in self.step.record.parents(node) if p.site is not None and p.kind == "operation" and p.number > self.start
        )
        return [p for p in parents if (kinds := {m.quantity.kind for m in self.of(p)}) and kinds <= {"share", "row"}]

    def suspect_right_values(self, made: list[Node]) -> None:
        """Suspect what makes right values that only wrong ones are made from: they may be right for another place.

        Where every wrong gradient is wrong by a factor only, a value behind all of them is suspected first.
        """
        behind = set(self.doubtful) | self.wrong_ends
        wrong = frozenset(self.wrong)
        scaled = all(any(m.is_gradient for node in self.ends[a] for m in self.of(node)) for a in self.wrong)
        since = made[0].number if made else 0
        rank = 1.0
        for node in sorted(self.region - behind, key=lambda n: (n.number > since, abs(n.number - since))):
            if node.site is None or node.kind != "operation" or not any(m.is_gradient for m in self.of(node)):
                continue
            reach = frozenset(a for a, cone in self.cones.items() if node in cone)
            if reach <= wrong or any(c in behind for c in self.structure.consumers[node.number]):
                common = scaled and len(reach) > 1 and reach == wrong
                rank += self.enter(node, 0.0 if common else min(rank, MOST_NEAR))

    def suspect_slopes(self) -> None:
        """Suspect what makes a slope with the other sign: a gradient that it goes into twice is right again."""
        for node in self.region:
            told = self.of(node) if node.site is not None and node.kind == "operation" else []
            if told and all(m.quantity.kind == "slope" and m.scale < 0 for m in told):
                self.enter(node, AGAINST)

    def suspect_aliases(self, made: list[Node]) -> None:
        """Suspect the statements that only name a value which goes into a wrong one: `dz = da`, where a slope is missing."""
        for node in made[:6]:
            near = min((self.suspects[s].near for s in self.statements(node) if s in self.suspects), default=0.0)
            operands = {p for p in self.step.record.parents(node) if p.kind != "literal"}
            operands |= {self.made_by(p) for p in operands if p.kind != "decision" and p.number > self.start}
            readers = [c for c in made if operands & set(self.step.record.parents(c))]
            shared = len({c.site.statement for c in readers if c.site is not None}) > 1
            near = max(0.0, near + (-0.05 if shared else 0.05))
            for k, statement in enumerate(self.names_for(operands, node) if operands else ()):
                self.suspects.setdefault(statement, Suspect(statement, near + 0.02 * k, node))

    def names_for(self, operands: set[Node], node: Node) -> list[Statement]:
        """The statements before a node that only name one of its operands, or return it: the last first, names before returns."""
        found: list[tuple[bool, int, Statement]] = []
        for snapshots in self.scene.snapshots.values():
            alias = alias_in(snapshots[0].statement.text)
            seen = [s for s in snapshots if self.start <= s.time <= node.number] if alias is not None else []
            held = [s for s in seen[-MOST_SEEN:] if type(part := held_by(alias, s.names)) is Node and part in operands]
            if held:
                found.append((held[-1].statement.target is None, -held[-1].time, held[-1].statement))
        return [statement for *_, statement in sorted(found, key=lambda item: item[:2])]

    def is_constant(self, node: Node) -> bool:
        """Whether an array was made from nothing of the step: zeros, ones."""
        pair = self.pair(node)
        return pair is not None and pair[0].size > 1 and np.ptp(pair[0]) == 0 and np.array_equal(*pair)

    def is_certain(self, node: Node) -> bool:
        """Whether all operands of a wrong value are quantities of the model, or what the program was given."""
        begin = begin_of(self.step)
        parents = self.step.record.parents(node)
        return bool(parents) and all(p.number <= max(begin, self.start) or self.of(p) or p.kind != "operation" for p in parents)

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
        since = begin_of(step) if self.scene.verdict.number else self.start  # what an earlier step has left counts as well
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
        for node in self.unread():
            if node.site is not None and any(m.is_gradient for m in self.of(node)):
                found.setdefault(node.site.statement, node)
        return list(found.items())[:6]

    def unread(self) -> list[Node]:
        """The gradients and slopes that this step computes and nothing reads."""
        used = self.structure.before(node for nodes in self.ends.values() for node in nodes)
        return [
            node
            for node in self.step.record.nodes[max(self.start, 0) : self.step.last.number + 1]
            if node.kind == "operation" and node not in used and self.structure.is_only_stored(node)
            if any(m.is_gradient or m.quantity.kind == "slope" for m in self.of(node))
        ]

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


def is_near(value: Any, other: Any) -> bool:
    """Whether two values are the same but for rounding."""
    size = largest_of(other)
    return np.shape(value) == np.shape(other) and largest_of(value - other) <= 1e-10 * size
