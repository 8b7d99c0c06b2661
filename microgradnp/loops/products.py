"""Loops of matrix products: written out for small matrices, left to BLAS for large ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from microgradnp.loops.dialect import Index
from microgradnp.loops.indices import stretched
from microgradnp.loops.names import BackendError
from microgradnp.loops.nests import Nests
from microgradnp.program.values import Value
from microgradnp.rules.einsum import parse

LARGE_PRODUCT = 30_000  # multiplications from which on BLAS is quicker than loops
NARROW = 8  # columns up to which a matrix product has a variable for each


def matrix_product(nests: Nests, value: Value) -> list[str]:
    """a @ b, of matrices, vectors, and stacks of them."""
    a, b = value.args
    is_row, is_column = a.ndim == 1 or value.function is np.vecmat, b.ndim == 1 or value.function is np.matvec
    rows, columns = 1 if is_row else a.shape[-2], 1 if is_column else b.shape[-1]
    by_library = nests.dialect.matrix_product and a.ndim == b.ndim == value.ndim == 2
    if by_library and rows * a.shape[-1] * columns > LARGE_PRODUCT and value.dtype == a.dtype == b.dtype:
        left, right = whole(nests, a), whole(nests, b)
        if left and right:
            return [nests.dialect.matrix_product.format(left=left, right=right, name=nests.memory(value))]
    return Product(nests, value, Factor(a, is_row), Factor(b, is_column)).lines()


def whole(nests: Nests, value: Value) -> str | None:
    """The text of an array that BLAS takes as it is: in memory, or the transpose of one in memory. None for an expression."""
    if id(value) in nests.arrays:
        return nests.arrays[id(value)]
    if value.function in (np.transpose, np.swapaxes) and value.ndim == 2 and id(value.args[0]) in nests.arrays:
        return nests.dialect.transpose.format(array=nests.arrays[id(value.args[0])])
    if value.function is None:
        nests.at(value, ("0",) * value.ndim)  # names a constant
        return nests.arrays[id(value)]
    if nests.is_view(value):
        nests.add(value, nests.elementwise(value))
        return nests.arrays[id(value)]
    return None


class Factor(NamedTuple):
    """An operand of a matrix product, and whether it is a vector there."""

    value: Value
    is_vector: bool

    def at(self, nests: Nests, stack: Index, *inner: str) -> str:
        """The entry of a matrix or vector at `inner`, where `stack` is the place of the product in its stack."""
        outer = self.value.shape[: self.value.ndim - len(inner)]
        own = stack[len(stack) - len(outer) :]
        return nests.at(self.value, (*("0" if n == 1 else i for i, n in zip(own, outer, strict=True)), *inner))


class Product(NamedTuple):
    """A matrix product written out. Few columns are summed up in variables, many in memory, row after row."""

    nests: Nests
    value: Value
    a: Factor
    b: Factor

    def lines(self) -> list[str]:
        """The loops over the stack of matrices and over their rows."""
        if self.value.shape == ():
            total, first = self.nests.total(self.value)

            def add(k: Index) -> list[str]:
                return [f"{total} += {self.a.at(self.nests, (), *k)} * {self.right((), k[0])}"]

            added = self.nests.nest((self.inner,), add)
            return [first, *added, *self.nests.number(self.value, total)]
        rows = 1 if self.a.is_vector else self.a.value.shape[-2]
        stack = self.value.shape[: self.value.ndim - (not self.a.is_vector) - (not self.b.is_vector)]
        return self.nests.stored(self.value, self.nests.nest((*stack, rows), lambda index: self.row(index[:-1], index[-1])))

    @property
    def inner(self) -> int:
        return self.a.value.shape[-1]

    def left(self, stack: Index, i: str, k: str) -> str:
        """The statement that reads an entry of a."""
        return self.nests.dialect.let("x_", self.a.at(self.nests, stack, *(() if self.a.is_vector else (i,)), k))

    def right(self, stack: Index, k: str, j: str = "0") -> str:
        """An entry of b."""
        return self.b.at(self.nests, stack, k, *(() if self.b.is_vector else (j,)))

    def assign(self, stack: Index, i: str, j: str, text: str, update: str = "=") -> str:
        index = (*stack, *(() if self.a.is_vector else (i,)), *(() if self.b.is_vector else (j,)))
        return self.nests.assign(index, text, self.value.shape, update)

    def row(self, stack: Index, i: str) -> list[str]:
        """One row of the result."""
        columns, width = 1 if self.b.is_vector else self.b.value.shape[-1], self.nests.dialect.columns
        if columns <= NARROW:
            return self.in_variables(stack, i, [str(j) for j in range(columns)])
        if not width:
            return self.in_memory(stack, i, columns)
        blocks = self.nests.nest(
            (columns // width,), lambda n: self.in_variables(stack, i, [f"{n[0]} * {width} + {j}" for j in range(width)])
        )
        rest = range(columns // width * width, columns)
        return [*blocks, *self.in_variables(stack, i, [str(j) for j in rest])]

    def in_variables(self, stack: Index, i: str, columns: list[str]) -> list[str]:
        """Some columns of a row, each summed up in a variable."""
        if not columns:
            return []
        let, zero = self.nests.dialect.let, self.nests.dialect.number(0.0)
        sums = {j: self.nests.space.local("a") for j in columns}

        def add(k: Index) -> list[str]:
            return [self.left(stack, i, k[0]), *(f"{s} += x_ * {self.right(stack, k[0], j)}" for j, s in sums.items())]

        loops = self.nests.nest((self.inner,), add)
        return [*(let(s, zero) for s in sums.values()), *loops, *(self.assign(stack, i, j, s) for j, s in sums.items())]

    def in_memory(self, stack: Index, i: str, columns: int) -> list[str]:
        """A whole row, added up in memory."""
        nest, zero = self.nests.nest, self.nests.dialect.number(0.0)

        def add(k: str) -> list[str]:
            def inside(j: Index) -> list[str]:
                return [self.assign(stack, i, j[0], f"x_ * {self.right(stack, k, j[0])}", "+=")]

            return [self.left(stack, i, k), *nest((columns,), inside)]

        zeros = nest((columns,), lambda j: [self.assign(stack, i, j[0], zero)])
        return [*zeros, *nest((self.inner,), lambda k: add(k[0]))]


def contracted(nests: Nests, value: Value) -> list[str]:
    """np.einsum by its definition: a loop for each letter."""
    subscripts, *arrays = value.args
    if not all(isinstance(a, Value) for a in arrays):
        raise BackendError("np.einsum of something that is no array")
    terms, result = parse(subscripts, arrays)
    letters = sorted({*"".join(terms)})
    sizes = dict.fromkeys(letters, 1)
    for term, a in zip(terms, arrays, strict=True):
        sizes |= {letter: n for letter, n in zip(term, a.shape, strict=True) if n != 1}
    summed = [letter for letter in letters if letter not in result]
    total, first = nests.total(value)

    def around(outer: Index) -> list[str]:
        def inside(inner: Index) -> list[str]:
            at = dict(zip([*result, *summed], [*outer, *inner], strict=True))
            parts = [
                nests.at(a, stretched(a, tuple(at[letter] for letter in term))) for term, a in zip(terms, arrays, strict=True)
            ]
            return [f"{total} += {' * '.join(parts)}"]

        loops = nests.nest(tuple(sizes[letter] for letter in summed), inside)
        return [first, *loops, *([nests.assign(outer, total, value.shape)] if value.shape else [])]

    lines = nests.nest(tuple(sizes[letter] for letter in result), around)
    return nests.stored(value, lines) if value.shape else [*lines, *nests.number(value, total)]
