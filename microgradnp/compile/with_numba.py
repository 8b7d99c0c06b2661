"""The numba backend: the program as loops, compiled to machine code.

A value is an expression of its indices. An elementwise step that is read once is written where it is read, so that a chain of
them is one loop; transposes, slices and broadcasts are other indices. Small matrix products are loops too, large ones BLAS.
"""

from __future__ import annotations

import collections
import itertools
import operator
from typing import Any

import numpy as np

from microgradnp.compile.machine import module_of
from microgradnp.compile.namespace import BackendError, Namespace, needs, within
from microgradnp.functional import append_bias_unit
from microgradnp.program.constants import constants_of
from microgradnp.program.passes import RESHAPES, is_uniform
from microgradnp.program.values import Program, Value, operands
from microgradnp.rules.indexing import is_basic, scatter

LARGE_PRODUCT = 30_000  # multiplications from which on BLAS is quicker than loops
LONG = 256  # entries from which on BLAS takes the product of two vectors
NARROW = 8  # columns up to which a matrix product has a variable for each

SCALAR: dict[Any, str] = {  # elementwise functions as expressions
    np.add: "({} + {})",
    np.subtract: "({} - {})",
    np.multiply: "({} * {})",
    np.divide: "({} / {})",
    np.negative: "(-{})",
    np.power: "power_({}, {})",
    np.reciprocal: "(1.0 / {})",
    np.square: "square_({})",
    np.exp: "exp_({})",
    np.less: "({} < {})",
    np.less_equal: "({} <= {})",
    np.greater: "({} > {})",
    np.greater_equal: "({} >= {})",
    np.equal: "({} == {})",
    np.not_equal: "({} != {})",
    np.logical_and: "({} and {})",
    np.logical_or: "({} or {})",
    np.logical_not: "(not {})",
    np.where: "where_({}, {}, {})",
    np.maximum: "maximum_({}, {})",
    np.minimum: "minimum_({}, {})",
    np.absolute: "abs({})",
    np.fabs: "abs({})",
    np.clip: "minimum_(maximum_({}, {}), {})",
    np.logaddexp: "logaddexp_({}, {})",
    np.positive: "{}",
    np.astype: "{}",
}
SCALAR |= {f: f"np.{f.__name__}({{}})" for f in (np.log, np.log1p, np.expm1, np.log2, np.log10, np.exp2)}
SCALAR |= {f: f"np.{f.__name__}({{}})" for f in (np.sqrt, np.cbrt, np.sin, np.cos, np.tan, np.tanh, np.sinh, np.cosh)}
SCALAR |= {f: f"np.{f.__name__}({{}})" for f in (np.arctan, np.arcsin, np.arccos, np.arcsinh, np.arccosh, np.arctanh, np.sign)}
SCALAR |= {f: f"np.{f.__name__}({{}})" for f in (np.isfinite, np.isnan, np.floor, np.ceil)}
SCALAR |= {np.hypot: "np.hypot({}, {})", np.arctan2: "np.arctan2({}, {})"}
REDUCTIONS = {
    np.sum: ("0", "{0} += {1}"),
    np.max: ("-np.inf", "{0} = maximum_({0}, {1})"),
    np.min: ("np.inf", "{0} = minimum_({0}, {1})"),
}
AXES = (np.transpose, np.swapaxes, np.broadcast_to, np.flip)

Index = tuple[str, ...]


class Flat(tuple[str, ...]):
    """One index into arrays of one shape, counted through all their entries as memory lies."""


