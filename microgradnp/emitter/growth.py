"""What a single step allows: which axes of its operands have to grow together, and which axes of its result grow with them.

The step is run on stand-ins for its operands, with one axis longer. Where NumPy refuses, other axes of the same length are made
longer too, as few as possible. So the answer is NumPy's own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.signatures import is_ours
from microgradnp.program.values import Value, operands, substituted

Place = tuple[Any, ...]  # (operand, axis), or the path of a literal such as ("options", "shape", 0)


class Growth(NamedTuple):
    """Places that grow together, and the share of this growth in each axis of the result."""

    places: tuple[Place, ...]
    result: tuple[float, ...]

    @property
    def is_simple(self) -> bool:
        """Whether each axis of the result grows as these places do or not at all."""
        return set(self.result) <= {0, 1}


class Growths(NamedTuple):
    """The ways in which a step can grow, and the axes of its operands that it does not let grow."""

    possible: tuple[Growth, ...]
    stuck: tuple[Place, ...]


class Step:
    """A step that can be run with operands of other sizes."""

    def __init__(self, value: Value) -> None:
        self.value = value
        self.operands = arrays_of(value)
        self.position = {id(v): k for k, v in enumerate(self.operands)}
        self.axes = {(k, axis): n for k, v in enumerate(self.operands) for axis, n in enumerate(v.shape) if n > 1}
        numbers = numbers_in({"args": value.args, "options": dict(value.options)})
        self.literals = {path: n for path, n in numbers if n > 1}
        taken = {1, *self.axes.values(), *self.literals.values()}
        self.more = next(k for k in itertools.count(3) if not {n + k for n in taken} & taken)

    def growths(self) -> Growths:
        """All ways in which the step can grow. A function of the user's is not tried: it lets nothing grow."""
        if not is_ours(self.value.function) or self.shape(()) != self.value.shape:  # type: ignore[arg-type]
            return Growths((), tuple(self.axes))
        possible: list[Growth] = []
        stuck: list[Place] = []
        for place in self.axes:
            if any(place in growth.places for growth in possible):
                continue
            growth = self.growth(place)
            if growth is None:
                stuck.append(place)
            else:
                possible.append(growth)
        return Growths(tuple(possible), tuple(stuck))

    def growth(self, place: Place) -> Growth | None:
        """The growth of a place with as few others as possible; None when it cannot grow.

        A growth by which each axis of the result grows as much or not at all is preferred: `x.reshape(20, -1)` takes any `x`.
        """
        found = (growth for pool in self.pools(place) if (growth := self.smallest(place, pool)) is not None)
        first = next(found, None)
        if first is None or first.is_simple:
            return first
        return next((growth for growth in found if growth.is_simple), first)

    def pools(self, place: Place) -> Iterator[list[Place]]:
        """Places of the same length that may have to grow together: one, two, all axes with the same number, all."""
        operand, axis = place
        alike = [other for other, n in self.axes.items() if n == self.axes[place]]
        written = [path for path, n in self.literals.items() if n == self.axes[place]]
        yield [place]
        yield from ([place, other] for other in [*alike, *written] if other != place)
        from_end = axis - self.operands[operand].ndim
        aligned = [[p for p in alike if p[1] - self.operands[p[0]].ndim == from_end], [p for p in alike if p[1] == axis]]
        for pool in (*aligned, alike):
            yield pool
            yield [*pool, *written]

    def smallest(self, place: Place, pool: list[Place]) -> Growth | None:
        """The growth of a pool of places, without those that `place` does not need."""
        best = self.together(pool)
        for other in [p for p in pool if p != place]:
            smaller = self.together([p for p in pool if p != other])
            if smaller is not None and (best is None or smaller.is_simple or not best.is_simple):
                best, pool = smaller, list(smaller.places)
        return best

    def together(self, places: list[Place]) -> Growth | None:
        """The growth of all these places; None when the step refuses."""
        shape = self.shape(places)
        if shape is None:
            return None
        return Growth(tuple(places), tuple((m - n) / self.more for n, m in zip(self.value.shape, shape, strict=True)))

    def shape(self, longer: Any) -> tuple[int, ...] | None:
        """The shape of the result when some places are longer; None when the step refuses."""

        def grown(item: Any, *path: Any) -> Any:
            if isinstance(item, Value):
                return item.data if item.is_number else self.stand_in(item, longer)
            if isinstance(item, (tuple, list)):
                return type(item)([grown(part, *path, k) for k, part in enumerate(item)])
            if isinstance(item, dict):
                return {key: grown(part, *path, key) for key, part in item.items()}
            if isinstance(item, slice):
                return slice(*(grown(getattr(item, end), *path, end) for end in ("start", "stop", "step")))
            return item + self.more if path in longer else item

        value: Any = self.value
        args, options = grown(value.args, "args"), grown(dict(value.options), "options")
        try:
            with np.errstate(all="ignore"):
                result = value.function(list(args), **options) if value.sequence else value.function(*args, **options)
        except Exception:  # whatever a function raises for operands that do not fit
            return None
        return np.shape(result) if np.ndim(result) == value.ndim else None

    def stand_in(self, value: Value, longer: Any) -> np.ndarray[Any, Any]:
        """An array like this value, with some axes longer: ones on the diagonal, so that a square matrix has an inverse."""
        k = self.position[id(value)]
        shape = [n + self.more * ((k, axis) in longer) for axis, n in enumerate(value.shape)]
        if value.dtype.kind not in "fc":
            return np.zeros(shape, value.dtype)
        last = np.eye(*shape[-2:], dtype=value.dtype) if len(shape) > 1 else np.ones(shape, value.dtype)
        return np.ascontiguousarray(np.broadcast_to(last, shape))


def arrays_of(value: Value) -> list[Value]:
    """The operands of a step that are no numbers, each once."""
    return list({id(v): v for v in operands(value) if not v.is_number}.values())


def signature_of(value: Value) -> Any:
    """A key that is equal for steps that grow in the same way."""
    position = {id(v): k for k, v in enumerate(arrays_of(value))}

    def kind(v: Value) -> Any:
        return ("number", v.data.item()) if v.is_number else (position[id(v)], v.shape, v.dtype.str)

    return value.function, value.sequence, repr(substituted((value.args, dict(value.options)), kind))


def numbers_in(item: Any, *path: Any) -> Iterator[tuple[Place, int]]:
    """The integers in an argument, with their paths."""
    if isinstance(item, (tuple, list)):
        for k, part in enumerate(item):
            yield from numbers_in(part, *path, k)
    elif isinstance(item, dict):
        for key, part in item.items():
            yield from numbers_in(part, *path, key)
    elif isinstance(item, slice):
        for end in ("start", "stop", "step"):
            yield from numbers_in(getattr(item, end), *path, end)
    elif type(item) is int:
        yield path, item
