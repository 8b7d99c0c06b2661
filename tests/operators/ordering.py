"""Records of `microgradnp/rules/ordering.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.rules.ordering import unsorted
from operators.record import Operator, Random, Sample, called_with, draw


def sorted_by(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2)
    for axis in (-1, 0, 1, None):
        yield Sample((x,), {"axis": axis})
    yield Sample((x,), {"stable": True})
    yield Sample((x, 1, "heapsort"), exact=False)
    yield Sample((draw(random, (0, 3), -2, 2),), {"axis": 0})


def permuted(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    for axis in (0, 1):
        yield Sample((x, np.argsort(x, axis=axis), axis))


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


METHODS = ["inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull"]
METHODS += ["linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest"]


def by_method(levels: Any) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        x = draw(random, (2, 3, 4), -2, 2)
        yield from order_statistics(*levels)(random)
        for method in METHODS:
            yield Sample((x, levels[1]), {"axis": 1, "method": method}, exact=False)

    return samples


def hidden(x: Any) -> Any:
    """An array with NaN: two in one lane, none in another."""
    return np.where(np.isin(np.arange(np.size(x)).reshape(np.shape(x)), (1, 6, 9, 14)), np.nan, x)


def with_nan(*levels: Any) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        x = draw(random, (2, 3, 4), -2, 2)
        for level in levels or (None,):
            first = () if level is None else (level,)
            for options in ({}, {"axis": 1, "keepdims": True}, {"axis": (0, 2)}):
                yield Sample((x, *first), options, exact=False)
        if levels:
            yield Sample((x, levels[0]), {"axis": 1, "method": "hazen"}, exact=False)

    return samples


OPERATORS = [
    Operator(np.sort, sorted_by, torch=lambda torch, x, axis=-1, stable=None: sort_torch(torch, x, axis)),
    Operator(unsorted, permuted, complex=True),
    Operator(
        np.sort_complex,
        called_with(((5,), (), {})),
        torch=lambda torch, x: torch.sort(x).values.to(torch.complex128),
        narrow=False,
    ),
    Operator(np.partition, called_with(((3, 4), (2,), {}), ((3, 4), (1, 0), {}), ((5,), ([1, 3],), {}))),
    Operator(np.median, order_statistics(), torch=quantile_torch(0.5)),
    Operator(np.quantile, by_method((0.3, [0.1, 0.77], 0.0, 1.0)), torch=quantile_torch()),
    Operator(np.percentile, by_method((30, [10.0, 77.0])), torch=quantile_torch(percent=True)),
    Operator(np.nanmedian, with_nan(), prepare=hidden),
    Operator(np.nanquantile, with_nan(0.3, [0.1, 0.77]), prepare=hidden),
    Operator(np.nanpercentile, with_nan(30.0), prepare=hidden),
]