class NumbaText:
    """The loops of a program: those that depend on the data alone, and those of each step of a training.

    `names` are the texts of the arguments by the id of their values, `varying` the arguments that a training changes.
    """

    def __init__(self, program: Program, names: dict[int, str], space: Namespace, varying: set[int]) -> None:
        self.program, self.space = program, space
        self.arrays = dict(names)  # values that are in memory -> the variable
        self.buffers: dict[str, Value] = {}
        self.steps = program.steps()
        self.uses = collections.Counter(id(v) for step in self.steps for v in operands(step))
        self.readers: dict[int, list[Value]] = collections.defaultdict(list)
        for step in self.steps:
            for v in operands(step):
                self.readers[id(v)].append(step)
        self.results = {id(v) for v in program.outputs}
        self.varies = set(varying)
        self.prepare: list[str] = []
        self.body: list[str] = []
        self.counter = itertools.count()
        self.flat: dict[str, int] = {}  # arrays that are also read as one row, and its length
        self.bounded: set[tuple[str, int]] = set()  # rows of numbers of entries, and of how many
        self.same: dict[str, str] = {}  # variables that are another's array in another shape
        for value in self.steps:
            if value.dtype.kind not in "fbiu" or value.dtype.itemsize > 8:
                raise BackendError(f"arrays of {value.dtype}")
            if value.shape == () or value.function in RESHAPES or any(id(v) in self.varies for v in operands(value)):
                self.varies.add(id(value))
            if not self.is_written_in_place(value):
                (self.body if id(value) in self.varies else self.prepare).extend(self.loops(value))

    # ------------------------------------------------------------------------------ what is an expression

    def is_written_in_place(self, value: Value) -> bool:
        """Whether a value is an expression where it is read, and no array."""
        if id(value) in self.results:
            return False
        if value.shape == ():
            return False
        if self.is_view(value) or value.function is np.arange:
            return True
        if value.function not in SCALAR or (value.options and value.function is not np.astype):
            return False
        readers = self.readers[id(value)]
        return len(readers) == 1 and self.uses[id(value)] == 1 and self.reads_once(readers[0], value)

    def reads_once(self, reader: Value, value: Value) -> bool:
        """Whether a step reads each entry of an operand once."""
        if reader.function in SCALAR:
            return reader.shape == value.shape
        return reader.function in REDUCTIONS

    def is_view(self, value: Value) -> bool:
        """Whether a step gives the same numbers other indices."""
        if value.function is operator.getitem:
            return value.args[0].shape != () and (is_basic(value.args[1]) or self.by_numbers(value.args[1]))
        if value.function in RESHAPES:
            return only_ones(value.args[0].shape, value.shape)
        return value.function in AXES

    def by_numbers(self, index: Any) -> bool:
        """Whether an index is one row of numbers for each of the first axes, as in x[np.arange(n), labels]."""
        parts = index if isinstance(index, tuple) else (index,)
        rows = all(isinstance(part, Value) and part.ndim == 1 and part.dtype.kind in "iu" for part in parts)
        return rows and len({part.shape for part in parts}) == 1 and all(part.function in (None, np.arange) for part in parts)

    # -------------------------------------------------------------------------------------- expressions

    def at(self, item: Any, index: Index) -> str:
        """The entry of a value at an index, as an expression."""
        if not isinstance(item, Value):
            return literal(item)
        if item.is_number:
            return literal(item.data.item())
        if id(item) in self.arrays and isinstance(index, Flat):
            name = self.arrays[id(item)]
            name = self.same.get(name, name)
            self.flat[name] = item.size
            return f"{name}_flat_[{index[0]}]"
        if id(item) in self.arrays:
            return f"{self.arrays[id(item)]}[{', '.join(index)}]" if item.shape else self.arrays[id(item)]
        if item.function is np.arange:
            return index[0]
        if item.function is None:
            self.arrays[id(item)] = self.space.bind("constant", item.data)
            return self.at(item, index)
        if self.is_view(item):
            return self.at(item.args[0], self.inner_index(item, index))
        return self.scalar(item, index)

    def scalar(self, value: Value, index: Index) -> str:
        """An elementwise step at an index: its operands at theirs, where broadcasting reads the same entry again."""
        function = value.function
        args = value.args[:1] if function is np.astype else value.args
        parts = [self.at(a, stretched(a, index)) for a in args]
        if function is np.power and isinstance(value.args[1], (int, float)) and value.args[1] == 2:
            return f"square_({parts[0]})"
        if function is np.astype:
            return f"np.{value.dtype.name}({parts[0]})" if value.dtype != np.bool_ else f"({parts[0]} != 0)"
        return SCALAR[function].format(*parts)

    def inner_index(self, view: Value, index: Index) -> Index:
        """The index into the operand of a view."""
        first = view.args[0]
        if view.function is np.broadcast_to:
            return stretched(first, index)
        if view.function is np.transpose:
            axes = view.options.get("axes") or tuple(reversed(range(first.ndim)))
            return tuple(index[[a % first.ndim for a in axes].index(k)] for k in range(first.ndim))
        if view.function is np.swapaxes:
            a, b = (int(axis) % first.ndim for axis in [*view.args[1:], *view.options.values()])
            swapped = list(index)
            swapped[a], swapped[b] = swapped[b], swapped[a]
            return tuple(swapped)
        if view.function is np.flip:
            axis = view.options.get("axis", view.args[1] if len(view.args) > 1 else None)
            axes = range(first.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
            turned = {a % first.ndim for a in axes}
            return tuple(f"{n - 1} - {i}" if k in turned else i for k, (i, n) in enumerate(zip(index, first.shape, strict=True)))
        if view.function is operator.getitem and not is_basic(view.args[1]):
            return (*self.numbers_at(view.args[1], index[0], first.shape), *index[1:])
        if view.function is operator.getitem:
            return picked(first.shape, view.args[1], index)
        rest = iter([i for i, n in zip(index, view.shape, strict=True) if n != 1])
        return tuple("0" if n == 1 else next(rest) for n in first.shape)

    def numbers_at(self, rows: Any, i: str, shape: tuple[int, ...]) -> Index:
        """The numbers of a row, which the loops take without a check: it is made before."""
        found = []
        for row, n in zip(rows if isinstance(rows, tuple) else (rows,), shape, strict=False):
            text = self.at(row, (i,))
            if row.function is None:
                self.bounded.add((self.arrays[id(row)], n))
            found.append(text)
        return tuple(found)

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

    def is_flat(self, item: Any, shape: tuple[int, ...]) -> bool:
        """Whether all that an elementwise step reads is numbers, and whole arrays of its own shape."""
        if not isinstance(item, Value) or item.is_number:
            return True
        if id(item) in self.arrays:
            return item.shape == shape or item.shape == ()
        if item.function not in SCALAR or item.shape != shape:
            return False
        return all(self.is_flat(a, shape) for a in (item.args[:1] if item.function is np.astype else item.args))

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
        if self.is_view(value) or value.function is None:
            copy = self.elementwise(value)
            (self.body if id(value) in self.varies else self.prepare).extend(copy)
            return self.arrays[id(value)]
        return None


def only_ones(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes differ in axes of length 1 alone."""
    return [n for n in shape if n != 1] == [n for n in other if n != 1]


def stretched(item: Any, index: Index) -> Index:
    """The index of an operand that broadcasting stretches."""
    if not isinstance(item, Value) or item.is_number or item.shape == ():
        return ()
    if isinstance(index, Flat):
        return index
    own = index[len(index) - item.ndim :] if item.ndim else ()
    return tuple("0" if n == 1 else i for i, n in zip(own, item.shape, strict=True))


def picked(shape: tuple[int, ...], basic: Any, index: Index) -> Index:
    """The index into an array that `array[basic][index]` means."""
    parts = list(basic) if isinstance(basic, tuple) else [basic]
    if Ellipsis not in parts:
        parts.append(Ellipsis)
    k = parts.index(Ellipsis)
    missing = len(shape) - sum(part is not None for part in parts if part is not Ellipsis)
    parts[k : k + 1] = [slice(None)] * missing
    rest, axis, found = iter(index), 0, []
    for part in parts:
        if part is None:
            next(rest)
            continue
        n = shape[axis]
        axis += 1
        if isinstance(part, slice):
            start, _, step = part.indices(n)
            i = next(rest)
            found.append(i if (start, step) == (0, 1) else f"{start} + {step} * {i}" if step != 1 else f"{start} + {i}")
        else:
            found.append(str(int(part) % n))
    return tuple(found)


def literal(number: Any) -> str:
    if isinstance(number, (bool, np.bool_)):
        return str(bool(number))
    if isinstance(number, (int, np.integer)):
        return f"({int(number)})" if number < 0 else str(int(number))
    if not isinstance(number, (float, np.floating)):
        raise BackendError(f"the constant {number!r}")
    text = (
        "np.nan"
        if number != number
        else "np.inf"
        if number == np.inf
        else "-np.inf"
        if number == -np.inf
        else repr(float(number))
    )
    return f"({text})" if text.startswith("-") else text


def numba_lines(program: Program, names: dict[int, str], space: Namespace, options: Any) -> tuple[Any, ...]:
    """The lines that call the compiled loops, the texts of the results, the names, the objects, and the loops' source."""
    kernel = NumbaKernel(program, names, space, {id(v) for v in program.inputs})
    return kernel.lines(reuse=options["reuse"]), kernel.results(), names, space, f"\n\n{kernel.text}"


class NumbaKernel:
    """The compiled functions of a program: `prepare_`, `step_`, and `kernel_`, which is both. Names of ours end so.

    Their arguments are the arrays of the program, then its buffers, in the order of `variables`.
    """

    def __init__(self, program: Program, names: dict[int, str], space: Namespace, varying: set[int]) -> None:
        needs("numba", "fast")
        self.program, self.names, self.space = program, names, space
        loops = self.loops = NumbaText(program, names, space, varying)
        given = [v for v in [*program.inputs, *program.captured] if id(v) in names]
        constants = [v for v in constants_of(program) if id(v) in loops.arrays]
        self.given = [names[id(v)] for v in given] + [loops.arrays[id(v)] for v in constants]
        self.scalars = {names[id(v)] for v in given if v.shape == ()}
        self.outputs = self.output_buffers()
        self.working = [name for name in loops.buffers if name not in self.outputs]
        self.variables = [*self.given, *loops.buffers]
        if ours := [name for name in self.variables if name.endswith("_")]:
            raise BackendError(f"the name {ours[0]}, which ends as ours do")
        arguments = ", ".join(self.variables)
        flat = [f"{name}_flat_ = {name}.reshape({size})" for name, size in loops.flat.items()]
        numbers = [loops.at(v, ()) for v in program.outputs if v.shape == ()]
        self.text = "\n".join(
            [
                DECORATOR,
                f"def prepare_({arguments}):",
                *(f"    {line}" for line in flat),
                *(f"    {line}" for line in loops.prepare or ["pass"]),
                "\n",
                DECORATOR,
                f"def step_({arguments}):",
                *(f"    {line}" for line in flat),
                *(f"    {line}" for line in loops.body),
                f"    return ({', '.join(numbers)},)",
                "\n",
                DECORATOR,
                f"def kernel_({arguments}):",
                f"    prepare_({arguments})",
                f"    return step_({arguments})",
                "",
            ]
        )

    def output_buffers(self) -> list[str]:
        names = [self.loops.arrays.get(id(v), "") for v in self.program.outputs if v.shape != ()]
        return [name for name in dict.fromkeys(names) if name in self.loops.buffers]

    def lines(self, *, reuse: bool) -> list[str]:
        """The lines of Python around one call of the kernel."""
        space, found = self.space, []
        compiled = space.bind("kernel", self.compiled())
        contiguous, empty = space.name(np.ascontiguousarray), space.name(np.empty)
        constants = set(self.given) & set(space.objects)
        for name in self.given:
            if name in self.scalars:
                found.append(f"{name} = {name}.item()")
            elif name not in constants:
                found.append(f"{name} = {contiguous}({name})")
        for name, n in sorted(self.loops.bounded):
            found.append(f"{space.bind_once('within', within)}({name}, {n})")
        for name, value in self.loops.buffers.items():
            if name in self.outputs and not reuse:
                found.append(f"{name} = {empty}({value.shape}, {space.bind('dtype', value.dtype)})")
            else:
                space.objects[name] = np.empty(value.shape, value.dtype)
        return [*found, f"numbers = {compiled}({', '.join(self.variables)})"]

    def compiled(self) -> Any:
        """The kernel, called once with arrays of zeros. Raises BackendError for what Numba says it cannot compile."""
        from numba.core.errors import NumbaError

        kernel = module_of(self.text).kernel_
        given = [v for v in [*self.program.inputs, *self.program.captured] if id(v) in self.names]
        arrays: dict[str, Any] = {self.names[id(v)]: 1.0 if v.shape == () else np.zeros(v.shape, v.dtype) for v in given}
        arrays |= {name: np.empty(v.shape, v.dtype) for name, v in self.loops.buffers.items()}
        try:
            kernel(*(arrays[name] if name in arrays else self.space.objects[name] for name in self.variables))
        except NumbaError as error:
            raise BackendError(f"it ({type(error).__name__}: {str(error).splitlines()[0]})") from None
        return kernel

    def results(self) -> list[str]:
        texts, seen, scalars = [], set(), itertools.count()
        for value in self.program.outputs:
            if value.shape == ():
                texts.append(f"{self.space.bind('dtype', value.dtype.type)}(numbers[{next(scalars)}])")
                continue
            name = self.loops.arrays[id(value)]
            texts.append(f"{name}.copy()" if name in seen or name not in self.outputs else name)
            seen.add(name)
        return texts


DECORATOR = '@njit(cache=True, fastmath=FAST, error_model="numpy")'
