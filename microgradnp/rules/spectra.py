"""Eigenvalues, singular values, and their vectors.

The formulas are those of M. Seeger et al., "Auto-differentiating linear algebra" (2017), and of J. Townsend, "Differentiating the
singular value decomposition" (2016).

Some vectors are not determined: complex eigenvectors up to a phase, and the vectors within one eigenspace. They have no
derivative. A loss that does not depend on the phase has a gradient. A loss of vectors whose eigenvalue is equal to another is
refused: at V f(w) V' the gradient hangs on f', which the gradient with respect to V and w does not show. So a zero numerator
proves nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.decompositions import diagonal_matrix, of_triangle, real_diagonal, textbook
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


# A packed result ends with a row of zeros. Its gradient is not 0 when the loss reads the vectors: `vectors_in` marks it. The
# gradient with respect to the vectors may be 0 nevertheless, as for the logarithm of a matrix at the identity.


WHOLE = 2.0**20  # the mark of a loss that reads all vectors; one that may read some of them leaves 1


@primitive
def vectors_in(packed: Any, start: int, stop: int, mark: float = 1.0) -> Any:
    """The rows `start` ... `stop` of a packed result."""
    return packed[..., start:stop, :]


def marked(g: Any, y: Any, packed: Any, start: int, stop: int, mark: float = 1.0) -> Any:
    zeros = np.zeros_like(packed)
    return np.concatenate([zeros[..., :start, :], g, zeros[..., stop:-1, :], mark * np.ones_like(packed[..., -1:, :])], axis=-2)


rule(vectors_in, marked)


def with_mark(*rows: Any) -> Any:
    return np.concatenate([*rows, np.zeros_like(rows[0], shape=(*rows[0].shape[:-2], 1, rows[0].shape[-1]))], axis=-2)


def refuse_equal(gap: Any, threshold: Any, g: Any, of_vectors: Any, of_values: Any, problem: str) -> None:
    """Raise ValueError when the loss reads vectors whose gap to others is 0, up to `threshold`.

    A vector counts as read when the gradient with respect to it or to its value is not 0, or when that of all vectors is.
    """
    mark = np.absolute(value_of(g)[..., -1:, :])  # (..., 1, n)
    matters = np.any(value_of(of_vectors) != 0, axis=-2, keepdims=True)  # (..., 1, n)
    has_value = np.expand_dims(value_of(of_values) != 0, -2)
    others = ~np.eye(matters.shape[-1], dtype=bool)
    affected = matters | (mark >= WHOLE) | (mark > 0) & (has_value | ~np.any(matters, axis=-1, keepdims=True))
    if np.any((np.absolute(value_of(gap)) <= threshold) & others & affected):
        raise ValueError(
            f"{problem}, and the loss depends on their vectors. These are not determined there, nor is the gradient. "
            "Add a small np.diag(1e-6 * np.arange(n)) to the matrix, or take first derivatives of the values alone"
        )


def gaps(w: Any) -> Any:
    """The differences w_j - w_i at (i, j)."""
    return np.expand_dims(w, -2) - np.expand_dims(w, -1)


# ------------------------------------------------------------------------------------ symmetric eigenvalues


@primitive
def eigh_packed(a: Any, UPLO: Any = "L") -> Any:
    """Eigenvectors (n, n) above the eigenvalues (1, n) and the marked row."""
    w, v = np.linalg.eigh(a, UPLO)
    return with_mark(v, np.expand_dims(w, -2).astype(v.dtype))


def is_lower(UPLO: str) -> bool:
    return UPLO.upper() == "L"


@textbook
def eigh(g: Any, y: Any, a: Any, UPLO: Any = "L") -> Any:
    """V (diag(g_w) + skew(V' g_V) / (w_j - w_i)) V', of the triangle that is read."""
    v, gv = y[..., :-2, :], g[..., :-2, :]
    w, gw = np.real(y[..., -2, :]), np.real(g[..., -2, :])
    product = adjoint(v) @ gv
    skew = (product - adjoint(product)) / 2
    refuse_equal(gaps(w), rounding(w, w), g, gv, gw, "eigh: eigenvalues are equal")
    turned = over_gap(skew, gaps(w), rounding(w, w), gv, "eigh: the phase of a vector matters")
    return of_triangle(v @ (turned + diagonal_matrix(gw)) @ adjoint(v), lower=is_lower(UPLO))


@textbook
def eigvalsh(g: Any, y: Any, a: Any, UPLO: Any = "L") -> Any:
    v = vectors_in(eigh_packed(a, UPLO), start=0, stop=a.shape[-1], mark=WHOLE)
    return of_triangle(v * np.expand_dims(g, -2) @ adjoint(v), lower=is_lower(UPLO))


rule(eigh_packed, eigh)
rule(np.linalg.eigvalsh, eigvalsh)


@composite(np.linalg.eigh)
def eigh_composite(a: Any, UPLO: Any = "L") -> Any:
    packed = eigh_packed(a, UPLO)
    vectors = vectors_in(packed, start=0, stop=a.shape[-1])
    return np.linalg.eigh(np.eye(1))._replace(eigenvalues=np.real(packed[..., -2, :]), eigenvectors=vectors)


# -------------------------------------------------------------------------------------- general eigenvalues


@primitive
def eig_packed(a: Any) -> Any:
    """Eigenvectors (n, n) above the eigenvalues (1, n) and the marked row. Complex when an eigenvalue is."""
    w, v = np.linalg.eig(a)
    return with_mark(v, np.expand_dims(w, -2))


@textbook
def eig(g: Any, y: Any, a: Any) -> Any:
    """V^-H (diag(g_w) + (V' g_V - V' V Re diag(V' g_V)) / conj(w_j - w_i)) V', for eigenvectors of length 1."""
    v, w, gv, gw = y[..., :-2, :], y[..., -2, :], g[..., :-2, :], g[..., -2, :]
    product = adjoint(v) @ gv
    turned = product - adjoint(v) @ v * np.expand_dims(real_diagonal(product), -2)
    if gw.dtype.kind != "c":  # the diagonal is 0 up to rounding
        turned = np.where(np.eye(w.shape[-1], dtype=bool), 0, turned)
    refuse_equal(gaps(w), rounding(w, w), g, gv, gw, "eig: eigenvalues are equal")
    turned = over_gap(turned, conj(gaps(w)), rounding(w, w), gv, "eig: the phase of a vector matters")
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
    vectors = vectors_in(packed, start=0, stop=a.shape[-1])
    return np.linalg.eig(np.eye(1))._replace(eigenvalues=packed[..., -2, :], eigenvectors=vectors)


# ------------------------------------------------------------------------------------------ singular values


@primitive
def svd_packed(a: Any) -> Any:
    """U (m, k) above the singular values (1, k) above the transpose of Vh (n, k) and the marked row."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return with_mark(u, np.expand_dims(s, -2).astype(u.dtype), np.swapaxes(vh, -1, -2))


def unpacked_svd(packed: Any, m: int) -> tuple[Any, Any, Any]:
    return packed[..., :m, :], np.real(packed[..., m, :]), np.swapaxes(packed[..., m + 1 : -1, :], -1, -2)


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
    refuse_equal(gaps(s), tiny, g, both, gs, "svd: singular values are equal")
    inner = over_gap(p + q, gaps(s), tiny, both, "svd: the phase of a vector matters")
    inner = inner + over_gap(p - q, sums, tiny, both, "svd: the phase of a vector of a singular value of zero matters")
    result = u @ (inner + diagonal_matrix(gs)) @ vh
    if m > n:
        result = result + over_gap(gu - u @ left, np.expand_dims(s, -2), tiny, gu, "svd: a singular value is zero") @ vh
    if n > m:
        rest = gvh - adjoint(right) @ vh
        result = result + u @ over_gap(rest, np.expand_dims(s, -1), tiny, gvh, "svd: a singular value is zero")
    return result


@textbook
def svdvals(g: Any, y: Any, x: Any) -> Any:
    packed, (m, n) = svd_packed(x), x.shape[-2:]
    u = vectors_in(packed, start=0, stop=m, mark=WHOLE)
    return u * np.expand_dims(g, -2) @ np.swapaxes(vectors_in(packed, start=m + 1, stop=m + n + 1, mark=WHOLE), -1, -2)


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
    packed = svd_packed(a)
    vh = np.swapaxes(vectors_in(packed, start=m + 1, stop=m + n + 1), -1, -2)
    return svd_result(vectors_in(packed, start=0, stop=m), np.real(packed[..., m, :]), vh)


def hermitian_svd(a: Any, compute_uv: bool) -> Any:
    """Singular values are absolute eigenvalues. Their signs go to Vh."""
    if not compute_uv:
        return np.flip(np.sort(np.absolute(np.linalg.eigvalsh(a)), axis=-1), -1)
    w, v = np.linalg.eigh(a)
    if np.any(value_of(w) == 0):
        raise ValueError(
            "svd: with hermitian=True an eigenvalue of 0 has the sign 0, and its vectors no gradient; pass hermitian=False"
        )
    order = np.flip(np.argsort(np.absolute(value_of(w)), axis=-1), -1)
    w = np.take_along_axis(w, order, axis=-1)
    u = np.take_along_axis(v, np.expand_dims(order, -2), axis=-1)
    return svd_result(u, np.absolute(w), adjoint(u * np.expand_dims(np.sign(value_of(w)), -2)))


def svd_result(u: Any, s: Any, vh: Any) -> Any:
    return np.linalg.svd(np.eye(1))._replace(U=u, S=s, Vh=vh)
