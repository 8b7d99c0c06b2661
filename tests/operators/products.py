"""Records of `microgradnp/rules/products.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, draw, pairs_of

MATMULS = [((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 4)), ((2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4))]
MATMULS += [((5, 2, 3), (5, 3, 1)), ((5, 1, 2, 3), (2, 3, 2)), ((1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,))]
MATMULS += [
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((2, 3), (3, 0)),
    ((0,), (0,)),
    ((1, 1), (1, 1)),
    ((0, 2, 3), (3, 2)),
    ((4, 1, 2, 3), (3,)),
]


DOTS = [((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((), (3,)), ((2, 3), ()), ((), ())]
DOTS += [((2, 3), (5, 3, 4)), ((5, 2, 3), (3, 4)), ((2, 1, 3), (2, 3, 2)), ((3,), (2, 3, 2)), ((2, 2, 3), (3,))]
DOTS += [((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0)), ((0,), (0,)), ((2, 3), (0, 3, 2)), ((0,), (0, 2))]


def dots(random: Random) -> Iterator[Sample]:
    yield from pairs_of(*DOTS)(random)
    yield Sample((draw(random, (2, 3), -2, 2), 1.5), exact=False)
    yield Sample((1.5, draw(random, (2, 3), -2, 2)), exact=False)


EINSUMS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ki,kj", [(3, 2), (3, 4)]),
    ("ba", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iij->ji", [(3, 3, 2)]),
    ("iji,j->i", [(2, 3, 2), (3,)]),
    ("iiji->ij", [(2, 2, 3, 2)]),
    ("i,i->", [(3,), (3,)]),
    ("i,j->ij", [(2,), (3,)]),
    ("i,j,k->", [(2,), (3,), (2,)]),
    ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 2)]),
    ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
    ("...ij,...jk->...ik", [(1, 2, 3), (4, 3, 2)]),
    ("...i,...i", [(2, 3), (3,)]),
    ("i...->...", [(3, 2, 2)]),
    ("i...->i...", [(3, 2, 2)]),
    ("...ii->...", [(2, 3, 3)]),
    ("a...,b...->ab...", [(2, 3), (4, 1)]),
    (" i j , j k -> i k ", [(2, 3), (3, 4)]),
    (",i->i", [(), (3,)]),
    ("->", [()]),
    ("ij,ij->ij", [(3, 1), (3, 4)]),
    ("ij,ij->i", [(3, 1), (3, 4)]),
    ("ij,ij->", [(1, 1), (3, 4)]),
    ("ij,kj->ik", [(2, 1), (3, 4)]),
    ("ij,jk->ik", [(0, 3), (3, 4)]),
    ("ij,jk->ik", [(2, 0), (0, 4)]),
    ("ij,ij->ij", [(1, 0), (3, 1)]),
    ("ij,ik->jk", [(2, 3), (2, 1)]),
    ("ii,i->", [(1, 1), (3,)]),
]


def einsums(random: Random) -> Iterator[Sample]:
    for subscripts, shapes in EINSUMS:
        # PyTorch neither takes "->" of a scalar nor lower numbers of letters; NumPy is the reference for those
        yield Sample((subscripts, *(draw(random, shape, -2, 2) for shape in shapes)), exact=subscripts != "->")
    chain = tuple(draw(random, shape, -2, 2) for shape in ((2, 3), (3, 2), (2, 2)))
    yield Sample(("ij,jk,kl->il", *chain), {"optimize": True}, exact=False)
    yield Sample(("ij,jk,kl->il", *chain), {"optimize": ["einsum_path", (0, 1), (0, 1)]}, exact=False)


def contractions(random: Random) -> Iterator[Sample]:
    for left, right, axes in (
        ((2, 3), (3, 2), 1),
        ((2, 3, 2), (3, 2, 4), 2),
        ((2,), (3,), 0),
        ((2, 3, 4), (4, 3), ([2, 1], [0, 1])),
    ):
        yield Sample((draw(random, left, -2, 2), draw(random, right, -2, 2), axes))
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (4, 3), -2, 2), (1, -1)))


def dot_torch(torch: Any, a: Any, b: Any) -> Any:
    """`np.dot` in terms of tensordot: the last axis of `a` with the last but one of `b`."""
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return torch.tensordot(a, b, dims=([a.ndim - 1], [max(0, b.ndim - 2)]))


def axes_torch(axes: Any) -> Any:
    return axes if isinstance(axes, int) else [[part] if isinstance(part, int) else part for part in axes]


OF_NUMPY_2_2 = []
if hasattr(np, "matvec"):
    OF_NUMPY_2_2 = [
        Operator(
            np.matvec,
            pairs_of(((2, 3), (3,)), ((4, 2, 3), (3,)), ((2, 3), (4, 3))),
            torch=lambda torch, a, b: (a @ b.unsqueeze(-1)).squeeze(-1),
            complex=True,
        ),
        Operator(
            np.vecmat,
            pairs_of(((2,), (2, 3)), ((4, 2), (2, 3)), ((2,), (4, 2, 3))),
            torch=lambda torch, a, b: (a.conj().unsqueeze(-2) @ b).squeeze(-2),
            complex=True,
        ),
    ]

OPERATORS = [
    Operator(np.matmul, pairs_of(*MATMULS), torch="matmul", complex=True),
    Operator(np.dot, dots, torch=dot_torch, complex=True),
    Operator(
        np.vecdot,
        pairs_of(((3,), (3,)), ((2, 1, 3), (4, 3)), ((0,), (0,))),
        torch=lambda torch, a, b: torch.linalg.vecdot(a, b),
        complex=True,
    ),
    *OF_NUMPY_2_2,
    Operator(np.einsum, einsums, torch="einsum", complex=True),
    Operator(
        np.vdot,
        pairs_of(((3,), (3,)), ((2, 3), (2, 3)), ((), ())),
        torch=lambda torch, a, b: torch.vdot(a.ravel(), b.ravel()),
        complex=True,
    ),
    Operator(np.inner, pairs_of(((3,), (3,)), ((2, 3), (4, 3)), ((2, 3), (3,)), ((), (3,))), torch="inner", complex=True),
    Operator(
        np.outer,
        pairs_of(((3,), (2,)), ((2, 2), (3,))),
        torch=lambda torch, a, b: torch.outer(a.ravel(), b.ravel()),
        complex=True,
    ),
    Operator(np.tensordot, contractions, torch=lambda torch, a, b, axes: torch.tensordot(a, b, axes_torch(axes)), complex=True),
    Operator(np.kron, pairs_of(((2, 2), (3, 2)), ((2,), (3,)), ((2,), (2, 2))), torch="kron", complex=True),
]
