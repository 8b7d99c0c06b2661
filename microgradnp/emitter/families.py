"""Families: axes of the arguments that grow together. `x @ W` ties the columns of `x` to the rows of `W`.

The axes of all values of the forward pass are joined, step by step, by what each step allows (see `growth`). A family may be
fixed: its sizes are those of parameters that are read from outside, or nobody can tell how they would grow.
"""

from __future__ import annotations

import collections
import operator
import warnings
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from microgradnp.core.graph import topological_order
from microgradnp.emitter.growth import Growths, Step, arrays_of, signature_of
from microgradnp.program.values import Program, Value, index_parts, operands

Axis = tuple[int, int]  # (argument, axis)
Node = tuple[Any, ...]  # (id of a value, axis), or (id of a step, path of a literal)


@dataclass
class Family:
    """Axes of the arguments that grow together by the same amount."""

    axes: dict[Axis, int] = field(default_factory=dict)  # -> size
    summands: list[Family] = field(default_factory=list)  # families whose growth adds up to the growth of this one
    fixed: bool = False
    doubt: int = 0  # 2: a step refuses to let it grow; 1: an array or a literal of the function's own may refuse
    indexed: bool = False  # whether entries are picked from such an axis: then it has to be the longest
    proven: bool = True  # whether NumPy itself refuses sizes that do not fit together


class Axes:
    """All axes of a program, in groups that grow together (union-find)."""

    def __init__(self) -> None:
        self.parent: dict[Node, Node] = {}
        self.parts: dict[Node, list[tuple[Node, float | None]]] = {}  # an axis whose growth is made up of several
        self.picked: dict[Node, set[int]] = collections.defaultdict(set)  # entries that are picked by a number
        self.indexed: set[Node] = set()
        self.made_by_literals: set[Node] = set()  # axes of results with a length that no operand has
        self.refused: set[Node] = set()  # axes that a step does not let grow
        self.unproven: set[Node] = set()

    def root(self, node: Node) -> Node:
        while (parent := self.parent.get(node, node)) != node:
            self.parent[node] = node = self.parent.get(parent, parent)
        return node

    def join(self, *nodes: Node) -> None:
        for node in nodes[1:]:
            self.parent[self.root(node)] = self.root(nodes[0])

    def add(self, step: Value, growths: Growths) -> None:
        """Join the axes of a step's operands and of its result."""
        arrays = arrays_of(step)

        def node(place: Any) -> Node:
            return (id(arrays[place[0]]), place[1]) if isinstance(place[0], int) else (id(step), place)

        parts: dict[Node, list[tuple[Node, float | None]]] = collections.defaultdict(list)
        for growth in growths.possible:
            self.join(*map(node, growth.places))
            first = node(growth.places[0])
            for axis, share in enumerate(growth.result):
                if share:
                    parts[id(step), axis].append((first, share))
            if step.function is operator.getitem and not any(growth.result):
                self.indexed.add(first)
        for place in growths.stuck:
            n = arrays[place[0]].shape[place[1]]
            same = [node(p) for p in growths.stuck if arrays[p[0]].shape[p[1]] == n]
            same += [(id(step), axis) for axis, m in enumerate(step.shape) if m == n]
            self.join(node(place), *same)
            self.refused.add(node(place))
            self.unproven.add(node(place))
            if n not in step.shape:
                for axis, m in enumerate(step.shape):
                    if m > 1 and not any(growth.result[axis] for growth in growths.possible):
                        parts[id(step), axis].append((node(place), None))
        for result, shares in parts.items():
            if len(shares) == 1 and shares[0][1] == 1:
                self.join(result, shares[0][0])
            else:
                self.parts[result] = shares
        self.made_by_literals |= {(id(step), axis) for axis in range(step.ndim)} - parts.keys()
        if step.function is operator.getitem:
            self.note_picks(step)

    def note_picks(self, step: Value) -> None:
        """Remember which entries of which axes a step picks by number."""
        array, index = step.args
        for part, axis in index_parts(index, array.ndim):
            if isinstance(part, int) and not isinstance(part, bool) and axis is not None:
                self.picked[id(array), axis].add(part % array.shape[axis])

    # ------------------------------------------------------------------------ axes that several others make up

    def made(self) -> dict[Node, list[Node]]:
        """Group -> the axes in it whose growth is made up of several."""
        found: dict[Node, list[Node]] = collections.defaultdict(list)
        for node in self.parts:
            found[self.root(node)].append(node)
        return found

    def sources(self, node: Node) -> list[Node]:
        return sorted({self.root(part) for part, _ in self.parts[node]}, key=str)

    def match(self, sizes: dict[Node, int]) -> None:
        """Where two made-up axes meet, as in x.reshape(-1) - t.reshape(-1), join what they are made of, size by size."""
        while True:
            for nodes in self.made().values():
                several = [self.sources(node) for node in nodes]
                first = next((other for other in several if other != several[0]), None)
                if first is None:
                    continue
                left, right = ({sizes.get(s): s for s in group} for group in (several[0], first))
                if left.keys() != right.keys() or len(left) < len(several[0]) or len(right) < len(first) or None in left:
                    continue
                for size, source in left.items():
                    self.join(source, right[size])
                    self.unproven.add(source)
                break
            else:
                return


