"""Products of matrices and vectors: `matmul`, `dot`, and all that are written in terms of them.

With Y = A B, the gradient of A is G B' and the gradient of B is A' G: M. B. Giles, "Collected matrix derivative results for
forward and reverse mode algorithmic differentiation" (2008), section 2.2.2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.core.entries import composite, variadic_rule
from microgradnp.core.table import rule
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
    """`dot` sums over the last axis of `a` and the last but one of `b`. The result has the axes of `a` before those of `b`."""
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
    """`b` as one matrix, (..., n, m) -> (n, ...*m), with its columns in the order of the result of `dot`."""
    axes = (b.ndim - 2, *range(b.ndim - 2), b.ndim - 1)
    return np.reshape(np.transpose(b, axes), (b.shape[-2], math.prod(b.shape[:-2]) * b.shape[-1]))


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


# ------------------------------------------------------------------------------- in terms of the rules above


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
    """One matrix product of reshaped arrays. Raises ValueError when the axes differ in size.

    It sums over the last `axes` axes of `a` and the first of `b`, or over two lists of axes.
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
    matrix_a = np.reshape(np.transpose(a, kept_a + left), (rows, summed))
    matrix_b = np.reshape(np.transpose(b, right + kept_b), (summed, columns))
    return np.reshape(matrix_a @ matrix_b, tuple(a.shape[k] for k in kept_a) + tuple(b.shape[k] for k in kept_b))


@composite(np.kron)
def kron(a: Any, b: Any) -> Any:
    ndim = max(np.ndim(a), np.ndim(b))
    left = (1,) * (ndim - np.ndim(a)) + np.shape(a)
    right = (1,) * (ndim - np.ndim(b)) + np.shape(b)
    a = np.reshape(a, tuple(n for size in left for n in (size, 1)))
    b = np.reshape(b, tuple(n for size in right for n in (1, size)))
    return np.reshape(a * b, tuple(m * n for m, n in zip(left, right, strict=True)))


@composite(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """Powers by repeated squaring, in NumPy's order."""
    if n == 0:
        return np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    power, exponent = (np.linalg.inv(a), -n) if n < 0 else (a, n)
    if exponent == 3:
        return power @ power @ power
    result = None
    while exponent:
        if exponent % 2:
            result = power if result is None else result @ power
        exponent //= 2
        power = power @ power if exponent else power
    return result


def multi_dot(position: int, g: Any, y: Any, *arrays: Any) -> Any:
    """The transposed matrices before an array, times the gradient, times the transposed matrices behind it."""
    last = len(arrays) - 1
    matrices = [np.reshape(a, (1, -1) if k == 0 else (-1, 1)) if a.ndim == 1 else a for k, a in enumerate(arrays)]
    g = np.reshape(g, (matrices[0].shape[0], matrices[last].shape[1]))
    chain = [transposed(m) for m in matrices[:position][::-1]] + [g] + [transposed(m) for m in matrices[position + 1 :][::-1]]
    return np.reshape(np.linalg.multi_dot(chain), arrays[position].shape)


variadic_rule(np.linalg.multi_dot, multi_dot, sequence=True)


@composite(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(f"cross: vectors have 3 components, got {a.shape[-1]} and {b.shape[-1]}; append a 0 to vectors of 2")
    (a0, a1, a2), (b0, b1, b2) = (tuple(x[..., k] for k in range(3)) for x in (a, b))
    product = np.stack(np.broadcast_arrays(a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0), axis=-1)
    return np.moveaxis(product, -1, axisc)


@composite(np.linalg.cross)
def linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return np.cross(x1, x2, axis=axis)


@composite(np.linalg.vecdot)
def linalg_vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


@composite(np.linalg.matmul)
def linalg_matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)


@composite(np.linalg.tensordot)
def linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return np.tensordot(x1, x2, axes=axes)


@composite(np.linalg.outer)
def linalg_outer(x1: Any, x2: Any, /) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(f"linalg.outer: takes two vectors, got shapes {np.shape(x1)} and {np.shape(x2)}; np.outer flattens them")
    return np.outer(x1, x2)
