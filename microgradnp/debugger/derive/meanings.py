"""Which quantities of the model a recorded value is: an array may have several meanings, each seen at two inputs."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.derive.quantities import Pair, Quantity, has_sum, quantities
from microgradnp.debugger.judge.points import Point
from microgradnp.debugger.record.step import Step

EQUAL = 1e-7
DIGITS = 6
NEAR = (-1, 0, 1)  # how far the directions of equal values may be apart, in units of the last digit
GRADIENTS = ("adjoint", "share", "lack", "row")


Key = tuple[int, int]  # the size of an array, and its direction


class Meaning(NamedTuple):
    """An array is `scale` times a quantity."""

    quantity: Quantity
    scale: float
    transposed: bool = False

    @property
    def is_gradient(self) -> bool:
        return self.quantity.kind in GRADIENTS


class Meanings:
    """All quantities of a step, found by their direction."""

    def __init__(self, step: Step, point: Point, close: float = EQUAL) -> None:
        self.step, self.point, self.close = step, point, max(EQUAL, close)
        self.quantities = list(quantities(step.evaluation, point.evaluation))
        self.rng = np.random.default_rng(17)
        self.vectors: dict[int, np.ndarray] = {}
        self.table: dict[Key, list[tuple[Quantity, bool]]] = {}
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
        keys = {key for form in forms if (key := self.key((form,))) is not None}  # of gradients at the first input
        self.directions = {size: np.array([angle for n, angle in keys if n == size]) for size, _ in keys}
        self.possible: dict[tuple[int, ...], bool] = {}  # whether arrays of a shape may be gradients
        self.before = {
            a: tuple(np.asarray(e.values[a], float) for e in (step.evaluation, point.evaluation))
            for a in step.evaluation.gradients
            if a in step.after
        }
        self.cache: dict[Any, list[Meaning]] = {}
        self.sums: dict[tuple[int, str, int, frozenset[str]], bool] = {}

    def key(self, pair: tuple[Any, ...], transposed: bool = False) -> Key | None:
        """The direction of a pair of arrays as a number that does not depend on their scale."""
        parts = [(np.squeeze(p).T if transposed else np.asarray(p)).ravel() for p in pair]
        size = sum(part.size for part in parts)
        if parts[0].size != parts[-1].size:
            return None
        vectors, first = self.vectors_of(size), parts[0].size
        with np.errstate(all="ignore"):
            a, b = vectors[:, :first] @ parts[0] + (vectors[:, first:] @ parts[1] if len(parts) > 1 else 0.0)
        if not b or not math.isfinite(a + b):
            return None
        return size, round(math.atan2(math.copysign(1, b) * a, abs(b)) * 10**DIGITS)

    def vectors_of(self, size: int) -> np.ndarray:
        """Two random vectors: the products with them tell the direction of an array of so many entries."""
        if size not in self.vectors:
            self.vectors[size] = self.rng.standard_normal((2, size))
        return self.vectors[size]

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
            for quantity, transposed in self.table.get((key[0], key[1] + near), ()):
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
        for index in self.cuts(first.shape):
            meanings = [m for m in self.of((first[index], second[index])) if m.quantity.kind in ("adjoint", "row")]
            if meanings:
                return meanings
        return []

    def cuts(self, shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
        """How an array of a shape could be cut to that of the gradient of a layer, to which a bias was added."""
        for axis, size in enumerate(shape) if len(shape) <= 2 else ():
            rest = tuple(n - (k == axis) for k, n in enumerate(shape))
            if size > 2 and tuple(n for n in rest if n != 1) in self.shapes:
                for cut in (slice(1, None), slice(None, -1)):
                    yield (slice(None),) * axis + (cut,)

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

    def may_have_shape(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of a shape may be a gradient."""
        if shape not in self.possible:
            self.possible[shape] = math.prod(shape) in self.directions or any(True for _ in self.cuts(shape))
        return self.possible[shape]

    def may_be_gradients(self, arrays: np.ndarray) -> set[int]:
        """Which of the arrays along the first axis have the direction of a gradient at the first input."""
        found: set[int] = set()
        for cut in ((), *self.cuts(arrays.shape[1:])):
            part = arrays[(slice(None), *cut)].reshape(len(arrays), -1)
            with np.errstate(all="ignore"):
                a, b = self.vectors_of(part.shape[1]) @ part.T
                angles = np.arctan2(np.copysign(1, b) * a, np.abs(b)) * 10**DIGITS
            directions = self.directions.get(part.shape[1], np.empty(0))
            near = np.abs(angles[:, None] - directions).min(axis=1, initial=np.inf) <= 1.5  # not a number is near to none
            found.update(np.flatnonzero(near & (b != 0)).tolist())
        return found

    def gradients(self, pair: Pair) -> list[Meaning]:
        """The meanings as an adjoint or a part of one."""
        return [meaning for meaning in self.of(pair) if meaning.is_gradient]


def agreed(first: np.ndarray, second: np.ndarray, quantity: Quantity, transposed: bool, close: float) -> Meaning | None:
    """The meaning of two arrays as a quantity, when it is the same multiple of it at both inputs."""
    forms = [np.squeeze(np.asarray(q, float)) for q in quantity.pair]
    forms = [form.T for form in forms] if transposed else forms
    arrays = [np.squeeze(first), np.squeeze(second)]
    if not quantity.stacked and any(a.shape != f.shape for a, f in zip(arrays, forms, strict=True)):
        return None
    (f, g), (a, b) = ([part.ravel() for part in parts] for parts in (forms, arrays))
    c = float(a @ f + b @ g) / float(f @ f + g @ g)
    size = max(float(np.abs(a).max()), float(np.abs(b).max()))
    if not c or max(float(np.abs(a - c * f).max()), float(np.abs(b - c * g).max())) > close * size:
        return None
    if quantity.kind == "value" and abs(c - 1) > close:
        return None
    if quantity.kind == "slope" and abs(abs(c) - 1) > close:
        return None
    return Meaning(quantity, c, transposed)
