"""Where a quantity of the model occurs among the values of a run: as a whole, by rows, or by single numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.match.index import is_generic
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.replay import Replay
from microgradnp.debugger.record.sites import Site
from microgradnp.derivatives.agreement import scales_of

CLOSE = 1e-8
SINGLE = 2e-5  # where the program works in single precision
NUMBERS = "fiu"
LARGEST = 4096  # entries of an array that is held against many at once


def as_numbers(value: Any) -> np.ndarray | None:
    """A value as an array of real numbers, or None."""
    if isinstance(value, (np.ndarray, float, np.generic)) and not isinstance(value, (complex, np.complexfloating)):
        array = np.asarray(value)
        return array if array.dtype.kind in "fiub" and array.size else None
    return None


class Values:
    """The numbers of some nodes in a run, by shape."""

    def __init__(self, nodes: Iterable[Node], values: Replay) -> None:
        self.close, self.values = CLOSE, values
        self.whole: dict[tuple[int, ...], list[tuple[Node, np.ndarray]]] = {}
        self.order: list[tuple[Node, np.ndarray]] = []
        self.nodes: list[Node] = []  # arrays in their order, then single numbers
        singles: list[Node] = []
        single_values: list[float] = []
        for node in nodes:
            if node.kind in ("decision", "hold", "literal") or node in values.failed:
                continue
            value = values[node]
            if type(value) in (float, np.float64):
                singles.append(node)
                single_values.append(value)
                continue
            array = as_numbers(value)
            if array is None or array.dtype.kind not in NUMBERS:
                continue
            if array.dtype in (np.float32, np.float16):
                self.close = SINGLE
            squeezed = np.squeeze(np.asarray(array))
            self.order.append((node, squeezed))
            self.whole.setdefault(squeezed.shape, []).append((node, squeezed))
        self.nodes = [*(node for node, _ in self.order), *singles]
        self.single_values = np.array(single_values, float)
        self.entries: tuple[np.ndarray, np.ndarray] | None = None
        self.probed: dict[Any, np.ndarray] = {}

    def likely(self, shape: tuple[int, ...], target: np.ndarray, mask: np.ndarray | None) -> Iterator[tuple[Node, np.ndarray]]:
        """The values of a shape that agree with a target in a few entries."""
        held = self.whole.get(shape, ())
        if not held:
            return
        places = probes(target.size)
        if shape not in self.probed:
            self.probed[shape] = np.array([array.ravel()[places] for _, array in held], float)
        some = target.ravel()[places]
        near = np.abs(self.probed[shape] - some) <= self.slack(target, some)
        if mask is not None:
            near |= ~mask.ravel()[places]
        for k in np.flatnonzero(near.all(axis=1)):
            yield held[k]

    def slack(self, target: np.ndarray, some: np.ndarray) -> np.ndarray:
        """By how much equal entries may differ."""
        slack: np.ndarray = self.close * np.abs(some) + 1e-3 * self.close * float(np.max(np.abs(target), initial=0)) + 1e-12
        return slack

    def lines(self, shape: tuple[int, ...], axis: int, place: int) -> np.ndarray:
        """Of each value of a shape the entries along an axis, at one place of the others."""
        key = shape, axis, place
        if key not in self.probed:
            others = shape[:axis] + shape[axis + 1 :]
            at: list[Any] = list(np.unravel_index(place, others))
            at.insert(axis, slice(None))
            self.probed[key] = np.array([array[tuple(at)] for _, array in self.whole[shape]], float)
        return self.probed[key]

    def arrays(self, target: np.ndarray, weight: np.ndarray | None = None) -> list[Node]:
        """The nodes whose value is an array, perhaps transposed or flat, perhaps by rows inside of a larger one."""
        matters = None if weight is None else weight != 0
        forms = [(target, matters)]
        if target.ndim > 1:
            forms += [
                (target.T, None if matters is None else matters.T),
                (target.ravel(), None if matters is None else matters.ravel()),
            ]
        for form, mask in forms:
            likely = self.likely(form.shape, form, mask)
            if found := [node for node, array in likely if self.is_equal(array, form, mask)]:
                return earliest(found)
        return []

    def inside(self, target: np.ndarray) -> list[Node]:
        """The nodes that hold an array as one of their slices."""
        found = []
        for shape, held in list(self.whole.items()):
            if len(shape) != target.ndim + 1:
                continue
            for axis in range(len(shape)):
                if shape[:axis] + shape[axis + 1 :] != target.shape:
                    continue
                near = np.ones((len(held), shape[axis]), bool)
                for place in probes(target.size):
                    entry = target.ravel()[place]
                    near &= np.abs(self.lines(shape, axis, place) - entry) <= self.close * np.abs(entry) + 1e-12
                for k, at in np.argwhere(near):
                    part = held[k][1].take(at, axis)
                    if (np.abs(part - target) <= self.close * np.abs(target) + 1e-12).all():
                        found.append(held[k][0])
        return earliest(found)

    def is_equal(self, array: np.ndarray, target: np.ndarray, mask: np.ndarray | None) -> bool:
        near = np.abs(array - target) <= self.close * np.abs(target) + 1e-3 * self.close * float(
            np.max(np.abs(target), initial=0)
        )
        return bool(np.all(near if mask is None else near | ~mask))

    def numbers(self, target: float) -> list[Node]:
        """The nodes that are a number, or hold it as an entry."""
        return earliest(list(dict.fromkeys(self.holding(target)))) if is_generic(np.array([target])).all() else []

    def holding(self, target: float) -> list[Node]:
        """The nodes that are a number, or hold it as an entry: as often as they hold it."""
        if self.entries is None:
            sizes = [array.size for _, array in self.order] + [1] * len(self.single_values)
            flat = np.concatenate([*(array.ravel().astype(float) for _, array in self.order), self.single_values])
            order = np.argsort(flat, kind="stable")
            self.entries = flat[order], np.repeat(np.arange(len(sizes)), sizes)[order]
        low, high = sorted((target * (1 - self.close), target * (1 + self.close)))
        start, end = np.searchsorted(self.entries[0], low), np.searchsorted(self.entries[0], high, side="right")
        return [self.nodes[k] for k in self.entries[1][start:end].tolist()]

    def located(self, target: np.ndarray, weight: np.ndarray) -> list[Node]:
        """The nodes that hold a quantity together: as one array, by rows or columns, or by numbers. Empty where it is not there.

        Only the entries with a `weight` must be there.
        """
        target, weight = np.squeeze(np.asarray(target, float)), np.squeeze(np.asarray(weight, float))
        if not np.isfinite(target).all():
            return []
        if target.ndim == 0:
            return self.numbers(float(target))
        if found := self.arrays(target, weight) or self.inside(target):
            return found
        for axis in range(target.ndim):
            found, rows = [], []
            for row, some in zip(np.moveaxis(target, axis, 0), np.moveaxis(weight, axis, 0), strict=True):
                if not np.any(some) or not np.any(is_generic(row[some != 0])):
                    continue
                hits = self.located(row, some)
                if not hits:
                    break
                found += hits
                rows.append(np.where(some != 0, row, 0.0))
            else:
                if found and self.occur_as_often(rows):
                    return found
        return []

    def occur_as_often(self, rows: list[np.ndarray]) -> bool:
        """Whether equal rows, those of equal samples, occur in one expression as often: a batch may hold each sample once."""
        size = max(float(np.max(np.abs(row))) for row in rows)
        counts = Counter((np.round(row / size, 9) + 0.0).tobytes() for row in rows)
        for row in rows:
            often = counts.pop((np.round(row / size, 9) + 0.0).tobytes(), 1)
            generic = row[is_generic(row)]
            if often > 1 and max(Counter(place_of(n) for n in self.holding(float(generic[0]))).values(), default=0) < often:
                return False
        return True


class Arrays:
    """Some arrays of a run, by shape, to look for multiples of others."""

    def __init__(self, held: Iterable[tuple[Node, np.ndarray]]) -> None:
        self.nodes: dict[tuple[int, ...], list[Node]] = {}
        rows: dict[tuple[int, ...], list[np.ndarray]] = {}
        for node, array in held:
            shape = np.squeeze(array).shape
            self.nodes.setdefault(shape, []).append(node)
            if array.size <= LARGEST:
                rows.setdefault(shape, []).append(array.ravel())
        self.rows = {shape: np.array(some) for shape, some in rows.items()}

    def multiples(self, target: np.ndarray, tolerance: float) -> Iterator[Node]:
        """The nodes that may be a multiple of an array, up to this relative error; some may not be."""
        shape = np.squeeze(target).shape
        if shape not in self.rows:
            yield from self.nodes.get(shape, ())
            return
        near = scales_of(self.rows[shape], target.ravel())[1] <= 2 * tolerance
        yield from (self.nodes[shape][k] for k in np.flatnonzero(near))


def probes(size: int) -> list[int]:
    """A few places, spread over the entries of an array."""
    return sorted({0, size // 3, (2 * size) // 3, size - 1})


def earliest(nodes: list[Node]) -> list[Node]:
    """Of the executions of one expression the first: a later step may come to the same value."""
    first: dict[Any, Node] = {}
    for node in sorted(nodes, key=lambda n: n.number):
        first.setdefault(place_of(node), node)
    return list(first.values())


def place_of(node: Node) -> tuple[Site | None, ...]:
    """The expression of a node and those that called it."""
    calls = node.call.chain if node.call is not None else []
    return (node.site, *[call.site for call in calls])
