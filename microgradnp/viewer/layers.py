"""One box a layer, one box a loop: groups of nodes that the page shows as one box and opens into its steps.

A layer is a product with its bias and its activation, or the steps of one statement. A run is a part of the graph that repeats:
time steps, or equal layers one behind the other. A section stands for the middle of a long list of boxes; the page opens
sections for as long as all text stays large.

Folding makes no cycle. A node joins its only user. A run and a section are intervals of a topological order.
"""

from __future__ import annotations

import collections
import functools
import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np

from microgradnp.drawing.outline import Outline
from microgradnp.drawing.picture import operation_of
from microgradnp.viewer.visible import in_order

MOST_STEPS = 12  # nodes of a layer
LEAST_REPEATS, LONGEST_PERIOD, MOST_TO_SEARCH = 3, 400, 20_000
DEEPEST_SECTION, MOST_FOR_INNER_SECTIONS = 24, 2_000  # nested sections; nodes of a graph whose modules have sections inside
CONTRACTIONS = re.compile(r"matmul|dot|einsum|conv|correlate|linalg|inner|outer|solve|fft")
SHAPING = re.compile(r"transpose|reshape|swapaxes|moveaxis|ravel|squeeze|expand_dims|astype|append_bias_unit|broadcast_to|pad")


@dataclass(eq=False)
class Part:
    """A box of the page: a node, or a group of kind "layer", "module", "run", "iteration" or "section" with parts inside."""

    kind: str
    nodes: list[int]
    parts: list[Part] = field(default_factory=list)
    label: str = ""  # of the module, where the whole module is this box

    @property
    def end(self) -> int:
        return self.nodes[-1]


@dataclass(frozen=True)
class Folds:
    """Groups, each behind the one around it, and the innermost group of each value."""

    parts: list[Part]
    parents: list[int | None]
    member: list[int | None]


def folds_of(outline: Outline, given: Collection[int] = ()) -> Folds:
    """The groups of a graph. `given` are the ids of leaves that are data, whether they require a gradient or not."""
    return Folding(outline, given).folds()


