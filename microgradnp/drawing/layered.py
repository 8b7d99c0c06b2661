"""Lay out one level of a graph: items in ranks and the wires between them, without groups.

The algorithm is that of K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system
structures" (1981). Its four steps are linear or nearly so:

1. `ranks`: every item stands one rank behind its last argument. Then it moves towards its first user where that shortens wires.
2. `Columns.connect`: a wire gets a bend in every rank that it passes, so that it keeps clear of the items there. The edges of
   one source share one wire with branches. A value with many users costs one bend a rank.
3. `Columns.sort`: sweeps down and up sort each rank by the places of its neighbours. The order with the fewest crossings stays.
4. `Columns.relax`: each rank moves as close to its neighbours as its width allows, in the order that was found. That is least
   squares under `x[i+1] - x[i] >= gap[i]`, or isotonic regression. Pooling adjacent violators solves it exactly (R. Barlow and
   others, "Statistical inference under order restrictions", 1972). `Columns.straighten` then takes the kinks out of the wires.

The page has the same algorithm in `viewer/page/layered.js`, function by function. A test compares the results.

Places are counted `across` the direction of flow and `along` it. The caller turns them into x and y.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SWEEPS, SWEEPS_WHEN_LARGE, LARGE_TO_SORT = 8, 2, 20_000  # of sorting; elements of a large level
FORMING, SETTLING, SETTLING_WHEN_LARGE, LARGE = 6, 80, 8, 1000  # rounds of placing; elements of a large level
STILL = 0.05  # pixels: a round that moves nothing farther is the last
BETWEEN_ITEMS = 26.0
BETWEEN_BENDS = 12.0
BEND = 4.0
BETWEEN_RANKS = 34.0
BENDS_PER_ITEM, BENDS_AT_LEAST = 4, 20_000  # when these are used up, long wires run straight across what is in their way

Neighbour = tuple[int, float, float]  # an element, the desired offset from it, the weight of that wish


@dataclass
class Wire:
    """The edges of one source. Offsets are counted from the centres of the items."""

    source: int
    offset: float
    targets: dict[int, tuple[float, float]] = field(default_factory=dict)  # item -> offset, how straight the branch should be


@dataclass
class Level:
    """What is laid out. Wires come in at the items `first` and leave at the items `last`, which stand on the border."""

    across: list[float] = field(default_factory=list)  # sizes of the items
    along: list[float] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    first: set[int] = field(default_factory=set)
    last: set[int] = field(default_factory=set)
    light: set[int] = field(default_factory=set)  # leaves, which follow their user


@dataclass
class Placed:
    """The result: centres of the items across, their starts along, and the bends of each wire by rank."""

    center: list[float]
    start: list[float]
    rank: list[int]
    bends: list[dict[int, float]]
    rank_start: list[float]
    rank_end: list[float]
    left: float
    right: float
    length: float


def place(level: Level, lead: float, tail: float) -> Placed:
    """The layout of one level. Along the flow, `lead` is left free before the items and `tail` behind them."""
    rank = ranks(level)
    columns = Columns(level, rank)
    columns.sort()
    columns.relax()
    columns.straighten()
    rank_start, rank_end, length = lengths(level, rank, lead, tail)
    sources = {wire.source for wire in level.wires}
    targets = {target for wire in level.wires for target in wire.targets}
    start = []
    for item, r in enumerate(rank):
        slack = rank_end[r] - rank_start[r] - level.along[item]
        share = 1.0 if item not in targets else 0.0 if item not in sources else 0.5
        start.append(rank_start[r] + share * slack)
    x, size = columns.x, columns.size
    left = min(x[i] - size[i] / 2 for i in range(len(x)))
    right = max(x[i] + size[i] / 2 for i in range(len(x)))
    bends = [{r: x[element] for r, element in chain.items()} for chain in columns.chains]
    return Placed(x[: len(rank)], start, rank, bends, rank_start, rank_end, left, right, length)


def ranks(level: Level) -> list[int]:
    """The rank of each item, from zero. The items in `first` and `last` have the outermost ranks to themselves."""
    count = len(level.across)
    after: list[list[int]] = [[] for _ in range(count)]
    before, held = [0] * count, [0] * count  # arguments; those of them that do not follow when an item moves on
    for wire in level.wires:
        for target in wire.targets:
            after[wire.source].append(target)
            before[target] += 1
            held[target] += wire.source not in level.light
    rank = [1 if level.first and item not in level.first else 0 for item in range(count)]
    missing, order = before[:], [item for item in range(count) if not before[item]]
    for item in order:  # grows while it is read
        for target in after[item]:
            rank[target] = max(rank[target], rank[item] + 1)
            missing[target] -= 1
            if not missing[target]:
                order.append(target)
    lowest = max((rank[item] for item in range(count) if item not in level.last), default=0) + 1
    for item in level.last:
        rank[item] = lowest
    for item in reversed(order):  # an item with more users than arguments shortens wires by moving on
        inner = [rank[target] for target in after[item] if target not in level.last]
        if item not in level.first and item not in level.last and inner and held[item] <= len(inner):
            rank[item] = max(rank[item], min(inner) - 1)
    return rank


def lengths(level: Level, rank: list[int], lead: float, tail: float) -> tuple[list[float], list[float], float]:
    """Start and end of each rank along the flow, and the whole length."""
    depth = max(rank) + 1
    size = [0.0] * depth
    for item, r in enumerate(rank):
        size[r] = max(size[r], level.along[item])
    start, end, position = [], [], 0.0 if level.first else lead
    for r in range(depth):
        if r:
            position += lead if level.first and r == 1 else tail if level.last and r == depth - 1 else BETWEEN_RANKS
        start.append(position)
        position += size[r]
        end.append(position)
    return start, end, position if level.last else position + tail


class Columns:
    """Items and bends in their ranks: first their order, then their places across. Bends are numbered behind the items."""

    def __init__(self, level: Level, rank: list[int]) -> None:
        self.level = level
        self.size = list(level.across)
        self.rank = list(rank)
        self.chains: list[dict[int, int]] = [{} for _ in level.wires]  # for each wire its bends by rank, in the order of ranks
        self.before: list[list[Neighbour]] = [[] for _ in self.size]
        self.after: list[list[Neighbour]] = [[] for _ in self.size]
        self.connect()
        self.ranks: list[list[int]] = [[] for _ in range(max(self.rank) + 1)]
        for element, r in enumerate(self.rank):
            self.ranks[r].append(element)
        self.x = [0.0] * len(self.size)
        for elements in self.ranks:
            self.pack(elements, range(len(elements)))

    def connect(self) -> None:
        """Give each wire its bends, the shortest wires first, and tell each element its neighbours."""
        rank, wires = self.rank, self.level.wires
        ends = [max((rank[target] for target in wire.targets), default=0) for wire in wires]
        budget = BENDS_AT_LEAST + BENDS_PER_ITEM * len(self.size)
        for w in sorted(range(len(wires)), key=lambda w: ends[w] - rank[wires[w].source]):
            wire, chain, first = wires[w], self.chains[w], rank[wires[w].source]
            budget -= max(0, ends[w] - first - 1)
            if budget >= 0:
                for r in range(first + 1, ends[w]):
                    chain[r] = self.bend(r)
            weight = max((weight for target, (_, weight) in wire.targets.items() if rank[target] > first + 1), default=1.0)
            previous, offset = wire.source, wire.offset
            for bend in chain.values():
                self.join(previous, bend, offset, 0.0, weight * (1.0 if previous == wire.source else 4.0))
                previous, offset = bend, 0.0
            for target, (shift, own) in wire.targets.items():
                nearest = chain.get(rank[target] - 1)
                start, offset = (wire.source, wire.offset) if nearest is None else (nearest, 0.0)
                if rank[target] == self.rank[start] + 1:
                    self.join(start, target, offset, shift, own)

    def bend(self, r: int) -> int:
        """A new element in a rank."""
        self.size.append(BEND)
        self.rank.append(r)
        self.before.append([])
        self.after.append([])
        return len(self.size) - 1

    def join(self, upper: int, lower: int, out: float, into: float, weight: float) -> None:
        self.after[upper].append((lower, into - out, weight))
        self.before[lower].append((upper, out - into, weight))

    # ------------------------------------------------------------------------------------------------ order

    def sort(self) -> None:
        """Sweep down and up, and keep the order with the fewest crossings."""
        best, fewest = [list(r) for r in self.ranks], self.crossings()
        for sweep in range(SWEEPS if len(self.size) < LARGE_TO_SORT else SWEEPS_WHEN_LARGE):
            if not fewest:
                break
            downward = sweep % 2 == 0
            for elements in self.ranks[1:] if downward else self.ranks[-2::-1]:
                desired = {e: self.wish(e, self.before if downward else self.after)[0] for e in elements}
                elements.sort(key=desired.__getitem__)
                self.pack(elements, [desired[e] for e in elements])
            crossings = self.crossings()
            if crossings < fewest:
                best, fewest = [list(r) for r in self.ranks], crossings
        self.ranks = best

    def crossings(self) -> int:
        """How many pairs of wire segments between neighbouring ranks cross."""
        total = 0
        for elements in self.ranks:
            ends: list[float] = []
            for element in elements:
                reached = sorted(self.x[lower] for lower, _, _ in self.after[element])
                total += sum(len(ends) - bisect_right(ends, x) for x in reached)
                for x in reached:
                    insort(ends, x)
        return total

    def wish(self, element: int, neighbours: list[list[Neighbour]]) -> tuple[float, float]:
        """The weighted mean of an element's neighbours, where it would like to be, and the sum of the weights."""
        total = weights = 0.0
        for other, offset, weight in neighbours[element]:
            total += weight * (self.x[other] + offset)
            weights += weight
        return (total / weights, weights) if weights else (self.x[element], 0.001)

    # ------------------------------------------------------------------------------------------------ place

    def relax(self) -> None:
        """Move each rank towards its neighbours: above and below by turns, then both together until nothing moves."""
        for elements in self.ranks:
            self.pack(elements, [self.x[e] for e in elements])
        both = [[*b, *a] for b, a in zip(self.before, self.after, strict=True)]
        for i in range(FORMING):
            self.sweep(i % 2 == 0, self.after if i % 2 else self.before)
        for i in range(SETTLING if len(self.size) < LARGE else SETTLING_WHEN_LARGE):
            if self.sweep(i % 2 == 0, both) < STILL:
                break

    def sweep(self, downward: bool, neighbours: list[list[Neighbour]]) -> float:
        """Place every rank by its neighbours. Returns the largest distance that an element has moved."""
        ranks: Iterable[list[int]] = self.ranks if downward else reversed(self.ranks)
        return max(self.pack(rank, *zip(*[self.wish(e, neighbours) for e in rank], strict=True)) for rank in ranks)

    def straighten(self) -> None:
        """Draw each wire straight through as many ranks as have room for it."""
        place = {element: i for elements in self.ranks for i, element in enumerate(elements)}
        for chain in self.chains:
            piece: list[int] = []
            low, high = -math.inf, math.inf
            for r, bend in chain.items():
                least, most = self.room(bend, r, place)
                if max(low, least) > min(high, most):
                    self.align(piece, low, high)
                    piece, low, high = [], -math.inf, math.inf
                piece.append(bend)
                low, high = max(low, least), min(high, most)
            self.align(piece, low, high)

    def align(self, piece: list[int], low: float, high: float) -> None:
        """Put the bends of a piece below each other, between two places."""
        if piece:
            middle = sum(self.x[bend] for bend in piece) / len(piece)
            for bend in piece:
                self.x[bend] = min(max(middle, low), high)

    def room(self, element: int, r: int, place: dict[int, int]) -> tuple[float, float]:
        """The places between which an element can move without touching its neighbours in the rank."""
        elements, i = self.ranks[r], place[element]
        low = self.x[elements[i - 1]] + self.gap(elements[i - 1], element) if i else -math.inf
        high = self.x[elements[i + 1]] - self.gap(element, elements[i + 1]) if i + 1 < len(elements) else math.inf
        return low, high

    def pack(self, elements: list[int], desired: Sequence[float], weights: Sequence[float] | None = None) -> float:
        """Place one rank as near to the desired places as its width allows. Returns the largest distance moved."""
        needed = [self.gap(a, b) for a, b in itertools.pairwise(elements)]
        moved = 0.0
        for element, x in zip(elements, spread(desired, weights or [1.0] * len(elements), needed), strict=True):
            moved = max(moved, abs(self.x[element] - x))
            self.x[element] = x
        return moved

    def gap(self, left: int, right: int) -> float:
        """The least distance between the centres of two elements."""
        items = len(self.level.across)
        between = BETWEEN_ITEMS if left < items and right < items else BETWEEN_BENDS
        return (self.size[left] + self.size[right]) / 2 + between


def spread(desired: Sequence[float], weights: Sequence[float], needed: Sequence[float]) -> list[float]:
    """The places closest to the desired ones, in weighted least squares, that keep `x[i+1] - x[i] >= needed[i]`.

    >>> spread([0.0, 0.0, 9.0], [1.0, 1.0, 1.0], [2.0, 2.0])
    [-1.0, 1.0, 9.0]
    """
    shifts = list(itertools.accumulate(needed, initial=0.0))
    pools: list[tuple[float, float, int]] = []  # weighted sum, weight, members
    for wish, weight, shift in zip(desired, weights, shifts, strict=True):
        total, count = weight * (wish - shift), 1
        while pools and pools[-1][0] / pools[-1][1] > total / weight:
            earlier = pools.pop()
            total, weight, count = total + earlier[0], weight + earlier[1], count + earlier[2]
        pools.append((total, weight, count))
    means = [total / weight for total, weight, count in pools for _ in range(count)]
    return [mean + shift for mean, shift in zip(means, shifts, strict=True)]
