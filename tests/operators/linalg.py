"""Records of `microgradnp/rules/linalg.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, draw


def norms(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2, 0.1)
    for order in (None, "fro", 1, -1, np.inf, -np.inf):
        yield Sample((x, order))
    for order in (None, 1, 2, 3, -1, 0.5, np.inf, -np.inf):
        yield Sample((x, order), {"axis": 1})
    yield Sample((x,), {"axis": (1, 0), "keepdims": True})
    yield Sample((x,), {"axis": 0, "keepdims": True})
    yield Sample((draw(random, (2, 3, 4), -2, 2, 0.1), 1), {"axis": (0, 2), "keepdims": True})
    yield Sample((draw(random, (2, 3, 4), -2, 2, 0.1),))
    yield Sample((draw(random, (3,), -2, 2, 0.1),))


def norm_torch(torch: Any, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.linalg.norm(x, ord, axis, keepdim=keepdims)


OPERATORS = [
    Operator(np.linalg.norm, norms, torch=norm_torch),
]
