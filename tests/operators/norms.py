"""Records of `microgradnp/rules/norms.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, draw


def norms(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2, 0.1)
    for order in (None, "fro", 1, -1, np.inf, -np.inf, 2, -2, "nuc"):
        yield Sample((x, order))
    for order in (None, 1, 2, 3, -1, 0.5, np.inf, -np.inf):
        yield Sample((x, order), {"axis": 1})
    yield Sample((x,), {"axis": (1, 0), "keepdims": True})
    yield Sample((x,), {"axis": 0, "keepdims": True})
    stack = draw(random, (2, 3, 4), -2, 2, 0.1)
    for order in (1, "nuc", 2):
        yield Sample((stack, order), {"axis": (0, 2), "keepdims": True})
    yield Sample((stack,))
    yield Sample((stack, "nuc"), {"axis": (2, 1)})
    yield Sample((draw(random, (3,), -2, 2, 0.1),))


def matrix_norms(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2, 0.1)
    for order in ("fro", "nuc", 2, -2, 1, -np.inf):
        yield Sample((x,), {"ord": order})
    yield Sample((x,), {"keepdims": True})


def vector_norms(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2, 0.1)
    yield Sample((x,))
    yield Sample((x,), {"axis": (2, 0), "keepdims": True, "ord": 3})
    yield Sample((x,), {"axis": 1, "ord": np.inf})
    yield Sample((x,), {"axis": -1, "keepdims": True})


def norm_torch(torch: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.linalg.norm(x, ord, axis, keepdim=keepdims)


def matrix_norm_torch(torch: Any, x: Any, ord: Any = "fro", keepdims: bool = False) -> Any:
    return torch.linalg.matrix_norm(x, ord, keepdim=keepdims)


def vector_norm_torch(torch: Any, x: Any, ord: Any = 2, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.linalg.vector_norm(x, ord, axis, keepdim=keepdims)


OPERATORS = [
    Operator(np.linalg.norm, norms, torch=norm_torch, complex=True),
    Operator(np.linalg.matrix_norm, matrix_norms, torch=matrix_norm_torch, complex=True),
    Operator(np.linalg.vector_norm, vector_norms, torch=vector_norm_torch, complex=True),
]
