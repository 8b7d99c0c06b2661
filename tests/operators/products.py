"""Records of `microgradnp/rules/products.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from operators.linalg import well_conditioned
from operators.record import Operator, Random, Sample, Wrong, draw, pairs_of

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
    """`np.dot` as a tensordot over the last axis of `a` and the last but one of `b`."""
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return torch.tensordot(a, b, dims=([a.ndim - 1], [max(0, b.ndim - 2)]))


def axes_torch(axes: Any) -> Any:
    return axes if isinstance(axes, int) else [[part] if isinstance(part, int) else part for part in axes]


def powers(random: Random) -> Iterator[Sample]:
    for n in (1, 2, 3, 5, -1, -3):
        yield Sample((well_conditioned(random, (3, 3)), n))
    yield Sample((well_conditioned(random, (2, 2, 2)), 4))


def chains(random: Random) -> Iterator[Sample]:
    for shapes in (((2, 3), (3, 4)), ((2, 3), (3, 4), (4, 2)), ((2, 3), (3, 4), (4, 2), (2, 5)), ((3,), (3, 4), (4, 2), (2,))):
        yield Sample(tuple(draw(random, shape, -2, 2) for shape in shapes))
    yield Sample((draw(random, (3,), -2, 2), draw(random, (3, 2), -2, 2)))


def vectors(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (3,), -2, 2), draw(random, (3,), -2, 2)))
    yield Sample((draw(random, (2, 1, 3), -2, 2), draw(random, (4, 3), -2, 2)))
    yield Sample((draw(random, (3, 2), -2, 2), draw(random, (3, 2), -2, 2)), {"axis": 0})


def crosses(random: Random) -> Iterator[Sample]:
    yield from vectors(random)
    yield Sample((draw(random, (3, 2), -2, 2), draw(random, (2, 3), -2, 2)), {"axisa": 0, "axisb": 1, "axisc": 0}, exact=False)


def cross_torch(torch: Any, a: Any, b: Any, axis: int = -1) -> Any:
    return torch.linalg.cross(*torch.broadcast_tensors(a, b), dim=axis)


def vecdot_torch(torch: Any, a: Any, b: Any, axis: int = -1) -> Any:
    return torch.linalg.vecdot(a, b, dim=axis)


def linalg_contractions(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (2, 3, 2), -2, 2), draw(random, (3, 2, 2), -2, 2)))
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (3, 2), -2, 2)), {"axes": 1})


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
    Operator(np.linalg.matrix_power, powers, torch=lambda torch, a, n: torch.linalg.matrix_power(a, n), complex=True),
    Operator(np.linalg.multi_dot, chains, torch=lambda torch, *parts: torch.linalg.multi_dot(parts), complex=True),
    Operator(np.cross, crosses, torch=cross_torch, complex=True),
    Operator(np.linalg.cross, vectors, torch=cross_torch, complex=True),
    Operator(np.linalg.vecdot, vectors, torch=vecdot_torch, complex=True),
    Operator(np.linalg.matmul, pairs_of(((2, 3), (3, 2)), ((3,), (3,))), torch="matmul", complex=True),
    Operator(
        np.linalg.tensordot, linalg_contractions, torch=lambda torch, a, b, axes=2: torch.tensordot(a, b, axes), complex=True
    ),
    Operator(
        np.linalg.outer,
        pairs_of(((3,), (2,))),
        torch="outer",
        complex=True,
        wrong=(Wrong((np.eye(2), np.eye(2)), "takes two vectors", error=ValueError),),
    ),
]
