"""Linear algebra: inverses, determinants, solutions; and the functions of `np.linalg` that are products under another name.

The formulas are in M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); that of the pseudo-inverse in G. H. Golub and V. Pereyra (1973). The gradient is not conjugated (see `table`), so that the
rule of an analytic function of a matrix has transposes, and no conjugates.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.core.record import primitive
from microgradnp.core.table import composite, constant, rule, variadic_rule
from microgradnp.rules.decompositions import hermitian_part, textbook
from microgradnp.rules.products import transposed
from microgradnp.rules.values import adjoint, value_of

# ------------------------------------------------------------------------------------ inverses and solutions


def inv(g: Any, y: Any, a: Any) -> Any:
    return -transposed(y) @ g @ transposed(y)


def as_column(b: Any) -> Any:
    """A right-hand side that is one vector, as a matrix of one column."""
    return np.expand_dims(b, -1) if b.ndim == 1 else b


def solve_matrix(g: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) == 1:
        g, y = np.expand_dims(g, -1), np.expand_dims(y, -1)
    return -np.linalg.solve(transposed(a), g) @ transposed(y)


def solve_side(g: Any, y: Any, a: Any, b: Any) -> Any:
    if np.ndim(b) == 1:  # one vector for each matrix of a stack
        return np.squeeze(np.linalg.solve(transposed(a), np.expand_dims(g, -1)), -1)
    return np.linalg.solve(transposed(a), g)


def pinv_matrix(g: Any, y: Any, a: Any) -> Any:
    """Golub and Pereyra, where the rank does not change: dy = -y da y + y y' da' (1 - a y) + (1 - y a) da' y' y."""
    gh, yh = adjoint(g), adjoint(y)
    right, left = gh @ y @ yh, yh @ y @ gh
    return -adjoint(y @ gh @ y) + right - a @ y @ right + left - left @ y @ a


@textbook
def pinv(g: Any, y: Any, a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    return hermitian_part(pinv_matrix(g, y, a)) if hermitian else pinv_matrix(g, y, a)


rule(np.linalg.inv, inv)
rule(np.linalg.solve, solve_matrix, solve_side)
rule(np.linalg.pinv, pinv)
constant(np.linalg.matrix_rank)


@composite(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    if ind <= 0:
        raise ValueError(f"tensorinv: ind must be positive, got {ind}")
    rows = math.prod(a.shape[ind:])
    return np.reshape(np.linalg.inv(np.reshape(a, (rows, -1))), a.shape[ind:] + a.shape[:ind])


@composite(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    if axes is not None:
        kept = [k for k in range(np.ndim(a)) if k not in axes]
        a = np.transpose(a, (*kept, *axes))
    shape = np.shape(a)[-(np.ndim(a) - np.ndim(b)) :]
    rows = math.prod(shape)
    return np.reshape(np.linalg.solve(np.reshape(a, (rows, rows)), np.ravel(b)), shape)


@primitive
def lstsq_packed(a: Any, b: Any, rcond: float | None = None) -> Any:
    """Solution, sums of squared residuals and singular values, one behind the other in one vector."""
    x, residuals, _, s = np.linalg.lstsq(a, b, rcond)
    return np.concatenate([np.ravel(x), residuals.astype(x.dtype), s.astype(x.dtype)])


def unpacked_lstsq(packed: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """x (n, k), residuals (k,) or (0,), singular values (min(m, n),)."""
    n, columns, values = a.shape[1], 1 if np.ndim(b) == 1 else b.shape[1], min(a.shape)
    stop = packed.shape[0] - values
    return np.reshape(packed[: n * columns], (n, columns)), np.real(packed[n * columns : stop]), np.real(packed[stop:])


def lstsq_shares(g: Any, a: Any, b: Any, rcond: Any) -> tuple[Any, Any]:
    """Gradients of a and of b's columns: of x = pinv(a) b, of |b - a x|**2 where x is best, of the singular values."""
    gx, gr, gs = unpacked_lstsq(g, a, b)
    column, inverse = as_column(b), np.linalg.pinv(a, np.finfo(a.dtype).eps * max(a.shape) if rcond is None else rcond)
    x = inverse @ column
    rest = 2 * (column - a @ x) * gr if gr.size else np.zeros_like(column)
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    of_matrix = pinv_matrix(gx @ adjoint(column), inverse, a) - rest @ adjoint(x) + u * np.expand_dims(gs, -2) @ vh
    return of_matrix, adjoint(inverse) @ gx + rest