class Folding:
    def __init__(self, outline: Outline, given: Collection[int] = ()) -> None:
        self.outline, self.values, self.given = outline, outline.values, given
        self.made = [getattr(value, "rule", None) is not None for value in self.values]
        self.users: list[list[int]] = [[] for _ in self.values]
        self.inputs: list[list[int]] = [[] for _ in self.values]
        for source, target, _ in outline.edges:
            self.users[source].append(target)
            self.inputs[target].append(source)
        self.direct: dict[int | None, list[int]] = collections.defaultdict(list)
        for node, group in enumerate(outline.group_of):
            if self.made[node]:
                self.direct[group].append(node)
        self.inner: dict[int | None, list[int]] = collections.defaultdict(list)
        for group, row in enumerate(outline.groups):
            self.inner[row.parent].append(group)

    # ------------------------------------------------------------------------------------------- the tree of boxes

    def folds(self) -> Folds:
        """The groups as a list. A leaf stands in the innermost group that holds all its users, data outside of modules."""
        parts: list[Part] = []
        parents: list[int | None] = []
        member: list[int | None] = [None] * len(self.values)
        todo: list[tuple[Part, int | None]] = [(part, None) for part in reversed(self.arranged(None))]
        while todo:
            part, parent = todo.pop()
            if part.kind != "node":
                for node in part.nodes:
                    member[node] = len(parts)
                todo += [(inner, len(parts)) for inner in reversed(part.parts)]
                parts.append(part)
                parents.append(parent)
        for leaf in range(len(self.values)):
            if not self.made[leaf] and self.users[leaf]:
                around = common([path(member[user], parents) for user in self.users[leaf]])
                around = around if self.is_parameter(leaf) else outside_of_modules(around, parts)
                member[leaf] = around[-1] if around else None
        return Folds(parts, parents, member)

    def is_parameter(self, node: int) -> bool:
        value = self.values[node]
        return not self.made[node] and bool(getattr(value, "requires_grad", False)) and id(value) not in self.given

    def arranged(self, group: int | None) -> list[Part]:
        """The boxes of a module, in topological order."""
        parts = [Part("node", [node]) for node in self.direct[group]]
        parts += [part for child in self.inner[group] if (part := self.module(child)) is not None]
        found = self.layers_in(self.ordered(parts))
        return sections(found) if group is None or len(self.values) <= MOST_FOR_INNER_SECTIONS else found

    def module(self, group: int) -> Part | None:
        """A module as one box. One that holds a single box is that box."""
        parts, label = self.arranged(group), self.outline.groups[group].label.partition(", part ")[0]
        if not parts:
            return None
        if len(parts) == 1:
            parts[0].label = label if not parts[0].label else f"{label}.{parts[0].label}"
            return parts[0]
        return Part("module", sorted(node for part in parts for node in part.nodes), parts, label)

    def ordered(self, parts: list[Part]) -> list[Part]:
        """The boxes in topological order."""
        of = {node: k for k, part in enumerate(parts) for node in part.nodes}
        edges = {(k, of[user]) for node, k in of.items() for user in self.users[node] if of.get(user, k) != k}
        return [parts[k] for k in in_order({k: part.nodes[0] for k, part in enumerate(parts)}, sorted(edges))]

    def layers_in(self, parts: list[Part]) -> list[Part]:
        """Boxes of one level: what repeats becomes a run, and layers are found in what is left."""
        return self.with_layers(list(self.with_runs(parts)))

    # ------------------------------------------------------------------------------------------------- what repeats

    def with_runs(self, parts: list[Part]) -> Iterator[Part]:
        """The boxes, with the rounds of each loop folded into one box."""
        found = longest_run(self.signatures(parts)) if LEAST_REPEATS <= len(parts) <= MOST_TO_SEARCH else None
        if found is None:
            yield from parts
            return
        first, last, period = found
        bounds = self.bounds(parts, first, last, period)
        yield from self.with_runs(parts[: bounds[0]])
        if not self.is_chain(parts[bounds[0] : bounds[1]], parts[bounds[1] : bounds[2]]):
            yield from parts[bounds[0] : bounds[-1]]
            yield from self.with_runs(parts[bounds[-1] :])
            return
        rounds = []
        for start, stop in itertools.pairwise(bounds):
            inside = self.layers_in(parts[start:stop])
            rounds.append(Part("iteration", sorted(n for part in inside for n in part.nodes), inside, labels(parts[start:stop])))
        yield Part("run", sorted(node for part in rounds for node in part.nodes), rounds)
        yield from self.with_runs(parts[bounds[-1] :])

    def is_chain(self, one: list[Part], next: list[Part]) -> bool:
        """Whether a round uses a result of the round before it."""
        nodes = {node for part in one for node in part.nodes}
        return any(source in nodes for part in next for node in part.nodes for source in self.inputs[node])

    def bounds(self, parts: list[Part], first: int, last: int, period: int) -> list[int]:
        """Where the rounds of a run begin: at the uppermost source line of the loop. A part of a round counts from half on."""
        lines = [self.line(parts[k]) for k in range(first, first + period)]
        start = first + lines.index(min(lines))
        bounds = list(range(start, last + 1, period))
        if start - first > period // 2:
            bounds.insert(0, first)
        if last - bounds[-1] > period // 2:
            bounds.append(last)
        return bounds

    def line(self, part: Part) -> int:
        """The source line that made the first node of a box; 0 where it is unknown."""
        place = self.values[part.nodes[0]].place
        return line_of(id(place[0]), *place) if place is not None else 0

    def signatures(self, parts: list[Part]) -> np.ndarray[Any, Any]:
        """A number for each box; equal boxes of different rounds have the same."""
        known: dict[Any, int] = {}
        return np.array([known.setdefault(self.signature(part), len(known)) for part in parts])

    def signature(self, part: Part) -> Any:
        """What the boxes of different rounds have in common."""
        if part.kind != "node":
            return re.sub(r"\d+", "#", part.label), tuple(self.one(node) for node in part.nodes)
        return self.one(part.nodes[0])

    def one(self, node: int) -> Any:
        """What the nodes of different rounds have in common: operation, shapes, place and scope."""
        value = self.values[node]
        where = (id(value.place[0]), value.place[1]) if value.place is not None else None
        operation = re.sub(r"\d+", "#", operation_of(value)) if value.rule.name == "getitem" else operation_of(value)
        shapes = tuple(self.values[k].shape for k in self.inputs[node])
        return operation, value.shape, shapes, where, re.sub(r"\d+", "#", value.scope or "")

    # ------------------------------------------------------------------------------------------------------ layers

    def with_layers(self, parts: list[Part]) -> list[Part]:
        """Join a product with its bias and activation, then the steps of one statement, then unnamed steps with their user."""
        level = Level(self, parts)
        for k, part in enumerate(parts):
            if not self.is_product(part):
                continue
            end = k
            while (after := level.only_user(end)) is not None and self.continues(level, end, after):
                end = level.join(end, after)
        for joins in (self.one_statement, self.prepares):
            for k in reversed(range(len(parts))):
                if level.holds(k) and (after := level.only_user(k)) is not None and joins(level.part[k], level.part[after]):
                    level.join(k, after)
        return [self.as_layer(part) for part in self.ordered(level.left())]

    def as_layer(self, part: Part) -> Part:
        """A single node is a layer, too, where it holds parameters."""
        if self.is_product(part) and any(self.is_parameter(k) and len(self.users[k]) == 1 for k in self.inputs[part.end]):
            return Part("layer", part.nodes, [], part.label)
        return part

    def is_product(self, part: Part) -> bool:
        return part.kind in ("node", "layer") and any(map(self.contracts, part.nodes))

    def contracts(self, node: int) -> bool:
        return bool(self.values[node].shape) and bool(CONTRACTIONS.search(self.values[node].rule.name))

    def continues(self, level: Level, k: int, after: int) -> bool:
        """Whether the next box is a bias or an activation: it needs nothing else than parameters, and keeps every entry."""
        part, then = level.part[k], level.part[after]
        if then.kind != "node" or len(part.nodes) >= MOST_STEPS or self.contracts(then.end):
            return False
        others = [i for i in self.inputs[then.end] if i not in set(part.nodes)]
        before, result = self.values[part.end], self.values[then.end]
        return all(map(self.is_parameter, others)) and bool(result.shape) and result.size >= before.size > 0

    def one_statement(self, part: Part, then: Part) -> bool:
        """Whether two boxes come from one statement of the user. A call of a whole model is none."""
        if not joinable(part, then):
            return False
        a, b = self.values[part.end], self.values[then.nodes[0]]
        if a.place is None or b.place is None or a.place[0] is not b.place[0] or self.line(part) != self.line(then):
            return False
        is_loss = not self.values[then.end].shape and self.is_product(part)
        return not is_loss and (not a.scope or a.place[1] != b.place[1]) and (a.scope or "") == (b.scope or "")

    def prepares(self, part: Part, then: Part) -> bool:
        """Whether a box is an unnamed step on the way to its user, which is no product or gets another shape of it only."""
        if not joinable(part, then) or self.outline.names[part.end] or self.is_product(part):
            return False
        if (self.values[part.end].scope or "") != (self.values[then.end].scope or ""):
            return False
        return not self.is_product(then) or all(SHAPING.search(self.values[node].rule.name) for node in part.nodes)


