"""Linear algebra: inverses, solutions of equations, determinants.

The formulas are in M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008). That of the pseudo-inverse is in G. H. Golub and V. Pereyra (1973). The gradient is not conjugated (see `core.table`), so
the rule of an analytic function of a matrix has transposes and no conjugates.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.core.entries import composite, constant
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.decompositions import diagonal_matrix, hermitian_part, of_triangle, real_diagonal, textbook
from microgradnp.rules.products import transposed
from microgradnp.rules.values import adjoint, value_of

# ------------------------------------------------------------------------------------ inverses and solutions


def inv(g: Any, y: Any, a: Any) -> Any:
    return -transposed(y) @ g @ transposed(y)


def as_column(b: Any) -> Any:
    """A right-hand side as a matrix. One vector becomes one column."""
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
    """Golub and Pereyra, for constant rank: dy = -y da y + y y' da' (1 - a y) + (1 - y a) da' y' y."""
    gh, yh = adjoint(g), adjoint(y)
    right, left = gh @ y @ yh, yh @ y @ gh
    return -adjoint(y @ gh @ y) + right - a @ y @ right + left - left @ y @ a


@textbook
def pinv(g: Any, y: Any, a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if not hermitian:
        return pinv_matrix(g, y, a)
    below = np.tril(a, -1)  # all that NumPy reads, and the diagonal
    whole = below + adjoint(below) + diagonal_matrix(real_diagonal(a))
    return of_triangle(hermitian_part(pinv_matrix(g, y, whole)), lower=True)


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
    """Solution, sums of squared residuals and singular values, concatenated in one vector."""
    x, residuals, _, s = np.linalg.lstsq(a, b, rcond)
    return np.concatenate([np.ravel(x), residuals.astype(x.dtype), s.astype(x.dtype)])


def unpacked_lstsq(packed: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """The solution (n, k), the residuals (k,) or (0,), and the singular values (min(m, n),)."""
    n, columns, values = a.shape[1], 1 if np.ndim(b) == 1 else b.shape[1], min(a.shape)
    stop = packed.shape[0] - values
    return np.reshape(packed[: n * columns], (n, columns)), np.real(packed[n * columns : stop]), np.real(packed[stop:])


def lstsq_gradients(g: Any, a: Any, b: Any, rcond: Any) -> tuple[Any, Any]:
    """The gradients of a and of b's columns. The results are x = pinv(a) b, |b - a x|**2 at the minimum, and singular values."""
    gx, gr, gs = unpacked_lstsq(g, a, b)
    column, inverse = as_column(b), np.linalg.pinv(a, np.finfo(a.dtype).eps * max(a.shape) if rcond is None else rcond)
    x = inverse @ column
    rest = 2 * (column - a @ x) * gr if gr.size else np.zeros_like(column)
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    of_matrix = pinv_matrix(gx @ adjoint(column), inverse, a) - rest @ adjoint(x) + u * np.expand_dims(gs, -2) @ vh
    return of_matrix, adjoint(inverse) @ gx + rest


rule(
    lstsq_packed,
    lambda g, y, a, b, rcond=None: np.conjugate(lstsq_gradients(np.conjugate(g), a, b, rcond)[0]),
    lambda g, y, a, b, rcond=None: np.reshape(np.conjugate(lstsq_gradients(np.conjugate(g), a, b, rcond)[1]), b.shape),
)


@composite(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    """The solution, the residuals, the rank (a constant), and the singular values."""
    x, residuals, s = unpacked_lstsq(lstsq_packed(a, b, rcond), a, b)
    cut = np.finfo(a.dtype).eps * (max(a.shape) if rcond is None else 1) if rcond in (None, -1) else rcond
    rank = np.sum(s > cut * np.max(s, initial=0))
    return x[:, 0] if np.ndim(b) == 1 else x, residuals, rank, s


# ---------------------------------------------------------------------------------------------- determinants

LARGEST = 8  # rows up to which the cofactors of a singular matrix are computed without a decomposition


def det(g: Any, y: Any, a: Any) -> Any:
    """Jacobi: det(a) inv(a)'. It equals the matrix of cofactors, which also exists where a is singular."""
    singular = value_of(y) == 0
    stretched = np.expand_dims(g, (-2, -1))
    if not np.any(singular):
        return stretched * np.expand_dims(y, (-2, -1)) * transposed(np.linalg.inv(a))
    where = np.expand_dims(singular, (-2, -1))
    safe = np.where(where, np.eye(a.shape[-1], dtype=a.dtype), a)
    regular = np.expand_dims(y, (-2, -1)) * transposed(np.linalg.inv(safe))
    return stretched * np.where(where, cofactors(np.where(where, a, 0)), regular)


def cofactors(a: Any) -> Any:
    """The derivatives of det(a). Small matrices use the Faddeev-LeVerrier recursion: no order divides by zero."""
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
    """The sign, and the logarithm of the absolute determinant: (..., 2)."""
    sign, logarithm = np.linalg.slogdet(a)
    return np.stack([sign, logarithm.astype(sign.dtype)], axis=-1)


def slogdet(g: Any, y: Any, a: Any) -> Any:
    """log det(a) has the derivative inv(a)'. Its real part is the logarithm, its imaginary part the angle of a complex sign."""
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
