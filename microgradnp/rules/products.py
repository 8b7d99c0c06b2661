"""Matrix products: `matmul`, `dot`, `einsum`.

The matrix rules are M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), section 2.2.2: with Y = A B, the gradient of A is G B' and that of B is A' G.
"""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import numpy as np

from microgradnp.core.table import composite, rule, variadic_rule
from microgradnp.rules.values import conj


def transposed(a: Any) -> Any:
    return a.T if a.ndim == 2 else np.swapaxes(a, -1, -2)


def matmul_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == b.ndim == 2:  # the usual case
        return g @ b.T
    if b.ndim == 1:  # (..., n) @ (n,) -> (...)
        return np.expand_dims(g, -1) * b
    if a.ndim == 1:  # (n,) @ (..., n, m) -> (..., m)
        return np.squeeze(np.matmul(b, np.expand_dims(g, -1)), -1)
    return g @ transposed(b)


def matmul_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    if a.ndim == b.ndim == 2:
        return a.T @ g
    if a.ndim == 1:  # (n,) @ (..., n, m) -> (..., m), or a scalar when b is (n,)
        return np.expand_dims(a, -1) * np.expand_dims(g, -2) if b.ndim > 1 else g * a
    if b.ndim == 1:  # (..., k, n) @ (n,) -> (..., k)
        return np.squeeze(np.matmul(transposed(a), np.expand_dims(g, -1)), -1)
    return transposed(a) @ g


