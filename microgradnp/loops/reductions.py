"""Loops of steps that sum up: reductions along axes, running sums, inner products."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from microgradnp.loops.dialect import Dialect, Index
from microgradnp.loops.names import BackendError
from microgradnp.loops.nests import RESULT, Nests
from microgradnp.program.values import Value

LONG = 256  # entries from which on BLAS takes an inner product


class Reduction(NamedTuple):
    """A total that begins with `start`, and what becomes of it with each entry."""

    start: Any
    function: Any

    def update(self, dialect: Dialect, total: str, entry: str) -> str:
        if self.function is np.add:
            return f"{total} += {entry}"
        return f"{total} = {dialect.scalar[self.function].format(total, entry)}"


REDUCTIONS: dict[Any, Reduction] = {
    np.sum: Reduction(0, np.add),
    np.mean: Reduction(0, np.add),
    np.prod: Reduction(1, np.multiply),
    np.max: Reduction(-math.inf, np.maximum),
    np.min: Reduction(math.inf, np.minimum),
}


def is_reduction(value: Value) -> bool:
    more = {key for key, option in value.options.items() if option is not None and option is not True}  # dtype=None, where=True
    return value.function in REDUCTIONS and not more - {"axis", "keepdims"}


def reduced(nests: Nests, value: Value) -> list[str]:
    """A reduction along axes."""
    reduction = REDUCTIONS[value.function]
    (a,) = value.args
    axis, keep = value.options.get("axis"), bool(value.options.get("keepdims"))
    axes = {k % a.ndim for k in (range(a.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis)}
    kept = [k for k in range(a.ndim) if k not in axes]
    if kept and a.ndim - 1 in kept and value.function is np.sum:
        return summed_by_rows(nests, value, kept, axes)
    total, first = nests.total(value, reduction.start)
    end = f"{total} / {a.size // max(value.size, 1)}" if value.function is np.mean else total

    def around(outer: Index) -> list[str]:
        def inside(inner: Index) -> list[str]:
            rest, along = iter(outer), iter(inner)
            index = tuple(next(rest) if k in kept else next(along) for k in range(a.ndim))
            return [reduction.update(nests.dialect, total, nests.at(a, index))]

        loops = nests.nest(tuple(a.shape[k] for k in sorted(axes)), inside)
        place = iter(outer)
        target = tuple("0" if keep and k in axes else next(place) for k in range(a.ndim) if keep or k in kept)
        return [first, *loops, *([nests.assign(target, end, value.shape)] if value.shape else [])]

    lines = nests.nest(tuple(a.shape[k] for k in kept), around)
    return nests.stored(value, lines) if value.shape else [*lines, *nests.number(value, end)]


def summed_by_rows(nests: Nests, value: Value, kept: list[int], axes: set[int]) -> list[str]:
    """A sum that keeps its last axis: row after row is added, in the order of memory."""
    (a,) = value.args
    keep = bool(value.options.get("keepdims"))

    def add(index: Index) -> list[str]:
        target = tuple("0" if k in axes else index[k] for k in range(a.ndim) if keep or k in kept)
        return [nests.assign(target, nests.at(a, index), value.shape, "+=")]

    zero = nests.dialect.number(0.0 if value.dtype.kind == "f" else 0)
    return nests.stored(value, [nests.dialect.fill.format(array=RESULT, number=zero), *nests.nest(a.shape, add)])


def running(nests: Nests, value: Value) -> list[str]:
    """np.cumsum and np.cumprod along an axis."""
    (a,), axis = value.args, int(value.options["axis"]) % value.ndim
    reduction = REDUCTIONS[np.sum if value.function is np.cumsum else np.prod]
    total, first = nests.total(value, reduction.start)

    def around(outer: Index) -> list[str]:
        def inside(inner: Index) -> list[str]:
            at = (*outer[:axis], *inner, *outer[axis:])
            return [reduction.update(nests.dialect, total, nests.at(a, at)), nests.assign(at, total, value.shape)]

        return [first, *nests.nest((a.shape[axis],), inside)]

    return nests.stored(value, nests.nest((*a.shape[:axis], *a.shape[axis + 1 :]), around))


def inner_product(nests: Nests, value: Value) -> list[str]:
    """np.vdot, or np.dot of two vectors."""
    a, b = value.args
    if a.shape != b.shape:
        raise BackendError("dot")
    total, first = nests.total(value)
    if nests.dialect.inner_product and a.size > LONG and id(a) in nests.arrays and id(b) in nests.arrays:
        product = nests.dialect.inner_product.format(left=nests.arrays[id(a)], right=nests.arrays[id(b)])
        return nests.number(value, product)
    lines = nests.nest(a.shape, lambda index: [f"{total} += {nests.at(a, index)} * {nests.at(b, index)}"])
    return [first, *lines, *nests.number(value, total)]
