"""Records of `microgradnp/rules/statistics.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, called_with, draw, extreme_torch, nonempty, over


def spread(random: Random) -> Iterator[Sample]:
    """Variances: every axis, and both names of the number that the count is lessened by."""
    x = draw(random, (2, 3, 4), -2, 2)
    for axis in (None, 0, -1, (0, 2), (0, 1, 2)):
        yield Sample((x,), {"axis": axis})
        yield Sample((x,), {"axis": axis, "keepdims": True, "ddof": 1})
    yield Sample((x,), {"axis": 1, "correction": 0.5})
    yield Sample((x, 1))
    yield Sample((draw(random, (3,), -2, 2),))


def weighted(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x,))
    yield Sample((x, 1))
    yield Sample((x, None, draw(random, (3, 4), 0.5, 2)))
    yield Sample((x, 0, draw(random, (3,), 0.5, 2)))
    yield Sample((x, -1, draw(random, (4,), 0.5, 2)), {"keepdims": True})


def average_torch(torch: Any, x: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Any:
    weights = torch.ones_like(x) if weights is None else weights
    if weights.shape != x.shape:
        weights = weights.reshape(-1, *(1,) * (x.ndim - axis % x.ndim - 1)).expand(x.shape)
    axes = over(x, axis)
    return (x * weights).sum(axes, keepdim=keepdims) / weights.sum(axes, keepdim=keepdims)


def spread_torch(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0, correction: float = 0) -> Any:
        squares = torch.square(torch.abs(x - x.mean(over(x, axis), keepdim=True))).sum(over(x, axis), keepdim=keepdims)
        count = np.prod([x.shape[k] for k in over(x, axis)])
        variance = squares / (count - ddof - correction)
        return variance if name == "var" else torch.sqrt(variance)

    return call


OPERATORS = [
    Operator(np.var, spread, torch=spread_torch("var"), complex=True),
    Operator(np.std, spread, torch=spread_torch("std")),
    Operator(
        np.ptp,
        nonempty,
        torch=lambda torch, *a, **k: extreme_torch("amax")(torch, *a, **k) - extreme_torch("amin")(torch, *a, **k),
    ),
    Operator(np.average, weighted, torch=average_torch, complex=True),
    Operator(
        np.diff,
        called_with(((3, 4), (), {}), ((3, 4), (2, 0), {}), ((4,), (), {"n": 0}), ((4,), (3,), {})),
        torch=lambda torch, x, n=1, axis=-1: torch.diff(x, n=n, dim=axis),
        complex=True,
    ),
    Operator(np.sinc, called_with(((3, 2), (), {}), ((), (), {})), torch="sinc"),
]
