"""Cholesky and QR, and what all decompositions share.

A node of the graph has one value. So each decomposition is a private function that packs its results into one array, and a
composite that unpacks them. The formulas are those of M. Seeger et al., "Auto-differentiating linear algebra" (2017), and of
D. Roberts and L. Roberts, "QR and LQ decomposition matrix backpropagation algorithms for square, wide, and deep matrices" (2020).
Papers write them for the conjugated gradient; `textbook` conjugates on the way in and out.

`cholesky`, `eigh` and `eigvalsh` read only one triangle. The gradient is that of the function that NumPy computes: 0 in the other
triangle, and in this one the sum for an entry and its mirror image. PyTorch and JAX give each of the two half of the sum. An
argument that is made symmetric, such as `(x + x.T) / 2` or `x @ x.T`, has the same gradient in both ways.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.values import adjoint, conj

BLOCK = 48  # rows up to which a triangle is inverted whole


def textbook(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Turn a formula for the conjugated gradient, as papers write it, into a rule: the sweep does not conjugate."""

    @functools.wraps(formula)
    def vjp(g: Any, y: Any, a: Any, **options: Any) -> Any:
        return conj(formula(conj(g), y, a, **options))

    return vjp


def hermitian_part(a: Any) -> Any:
    return (a + adjoint(a)) / 2


def diagonal_matrix(d: Any) -> Any:
    """Diagonal matrices of these entries: (..., n) -> (..., n, n)."""
    return np.where(np.eye(d.shape[-1], dtype=bool), np.expand_dims(d, -1), 0)


def real_diagonal(a: Any) -> Any:
    return np.real(np.diagonal(a, axis1=-2, axis2=-1))


def of_triangle(gradient: Any, *, lower: bool) -> Any:
    """The gradient with respect to the triangle that is read, from the Hermitian one with respect to the whole matrix."""
    part = np.tril(gradient, -1) if lower else np.triu(gradient, 1)
    return 2 * part + diagonal_matrix(real_diagonal(gradient))


# ---------------------------------------------------------------------------------------------- Cholesky


@textbook
def cholesky(g: Any, y: Any, a: Any, *, upper: bool = False) -> Any:
    """With a = L L', sym(L^-H phi(L' g) L^-1). Phi takes the lower triangle, and half of the diagonal."""
    lower, g = (adjoint(y), adjoint(g)) if upper else (y, g)
    product = np.tril(adjoint(lower) @ g)
    phi = product - diagonal_matrix(np.diagonal(product, axis1=-2, axis2=-1)) / 2
    inverse = inverse_of_lower(lower)
    return of_triangle(adjoint(inverse) @ hermitian_part(phi) @ inverse, lower=not upper)


def inverse_of_lower(a: Any) -> Any:
    """The inverse of a lower triangle, by halves. NumPy has no solver for triangles, and `inv` takes three times as long."""
    n = a.shape[-1]
    if n <= BLOCK:
        return np.tril(np.linalg.inv(a))
    k = n // 2
    first, last = inverse_of_lower(a[..., :k, :k]), inverse_of_lower(a[..., k:, k:])
    above, below = np.zeros_like(a[..., :k, k:]), -(last @ a[..., k:, :k] @ first)
    return np.concatenate([np.concatenate([first, above], axis=-1), np.concatenate([below, last], axis=-1)], axis=-2)


rule(np.linalg.cholesky, cholesky)


# ---------------------------------------------------------------------------------------------------- QR


@primitive
def qr_packed(a: Any) -> Any:
    """Q (m, k) above the transpose of R (n, k), where k = min(m, n)."""
    q, r = np.linalg.qr(a)
    return np.concatenate([q, np.swapaxes(r, -1, -2)], axis=-2)


def unpacked_qr(packed: Any, m: int) -> tuple[Any, Any]:
    return packed[..., :m, :], np.swapaxes(packed[..., m:, :], -1, -2)


@textbook
def qr(g: Any, y: Any, a: Any) -> Any:
    """Roberts and Roberts. A wide matrix is [X | Y] with a square X = Q U; the gradient of Q also comes from Y = Q V."""
    m, n = a.shape[-2:]
    (q, r), (gq, gr) = unpacked_qr(y, m), unpacked_qr(g, m)
    if m >= n:
        return qr_of_tall(q, r, gq, gr)
    gv = gr[..., :, m:]
    gx = qr_of_tall(q, r[..., :, :m], gq + a[..., :, m:] @ adjoint(gv), gr[..., :, :m])
    return np.concatenate([gx, q @ gv], axis=-1)


def qr_of_tall(q: Any, r: Any, gq: Any, gr: Any) -> Any:
    """(g_Q + Q copyltu(R g_R' - g_Q' Q)) R^-H, where copyltu copies the lower triangle to the upper."""
    m = r @ adjoint(gr) - adjoint(gq) @ q
    below = np.tril(m, -1)
    copied = below + adjoint(below) + diagonal_matrix(real_diagonal(m))
    return adjoint(np.linalg.solve(r, adjoint(gq + q @ copied)))


rule(qr_packed, qr)


@composite(np.linalg.qr)
def qr_composite(a: Any, mode: str = "reduced") -> Any:
    """Q and R. Refused are "complete" for a tall matrix, whose extra columns are not determined, and "raw", LAPACK's own form."""
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        raise TypeError(f"qr: mode={mode!r} of a matrix of shape {a.shape[-2:]} has no gradient rule; known: 'reduced', 'r'")
    q, r = unpacked_qr(qr_packed(a), m)
    return r if mode == "r" else np.linalg.qr(np.eye(1))._replace(Q=q, R=r)
