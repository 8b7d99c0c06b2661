"""Eigenvalues, singular values, and their vectors.

The formulas are those of M. Seeger et al., "Auto-differentiating linear algebra" (2017), and of J. Townsend, "Differentiating the
singular value decomposition" (2016).

Some vectors are not determined: complex eigenvectors up to a phase, and the vectors within one eigenspace. They have no
derivative. A loss that does not depend on the choice has a gradient; any other loss is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.record import primitive
from microgradnp.core.table import composite, rule
from microgradnp.rules.decompositions import diagonal_matrix, real_diagonal, textbook
from microgradnp.rules.values import adjoint, conj, value_of


def rounding(a: Any, scale: Any) -> Any:
    """The largest number that may be a rounded zero in arrays of this dtype and scale: (..., 1, 1)."""
    largest = np.max(np.absolute(value_of(scale)), axis=-1, initial=0)
    return np.finfo(a.dtype).eps * a.shape[-1] * np.expand_dims(largest, (-1, -2))


def over_gap(numerator: Any, gap: Any, threshold: Any, gradients: Any, problem: str) -> Any:
    """numerator / gap, and 0 where the gap is 0, up to `threshold`.

    Raises ValueError with `problem` unless the numerator is 0 there too, up to rounding: the loss would depend on an arbitrary
    choice. Rounding is judged by the size of the `gradients` that the numerator was computed from.
    """
    equal = np.absolute(value_of(gap)) <= threshold
    size = np.max(np.absolute(value_of(gradients)), axis=(-2, -1), keepdims=True, initial=0)
    if np.any(equal & (np.absolute(value_of(numerator)) > np.sqrt(np.finfo(numerator.dtype).eps) * size)):
        raise ValueError(
            f"{problem}, so the loss depends on an arbitrary choice and has no gradient. Let the loss depend on what is "
            "determined: values, projections such as V @ V.T, or absolute values"
        )
    return np.where(equal, 0, numerator) / np.where(equal, 1, gap)


def gaps(w: Any) -> Any:
    """The differences w_j - w_i at (i, j)."""
    return np.expand_dims(w, -2) - np.expand_dims(w, -1)


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
    turned = over_gap(skew, gaps(w), rounding(w, w), gv, "eigh: eigenvalues are equal, or the phase of a vector matters")
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
    """Eigenvectors (n, n) above the eigenvalues (1, n). Complex when an eigenvalue is."""
    w, v = np.linalg.eig(a)
    return np.concatenate([v, np.expand_dims(w, -2)], axis=-2)


@textbook
def eig(g: Any, y: Any, a: Any) -> Any:
    """V^-H (diag(g_w) + (V' g_V - V' V Re diag(V' g_V)) / conj(w_j - w_i)) V', for eigenvectors of length 1."""
    v, w, gv, gw = y[..., :-1, :], y[..., -1, :], g[..., :-1, :], g[..., -1, :]
    product = adjoint(v) @ gv
    turned = product - adjoint(v) @ v * np.expand_dims(real_diagonal(product), -2)
    if gw.dtype.kind != "c":  # the diagonal is 0 up to rounding
        turned = np.where(np.eye(w.shape[-1], dtype=bool), 0, turned)
    turned = over_gap(turned, conj(gaps(w)), rounding(w, w), gv, "eig: eigenvalues are equal, or the phase of a vector matters")
    return sandwiched(v, turned + diagonal_matrix(gw))


def sandwiched(v: Any, inner: Any) -> Any:
    """V^-H inner V'. Raises LinAlgError when the eigenvectors do not span the space."""
    if np.any(np.linalg.cond(value_of(v)) > 1 / np.finfo(v.dtype).eps):
        raise np.linalg.LinAlgError("eig: the matrix is defective: it has too few eigenvectors, and they have no derivative")
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

    A matrix that is not square adds a term for what turns U or V out of its span.
    """
    m, n = a.shape[-2:]
    (u, s, vh), (gu, gs, gvh) = unpacked_svd(y, m), unpacked_svd(g, m)
    left, right = adjoint(u) @ gu, vh @ adjoint(gvh)
    p, q, tiny = (left - adjoint(left)) / 2, (right - adjoint(right)) / 2, rounding(s, s)
    sums, both = np.expand_dims(s, -2) + np.expand_dims(s, -1), np.concatenate([value_of(gu), value_of(adjoint(gvh))], axis=-2)
    inner = over_gap(p + q, gaps(s), tiny, both, "svd: singular values are equal, or the phase of a vector matters")
    inner = inner + over_gap(p - q, sums, tiny, both, "svd: two singular values are zero")
    result = u @ (inner + diagonal_matrix(gs)) @ vh
    if m > n:
        result = result + over_gap(gu - u @ left, np.expand_dims(s, -2), tiny, gu, "svd: a singular value is zero") @ vh
    if n > m:
        rest = gvh - adjoint(right) @ vh
        result = result + u @ over_gap(rest, np.expand_dims(s, -1), tiny, gvh, "svd: a singular value is zero")
    return result


@textbook
def svdvals(g: Any, y: Any, x: Any) -> Any:
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return u * np.expand_dims(g, -2) @ vh


rule(svd_packed, svd)
rule(np.linalg.svdvals, svdvals)


@composite(np.linalg.svd)
def svd_composite(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """U, S and Vh. Refused is full_matrices=True for a matrix that is not square: the vectors it adds are not determined."""
    m, n = a.shape[-2:]
    if hermitian:
        return hermitian_svd(a, compute_uv)
    if not compute_uv:
        return np.linalg.svdvals(a)
    if full_matrices and m != n:
        raise TypeError(
            f"svd: full_matrices=True of a matrix of shape {(m, n)} adds vectors that are not determined and have no gradient; "
            "pass full_matrices=False"
        )
    return svd_result(*unpacked_svd(svd_packed(a), m))


def hermitian_svd(a: Any, compute_uv: bool) -> Any:
    """Singular values are absolute eigenvalues. Their signs go to Vh."""
    if not compute_uv:
        return np.flip(np.sort(np.absolute(np.linalg.eigvalsh(a)), axis=-1), -1)
    w, v = np.linalg.eigh(a)
    order = np.flip(np.argsort(np.absolute(value_of(w)), axis=-1), -1)
    w = np.take_along_axis(w, order, axis=-1)
    u = np.take_along_axis(v, np.expand_dims(order, -2), axis=-1)
    return svd_result(u, np.absolute(w), adjoint(u * np.expand_dims(np.sign(value_of(w)), -2)))


def svd_result(u: Any, s: Any, vh: Any) -> Any:
    return np.linalg.svd(np.eye(1))._replace(U=u, S=s, Vh=vh)
