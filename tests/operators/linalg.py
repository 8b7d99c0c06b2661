"""Records of `microgradnp/rules/linalg.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.rules.linalg import lstsq_packed, slogdet_packed
from operators.record import RECENT, Operator, Random, Sample, Wrong, draw

SQUARES = [(3, 3), (1, 1), (2, 2, 2), (0, 0), (0, 2, 2)]


def well_conditioned(random: Random, shape: tuple[int, ...]) -> np.ndarray:
    """A matrix that is far from singular and has no symmetry."""
    return draw(random, shape, -1, 1) + 2 * np.eye(*shape[-2:]) * np.where(np.arange(shape[-1]) % 2, -1, 1)


def squares(*more: np.ndarray) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        for shape in SQUARES:
            yield Sample((well_conditioned(random, shape),))
        for matrix in more:
            yield Sample((matrix,))

    return samples


def singulars(random: Random) -> Iterator[Sample]:
    """Matrices of rank n, n - 1, n - 2 and 0, also mixed in a stack. PyTorch's gradient of a singular matrix is 0."""
    yield from squares()(random)
    for matrix in (
        np.array([[1.0, 2.0], [2.0, 4.0]]),
        np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.5, 1.0, 1.5]]),
        np.zeros((3, 3)),
        np.stack([np.diag([1.0, 2.0, 0.0]), well_conditioned(random, (3, 3))]),
        np.diag(np.arange(10.0)),
    ):
        yield Sample((matrix,), exact=False)


def equations(random: Random) -> Iterator[Sample]:
    for left, right in (
        ((3, 3), (3, 2)),
        ((3, 3), (3,)),
        ((2, 3, 3), (3, 1)),
        ((3, 3), (2, 3, 2)),
        ((2, 3, 3), (3,)),
        ((1, 1), (1,)),
    ):
        yield Sample((well_conditioned(random, left), draw(random, right, -2, 2)))


def rectangles(random: Random) -> Iterator[Sample]:
    for shape in ((3, 2), (2, 3), (3, 3), (2, 4, 3), (1, 3)):
        yield Sample((well_conditioned(random, shape),))
    yield Sample((well_conditioned(random, (3, 2)),), {"rcond": 1e-10}, exact=False)
    yield Sample((well_conditioned(random, (3, 2)),), {"rtol": 1e-10}, exact=False)


def inverses(random: Random) -> Iterator[Sample]:
    yield Sample((np.reshape(well_conditioned(random, (6, 6)), (2, 3, 6)), 2))
    yield Sample((np.reshape(well_conditioned(random, (6, 6)), (6, 3, 2)),), {"ind": 1})


def tensor_equations(random: Random) -> Iterator[Sample]:
    yield Sample((np.reshape(well_conditioned(random, (6, 6)), (2, 3, 6)), draw(random, (2, 3), -2, 2)))
    yield Sample((np.reshape(well_conditioned(random, (6, 6)), (6, 2, 3)), draw(random, (2, 3), -2, 2)), {"axes": (0,)})


def least_squares(random: Random) -> Iterator[Sample]:
    for shape, side in (((4, 2), (4,)), ((4, 2), (4, 3)), ((2, 3), (2,)), ((3, 3), (3, 2))):
        yield Sample((well_conditioned(random, shape), draw(random, side, -2, 2)))
    yield Sample((well_conditioned(random, (4, 2)), draw(random, (4,), -2, 2)), {"rcond": 1e-10})


def lstsq_torch(torch: Any, a: Any, b: Any, rcond: Any = None) -> Any:
    column = b[:, None] if b.ndim == 1 else b
    x = torch.linalg.pinv(a) @ column
    residuals = ((column - a @ x) ** 2).sum(0) if a.shape[0] > a.shape[1] else x[:0, 0]
    return x[:, 0] if b.ndim == 1 else x, residuals, torch.linalg.svdvals(a)


def conditions(random: Random) -> Iterator[Sample]:
    for p in (None, 2, -2, 1, np.inf, "fro", -1):
        yield Sample((well_conditioned(random, (3, 3)), p))
    yield Sample((well_conditioned(random, (2, 3, 3)),))
    yield Sample((well_conditioned(random, (3, 2)),))


def cond_torch(torch: Any, a: Any, p: Any = None) -> Any:
    if p in (None, 2, -2):
        return torch.linalg.cond(a, p)
    return torch.linalg.matrix_norm(a, p) * torch.linalg.matrix_norm(torch.linalg.inv(a), p)


OPERATORS = [
    Operator(np.linalg.inv, squares(), torch=lambda torch, a: torch.linalg.inv(a), complex=True),
    Operator(np.linalg.solve, equations, torch=lambda torch, a, b: solved(torch, a, b), complex=True),
    Operator(np.linalg.det, singulars, torch=lambda torch, a: torch.linalg.det(a), complex=True),
    Operator(np.linalg.slogdet, squares(), torch=lambda torch, a: tuple(torch.linalg.slogdet(a)), complex=True),
    Operator(slogdet_packed, squares(), torch=lambda torch, a: torch.stack(torch.linalg.slogdet(a), -1), complex=True),
    Operator(
        np.linalg.pinv,
        rectangles,
        torch=lambda torch, a: torch.linalg.pinv(a),
        complex=True,
        wrong=(Wrong((np.eye(2),), "can't be both set", {"rcond": 0.1, "rtol": 0.1}, ValueError),),
    ),
    Operator(np.linalg.tensorinv, inverses, torch=lambda torch, a, ind=2: torch.linalg.tensorinv(a, ind), complex=True),
    Operator(
        np.linalg.tensorsolve,
        tensor_equations,
        torch=lambda torch, a, b, axes=None: torch.linalg.tensorsolve(a, b, axes),
        complex=True,
    ),
    Operator(
        np.linalg.lstsq,
        least_squares,
        torch=lstsq_torch,
        complex=True,
        part=lambda result: np.concatenate([np.ravel(result[k]) for k in (0, 1, 3)]),
    ),
    Operator(lstsq_packed, least_squares, complex=True),
    Operator(np.linalg.cond, conditions, torch=cond_torch, complex=RECENT),
]


def solved(torch: Any, a: Any, b: Any) -> Any:
    """A right-hand side with one axis is one vector, as in NumPy 2."""
    return torch.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else torch.linalg.solve(a, b)
