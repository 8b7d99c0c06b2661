"""Decompositions: Cholesky, QR, eigenvalues, singular values.

A node of the graph has one value, so each decomposition is a private function that packs its results into one array, and a
composite that takes them out again. The formulas are those of M. Seeger et al., "Auto-differentiating linear algebra" (2017), of
J. Townsend, "Differentiating the singular value decomposition" (2016), and of D. Roberts and L. Roberts, "QR and LQ decomposition
matrix backpropagation algorithms for square, wide, and deep matrices" (2020). They are written for gradients that are
conjugated, as in those papers; `textbook` conjugates on the way in and out.

The matrix given to `cholesky`, `eigh` and `eigvalsh` is taken to be symmetric (Hermitian) although only one triangle is read, and
its gradient is symmetric too, as in PyTorch and JAX.

What is not determined has no derivative: the phases of complex eigenvectors, and the vectors within one eigenspace. A loss that
does not depend on them has its gradient; any other is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.record import primitive
from microgradnp.core.table import composite, rule
from microgradnp.rules.values import adjoint, conj, value_of

BLOCK = 48  # rows of a triangle that are not worth halving


def textbook(formula: Callable[..., Any]) -> Callable[..., Any]:
    """A formula for the conjugated gradient, as papers write it, made one for the gradient as the sweep passes it on."""

    @functools.wraps(formula)
    def vjp(g: Any, y: Any, a: Any, **options: Any) -> Any:
        return conj(formula(conj(g), y, a, **options))

    return vjp


def hermitian_part(a: Any) -> Any:
    return (a + adjoint(a)) / 2


def diagonal_matrix(d: Any) -> Any:
    """(..., n) -> (..., n, n)."""
    return np.where(np.eye(d.shape[-1], dtype=bool), np.expand_dims(d, -1), 0)


def real_diagonal(a: Any) -> Any:
    return np.real(np.diagonal(a, axis1=-2, axis2=-1))


def rounding(a: Any, scale: Any) -> Any:
    """What rounding may leave of a zero, in arrays of this dtype and size: (..., 1, 1)."""
    return (
        np.finfo(a.dtype).eps * a.shape[-1] * np.expand_dims(np.max(np.absolute(value_of(scale)), axis=-1, initial=0), (-1, -2))
    )


def quotient(numerator: Any, gap: Any, threshold: Any, of: Any, what: str) -> Any:
    """numerator / gap, and 0 where the gap is 0: there the numerator must be 0 too, or the loss depends on an arbitrary choice.

    0 but for rounding, in comparison with the entries of the gradients `of` that it was made from. Raises ValueError otherwise.
    """
    equal = np.absolute(value_of(gap)) <= threshold
    size = np.max(np.absolute(value_of(of)), axis=(-2, -1), keepdims=True, initial=0)
    if np.any(equal & (np.absolute(value_of(numerator)) > np.sqrt(np.finfo(numerator.dtype).eps) * size)):
        raise ValueError(
            f"{what}, so the loss depends on an arbitrary choice and has no gradient. Let it depend on what is determined: on "
            "values, on projections such as V @ V.T, on absolute values"
        )
    return np.where(equal, 0, numerator) / np.where(equal, 1, gap)


def gaps(w: Any) -> Any:
    """w_j - w_i at (i, j)."""
    return np.expand_dims(w, -2) - np.expand_dims(w, -1)


# ---------------------------------------------------------------------------------------------- Cholesky


@textbook
def cholesky(g: Any, y: Any, a: Any, *, upper: bool = False) -> Any:
    """a = L L', and the gradient is sym(L^-H phi(L' g) L^-1); phi takes the lower triangle, and half of the diagonal."""
    lower, g = (adjoint(y), adjoint(g)) if upper else (y, g)
    product = np.tril(adjoint(lower) @ g)
    phi = product - diagonal_matrix(np.diagonal(product, axis1=-2, axis2=-1)) / 2
    inverse = inverse_of_lower(lower)
    return adjoint(inverse) @ hermitian_part(phi) @ inverse


def inverse_of_lower(a: Any) -> Any:
    """Of a lower triangle, by halves: NumPy has no solver for triangles, and inverts a full matrix in three times the time."""
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
    """Roberts and Roberts: a wide matrix is [X | Y] with X = Q U square, and Y = Q V tells more about Q."""
    m, n = a.shape[-2:]
    (q, r), (gq, gr) = unpacked_qr(y, m), unpacked_qr(g, m)
    if m >= n:
        return qr_of_tall(q, r, gq, gr)
    gv = gr[..., :, m:]
    gx = qr_of_tall(q, r[..., :, :m], gq + a[..., :, m:] @ adjoint(gv), gr[..., :, :m])
    return np.concatenate([gx, q @ gv], axis=-1)


def qr_of_tall(q: Any, r: Any, gq: Any, gr: Any) -> Any:
    """(g_Q + Q copyltu(R g_R' - g_Q' Q)) R^-H; copyltu copies the lower triangle to the upper."""
    m = r @ adjoint(gr) - adjoint(gq) @ q
    below = np.tril(m, -1)
    copied = below + adjoint(below) + diagonal_matrix(real_diagonal(m))
    return adjoint(np.linalg.solve(r, adjoint(gq + q @ copied)))


rule(qr_packed, qr)


@composite(np.linalg.qr)
def qr_composite(a: Any, mode: str = "reduced") -> Any:
    """Q and R. mode="complete" of a tall matrix adds columns that are not determined, and "raw" is LAPACK's own form: refused."""
    m, n = a.shape[-2:]
    if mode not in ("reduced", "r") and not (mode == "complete" and m <= n):
        raise TypeError(f"qr: mode={mode!r} of a matrix of shape {a.shape[-2:]} has no gradient rule; known: 'reduced', 'r'")
    q, r = unpacked_qr(qr_packed(a), m)
    return r if mode == "r" else np.linalg.qr(np.eye(1))._replace(Q=q, R=r)


