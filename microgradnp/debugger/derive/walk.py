"""The graph of one step, with what its nodes are in the model, and the way back from the ends of the gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.debugger.derive.entries import Entries, Sources, wrong_entries
from microgradnp.debugger.derive.meanings import Meaning, Meanings
from microgradnp.debugger.derive.scene import Scene
from microgradnp.debugger.record.findings import as_numbers
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.sites import Site
from microgradnp.debugger.record.structure import ARRANGED, PRODUCTS, SUMS, parts_in, root_of

SUBTRACTIONS = frozenset(["sub", "isub", "subtract", "neg", "negative"])
LINEAR = SUMS | SUBTRACTIONS | ARRANGED | frozenset(["sum", "mean"])
SAME = 1e-6


class Walker:
    """Walks through the record of one step."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.step = scene, scene.verdict.step
        self.structure, self.sources = self.step.structure, Sources(self.step)
        self.meanings = Meanings(self.step, scene.point, closeness(scene))
        self.wrong = scene.verdict.wrong
        self.start = min((node.number for node in self.step.outputs), default=0) - 1  # a residual is a gradient, too
        self.known: dict[Node, list[Meaning]] = {}
        self.updated: set[Node] = set()  # parameters, or parts of them, that have moved
        self.norms: dict[tuple[Node, Node], bool] = {}
        self.by_site: dict[Site, list[Node]] = {}
        for node in self.step.record.nodes[: self.step.last.number + 1]:
            if node.site is not None:
                self.by_site.setdefault(node.site, []).append(node)
        self.ends = {a: self.ends_of(a) for a in scene.verdict.entries}
        self.cones = {a: self.behind(nodes, self.wrong_entries(a)) for a, nodes in self.ends.items() if nodes}

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

    def wrong_entries(self, argument: str) -> Entries | None:
        """The wrong entries of a wrong gradient, where only some are."""
        entries, step = self.scene.verdict.entries, self.step
        if argument not in self.wrong:
            return None
        same = (
            e for a, e in entries.items() if e.status in ("right", "agrees") and (a in step.after) == (argument in step.after)
        )
        end = step.after[argument] if argument in step.after else entries[argument].node
        right = list(dict.fromkeys(float(f"{entry.factor:.12g}") for entry in same if entry.factor))
        return wrong_entries(step, self.scene.point, argument, end, right[:2])

    def behind(self, nodes: list[Node], entries: Entries | None = None) -> set[Node]:
        """What some nodes are made from, after the forward pass. The norm that clips a gradient is left out.

        So is what was only written to other `entries` than the wrong ones.
        """
        found = {node for node in nodes if node.number > self.start and node.kind != "decision"}
        todo, spared = list(found), set()
        while todo:
            node = todo.pop()
            if entries is not None and entries.spared_by(node, self.step):
                spared.add(node)
            parents, passed = self.sources.of(node)
            found.update(write for write in passed if write.number > self.start)
            for parent in node.args[:1] if node in spared else self.factors(node, parents):
                if parent not in found and parent.number > self.start and parent.kind != "decision":
                    found.add(parent)
                    todo.append(parent)
        return found - spared

    def factors(self, node: Node, parents: list[Node]) -> list[Node]:
        """The operands of a node without a number that was made from the array which it multiplies."""
        if getattr(node.function, "__name__", "") not in PRODUCTS or len(parents) != 2:
            return parents
        a, b = sorted(parents, key=lambda p: np.size(p.value) if p.kind != "decision" else 0)
        is_number = a.kind != "decision" and np.size(a.value) == 1 and np.size(b.value) > 1
        return [b] if is_number and b.number > self.start and self.is_norm(a, b) else parents

    def is_norm(self, number: Node, array: Node) -> bool:
        """Whether a number was made from an array."""
        key = (number, array)
        if key not in self.norms:
            before = self.structure.before([number])
            self.norms[key] = array in before or root_of(array) in before
        return self.norms[key]

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


def closeness(scene: Scene) -> float:
    """How far values may lie from the model's: the right gradients tell, which may agree to fewer digits."""
    errors = [entry.error for entry in scene.verdict.entries.values() if entry.status == "agrees"]
    return min(10 * max(errors, default=0.0), 1e-6)
