"""Which quantities of the model a recorded value is: an array may have several meanings, each seen at two inputs.

Beside values and adjoints, the parts of adjoints count: the share of one use, a running sum of shares, one sample's share, a row.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.judge.points import Point
from microgradnp.debugger.match.references import Evaluation, inside_of_sigmoids, local_derivative, squashed, users_of
from microgradnp.debugger.record.step import Step

EQUAL = 1e-7
MOST_PARTS = 4000
DIGITS = 6
NEAR = (-(10.0**-DIGITS), 0.0, 10.0**-DIGITS)
GRADIENTS = ("adjoint", "share", "lack", "row")


class Quantity(NamedTuple):
    """A quantity of the model, at both inputs: "value", "slope", "adjoint", "share", "lack" or "row" (of an adjoint)."""

    kind: str
    number: int  # of the node of the model
    argument: str  # the argument of the model that it belongs to, or ""
    pair: tuple[np.ndarray, np.ndarray]
    text: str = ""
    slot: int = 0  # which row or share


class Meaning(NamedTuple):
    """An array is `scale` times a quantity."""

    quantity: Quantity
    scale: float
    transposed: bool = False

    @property
    def is_gradient(self) -> bool:
        return self.quantity.kind in GRADIENTS


Pair = tuple[Any, Any]


class Meanings:
    """All quantities of a step, found by their direction."""

    def __init__(self, step: Step, point: Point, close: float = EQUAL) -> None:
        self.step, self.point, self.close = step, point, max(EQUAL, close)
        self.quantities = list(quantities(step.evaluation, point.evaluation))
        self.rng = np.random.default_rng(17)
        self.vectors: dict[int, np.ndarray] = {}
        self.table: dict[tuple[int, float], list[tuple[Quantity, bool]]] = {}
        intermediate = (q for q in self.quantities if q.kind in ("adjoint", "row") and not q.argument)
        self.shapes = {np.squeeze(q.pair[0]).shape for q in intermediate if q.pair[0].size > 1}  # a bias may be added to these
        for quantity in self.quantities:
            first = quantity.pair[0]
            for transposed in (False, True) if np.squeeze(first).ndim > 1 else (False,):
                key = self.key(quantity.pair, transposed)
                if key is not None:
                    self.table.setdefault(key, []).append((quantity, transposed))
        gradients = [q.pair[0] for q in self.quantities if q.kind in GRADIENTS]
        forms = (form for g in gradients for form in ((g, np.squeeze(g).T) if np.squeeze(g).ndim > 1 else (g,)))
        self.directions = {self.key((form,)) for form in forms}  # of gradients at the first input
        self.before = {
            a: tuple(np.asarray(e.values[a], float) for e in (step.evaluation, point.evaluation))
            for a in step.evaluation.gradients
            if a in step.after
        }
        self.cache: dict[Any, list[Meaning]] = {}
        self.sums: dict[tuple[int, str, int, frozenset[str]], bool] = {}

    def key(self, pair: tuple[Any, ...], transposed: bool = False) -> tuple[int, float] | None:
        """The direction of a pair of arrays as a number that does not depend on their scale."""
        parts = [np.squeeze(np.asarray(p, float)) for p in pair]
        vector = np.concatenate([(p.T if transposed else p).ravel() for p in parts])
        if not np.isfinite(vector).all() or parts[0].size != parts[-1].size:
            return None
        if vector.size not in self.vectors:
            self.vectors[vector.size] = self.rng.standard_normal((2, vector.size))
        a, b = self.vectors[vector.size] @ vector
        if not b or not np.any(vector):
            return None
        return vector.size, round(float(np.arctan2(a * np.sign(b), abs(b))), DIGITS)

    def of(self, pair: Pair) -> list[Meaning]:
        """What a pair of arrays is in the model, the plainest meaning first."""
        first, second = (np.asarray(p, float) for p in pair)
        if first.shape != second.shape or not first.size:
            return []
        mark = (first.shape, first.tobytes(), second.tobytes())
        if mark not in self.cache:
            self.cache[mark] = self.search(first, second)
        return self.cache[mark]

    def search(self, first: np.ndarray, second: np.ndarray) -> list[Meaning]:
        """The quantities of the model that a value is at both inputs, up to a factor and a transposition, the simplest first."""
        key = self.key((first, second))
        if key is None:
            return []
        found = []
        for near in NEAR:
            for quantity, transposed in self.table.get((key[0], round(key[1] + near, DIGITS)), ()):
                meaning = agreed(first, second, quantity, transposed, self.close)
                if meaning is not None:
                    found.append(meaning)
        order = {"value": 0, "adjoint": 1, "slope": 2, "share": 3, "lack": 3, "row": 4}
        return (
            self.without_bias(first, second)
            if not found
            else sorted(found, key=lambda m: (order[m.quantity.kind], m.transposed, abs(m.scale - 1) > EQUAL))
        )

    def without_bias(self, first: np.ndarray, second: np.ndarray) -> list[Meaning]:
        """The meaning of a gradient that has a row or column more, for the bias."""
        for index in self.cuts(first):
            meanings = [m for m in self.of((first[index], second[index])) if m.quantity.kind in ("adjoint", "row")]
            if meanings:
                return meanings
        return []

    def cuts(self, array: np.ndarray) -> Iterator[tuple[slice, ...]]:
        """How an array could be cut to the shape of the gradient of a layer, to which a bias was added."""
        for axis in range(array.ndim) if 1 <= array.ndim <= 2 else ():
            for cut in (slice(1, None), slice(None, -1)):
                index = (slice(None),) * axis + (cut,)
                if array.shape[axis] > 2 and np.squeeze(array[index]).shape in self.shapes:
                    yield index

    def update(self, pair: Pair) -> Meaning | None:
        """The meaning of a value that is a parameter after a right step, or on its way there."""
        for before in self.before.values():
            if np.shape(pair[0]) == before[0].shape and np.shape(pair[1]) == before[1].shape:
                moved = tuple(np.asarray(p, float) - b for p, b in zip(pair, before, strict=True))
                for meaning in self.of(moved):
                    if meaning.is_gradient and not meaning.transposed:
                        return meaning
        return None

    def sums_to(self, quantity: Quantity, arguments: Collection[str]) -> bool:
        """Whether a gradient belongs to one of some arguments, or gives theirs when it is summed over the samples."""
        if quantity.argument in arguments:
            return True
        mark = quantity.number, quantity.kind, quantity.slot, frozenset(arguments)
        if mark not in self.sums:
            wholes = [q for q in self.quantities if q.kind == "adjoint" and q.argument in arguments]
            self.sums[mark] = quantity.kind == "adjoint" and any(
                all(has_sum(p, q) for p, q in zip(quantity.pair, whole.pair, strict=True)) for whole in wholes
            )
        return self.sums[mark]

    def may_be_gradient(self, array: np.ndarray) -> bool:
        """Whether an array has the direction of a gradient at the first input."""
        for part in (array, *(array[index] for index in self.cuts(array))):
            key = self.key((part,))
            if key is not None and any((key[0], round(key[1] + near, DIGITS)) in self.directions for near in NEAR):
                return True
        return False

    def gradients(self, pair: Pair) -> list[Meaning]:
        """The meanings as an adjoint or a part of one."""
        return [meaning for meaning in self.of(pair) if meaning.is_gradient]


def agreed(first: np.ndarray, second: np.ndarray, quantity: Quantity, transposed: bool, close: float) -> Meaning | None:
    """The meaning of two arrays as a quantity, when it is the same multiple of it at both inputs."""
    forms = [np.squeeze(np.asarray(q, float)) for q in quantity.pair]
    arrays = [np.squeeze(first), np.squeeze(second)]
    if transposed:
        forms = [form.T for form in forms]
    if any(a.shape != f.shape for a, f in zip(arrays, forms, strict=True)):
        return None
    have = np.concatenate([a.ravel() for a in arrays])
    want = np.concatenate([f.ravel() for f in forms])
    c = float(have @ want) / float(want @ want)
    size = float(np.max(np.abs(have)))
    if not c or float(np.max(np.abs(have - c * want))) > close * size:
        return None
    if quantity.kind == "value" and abs(c - 1) > close:
        return None
    if quantity.kind == "slope" and abs(abs(c) - 1) > close:
        return None
    return Meaning(quantity, c, transposed)


# ----------------------------------------------------------------------------------------------------------- quantities


def quantities(first: Evaluation, second: Evaluation) -> Iterator[Quantity]:
    """All quantities of the model that hand-written code may hold, each once."""
    if len(first.nodes) != len(second.nodes):
        return
    seen: set[tuple[str, str, bytes]] = set()
    for quantity in itertools.islice(every_quantity(first, second), MOST_PARTS):
        array = np.asarray(quantity.pair[0], float)
        if not array.size or not np.any(array):
            continue
        if quantity.kind == "value" and (array == np.round(array)).all():
            continue  # counts, labels and masks: too much is equal to them
        if (
            array.size > 1
            and np.ptp(array) == 0
            and np.ptp(np.asarray(quantity.pair[1], float)) == 0
            and quantity.kind != "adjoint"
        ):
            continue
        mark = (quantity.kind[0] if quantity.kind in ("value", "slope") else "g", quantity.argument, array.tobytes())
        if mark not in seen:
            seen.add(mark)
            yield quantity


def every_quantity(first: Evaluation, second: Evaluation) -> Iterator[Quantity]:
    """The values of the model at both inputs, the gradients with respect to them, and their rows, shares and slopes."""
    users = users_of(first)
    twins = list(zip(first.nodes, second.nodes, strict=True))
    known = {id(node): number for number, node in enumerate(first.nodes)}
    rows: list[Quantity] = []
    spelled_out = set(inside_of_sigmoids(first, users))
    for number, (a, b) in enumerate(twins):
        argument = a.name if a.rule is None and a.name in first.values else ""
        text = first.names[id(a)]
        values = [np.asarray(n._array) for n in (a, b)]
        if all(v.dtype.kind in "fiub" for v in values) and values[0].shape == values[1].shape:
            yield Quantity("value", number, argument, (values[0], values[1]), text)
            rows += list(rows_of("value", number, argument, (values[0], values[1]), text))
        adjoints = first.adjoints.get(id(a)), second.adjoints.get(id(b))
        turned = a.rule is not None and a.rule.name == "negative"  # of -z: that of z is enough, with its sign
        is_own = (a.rule is not None or argument) and not turned and number not in spelled_out
        if adjoints[0] is not None and adjoints[1] is not None and is_own:
            pair = (np.asarray(adjoints[0]), np.asarray(adjoints[1]))
            yield Quantity("adjoint", number, argument, pair, f"dL/d{text}")
            rows += list(rows_of("row", number, argument, pair, f"dL/d{text}"))
        slope = slope_of(a), slope_of(b)
        if slope[0] is not None and slope[1] is not None:
            yield Quantity("slope", number, "", (slope[0], slope[1]), f"{text}'")
            rows += list(rows_of("slope", number, "", (slope[0], slope[1]), f"{text}'"))
    for node, uses in users.items():
        number = known[node]
        argument = first.nodes[number].name if first.nodes[number].rule is None else ""
        found = [share_of(first, second, twins, use, place, first.nodes[number]) for use, place in uses]
        if any(share is None for share in found):
            continue
        shares = [share for share in found if share is not None]
        text = first.names[node]
        if len(shares) > 1:
            for slot, share in enumerate(shares):
                yield Quantity("share", number, argument or "", share, f"a share of dL/d{text}", slot)
            for order in (shares, shares[::-1]):
                total = tuple(np.zeros_like(p) for p in order[0])
                for slot, share in enumerate(order[:-1]):
                    total = tuple(t + p for t, p in zip(total, share, strict=True))
                    if slot:
                        yield Quantity("share", number, argument or "", (total[0], total[1]), f"a running sum of dL/d{text}")
        for use, place in uses:
            yield from by_samples((first, second), twins, use, place, number, argument or "", text)
    for a, b in zip(squashed(first), squashed(second), strict=False):
        node = first.nodes[a.node]
        inner = node.rule is not None and node.rule.name in ("negative", "exp")  # a step of a sigmoid that the model spells out
        if np.shape(a.array) == np.shape(b.array) and not inner:
            yield Quantity("value", a.node, "", (a.array, b.array), a.text)
            rows += list(rows_of("value", a.node, "", (a.array, b.array), a.text))
    yield from rows


def slope_of(node: Any) -> np.ndarray | None:
    """f'(z) of an elementwise operation, along the chain of such operations that leads to it."""
    found = elementwise_slope(node)
    if found is None:
        return None
    slope, current = found
    while (before := elementwise_slope(current)) is not None:
        slope, current = slope * before[0], before[1]
    return slope