# ------------------------------------------------------------------------------------ symmetric eigenvalues


@primitive
def eigh_packed(a: Any, UPLO: Any = "L") -> Any:
    """Eigenvectors (n, n) above the eigenvalues (1, n)."""
    w, v = np.linalg.eigh(a, UPLO)
    return np.concatenate([v, np.expand_dims(w, -2).astype(v.dtype)], axis=-2)


@textbook
def eigh(g: Any, y: Any, a: Any, UPLO: Any = "L") -> Any:
    """V (diag(g_w) + skew(V' g_V) / (w_j - w_i)) V'."""
    v, gv = y[..., :-1, :], g[..., :-1, :]
    w, gw = np.real(y[..., -1, :]), np.real(g[..., -1, :])
    product = adjoint(v) @ gv
    skew = (product - adjoint(product)) / 2
    turned = quotient(skew, gaps(w), rounding(w, w), gv, "eigh: eigenvalues are equal, or the phase of a vector matters")
    return v @ (turned + diagonal_matrix(gw)) @ adjoint(v)


@textbook
def eigvalsh(g: Any, y: Any, a: Any, UPLO: Any = "L") -> Any:
    v = np.linalg.eigh(a, UPLO)[1]
    return v * np.expand_dims(g, -2) @ adjoint(v)


rule(eigh_packed, eigh)
rule(np.linalg.eigvalsh, eigvalsh)


@composite(np.linalg.eigh)
def eigh_composite(a: Any, UPLO: Any = "L") -> Any:
    packed = eigh_packed(a, UPLO)
    return np.linalg.eigh(np.eye(1))._replace(eigenvalues=np.real(packed[..., -1, :]), eigenvectors=packed[..., :-1, :])


# -------------------------------------------------------------------------------------- general eigenvalues


@primitive
def eig_packed(a: Any) -> Any:
    """Eigenvectors (n, n) above the eigenvalues (1, n); complex when an eigenvalue is."""
    w, v = np.linalg.eig(a)
    return np.concatenate([v, np.expand_dims(w, -2)], axis=-2)


@textbook
def eig(g: Any, y: Any, a: Any) -> Any:
    """V^-H (diag(g_w) + (V' g_V - V' V Re diag(V' g_V)) / conj(w_j - w_i)) V', for vectors of length 1."""
    v, w, gv, gw = y[..., :-1, :], y[..., -1, :], g[..., :-1, :], g[..., -1, :]
    product = adjoint(v) @ gv
    turned = product - adjoint(v) @ v * np.expand_dims(real_diagonal(product), -2)
    if gw.dtype.kind != "c":  # the diagonal is zero but for rounding
        turned = np.where(np.eye(w.shape[-1], dtype=bool), 0, turned)
    turned = quotient(turned, conj(gaps(w)), rounding(w, w), gv, "eig: eigenvalues are equal, or the phase of a vector matters")
    return sandwiched(v, turned + diagonal_matrix(gw))


