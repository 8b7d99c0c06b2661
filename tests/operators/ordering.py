"""Records of `microgradnp/rules/ordering.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, called_with, draw


def sorted_by(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2)
    for axis in (-1, 0, 1, None):
        yield Sample((x,), {"axis": axis})
    yield Sample((x,), {"stable": True})
    yield Sample((draw(random, (0, 3), -2, 2),), {"axis": 0})


def order_statistics(*levels: Any) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        x = draw(random, (2, 3, 4), -2, 2)
        for level in levels or (None,):
            first = () if level is None else (level,)
            for options in ({}, {"axis": 1}, {"axis": -1, "keepdims": True}):
                yield Sample((x, *first), options)
            yield Sample((x, *first), {"axis": (0, 2)}, exact=False)
            yield Sample((draw(random, (5,), -2, 2), *first))

    return samples


def sort_torch(torch: Any, x: Any, axis: Any) -> Any:
    return torch.sort(x.ravel() if axis is None else x, -1 if axis is None else axis).values


def quantile_torch(fixed: float | None = None, percent: bool = False) -> Callable[..., Any]:
    def call(torch: Any, x: Any, level: Any = fixed, axis: Any = None, keepdims: bool = False) -> Any:
        levels = torch.as_tensor(np.asarray(level) / (100 if percent else 1), dtype=x.dtype)
        return torch.quantile(x, levels, dim=axis, keepdim=keepdims)

    return call


OPERATORS = [
    Operator(np.sort, sorted_by, torch=lambda torch, x, axis=-1, stable=None: sort_torch(torch, x, axis)),
    Operator(np.partition, called_with(((3, 4), (2,), {}), ((3, 4), (1, 0), {}), ((5,), ([1, 3],), {}))),
    Operator(np.median, order_statistics(), torch=quantile_torch(0.5)),
    Operator(np.quantile, order_statistics(0.3, [0.1, 0.77], 0.0, 1.0), torch=quantile_torch()),
    Operator(np.percentile, order_statistics(30, [10.0, 77.0]), torch=quantile_torch(percent=True)),
]
