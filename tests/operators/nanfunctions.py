"""Records of `microgradnp/rules/nanfunctions.py`: some entries are made NaN inside the call and have the gradient 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from operators.ordering import hidden
from operators.record import Operator, Random, Sample, draw

MASK = np.array([[[True], [False], [True]], [[True], [True], [False]]])


def lanes(*more: dict[str, Any]) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        x = draw(random, (2, 3, 4), 0.5, 2)
        for options in ({}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}, *more):
            yield Sample((x,), options, exact=False)
        yield Sample((x[0, 1, :1],))  # none is NaN

    return samples


def scanned(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), 0.5, 2)
    for options in ({}, {"axis": 1}, {"axis": 0, "dtype": complex}):
        yield Sample((x,), options, exact=False)


def replaced(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    for options in ({}, {"nan": 7.0}, {"posinf": 5.0}, {"neginf": -5.0}, {"copy": False}):
        yield Sample((x,), options, exact=False)


WHERE = {"axis": 1, "where": MASK}
WIDE = {"dtype": complex}

LIMITED = lanes({"initial": 1.0}, {"where": MASK, "initial": 1.0})
SPREAD = lanes(
    {"dtype": np.float64}, {"where": MASK}, {"ddof": 1}, {"correction": 0.5}, {"axis": 1, "mean": np.full((2, 1, 4), 0.3)}
)
SUMMED = lanes(WHERE, WIDE, {"initial": 1.5})

OPERATORS = [
    Operator(np.nansum, SUMMED, prepare=hidden, torch=lambda torch, x: torch.sum(x), complex=True),
    Operator(np.nanprod, SUMMED, prepare=hidden, torch=lambda torch, x: torch.prod(x), complex=True),
    Operator(np.nanmean, lanes(WIDE, {"where": MASK}), prepare=hidden, torch=lambda torch, x: torch.mean(x), complex=True),
    Operator(np.nanvar, SPREAD, prepare=hidden),
    Operator(np.nanstd, SPREAD, prepare=hidden),
    Operator(np.nanmax, LIMITED, prepare=hidden, torch=lambda torch, x: torch.amax(x)),
    Operator(np.nanmin, LIMITED, prepare=hidden, torch=lambda torch, x: torch.amin(x)),
    Operator(np.nancumsum, scanned, prepare=hidden, complex=True),
    Operator(np.nancumprod, scanned, prepare=hidden, complex=True),
    Operator(np.nan_to_num, replaced, prepare=hidden),
]
