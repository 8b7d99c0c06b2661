"""A program as loops, for a compiler of loops.

A value is an expression of its indices. An elementwise step that is read once is written where it is read, so that a chain of
such steps is one loop. Transposes, slices and broadcasts are other indices.
"""

from __future__ import annotations

import numpy as np

from microgradnp.loops.dialect import Dialect, Index
from microgradnp.loops.entries import is_plain
from microgradnp.loops.indices import sliced
from microgradnp.loops.names import BackendError, Names
from microgradnp.loops.nests import Nests
from microgradnp.loops.products import contracted, matrix_product
from microgradnp.loops.reductions import inner_product, is_reduction, reduced, running
from microgradnp.program.passes import RESHAPES, is_uniform
from microgradnp.program.values import Program, Value, operands
from microgradnp.rules.functional import append_bias_unit
from microgradnp.rules.indexing import is_basic, scatter

DEEPEST = 40  # steps in one expression: a compiler reads expressions by recursion


class Loops(Nests):
    """The loops of a program."""

    def __init__(self, program: Program, names: dict[int, str], space: Names, dialect: Dialect, varying: set[int]) -> None:
        super().__init__(program, names, space, dialect, varying)
        if len(self.steps) > dialect.most_steps:
            raise BackendError(f"a program of {len(self.steps)} steps, which would take minutes to compile")
        self.depth: dict[int, int] = {}  # of the expressions of values that are no array
        for value in self.steps:
            try:
                self.write(value)
            except BackendError as error:
                error.step = value
                raise

    def write(self, value: Value) -> None:
        """Add the loops of a step, or leave its expression for the one place where it is read."""
        if value.dtype.kind not in "fbiu" or value.dtype.itemsize > 8:
            raise BackendError(f"arrays of {value.dtype}")
        if reason := self.dialect.refuse(value):
            raise BackendError(reason)
        if value.shape == () or value.function in RESHAPES or any(id(v) in self.varying for v in operands(value)):
            self.varying.add(id(value))
        depth = 1 + max((self.depth.get(id(v), 0) for v in operands(value)), default=0)
        if depth < DEEPEST and self.is_inlined(value):
            self.depth[id(value)] = depth
        else:
            self.add(value, self.loops(value))

    def loops(self, value: Value) -> list[str]:
        """The lines that compute a value into memory. Raises BackendError for a step without loops."""
        function, options = value.function, set(value.options)
        if value.shape == () and self.is_elementwise(value) and not options:
            return self.number(value, self.scalar(value, ()))
        if function in (np.vdot, np.dot) and value.shape == ():
            return inner_product(self, value)
        if function in (np.matmul, np.matvec, np.vecmat) and all(isinstance(v, Value) for v in value.args) and not options:
            return matrix_product(self, value)
        if is_reduction(value):
            return reduced(self, value)
        if function is append_bias_unit:
            return self.with_bias(value)
        if function is scatter and not options and (is_plain(value.args[2]) or self.by_numbers(value.args[2])):
            return self.scattered(value)
        if function in (np.concatenate, np.stack) and isinstance(value.options.get("axis", 0), int):
            return self.joined(value)
        if function in (np.cumsum, np.cumprod) and isinstance(value.options.get("axis"), int) and options == {"axis"}:
            return running(self, value)
        if function is np.einsum and isinstance(value.args[0], str):
            return contracted(self, value)
        if function in (np.zeros_like, np.ones_like) and not options - {"shape", "dtype"}:
            return self.filled(value, 0 if function is np.zeros_like else 1)
        if self.is_elementwise(value) or self.is_view(value) or is_uniform(value):
            return self.elementwise(value)
        if function in RESHAPES and value.options.get("order", "C") == "C" and value.shape and value.args[0].shape:
            return self.reshaped(value)
        raise BackendError(getattr(function, "__name__", str(function)))

    def joined(self, value: Value) -> list[str]:
        """np.concatenate and np.stack: each part into its place."""
        axis, is_new = int(value.options.get("axis", 0)) % value.ndim, value.function is np.stack
        lines, start = [], 0
        for k, part in enumerate(value.args):
            if not isinstance(part, Value):
                raise BackendError("concatenate of something that is no array")

            def inside(index: Index, place: int = k if is_new else start, part: Value = part) -> list[str]:
                own = (str(place),) if is_new else (f"{place} + {index[axis]}",)
                moved = (*index[:axis], *own, *index[axis + (not is_new) :])
                return [self.assign(moved, self.at(part, index), value.shape)]

            lines += self.nest(part.shape, inside)
            start += 0 if is_new else part.shape[axis]
        return self.stored(value, lines)

    def with_bias(self, value: Value) -> list[str]:
        """Rows with the bias behind them."""
        inner, bias = value.args[0], self.dialect.number(float(value.options.get("value", -1.0)))

        def row(index: Index) -> list[str]:
            def copy(last: Index) -> list[str]:
                return [self.assign((*index, *last), self.at(inner, (*index, *last)), value.shape)]

            return [*self.nest(inner.shape[-1:], copy), self.assign((*index, str(inner.shape[-1])), bias, value.shape)]

        return self.stored(value, self.nest(inner.shape[:-1], row))

    def scattered(self, value: Value) -> list[str]:
        """Zeros, with the entries of a gradient at the places that they were taken from."""
        g, _, index = value.args
        if not isinstance(g, Value):
            raise BackendError("scatter")
        name = self.memory(value)

        def inside(at: Index) -> list[str]:
            if is_basic(index):
                place, update = sliced(value.shape, index, at), "="
            else:  # an entry may be taken twice
                place, update = (*self.numbers_at(index, at[0], value.shape), *at[1:]), "+="
            return [f"{self.dialect.entry(name, place, value.shape)} {update} {self.at(g, at)}"]

        return [self.dialect.fill.format(array=name, number=0), *self.nest(g.shape, inside)]
