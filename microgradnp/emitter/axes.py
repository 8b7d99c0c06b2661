"""The axes of all values of a program, in groups that grow together: `x @ W` ties the columns of `x` to the rows of `W`.

Each step of the forward pass joins axes of its operands and its result, by what it allows to grow (see `growth`).
"""

from __future__ import annotations

import collections
import operator
import warnings
from typing import Any

from microgradnp.core.graph import topological_order
from microgradnp.emitter.growth import Growths, Place, Step, arrays_of, signature_of
from microgradnp.program.values import Program, Value, index_parts, operands

Node = tuple[Any, ...]  # (id of a value, axis), or (id of a step, path of a literal)


class Axes:
    """Groups of axes (a union-find structure)."""

    def __init__(self) -> None:
        self.parent: dict[Node, Node] = {}
        self.sums: dict[Node, list[tuple[Node, float | None]]] = {}  # axes that grow as several others do together
        self.picked: dict[Node, set[int]] = collections.defaultdict(set)  # axis -> entries that are picked by a number
        self.indexed: set[Node] = set()  # axes from which entries are picked
        self.literal: set[Node] = set()  # literals, and axes of results with a length that no operand has
        self.refused: set[Node] = set()  # axes that a step does not let grow

    def root(self, node: Node) -> Node:
        """The node that stands for the group of a node."""
        while node in self.parent:
            node = self.parent[node]
        return node

    def roots(self, nodes: Any) -> set[Node]:
        return {self.root(node) for node in nodes}

    def join(self, first: Node, *others: Node) -> None:
        """Make one group of the groups of several nodes."""
        for other in others:
            if self.root(other) != self.root(first):
                self.parent[self.root(other)] = self.root(first)

    def add(self, step: Value, growths: Growths) -> None:
        """Join the axes of a step's operands and of its result."""
        arrays = arrays_of(step)

        def node(place: Place) -> Node:
            return (id(arrays[place[0]]), place[1]) if isinstance(place[0], int) else (id(step), place)

        shares: dict[int, list[tuple[Node, float | None]]] = collections.defaultdict(list)  # by axis of the result
        for growth in growths.possible:
            first, *others = map(node, growth.places)
            self.join(first, *others)
            self.literal.update(other for other in others if isinstance(other[1], tuple))
            for axis, share in enumerate(growth.result):
                if share:
                    shares[axis].append((first, share))
            if step.function is operator.getitem and not any(growth.result):
                self.indexed.add(first)
        explained = set(shares)
        for place in growths.stuck:  # whatever has the same length may be tied to it
            n = arrays[place[0]].shape[place[1]]
            alike = [node(other) for other in growths.stuck if arrays[other[0]].shape[other[1]] == n]
            self.join(node(place), *alike, *((id(step), axis) for axis, m in enumerate(step.shape) if m == n))
            self.refused.add(node(place))
            if n not in step.shape:
                for axis in {axis for axis, m in enumerate(step.shape) if m > 1} - explained:
                    shares[axis].append((node(place), None))
        for axis, parts in shares.items():
            if len(parts) == 1 and parts[0][1] == 1:
                self.join(parts[0][0], (id(step), axis))
            else:
                self.sums[id(step), axis] = parts
        self.literal.update((id(step), axis) for axis in range(step.ndim) if axis not in shares)
        if step.function is operator.getitem:
            self.note_picks(*step.args)

    def note_picks(self, array: Value, index: Any) -> None:
        """Remember which entries of which axes a step picks by number."""
        for part, axis in index_parts(index, array.ndim):
            if isinstance(part, int) and not isinstance(part, bool) and axis is not None:
                self.picked[id(array), axis].add(part % array.shape[axis])

    def summands(self, node: Node) -> list[Node]:
        """The groups that an axis follows together."""
        return sorted(self.roots(part for part, _ in self.sums[node]), key=str)

    def sums_by_group(self) -> dict[Node, list[Node]]:
        """Group -> the axes in it that follow several others."""
        found: dict[Node, list[Node]] = collections.defaultdict(list)
        for node in self.sums:
            found[self.root(node)].append(node)
        return found

    def match(self, sizes: dict[Node, int]) -> set[Node]:
        """Where two sums meet, as in x.reshape(-1) - t.reshape(-1), join their summands, size by size. Returns joined nodes."""
        joined: set[Node] = set()
        for one, *others in list(self.sums_by_group().values()):
            for other in others:
                left, right = ({sizes[s]: s for s in self.summands(node) if s in sizes} for node in (one, other))
                if left.keys() == right.keys() and len(left) == len(self.summands(one)) == len(self.summands(other)):
                    for size, summand in left.items():
                        self.join(summand, right[size])
                        joined.add(summand)
        return joined


def axes_of(program: Program) -> Axes:
    """The axes of a program's forward pass. Equal steps are looked at once."""
    axes = Axes()
    known: dict[Any, Growths] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in topological_order([program.outputs[0]], operands):
            if step.function is not None:
                key = signature_of(step)
                if key not in known:
                    known[key] = Step(step).growths()
                axes.add(step, known[key])
    return axes
