"""A program as loops, for Numba to compile.

A value is an expression of its indices. An elementwise step that is read once is written where it is read, so that a chain of
them is one loop; transposes, slices and broadcasts are other indices. Small matrix products are loops too, large ones BLAS.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from microgradnp.compiler.entries import SCALAR, Entries
from microgradnp.compiler.indices import Flat, Index, literal, picked
from microgradnp.compiler.namespace import BackendError, Namespace
from microgradnp.program.passes import RESHAPES, is_uniform
from microgradnp.program.values import Program, Value, operands
from microgradnp.rules.functional import append_bias_unit
from microgradnp.rules.indexing import is_basic, scatter

LARGE_PRODUCT = 30_000  # multiplications from which on BLAS is quicker than loops
LONG = 256  # entries from which on BLAS takes the product of two vectors
NARROW = 8  # columns up to which a matrix product has a variable for each

REDUCTIONS = {
    np.sum: ("0", "{0} += {1}"),
    np.max: ("-np.inf", "{0} = maximum_({0}, {1})"),
    np.min: ("np.inf", "{0} = minimum_({0}, {1})"),
}


class NumbaText(Entries):
    """The loops of a program: those that depend on the data alone, and those of each step of a training.

    `varying` are the arguments that a training changes.
    """

    def __init__(self, program: Program, names: dict[int, str], space: Namespace, varying: set[int]) -> None:
        super().__init__(program, names, space)
        self.buffers: dict[str, Value] = {}
        self.varies = set(varying)
        self.prepare: list[str] = []
        self.body: list[str] = []
        self.counter = itertools.count()
        for value in self.steps:
            if value.dtype.kind not in "fbiu" or value.dtype.itemsize > 8:
                raise BackendError(f"arrays of {value.dtype}")
            if value.shape == () or value.function in RESHAPES or any(id(v) in self.varies for v in operands(value)):
                self.varies.add(id(value))
            if not self.is_written_in_place(value):
                (self.body if id(value) in self.varies else self.prepare).extend(self.loops(value))

    # --------------------------------------------------------------------------------------------- loops

    def loops(self, value: Value) -> list[str]:
        """The lines that compute a value into memory."""
        function = value.function
        if value.shape == () and function in SCALAR and not value.options:
            return self.number(value, self.scalar(value, ()))
        if function in (np.vdot, np.dot) and value.shape == ():
            return self.product_of_vectors(value)
        if function is np.matmul and all(isinstance(v, Value) and v.ndim in (1, 2) for v in value.args):
            return self.product(value)
        if function in REDUCTIONS and not set(value.options) - {"axis", "keepdims"}:
            return self.reduced(value, *REDUCTIONS[function])
        if function is np.mean and not set(value.options) - {"axis", "keepdims"}:
            count = value.args[0].size // max(value.size, 1)
            return self.reduced(value, "0", "{0} += {1}", f"{{0}} / {count}")
        if function is append_bias_unit:
            return self.with_bias(value)
        if function is scatter and not value.options and (is_basic(value.args[2]) or self.by_numbers(value.args[2])):
            return self.scattered(value)
        if function in (np.concatenate, np.stack) and isinstance(value.options.get("axis", 0), int):
            return self.joined(value)
        if function is np.cumsum and isinstance(value.options.get("axis"), int) and not set(value.options) - {"axis"}:
            return self.summed_up(value)
        if function in (np.zeros_like, np.ones_like) and not value.options:
            return self.filled(value, "0" if function is np.zeros_like else "1")
        if (function in SCALAR and (not value.options or function is np.astype)) or self.is_view(value) or is_uniform(value):
            return self.elementwise(value)
        if function in RESHAPES and value.options.get("order", "C") == "C" and value.shape and value.args[0].shape:
            return self.reshaped(value)
        raise BackendError(getattr(function, "__name__", str(function)))

    def number(self, value: Value, text: str) -> list[str]:
        name = self.arrays[id(value)] = self.space.local(value.name or "s")
        return [f"{name} = {text}"]

    def memory(self, value: Value) -> str:
        """A buffer for a value."""
        name = self.arrays[id(value)] = self.space.local(value.name or "b")
        self.buffers[name] = value
        return name

    def nest(self, shape: tuple[int, ...], inside: Any) -> list[str]:
        """Loops over a shape around the lines that `inside(index)` returns."""
        index = tuple(f"i{next(self.counter)}_" for _ in shape)
        lines = [f"{'    ' * k}for {i} in range({n}):" for k, (i, n) in enumerate(zip(index, shape, strict=True))]
        return [*lines, *(f"{'    ' * len(shape)}{line}" for line in inside(index))]

    def elementwise(self, value: Value) -> list[str]:
        """One loop nest over the entries of a value; a single loop where all that it reads has its shape."""

        def make(index: Index) -> str:
            return self.at(value.args[0], self.inner_index(value, index)) if self.is_view(value) else self.scalar(value, index)

        if value.shape == ():
            return self.number(value, make(()))
        if self.is_flat(value, value.shape):
            lines = self.nest((value.size,), lambda index: [f"@_flat_[{index[0]}] = {self.scalar(value, Flat(index))}"])
            name = self.memory(value)
            self.flat[name] = value.size
        else:
            lines = self.nest(value.shape, lambda index: [f"@[{', '.join(index)}] = {make(index)}"])
            name = self.memory(value)
        return [line.replace("@", name, 1) for line in lines]

    def filled(self, value: Value, text: str) -> list[str]:
        if value.shape == ():
            return self.number(value, f"{text}.0")
        name = self.memory(value)
        return [f"{name}[...] = {text}"]

    def reshaped(self, value: Value) -> list[str]:
        first = value.args[0]
        lines = [] if id(first) in self.arrays or first.function is None else self.elementwise(first)
        self.at(first, ("0",) * first.ndim)  # a constant gets its name
        source = self.arrays[id(first)]
        if id(value) in self.results:
            name = self.memory(value)
            return [*lines, f"{name}[...] = {source}.reshape({value.shape})"]
        name = self.arrays[id(value)] = self.space.local(value.name or "b")
        self.same[name] = self.same.get(source, source)
        return [*lines, f"{name} = {source}.reshape({value.shape})"]

    def joined(self, value: Value) -> list[str]:
        """np.concatenate and np.stack: each part into its place."""
        parts, lines, start = value.args, [], 0
        axis = int(value.options.get("axis", 0)) % value.ndim
        new = value.function is np.stack
        name = self.space.local(value.name or "b")
        for k, part in enumerate(parts):
            if not isinstance(part, Value):
                raise BackendError("concatenate of what is no array")

            def inside(index: Index, k: int = k, part: Value = part, start: int = start) -> list[str]:
                moved = (
                    (*index[:axis], str(k), *index[axis:])
                    if new
                    else (*index[:axis], f"{start} + {index[axis]}", *index[axis + 1 :])
                )
                return [f"{name}[{', '.join(moved)}] = {self.at(part, index)}"]

            lines += self.nest(part.shape, inside)
            start += 0 if new else part.shape[axis]
        self.arrays[id(value)] = name
        self.buffers[name] = value
        return lines

    def summed_up(self, value: Value) -> list[str]:
        """np.cumsum along an axis."""
        (a,), axis = value.args, int(value.options["axis"]) % value.ndim
        total = self.space.local("total")
        zero = "0.0" if value.dtype.kind == "f" else "0"

        def around(outer: Index) -> list[str]:
            def inside(inner: Index) -> list[str]:
                at = (*outer[:axis], *inner, *outer[axis:])
                return [f"{total} += {self.at(a, at)}", f"@[{', '.join(at)}] = {total}"]

            return [f"{total} = {zero}", *self.nest((a.shape[axis],), inside)]

        lines = self.nest((*a.shape[:axis], *a.shape[axis + 1 :]), around)
        name = self.memory(value)
        return [line.replace("@", name, 1) for line in lines]

    def product_of_vectors(self, value: Value) -> list[str]:
        a, b = value.args
        if a.shape != b.shape:
            raise BackendError("dot")
        total = self.space.local("total")
        if a.size > LONG and id(a) in self.arrays and id(b) in self.arrays:
            return self.number(value, f"np.dot({self.arrays[id(a)]}.ravel(), {self.arrays[id(b)]}.ravel())")
        lines = self.nest(a.shape, lambda index: [f"{total} += {self.at(a, index)} * {self.at(b, index)}"])
        return [f"{total} = 0.0", *lines, *self.number(value, total)]

    def reduced(self, value: Value, start: str, update: str, end: str = "{0}") -> list[str]:
        """A reduction: `update` of a total that begins with `start`, for each entry that is kept; `end` is what is stored."""
        (a,) = value.args
        axis = value.options.get("axis")
        axes = {k % a.ndim for k in (range(a.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis)}
        kept = [k for k in range(a.ndim) if k not in axes]
        keep = bool(value.options.get("keepdims"))
        total = self.space.local("total")
        zero = f"{start}.0" if start.isdigit() and value.dtype.kind == "f" else start

        def around(outer: Index) -> list[str]:
            def inside(inner: Index) -> list[str]:
                rest, reduced = iter(outer), iter(inner)
                index = tuple(next(rest) if k in kept else next(reduced) for k in range(a.ndim))
                return [update.format(total, self.at(a, index))]

            loops = self.nest(tuple(a.shape[k] for k in sorted(axes)), inside)
            place = iter(outer)
            target = ", ".join("0" if keep and k in axes else next(place) for k in range(a.ndim) if keep or k in kept)
            stored = [f"@[{target}] = {end.format(total)}"] if value.shape else []
            return [f"{total} = {zero}", *loops, *stored]

        if kept and a.ndim - 1 in kept and value.function is np.sum:
            return self.summed_by_rows(value, kept, axes, zero)
        lines = self.nest(tuple(a.shape[k] for k in kept), around)
        if value.shape == ():
            return [*lines, *self.number(value, end.format(total))]
        name = self.memory(value)
        return [line.replace("@", name, 1) for line in lines]

    def summed_by_rows(self, value: Value, kept: list[int], axes: set[int], zero: str) -> list[str]:
        """A sum whose last axis stays: row after row is added, as memory lies."""
        (a,) = value.args
        keep = bool(value.options.get("keepdims"))

        def add(index: Index) -> list[str]:
            target = ", ".join("0" if k in axes else index[k] for k in range(a.ndim) if keep or k in kept)
            return [f"@[{target}] += {self.at(a, index)}"]

        lines = self.nest(a.shape, add)
        name = self.memory(value)
        return [f"{name}[...] = {zero}", *(line.replace("@", name, 1) for line in lines)]

    def with_bias(self, value: Value) -> list[str]:
        """Rows with the bias behind them."""
        inner, bias = value.args[0], literal(float(value.options.get("value", -1.0)))
        name = self.space.local(value.name or "b")
        lines = self.nest(
            inner.shape[:-1],
            lambda index: [
                *self.nest(
                    inner.shape[-1:], lambda last: [f"{name}[{', '.join((*index, *last))}] = {self.at(inner, (*index, *last))}"]
                ),
                f"{name}[{', '.join((*index, str(inner.shape[-1])))}] = {bias}",
            ],
        )
        self.arrays[id(value)] = name
        self.buffers[name] = value
        return lines

    def scattered(self, value: Value) -> list[str]:
        """Zeros with the entries of a gradient where they were taken from."""
        g, _, index = value.args
        if not isinstance(g, Value):
            raise BackendError("scatter")
        name = self.memory(value)

        def inside(at: Index) -> list[str]:
            if not is_basic(index):  # a row may be named twice
                return [f"{name}[{', '.join((*self.numbers_at(index, at[0], value.shape), *at[1:]))}] += {self.at(g, at)}"]
            return [f"{name}[{', '.join(picked(value.shape, index, at))}] = {self.at(g, at)}"]

        return [f"{name}[...] = 0", *self.nest(g.shape, inside)]

    # ---------------------------------------------------------------------------------- matrix products

    def product(self, value: Value) -> list[str]:
        """a @ b: loops for small matrices, BLAS for large ones."""
        a, b = value.args
        rows = a.shape[0] if a.ndim == 2 else 1
        inner, columns = a.shape[-1], b.shape[-1] if b.ndim == 2 else 1
        if a.ndim == b.ndim == 2 and rows * inner * columns > LARGE_PRODUCT:
            left, right = self.whole(a), self.whole(b)
            if left and right and value.dtype == a.dtype == b.dtype:
                name = self.memory(value)
                return [f"np.dot({left}, {right}, {name})"]
        return self.product_by_loops(value, rows, inner, columns)

    def product_by_loops(self, value: Value, rows: int, inner: int, columns: int) -> list[str]:
        """A matrix product written out: few columns are summed in variables, many in memory, row after row."""
        a, b = value.args

        def left_at(i: str, k: str) -> str:
            return self.at(a, (i, k) if a.ndim == 2 else (k,))

        def right_at(k: str, j: str) -> str:
            return self.at(b, (k, j) if b.ndim == 2 else (k,))

        if value.shape == ():
            total = self.space.local("total")
            lines = self.nest((inner,), lambda k: [f"{total} += {left_at('0', k[0])} * {right_at(k[0], '0')}"])
            return [f"{total} = 0.0", *lines, *self.number(value, total)]
        name = self.space.local(value.name or "b")

        def target(i: str, j: str) -> str:
            return f"{name}[{', '.join(part for part, there in ((i, a.ndim == 2), (j, b.ndim == 2)) if there)}]"

        if columns <= NARROW:
            sums = [self.space.local("a") for _ in range(columns)]

            def row(i: Index) -> list[str]:
                def add(k: Index) -> list[str]:
                    return [f"x_ = {left_at(i[0], k[0])}", *(f"{s} += x_ * {right_at(k[0], str(j))}" for j, s in enumerate(sums))]

                return [
                    *(f"{s} = 0.0" for s in sums),
                    *self.nest((inner,), add),
                    *(f"{target(i[0], str(j))} = {s}" for j, s in enumerate(sums)),
                ]

            lines = self.nest((rows,), row)
        else:
            lines = self.nest(
                (rows,),
                lambda i: [
                    *self.nest((columns,), lambda j: [f"{target(i[0], j[0])} = 0.0"]),
                    *self.nest(
                        (inner,),
                        lambda k: [
                            f"x_ = {left_at(i[0], k[0])}",
                            *self.nest((columns,), lambda j: [f"{target(i[0], j[0])} += x_ * {right_at(k[0], j[0])}"]),
                        ],
                    ),
                ],
            )
        self.arrays[id(value)] = name
        self.buffers[name] = value
        return lines

    def whole(self, value: Value) -> str | None:
        """An array that BLAS takes as it is: in memory, or the transpose of one that is."""
        if id(value) in self.arrays:
            return self.arrays[id(value)]
        if value.function in (np.transpose, np.swapaxes) and value.ndim == 2 and id(value.args[0]) in self.arrays:
            return f"{self.arrays[id(value.args[0])]}.T"
        if value.function is None:
            self.at(value, ("0",) * value.ndim)  # a constant gets its name
            return self.arrays[id(value)]
        if self.is_view(value):
            copy = self.elementwise(value)
            (self.body if id(value) in self.varies else self.prepare).extend(copy)
            return self.arrays[id(value)]
        return None