def elementwise_slope(node: Any) -> tuple[np.ndarray, Any] | None:
    """(f'(z), z) of an elementwise operation of one array or number."""
    if node.shape != ():
        return local_derivative(node)
    inputs = [k for k, a in enumerate(node.args if node.rule is not None else ()) if isinstance(a, Tensor) and a.requires_grad]
    if len(inputs) != 1 or node.args[inputs[0]].shape != ():
        return None
    try:
        slope = node.rule.vjps[inputs[0]](np.ones_like(node._array), node._array, *node.values, **node.options)
    except Exception:  # a rule that needs more than its own arguments has no local derivative to show
        return None
    return np.asarray(slope, float), node.args[inputs[0]]


def rows_of(kind: str, number: int, argument: str, pair: Pair, text: str) -> Iterator[Quantity]:
    """The slices of a quantity along each axis, and its entries."""
    shape = np.shape(pair[0])
    if not shape or np.size(pair[0]) > 600 or np.shape(pair[1]) != shape:
        return
    for axis in range(len(shape)):
        if len(shape) > 1 and shape[axis] > 1:
            for k in range(shape[axis]):
                yield Quantity(kind, number, argument, (np.take(pair[0], k, axis), np.take(pair[1], k, axis)), f"{text}[{k}]", k)
    if np.size(pair[0]) <= 150:
        for k in range(np.size(pair[0])):
            yield Quantity(kind, number, argument, (np.ravel(pair[0])[k], np.ravel(pair[1])[k]), f"{text}[{k}]", k)