def sandwiched(v: Any, inner: Any) -> Any:
    """V^-H inner V'. Raises LinAlgError when the vectors do not span the space."""
    if np.any(np.linalg.cond(value_of(v)) > 1 / np.finfo(v.dtype).eps):
        raise np.linalg.LinAlgError("eig: the matrix is defective (it has too few eigenvectors), so they have no derivative")
    return np.linalg.solve(adjoint(v), inner @ adjoint(v))


@textbook
def eigvals(g: Any, y: Any, a: Any) -> Any:
    v = np.linalg.eig(a)[1]
    return sandwiched(v, diagonal_matrix(g))


rule(eig_packed, eig)
rule(np.linalg.eigvals, eigvals)


@composite(np.linalg.eig)
def eig_composite(a: Any) -> Any:
    packed = eig_packed(a)
    return np.linalg.eig(np.eye(1))._replace(eigenvalues=packed[..., -1, :], eigenvectors=packed[..., :-1, :])


# ------------------------------------------------------------------------------------------ singular values


@primitive
def svd_packed(a: Any) -> Any:
    """U (m, k) above the singular values (1, k) above the transpose of Vh (n, k)."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return np.concatenate([u, np.expand_dims(s, -2).astype(u.dtype), np.swapaxes(vh, -1, -2)], axis=-2)


def unpacked_svd(packed: Any, m: int) -> tuple[Any, Any, Any]:
    return packed[..., :m, :], np.real(packed[..., m, :]), np.swapaxes(packed[..., m + 1 :, :], -1, -2)


@textbook
def svd(g: Any, y: Any, a: Any) -> Any:
    """U (P/2 + diag(g_s)) Vh with P = (p + q) / (s_j - s_i) + (p - q) / (s_j + s_i), p = skew(U' g_U) and q = skew(Vh g_Vh').

    And what turns U and V out of their spans, when the matrix is not square.
    """
    m, n = a.shape[-2:]
    (u, s, vh), (gu, gs, gvh) = unpacked_svd(y, m), unpacked_svd(g, m)
    left, right = adjoint(u) @ gu, vh @ adjoint(gvh)
    p, q, tiny = (left - adjoint(left)) / 2, (right - adjoint(right)) / 2, rounding(s, s)
    sums, both = np.expand_dims(s, -2) + np.expand_dims(s, -1), np.concatenate([value_of(gu), value_of(adjoint(gvh))], axis=-2)
    inner = quotient(p + q, gaps(s), tiny, both, "svd: singular values are equal, or the phase of a vector matters")
    inner = inner + quotient(p - q, sums, tiny, both, "svd: two singular values are zero")
    result = u @ (inner + diagonal_matrix(gs)) @ vh
    if m > n:
        result = result + quotient(gu - u @ left, np.expand_dims(s, -2), tiny, gu, "svd: a singular value is zero") @ vh
    if n > m:
        result = result + u @ quotient(
            gvh - adjoint(right) @ vh, np.expand_dims(s, -1), tiny, gvh, "svd: a singular value is zero"
        )
    return result


@textbook
def svdvals(g: Any, y: Any, x: Any) -> Any:
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return u * np.expand_dims(g, -2) @ vh


rule(svd_packed, svd)
rule(np.linalg.svdvals, svdvals)


@composite(np.linalg.svd)
def svd_composite(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """U, S and Vh. full_matrices=True of a matrix that is not square adds vectors that are not determined: refused."""
    m, n = a.shape[-2:]
    if hermitian:
        return hermitian_svd(a, compute_uv)
    if not compute_uv:
        return np.linalg.svdvals(a)
    if full_matrices and m != n:
        raise TypeError(
            f"svd: full_matrices=True of a matrix of shape {(m, n)} adds vectors that are not determined, and have no gradient; "
            "pass full_matrices=False"
        )
    return svd_result(*unpacked_svd(svd_packed(a), m))


def hermitian_svd(a: Any, compute_uv: bool) -> Any:
    """The singular values are the sizes of the eigenvalues, whose signs go to Vh."""
    if not compute_uv:
        return np.flip(np.sort(np.absolute(np.linalg.eigvalsh(a)), axis=-1), -1)
    w, v = np.linalg.eigh(a)
    order = np.flip(np.argsort(np.absolute(value_of(w)), axis=-1), -1)
    w = np.take_along_axis(w, order, axis=-1)
    u = np.take_along_axis(v, np.expand_dims(order, -2), axis=-1)
    return svd_result(u, np.absolute(w), adjoint(u * np.expand_dims(np.sign(value_of(w)), -2)))


def svd_result(u: Any, s: Any, vh: Any) -> Any:
    return np.linalg.svd(np.eye(1))._replace(U=u, S=s, Vh=vh)
