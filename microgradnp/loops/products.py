"""Loops of matrix products: written out for small matrices, left to BLAS for large ones."""

from __future__ import annotations

import numpy as np

from microgradnp.loops.dialect import Index
from microgradnp.loops.nests import Nests
from microgradnp.program.values import Value

LARGE_PRODUCT = 30_000  # multiplications from which on BLAS is quicker than loops
NARROW = 8  # columns up to which a matrix product has a variable for each


def matrix_product(nests: Nests, value: Value) -> list[str]:
    """a @ b."""
    a, b = value.args
    rows = a.shape[0] if a.ndim == 2 else 1
    inner, columns = a.shape[-1], b.shape[-1] if b.ndim == 2 else 1
    by_library = nests.dialect.matrix_product and a.ndim == b.ndim == 2
    if by_library and rows * inner * columns > LARGE_PRODUCT and value.dtype == a.dtype == b.dtype:
        left, right = whole(nests, a), whole(nests, b)
        if left and right:
            return [nests.dialect.matrix_product.format(left=left, right=right, name=nests.memory(value))]
    return by_loops(nests, value, rows, inner, columns)


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


def by_loops(nests: Nests, value: Value, rows: int, inner: int, columns: int) -> list[str]:
    """A matrix product written out: few columns are summed up in variables, many in memory, row after row."""
    a, b = value.args

    def left_at(i: str, k: str) -> str:
        return nests.at(a, (i, k) if a.ndim == 2 else (k,))

    def right_at(k: str, j: str) -> str:
        return nests.at(b, (k, j) if b.ndim == 2 else (k,))

    def assign(i: str, j: str, text: str, update: str = "=") -> str:
        index = tuple(part for part, there in ((i, a.ndim == 2), (j, b.ndim == 2)) if there)
        return nests.assign(index, text, value.shape, update)

    zero = nests.dialect.number(0.0)
    if value.shape == ():
        total, first = nests.total(value)
        lines = nests.nest((inner,), lambda k: [f"{total} += {left_at('0', k[0])} * {right_at(k[0], '0')}"])
        return [first, *lines, *nests.number(value, total)]
    if columns <= NARROW:
        sums = [nests.space.local("a") for _ in range(columns)]

        def row(i: Index) -> list[str]:
            def add(k: Index) -> list[str]:
                return [
                    nests.dialect.let("x_", left_at(i[0], k[0])),
                    *(f"{s} += x_ * {right_at(k[0], str(j))}" for j, s in enumerate(sums)),
                ]

            begin, end = [nests.dialect.let(s, zero) for s in sums], [assign(i[0], str(j), s) for j, s in enumerate(sums)]
            return [*begin, *nests.nest((inner,), add), *end]

    else:

        def row(i: Index) -> list[str]:
            def add(k: Index) -> list[str]:
                entry = nests.dialect.let("x_", left_at(i[0], k[0]))
                return [entry, *nests.nest((columns,), lambda j: [assign(i[0], j[0], f"x_ * {right_at(k[0], j[0])}", "+=")])]

            return [*nests.nest((columns,), lambda j: [assign(i[0], j[0], zero)]), *nests.nest((inner,), add)]

    return nests.stored(value, nests.nest((rows,), row))