def dot_left(g: Any, y: Any, a: Any, b: Any) -> Any:
    """`dot` sums over the last axis of `a` and the last but one of `b`; its result has all others, those of `a` first."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return g * b
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    rows = np.reshape(g, (math.prod(a.shape[:-1]), math.prod(b.shape[:-2]) * b.shape[-1]))
    return np.reshape(rows @ columns_of(b).T, a.shape)


def dot_right(g: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return g * a
    rows, n = math.prod(a.shape[:-1]), a.shape[-1]
    columns = math.prod(b.shape[:-2]) * (b.shape[-1] if b.ndim > 1 else 1)
    flat = np.reshape(a, (rows, n)).T @ np.reshape(g, (rows, columns))  # (n, columns of b)
    if b.ndim == 1:
        return np.reshape(flat, b.shape)
    moved = np.reshape(flat, (n, *b.shape[:-2], b.shape[-1]))
    return np.transpose(moved, (*range(1, b.ndim - 1), 0, b.ndim - 1))


def columns_of(b: Any) -> Any:
    """`b` of shape (..., n, m) as (n, ...*m), its columns in the order in which `dot` lists them."""
    axes = (b.ndim - 2, *range(b.ndim - 2), b.ndim - 1)
    return np.reshape(np.transpose(b, axes), (b.shape[-2], math.prod(b.shape[:-2]) * b.shape[-1]))


# ------------------------------------------------------------------------------------------------- einsum

LOOP = 100_000  # multiplications that NumPy's plain loop does in the time that a path costs
COPIES = 2**28  # bytes of views that a path may copy


def contract(subscripts: Any, *operands: Any, **options: Any) -> Any:
    """`np.einsum`, by matrix products and in the cheapest order where that is faster. An `optimize=` of the caller is kept."""
    if not options and isinstance(subscripts, str):
        path = cheapest_path(subscripts, tuple([getattr(a, "shape", ()) for a in operands]))
        if path and can_be_paired(operands):
            options = {"optimize": path}
    return np.einsum(subscripts, *operands, **options)


@functools.lru_cache(maxsize=1024)
def cheapest_path(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """NumPy's order of pairwise contractions for these shapes, or False where one loop over all letters is as fast.

    The loop is as fast where numbers are few, and where each is read only once or twice.
    """
    sizes = [math.prod(shape) for shape in shapes]
    if math.prod(sizes) <= LOOP:
        return False
    try:
        operands = [np.broadcast_to(0.0, shape) for shape in shapes]
        inputs, output = parse(subscripts, operands)
        path = np.einsum_path(subscripts, *operands)[0]
    except (TypeError, ValueError):  # np.einsum says what is wrong
        return False
    lengths: dict[str, int] = {}
    for letter, n in zip("".join(inputs), itertools.chain(*shapes), strict=True):
        lengths[letter] = max(n, lengths.get(letter, 1))
    multiplications = (len(inputs) - 1) * math.prod(lengths.values())
    numbers = sum(sizes) + math.prod(lengths[letter] for letter in output)
    by_pairs = len(path[1]) == 2
    return path if by_pairs and multiplications > max(LOOP, 1.5 * numbers) else False


def can_be_paired(operands: tuple[Any, ...]) -> bool:
    """Whether matrix products suit these operands: arrays of one dtype, and no views of overlapping windows that fill memory.

    A path would round the product of two float32 arrays before it meets a float64 one. A matrix product copies views.
    """
    return (
        all(type(a) is np.ndarray or isinstance(a, np.generic) for a in operands)
        and {a.dtype.char for a in operands} in ({"f"}, {"d"}, {"F"}, {"D"})
        and sum(a.nbytes for a in operands if not a.flags.forc) <= COPIES
    )


def einsum(position: int, g: Any, y: Any, *operands: Any, optimize: Any = None) -> Any:
    """The gradient of an einsum is an einsum: the operand's letters become the output, the result's the input.

    Letters that occur in this operand alone were summed, so the gradient is constant along them. A letter that occurs twice
    in it picks a diagonal, and the gradient lies on that diagonal.
    """
    options = {} if optimize is None else {"optimize": bool(optimize)}
    subscripts, *arrays = operands
    inputs, output = parse(subscripts, arrays)
    mine = inputs[position - 1]
    target = arrays[position - 1]
    others = [(letters, array) for k, (letters, array) in enumerate(zip(inputs, arrays, strict=True)) if k != position - 1]
    unique = "".join(dict.fromkeys(mine))
    reachable = set(output).union(*(letters for letters, _ in others))
    kept = "".join(letter for letter in unique if letter in reachable)
    terms = ",".join([output, *(letters for letters, _ in others)])
    full = contract(f"{terms}->{kept}", g, *(array for _, array in others), **options)
    sizes = dict(zip(mine, target.shape, strict=True))
    for axis, letter in enumerate(unique):
        if letter not in kept:
            full = np.expand_dims(full, axis)
        elif sizes[letter] == 1 and full.shape[axis] != 1:  # stretched to the size that the letter has elsewhere
            full = np.sum(full, axis=axis, keepdims=True)
    full = np.broadcast_to(full, tuple(sizes[letter] for letter in unique))
    if unique == mine:
        return full
    for axis, letter in enumerate(mine):  # put the gradient onto the diagonal of each repeated letter
        if mine.index(letter) != axis:
            full = np.expand_dims(full, axis)
    mask = diagonal_mask(mine, target.shape)
    return np.broadcast_to(full, target.shape) * mask.astype(g.dtype)


def diagonal_mask(letters: str, shape: tuple[int, ...]) -> Any:
    """True where the indices of equal letters are equal."""
    indices = np.indices(shape, sparse=True)
    mask = np.ones(shape, bool)
    for axis, letter in enumerate(letters):
        mask = mask & (indices[axis] == indices[letters.index(letter)])
    return mask


def parse(subscripts: str, arrays: list[Any]) -> tuple[list[str], str]:
    """Input and output letters of einsum subscripts, with `...` written out in capital letters not used elsewhere."""
    if not isinstance(subscripts, str):
        raise TypeError(
            "einsum: write the subscripts as a string, such as 'ij,jk->ik'; lists of axis numbers have no gradient rule"
        )
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    inputs = left.split(",")
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        output = ("..." if "..." in left else "") + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in subscripts]
    depth = max(
        (np.ndim(a) - len(term.replace("...", "")) for term, a in zip(inputs, arrays, strict=True) if "..." in term), default=0
    )
    batch = "".join(free[:depth])
    written = []
    for term, array in zip(inputs, arrays, strict=True):
        own = np.ndim(array) - len(term.replace("...", ""))
        written.append(term.replace("...", batch[depth - own :] if own else ""))
    return written, output.replace("...", batch)


# fmt: off
rule(np.matmul, matmul_left, matmul_right)
rule(np.dot,    dot_left,    dot_right)
rule(np.vecdot, lambda g, y, a, b: conj(np.expand_dims(g, -1) * b),  # the first vector is conjugated
                lambda g, y, a, b: np.expand_dims(g, -1) * conj(a))
if hasattr(np, "matvec"):  # NumPy 2.2
    rule(np.matvec, lambda g, y, a, b: np.expand_dims(g, -1) * np.expand_dims(b, -2),
                    lambda g, y, a, b: np.matvec(transposed(a), g))
    rule(np.vecmat, lambda g, y, a, b: conj(np.matvec(b, g)),
                    lambda g, y, a, b: conj(np.expand_dims(a, -1)) * np.expand_dims(g, -2))
# fmt: on
variadic_rule(np.einsum, einsum, plain=contract)


# ------------------------------------------------------------------------------- in terms of the ones above


@composite(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    return np.dot(np.ravel(a).conj(), np.ravel(b))


@composite(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return np.tensordot(a, b, axes=(-1, -1))


@composite(np.outer)
def outer(a: Any, b: Any) -> Any:
    return np.expand_dims(np.ravel(a), 1) * np.expand_dims(np.ravel(b), 0)


@composite(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum over the last `axes` of `a` and the first of `b`, or over two lists of axes: one matrix product of reshaped arrays.

    ValueError when the axes differ in size.
    """
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([part] if isinstance(part, int) else list(part) for part in axes)
    left, right = [k % a.ndim for k in left], [k % b.ndim for k in right]
    kept_a, kept_b = [k for k in range(a.ndim) if k not in left], [k for k in range(b.ndim) if k not in right]
    summed = int(np.prod([a.shape[k] for k in left]))
    if [a.shape[k] for k in left] != [b.shape[k] for k in right]:
        raise ValueError(f"tensordot: axes {left} of a {np.shape(a)} and {right} of b {np.shape(b)} have different sizes")
    rows = int(np.prod([a.shape[k] for k in kept_a]))
    columns = int(np.prod([b.shape[k] for k in kept_b]))
    product = np.reshape(np.transpose(a, kept_a + left), (rows, summed)) @ np.reshape(
        np.transpose(b, right + kept_b), (summed, columns)
    )
    return np.reshape(product, tuple(a.shape[k] for k in kept_a) + tuple(b.shape[k] for k in kept_b))


@composite(np.kron)
def kron(a: Any, b: Any) -> Any:
    ndim = max(np.ndim(a), np.ndim(b))
    left = (1,) * (ndim - np.ndim(a)) + np.shape(a)
    right = (1,) * (ndim - np.ndim(b)) + np.shape(b)
    a = np.reshape(a, tuple(n for size in left for n in (size, 1)))
    b = np.reshape(b, tuple(n for size in right for n in (1, size)))
    return np.reshape(a * b, tuple(m * n for m, n in zip(left, right, strict=True)))
