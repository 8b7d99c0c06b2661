"""Records of `microgradnp/rules/decompositions.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.rules.decompositions import qr_packed
from operators.linalg import well_conditioned
from operators.record import Operator, Random, Sample, Wrong


def positive(a: Any) -> Any:
    return a @ np.conjugate(np.swapaxes(a, -1, -2)) + np.eye(a.shape[-1], dtype=a.dtype)


def squares(random: Random) -> Iterator[Sample]:
    for shape in ((3, 3), (1, 1), (2, 2, 2), (0, 0)):
        yield Sample((well_conditioned(random, shape),))


def factors(random: Random) -> Iterator[Sample]:
    yield from squares(random)
    yield Sample((well_conditioned(random, (3, 3)),), {"upper": True})


def rectangles(random: Random) -> Iterator[Sample]:
    for shape in ((3, 3), (4, 2), (2, 4), (2, 3, 2), (1, 3), (0, 2)):
        yield Sample((well_conditioned(random, shape),))


def qr_modes(random: Random) -> Iterator[Sample]:
    yield from rectangles(random)
    yield Sample((well_conditioned(random, (4, 2)),), {"mode": "r"})
    yield Sample((well_conditioned(random, (2, 4)),), {"mode": "r"})
    yield Sample((well_conditioned(random, (2, 3)),), {"mode": "complete"})


def qr_torch(torch: Any, a: Any, mode: str = "reduced") -> Any:
    q, r = torch.linalg.qr(a)
    return r if mode == "r" else (q, r)


OPERATORS = [
    Operator(
        np.linalg.cholesky,
        factors,
        prepare=positive,
        torch=lambda torch, a, upper=False: torch.linalg.cholesky(a @ a.mH + torch.eye(a.shape[-1], dtype=a.dtype), upper=upper),
        complex=True,
    ),
    Operator(
        np.linalg.qr,
        qr_modes,
        torch=qr_torch,
        complex=True,
        wrong=(
            Wrong((np.ones((3, 2)),), "mode='complete' of a matrix of shape .3, 2. has no gradient rule", {"mode": "complete"}),
            Wrong((np.eye(2),), "mode='raw'", {"mode": "raw"}),
        ),
    ),
    Operator(qr_packed, rectangles, complex=True),
]
