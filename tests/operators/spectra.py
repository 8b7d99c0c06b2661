"""Records of `microgradnp/rules/spectra.py`.

Only one triangle is read, so symmetric arguments are made symmetric inside the call. Of complex vectors only what does not depend
on their phase is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.rules.spectra import eig_packed, eigh_packed, svd_packed, vectors_in
from operators.decompositions import rectangles, squares
from operators.linalg import well_conditioned
from operators.record import Operator, Random, Sample, Wrong, draw


def symmetric(a: Any) -> Any:
    return (a + np.conjugate(np.swapaxes(a, -1, -2))) / 2


def symmetric_torch(a: Any) -> Any:
    return (a + a.mH) / 2


def with_triangle(random: Random) -> Iterator[Sample]:
    yield from squares(random)
    yield Sample((well_conditioned(random, (3, 3)),), {"UPLO": "U"})


def with_real_eigenvalues(random: Random) -> Iterator[Sample]:
    yield Sample((np.diag([1.0, 2.0, -1.5]) + draw(random, (3, 3), -0.2, 0.2),))
    yield Sample((np.array([[2.5]]),))


def with_any_eigenvalues(random: Random) -> Iterator[Sample]:
    yield from with_real_eigenvalues(random)
    yield Sample((np.array([[0.3, 2.0, 0.1], [-1.7, 0.4, 0.2], [0.3, -0.1, 1.0]]),))
    yield Sample((np.stack([np.array([[0.3, 2.0], [-1.7, 0.4]]), np.array([[0.5, 1.0], [-0.7, 0.1]])]),))


def singular(random: Random) -> Iterator[Sample]:
    for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 3), (0, 2)):
        yield Sample((well_conditioned(random, shape),), {"full_matrices": False})
    yield Sample((well_conditioned(random, (3, 3)),))
    yield Sample((well_conditioned(random, (2, 4)),), {"compute_uv": False})


def phaseless_pair(packed: Any) -> Any:
    """The absolute values of the vectors, and what is packed below them."""
    return np.concatenate([np.ravel(np.absolute(packed[..., :-2, :])), np.ravel(packed[..., -2, :])])


def phaseless(result: Any) -> Any:
    w, v = result
    return np.concatenate([np.ravel(w), np.ravel(np.absolute(v))])


def phaseless_svd(result: Any) -> Any:
    if not isinstance(result, tuple):
        return result
    u, s, vh = result
    low_rank = (u * np.expand_dims(s**2, -2)) @ vh  # depends on the vectors, but not on a phase that both share
    return np.concatenate([np.ravel(s), np.ravel(low_rank), np.ravel(np.absolute(u)), np.ravel(np.absolute(vh))])


def phaseless_packed_svd(packed: Any) -> Any:
    return np.concatenate([np.ravel(np.absolute(packed))])


def eigh_torch(torch: Any, a: Any, UPLO: str = "L") -> Any:
    w, v = torch.linalg.eigh(symmetric_torch(a), UPLO)
    return w, torch.abs(v)


def svd_torch(torch: Any, a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    if not compute_uv:
        return torch.linalg.svdvals(a)
    u, s, vh = torch.linalg.svd(a, full_matrices=False)
    return s, (u * (s**2).unsqueeze(-2)) @ vh, torch.abs(u), torch.abs(vh)


def without_mark(packed: Any) -> Any:
    return np.concatenate([packed[..., :-1, :], 0.0 * packed[..., -1:, :]], axis=-2)


def rows(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (4, 2), -1.0, 1.0),), {"start": 1, "stop": 3})
    yield Sample((draw(random, (2, 5, 3), -1.0, 1.0),), {"start": 0, "stop": 4, "mark": 2.0})


OPERATORS = [
    Operator(np.linalg.eigh, with_triangle, prepare=symmetric, part=phaseless, torch=eigh_torch, complex=True),
    Operator(eigh_packed, with_triangle, prepare=symmetric, part=phaseless_pair, complex=True),
    Operator(
        np.linalg.eigvalsh,
        with_triangle,
        prepare=symmetric,
        torch=lambda torch, a, UPLO="L": torch.linalg.eigvalsh(symmetric_torch(a), UPLO),
        complex=True,
    ),
    Operator(np.linalg.eig, with_any_eigenvalues, part=phaseless, narrow=False, complex=True),
    Operator(eig_packed, with_any_eigenvalues, part=phaseless_pair, narrow=False, complex=True),
    Operator(np.linalg.eigvals, with_any_eigenvalues, narrow=False, complex=True),
    Operator(
        np.linalg.svd,
        singular,
        part=phaseless_svd,
        torch=svd_torch,
        complex=True,
        wrong=(Wrong((np.ones((3, 2)),), "full_matrices=True of a matrix of shape .3, 2. adds vectors"),),
    ),
    Operator(svd_packed, rectangles, part=phaseless_packed_svd, complex=True),
    # The gradient of the last row is a mark, and no derivative: the row is left out.
    Operator(vectors_in, rows, prepare=without_mark, complex=True),
    Operator(np.linalg.svdvals, rectangles, torch=lambda torch, a: torch.linalg.svdvals(a), complex=True),
]
