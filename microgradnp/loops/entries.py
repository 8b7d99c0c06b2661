"""Entries of arrays as expressions of indices: elementwise functions, and views, which are other indices."""

from __future__ import annotations

import collections
import operator
from typing import Any

import numpy as np

from microgradnp.loops.dialect import Dialect, Index
from microgradnp.loops.indices import Flat, grouped, same_without_ones, sliced, stretched
from microgradnp.loops.names import BackendError, Names
from microgradnp.program.passes import RESHAPES, is_uniform
from microgradnp.program.values import Program, Value, operands
from microgradnp.rules.indexing import is_basic

AXES = (np.transpose, np.swapaxes, np.broadcast_to, np.flip)
LOGICAL = {np.logical_and, np.logical_or, np.logical_not, np.logical_xor}
OF_TRUTH: dict[Any, Any] = {np.add: np.logical_or, np.multiply: np.logical_and}  # what arithmetic of truth values means
OF_TRUTH |= {np.bitwise_and: np.logical_and, np.bitwise_or: np.logical_or, np.bitwise_xor: np.not_equal}
OF_TRUTH |= {np.invert: np.logical_not, np.logical_xor: np.not_equal}
READ_ONCE = {np.sum, np.max, np.min}  # reductions, which read each entry once


class Entries:
    """The expression of an entry of each value: an entry of an array, or a formula of entries of other values.

    `names` are the texts of the arguments by the id of their values.
    """

    def __init__(self, program: Program, names: dict[int, str], space: Names, dialect: Dialect) -> None:
        self.program, self.space, self.dialect = program, space, dialect
        self.arrays = dict(names)  # the variables of the values that are in memory
        self.steps = program.steps()
        self.uses = collections.Counter(id(v) for step in self.steps for v in operands(step))
        self.readers: dict[int, list[Value]] = collections.defaultdict(list)
        for step in self.steps:
            for v in operands(step):
                self.readers[id(v)].append(step)
        self.results = {id(v) for v in program.outputs}
        self.flat: dict[str, int] = {}  # arrays that are also read as one row -> the row's length
        self.bounded: set[tuple[str, int]] = set()  # arrays of indices, and the length of the axis that they index
        self.same: dict[str, str] = {}  # variables that are another's array in another shape

    # ------------------------------------------------------------------------------ what is an expression

    def is_inlined(self, value: Value) -> bool:
        """Whether a value is an expression where it is read, and no array."""
        if id(value) in self.results or value.shape == ():
            return False
        if self.is_view(value) or value.function is np.arange:
            return True
        if not self.is_elementwise(value):
            return False
        readers = self.readers[id(value)]
        return len(readers) == 1 and self.uses[id(value)] == 1 and self.reads_once(readers[0], value)

    def is_elementwise(self, value: Value) -> bool:
        """Whether the dialect has an expression for a step."""
        function = OF_TRUTH.get(value.function, value.function) if value.dtype == np.bool_ else value.function
        return function in self.dialect.scalar and (not value.options or function is np.astype)

    def reads_once(self, reader: Value, value: Value) -> bool:
        """Whether a step reads each entry of an operand once."""
        if self.is_elementwise(reader):
            return reader.shape == value.shape
        return reader.function in READ_ONCE

    def is_view(self, value: Value) -> bool:
        """Whether a step gives the same numbers other indices."""
        if value.function is operator.getitem:
            return value.args[0].shape != () and (is_plain(value.args[1]) or self.by_numbers(value.args[1]))
        if value.function in RESHAPES:
            return same_without_ones(value.args[0].shape, value.shape)
        return value.function in AXES

    def by_numbers(self, index: Any) -> bool:
        """Whether an index is one row of numbers for each of the first axes, as in x[np.arange(n), labels]."""
        parts = index if isinstance(index, tuple) else (index,)
        rows = all(isinstance(part, Value) and part.ndim == 1 and part.dtype.kind in "iu" for part in parts)
        given = (base_of(part).function is None or part.function is np.arange or is_uniform(part) for part in parts)
        return rows and len({part.shape for part in parts}) == 1 and all(given)

    # -------------------------------------------------------------------------------------- expressions

    def at(self, item: Any, index: Index) -> str:
        """The entry of a value at an index, as an expression."""
        if not isinstance(item, Value):
            return self.number_text(item)
        if item.is_number:
            return self.number_text(item.data.item())
        if item.function is None and id(item) not in self.arrays:
            self.arrays[id(item)] = self.space.bind("constant", item.data)
        if id(item) in self.arrays:
            return self.entry(item, index)
        if item.function is np.arange:
            return index[0]
        if self.is_view(item):
            return self.at(item.args[0], self.inner_index(item, index))
        return self.scalar(item, index)

    def entry(self, value: Value, index: Index) -> str:
        """The entry of an array in memory."""
        name = self.arrays[id(value)]
        if isinstance(index, Flat):
            name = self.same.get(name, name)
            self.flat[name] = value.size
            return self.dialect.entry(self.dialect.flat.format(array=name), index, (value.size,))
        return self.dialect.entry(name, index, value.shape) if value.shape else name

    def scalar(self, value: Value, index: Index) -> str:
        """An elementwise step at an index. Each operand is read at its own index, because it may be broadcast."""
        function = value.function
        args = value.args[:1] if function is np.astype else value.args
        parts = [self.at(a, stretched(a, index)) for a in args]
        if function in LOGICAL:
            parts = [self.truth(part, a) for part, a in zip(parts, args, strict=True)]
        if function is np.where:
            parts[0] = self.truth(parts[0], args[0])
        if value.dtype == np.bool_:
            function = OF_TRUTH.get(function, function)
        if function is np.power and isinstance(value.args[1], (int, float)) and value.args[1] == 2:
            return self.dialect.scalar[np.square].format(parts[0])
        if function is np.astype:
            return self.dialect.cast(parts[0], value.dtype)
        return self.dialect.scalar[function].format(*parts)

    def truth(self, text: str, item: Any) -> str:
        """Whether an operand is not 0."""
        is_truth = item.dtype == np.bool_ if isinstance(item, Value) else isinstance(item, (bool, np.bool_))
        return text if is_truth else self.dialect.cast(text, np.dtype(bool))

    def number_text(self, number: Any) -> str:
        """A number. Raises BackendError for one that is complex, or no number."""
        try:
            return self.dialect.number(number)
        except TypeError as error:
            raise BackendError(str(error)) from None

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
            pairs = enumerate(zip(index, first.shape, strict=True))
            return tuple(f"{n - 1} - {grouped(i)}" if k in turned else i for k, (i, n) in pairs)
        if view.function is operator.getitem and not is_basic(view.args[1]):
            return (*self.numbers_at(view.args[1], index[0], first.shape), *index[1:])
        if view.function is operator.getitem:
            return sliced(first.shape, view.args[1], index)
        rest = iter([i for i, n in zip(index, view.shape, strict=True) if n != 1])
        return tuple("0" if n == 1 else next(rest) for n in first.shape)

    def numbers_at(self, rows: Any, i: str, shape: tuple[int, ...]) -> Index:
        """The entries of rows of indices. The loops do not check them; `bounded` remembers what to check before the loops run."""
        found = []
        for row, n in zip(rows if isinstance(rows, tuple) else (rows,), shape, strict=False):
            if is_uniform(row):
                found.append(str(int(row.args[0].data) % n))
                continue
            text, base = self.at(row, (i,)), base_of(row)
            if row.function is not np.arange:
                self.bounded.add((self.arrays[id(base)], n))
            if row.function is not np.arange and not is_natural(base):
                text = self.dialect.wrapped.format(text=text, n=n)
            found.append(text)
        return tuple(found)

    def is_flat(self, item: Any, shape: tuple[int, ...]) -> bool:
        """Whether an elementwise step reads nothing but numbers, and whole arrays of its own shape."""
        if not isinstance(item, Value) or item.is_number:
            return True
        if id(item) in self.arrays:
            return item.shape == shape or item.shape == ()
        if not self.is_elementwise(item) or item.shape != shape:
            return False
        return all(self.is_flat(a, shape) for a in (item.args[:1] if item.function is np.astype else item.args))


def is_plain(index: Any) -> bool:
    """Whether an index is made of integers, slices, None and Ellipsis."""
    return is_basic(index) and not any(isinstance(part, bool) for part in (index if isinstance(index, tuple) else (index,)))


def base_of(row: Value) -> Value:
    """The array whose numbers a row has."""
    return row.args[0] if row.function in RESHAPES else row


def is_natural(row: Value) -> bool:
    """Whether a row is a constant without negative numbers."""
    return isinstance(row.data, np.ndarray) and bool(np.all(row.data >= 0))
