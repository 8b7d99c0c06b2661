"""Records of `microgradnp/rules/scans.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.rules.scans import recurrence
from operators.record import Operator, Random, Sample, called_with, draw


def with_zeros(random: Random) -> Iterator[Sample]:
    """Products and running products, also with one or two entries that are 0."""
    for zeros in ((), ((1, 2),), ((1, 2), (0, 2))):
        x = draw(random, (3, 4), 0.5, 2) * random.choice([-1.0, 1.0], (3, 4))
        for place in zeros:
            x[place] = 0
        for axis in (0, 1, -1):
            yield Sample((x,), {"axis": axis})
        yield Sample((x,))
    yield Sample((draw(random, (3,), 0.5, 2), 0))
    yield Sample((draw(random, (3,), 0.5, 2),), {"dtype": complex}, exact=False)
    yield Sample((np.ones((0, 3)),), {"axis": 0})


def cumulative_torch(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, axis: int = 0, include_initial: bool = False, dtype: Any = None) -> Any:
        y = getattr(torch, "cumsum" if name == "sum" else "cumprod")(x + 0j if dtype else x, axis)
        start = (torch.zeros_like if name == "sum" else torch.ones_like)(y.narrow(axis, 0, 1))
        return torch.cat([start, y], axis) if include_initial else y

    return call


def running_torch(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, axis: Any = None) -> Any:
        return getattr(torch, name)(x.ravel() if axis is None else x, 0 if axis is None else axis)

    return call


BY_AXIS = called_with(
    ((3,), (), {}), ((3, 4), (), {"axis": 1, "include_initial": True}), ((3, 4), (), {"axis": 0}), ((3,), (), {"dtype": complex})
)


def recurrences(random: Random) -> Iterator[Sample]:
    for shape, axis in (((5,), 0), ((1,), 0), ((2, 3), 1), ((40, 2), 0)):
        yield Sample((draw(random, shape, -1, 1), draw(random, shape, -1, 1), axis))


OPERATORS = [
    Operator(recurrence, recurrences, complex=True),
    Operator(np.cumsum, with_zeros, torch=running_torch("cumsum"), complex=True),
    Operator(np.cumprod, with_zeros, torch=running_torch("cumprod"), complex=True),
    Operator(
        np.cumulative_sum,
        BY_AXIS,
        torch=cumulative_torch("sum"),
        complex=True,
    ),
    Operator(
        np.cumulative_prod,
        BY_AXIS,
        torch=cumulative_torch("prod"),
        complex=True,
    ),
]