def families_of(program: Program, fixed: Collection[Value]) -> list[Family]:
    """The families of axes of a program's inputs. `fixed` are values that cannot grow."""
    axes = Axes()
    known: dict[Any, Growths] = {}
    forward = [v for v in topological_order([program.outputs[0]], operands) if v.function is not None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in forward:
            key = signature_of(step)
            if key not in known:
                known[key] = Step(step).growths()
            axes.add(step, known[key])
    every = [*program.inputs, *program.captured, *forward]
    sizes = {(id(v), axis): n for v in every for axis, n in enumerate(v.shape)}
    axes.match({axes.root(node): n for node, n in sizes.items()})
    outer = {axes.root((id(v), axis)) for v in [*program.inputs, *program.captured] for axis in range(v.ndim)}
    stuck = {axes.root((id(v), axis)) for v in fixed for axis in range(v.ndim)}
    stuck |= {axes.root(node) for node, entries in axes.picked.items() if len(entries) == sizes[node]}  # a loop, unrolled
    made = axes.made()
    for group, nodes in made.items():
        several = {tuple(axes.sources(node)) for node in nodes}
        adds_up = all(share == 1 for node in nodes for _, share in axes.parts[node])
        if len(several) > 1 or (group in outer and not adds_up):
            stuck |= {group, *(source for sources in several for source in sources)}
    return collected(program, axes, stuck, made)


def collected(program: Program, axes: Axes, stuck: set[Node], made: dict[Node, list[Node]]) -> list[Family]:
    """The families of a program's inputs, from the groups of its axes."""
    families: dict[Node, Family] = {}

    def family(group: Node) -> Family:
        if group not in families:
            families[group] = Family()
            if group in made and group not in stuck:
                families[group].summands = [family(source) for source in axes.sources(made[group][0])]
        return families[group]

    for k, value in enumerate(program.inputs):
        for axis, n in enumerate(value.shape):
            if n > 1:
                family(axes.root((id(value), axis))).axes[k, axis] = n
    own = {axes.root(node) for node in axes.parent if isinstance(node[1], tuple)}
    own |= {axes.root((id(v), axis)) for v in program.captured for axis in range(v.ndim)}
    own |= {axes.root(node) for node in [*axes.picked, *axes.made_by_literals]}
    refused, indexed, unproven = ({axes.root(node) for node in nodes} for nodes in (axes.refused, axes.indexed, axes.unproven))
    for group, member in families.items():
        member.doubt = 2 if group in refused else int(group in own)
        member.indexed = group in indexed
        member.proven = group not in unproven
    fix(families.values(), [member for group, member in families.items() if group in stuck])
    return sorted(families.values(), key=lambda f: min((axis[::-1] for axis in f.axes), default=()))


def fix(families: Collection[Family], suspects: Collection[Family]) -> None:
    """Fix the sizes of some families, of those that add up to one, and of those that consist of fixed ones."""
    todo = [*suspects]
    while todo:
        family = todo.pop()
        if not family.fixed:
            family.fixed = True
            todo += family.summands
            todo += [f for f in families if f.summands and all(part.fixed for part in f.summands)]


def growth(families: Collection[Family], steps: Iterable[int], taken: Collection[int] = ()) -> dict[int, int]:
    """id of each family -> by how much it grows: another amount for each, and to no size in `taken`.

    Families from which entries are picked grow most, so that the indices stay within bounds. `steps` are growing amounts.
    """
    taken, amounts, found = set(taken), iter(steps), {id(f): 0 for f in families if f.fixed}
    for family in sorted((f for f in families if not f.fixed and not f.summands), key=lambda f: f.indexed):
        sizes = family.axes.values()
        found[id(family)] = more = next(k for k in amounts if not {n + k for n in sizes} & taken)
        taken |= {n + more for n in sizes}

    def amount(family: Family) -> int:
        if id(family) not in found:
            found[id(family)] = 0  # a family that is made of itself
            found[id(family)] = sum(map(amount, family.summands))
        return found[id(family)]

    return {id(family): amount(family) for family in families}


def grown_shapes(shapes: list[tuple[int, ...]], families: Collection[Family], amounts: dict[int, int]) -> list[tuple[int, ...]]:
    """Shapes of the arguments after the families have grown."""
    more = {axis: amounts[id(family)] for family in families for axis in family.axes}
    return [tuple(n + more.get((k, axis), 0) for axis, n in enumerate(shape)) for k, shape in enumerate(shapes)]