def share_of(
    first: Evaluation, second: Evaluation, twins: list[tuple[Any, Any]], use: int, place: int, reader: Any
) -> tuple[np.ndarray, np.ndarray] | None:
    """What one use of a node adds to its adjoint, at both inputs."""
    found = []
    for node, evaluation in zip(twins[use], (first, second), strict=True):
        try:
            share = np.asarray(
                node.rule.vjps[place](evaluation.adjoints[id(node)], node._array, *node.values, **node.options), float
            )
            share = summed_to(share, reader.shape)
        except Exception:  # a rule that needs more than its own arguments
            return None
        if share.shape != tuple(reader.shape):
            return None
        found.append(share)
    return found[0], found[1]


def summed_to(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The array summed over the axes along which the operand was broadcast."""
    while array.ndim > len(shape):
        array = array.sum(0)
    for axis, size in enumerate(shape):
        if size == 1 and array.shape[axis] > 1:
            array = array.sum(axis, keepdims=True)
    return array


def has_sum(array: np.ndarray, total: np.ndarray) -> bool:
    """Whether the sum of an array over the axes along which the total was broadcast is the total."""
    if np.ndim(total) > np.ndim(array):
        return False
    summed = summed_to(np.asarray(array), np.shape(total))
    return summed.shape == np.shape(total) and np.allclose(summed, total)


def by_samples(
    both: Pair, twins: list[tuple[Any, Any]], use: int, place: int, number: int, argument: str, text: str
) -> Iterator[Quantity]:
    """The outer products that a matrix product adds up in the gradient of a factor: one for each sample, and their sums."""
    node = twins[use][0]
    if node.rule.name not in ("matmul", "dot") or len(node.args) != 2 or np.ndim(node.values[1 - place]) != 2:
        return
    parts: list[list[np.ndarray]] = []
    for twin, evaluation in zip(twins[use], both, strict=True):
        other = np.asarray(twin.values[1 - place], float)
        adjoint = evaluation.adjoints.get(id(twin))
        if adjoint is None or np.ndim(adjoint) != 2:
            return
        count = other.shape[0] if place == 1 else other.shape[1]
        if not 2 <= count <= 60 or count * twin.values[place].size > 20000:
            return
        if place == 1:  # other @ W: the samples are rows
            parts.append([np.outer(other[k], adjoint[k]) for k in range(count)])
        else:
            parts.append([np.outer(adjoint[:, k], other[:, k]) for k in range(count)])
    pairs = list(zip(*parts, strict=True))
    if argument:
        for slot, (a, b) in enumerate(pairs):
            yield Quantity("share", number, argument, (a, b), f"sample {slot}'s share of dL/d{text}", slot)
        for order in (pairs, pairs[::-1]):
            total = (np.zeros_like(pairs[0][0]), np.zeros_like(pairs[0][1]))
            for a, b in order[:-1]:
                total = (total[0] + a, total[1] + b)
                yield Quantity("share", number, argument, total, f"a running sum of dL/d{text}")