@functools.lru_cache(maxsize=4096)  # keyed by identity: hashing a code object reads all of it
def line_of(_identity: int, code: CodeType, offset: int) -> int:
    line = next(itertools.islice(code.co_positions(), offset // 2, None), (None,))[0]
    return line or code.co_firstlineno


class Level:
    """The boxes of one level while they are joined."""

    def __init__(self, folding: Folding, parts: list[Part]) -> None:
        self.folding, self.part = folding, dict(enumerate(parts))
        self.of = {node: k for k, part in enumerate(parts) for node in part.nodes}

    def holds(self, k: int) -> bool:
        """Whether a box is still there."""
        return k in self.part

    def only_user(self, k: int) -> int | None:
        """The one other box that uses the results of box `k`; None where several do, or something outside."""
        if not self.holds(k):
            return None
        users = {self.of.get(user, -1) for node in self.part[k].nodes for user in self.folding.users[node]} - {k}
        (user,) = users if len(users) == 1 else (-1,)
        return user if user >= 0 else None

    def join(self, k: int, after: int) -> int:
        """Put box `k` and the box after it into one. Returns the number of that."""
        first, then = self.part.pop(k), self.part[after]
        label = ".".join(dict.fromkeys(filter(None, (first.label, then.label))))
        joined = Part("layer", sorted([*first.nodes, *then.nodes]), [], label)
        self.part[after] = joined
        self.of.update(dict.fromkeys(joined.nodes, after))
        return after

    def left(self) -> list[Part]:
        """The boxes that are left, in order."""
        return [self.part[k] for k in sorted(self.part)]


def joinable(part: Part, then: Part) -> bool:
    return {part.kind, then.kind} <= {"node", "layer"} and len(part.nodes) + len(then.nodes) <= MOST_STEPS


def longest_run(signs: np.ndarray[Any, Any]) -> tuple[int, int, int] | None:
    """(first, behind the last, period) of the part of a sequence that repeats and covers most, with the smallest period.

    >>> longest_run(np.array([7, 1, 2, 1, 2, 1, 2, 1, 9]))
    (1, 8, 2)
    """
    best: tuple[int, int, int] | None = None
    for period in range(1, min(LONGEST_PERIOD, len(signs) // LEAST_REPEATS) + 1):
        equal = np.concatenate([[False], signs[:-period] == signs[period:], [False]])
        edges = np.flatnonzero(equal[1:] != equal[:-1])
        lengths = edges[1::2] - edges[::2]
        if not len(lengths):
            continue
        k = int(np.argmax(lengths))
        length = int(lengths[k]) + period
        if length >= LEAST_REPEATS * period and (best is None or length > best[1] - best[0]):
            best = int(edges[2 * k]), int(edges[2 * k]) + length, period
    return best


def sections(parts: list[Part]) -> list[Part]:
    """A section for all but the last box. It holds the first one and a section for the rest, and so on from both sides."""
    first, last = 0, len(parts)
    cuts: list[tuple[int, int]] = []
    while last - first > 2 and len(cuts) < DEEPEST_SECTION:
        cuts.append((first, last))
        first, last = (first, last - 1) if len(cuts) % 2 else (first + 1, last)
    inner = parts[first:last]
    for start, stop in reversed(cuts):
        inside = [Part("section", sorted(node for part in inner for node in part.nodes), inner)]
        inner = [*parts[start:first], *inside, *parts[last:stop]]
        first, last = start, stop
    return inner


def labels(parts: Iterable[Part]) -> str:
    return next((part.label for part in parts if part.label), "")


def path(group: int | None, parents: list[int | None]) -> tuple[int, ...]:
    """The groups around something, outermost first."""
    found = []
    while group is not None:
        found.append(group)
        group = parents[group]
    return tuple(reversed(found))


def common(paths: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The longest beginning that all paths share."""
    least, most = min(paths), max(paths)
    length = next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), min(len(least), len(most)))
    return least[:length]


def outside_of_modules(path: tuple[int, ...], parts: list[Part]) -> tuple[int, ...]:
    """A path up to its innermost round of a run, and the sections behind; without one, up to the first module or layer."""
    length = max((k + 1 for k, group in enumerate(path) if parts[group].kind in ("run", "iteration")), default=0)
    while length < len(path) and parts[path[length]].kind == "section":
        length += 1
    return path[:length]