rule(
    lstsq_packed,
    lambda g, y, a, b, rcond=None: np.conjugate(lstsq_shares(np.conjugate(g), a, b, rcond)[0]),
    lambda g, y, a, b, rcond=None: np.reshape(np.conjugate(lstsq_shares(np.conjugate(g), a, b, rcond)[1]), b.shape),
)


@composite(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    """Solution, residuals, rank (a constant), singular values."""
    x, residuals, s = unpacked_lstsq(lstsq_packed(a, b, rcond), a, b)
    rank = np.linalg.lstsq(value_of(a), value_of(b), rcond)[2]
    return x[:, 0] if np.ndim(b) == 1 else x, residuals, rank, s


# ---------------------------------------------------------------------------------------------- determinants

LARGEST = 8  # for matrices up to this size the cofactors of a singular one are computed without a decomposition


def det(g: Any, y: Any, a: Any) -> Any:
    """Jacobi: det(a) inv(a)' = the matrix of cofactors, which is what is left where a is singular."""
    singular = value_of(y) == 0
    stretched = np.expand_dims(g, (-2, -1))
    if not np.any(singular):
        return stretched * np.expand_dims(y, (-2, -1)) * transposed(np.linalg.inv(a))
    where = np.expand_dims(singular, (-2, -1))
    safe = np.where(where, np.eye(a.shape[-1], dtype=a.dtype), a)
    regular = np.expand_dims(y, (-2, -1)) * transposed(np.linalg.inv(safe))
    return stretched * np.where(where, cofactors(np.where(where, a, 0)), regular)


def cofactors(a: Any) -> Any:
    """Derivatives of det(a). Small matrices: the Faddeev-LeVerrier recursion, without a division by zero at any order."""
    n = a.shape[-1]
    if n > LARGEST:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        rest = np.stack([np.prod(np.delete(s, k, axis=-1), axis=-1) for k in range(n)], axis=-1)
        signs = np.expand_dims(np.linalg.det(value_of(u)) * np.linalg.det(value_of(vh)), (-2, -1))
        return signs * np.conjugate(u) * np.expand_dims(rest, -2) @ np.conjugate(vh)
    identity = np.eye(n, dtype=a.dtype)
    m = np.broadcast_to(identity, a.shape)
    for k in range(1, n):
        product = a @ m
        m = product - np.expand_dims(np.trace(product, axis1=-2, axis2=-1), (-2, -1)) / k * identity
    return transposed(m) * (-1) ** (n - 1)


@primitive
def slogdet_packed(a: Any) -> Any:
    """Sign and logarithm of the absolute determinant, (..., 2)."""
    sign, logarithm = np.linalg.slogdet(a)
    return np.stack([sign, logarithm.astype(sign.dtype)], axis=-1)


def slogdet(g: Any, y: Any, a: Any) -> Any:
    """log det has the derivative inv(a)'; its real part is the logarithm, its imaginary part turns the sign of a complex one."""
    turn = 1j * np.imag(g[..., 0] * y[..., 0]) if a.dtype.kind == "c" else 0
    return np.expand_dims(np.real(g[..., 1]) + turn, (-2, -1)) * transposed(np.linalg.inv(a))


rule(np.linalg.det, det)
rule(slogdet_packed, slogdet)


@composite(np.linalg.slogdet)
def slogdet_composite(a: Any) -> Any:
    packed = slogdet_packed(a)
    return np.linalg.slogdet(np.eye(1))._replace(sign=packed[..., 0], logabsdet=np.real(packed[..., 1]))


@composite(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        s = np.linalg.svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.norm(x, p, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, axis=(-2, -1))


# -------------------------------------------------------------------------------------- powers and products


@composite(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """By squaring, in NumPy's order."""
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
    """What stands before an array, transposed, times the gradient, times what stands behind it, transposed."""
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
        raise ValueError(f"cross: vectors have 3 components, got {a.shape[-1]} and {b.shape[-1]} (append a zero to those of 2)")
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
def matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)


@composite(np.linalg.tensordot)
def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return np.tensordot(x1, x2, axes=axes)


@composite(np.linalg.outer)
def outer(x1: Any, x2: Any, /) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(f"linalg.outer: takes two vectors, got shapes {np.shape(x1)} and {np.shape(x2)}; np.outer flattens them")
    return np.outer(x1, x2)


@composite(np.linalg.trace)
def trace(x: Any, /, *, offset: int = 0) -> Any:
    return np.trace(x, offset, axis1=-2, axis2=-1)


@composite(np.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return np.diagonal(x, offset, axis1=-2, axis2=-1)


@composite(np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    return np.swapaxes(x, -1, -2)
