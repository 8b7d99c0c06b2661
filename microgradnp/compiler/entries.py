"""Entries of arrays as expressions of indices: elementwise functions, and views, which are other indices."""

from __future__ import annotations

import collections
import operator
from typing import Any

import numpy as np

from microgradnp.compiler.indices import Flat, Index, literal, only_ones, picked, stretched
from microgradnp.compiler.namespace import Namespace
from microgradnp.program.passes import RESHAPES
from microgradnp.program.values import Program, Value, operands
from microgradnp.rules.indexing import is_basic

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
AXES = (np.transpose, np.swapaxes, np.broadcast_to, np.flip)
READ_ONCE = {np.sum, np.max, np.min}  # reductions, which read each entry once


class Entries:
    """What stands for an entry of each value: a place in an array, or an expression of entries of other values.

    `names` are the texts of the arguments by the id of their values.
    """

    def __init__(self, program: Program, names: dict[int, str], space: Namespace) -> None:
        self.program, self.space = program, space
        self.arrays = dict(names)  # values that are in memory -> the variable
        self.steps = program.steps()
        self.uses = collections.Counter(id(v) for step in self.steps for v in operands(step))
        self.readers: dict[int, list[Value]] = collections.defaultdict(list)
        for step in self.steps:
            for v in operands(step):
                self.readers[id(v)].append(step)
        self.results = {id(v) for v in program.outputs}
        self.flat: dict[str, int] = {}  # arrays that are also read as one row, and its length
        self.bounded: set[tuple[str, int]] = set()  # rows of numbers of entries, and of how many
        self.same: dict[str, str] = {}  # variables that are another's array in another shape

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
        return reader.function in READ_ONCE

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

    def is_flat(self, item: Any, shape: tuple[int, ...]) -> bool:
        """Whether all that an elementwise step reads is numbers, and whole arrays of its own shape."""
        if not isinstance(item, Value) or item.is_number:
            return True
        if id(item) in self.arrays:
            return item.shape == shape or item.shape == ()
        if item.function not in SCALAR or item.shape != shape:
            return False
        return all(self.is_flat(a, shape) for a in (item.args[:1] if item.function is np.astype else item.args))
