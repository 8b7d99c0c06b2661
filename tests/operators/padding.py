"""Records of `microgradnp/rules/padding.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.rules.padding import bordered, folded, padded
from operators.record import Operator, Random, Sample, Wrong, draw

DICTIONARIES = np.lib.NumpyVersion(np.__version__) >= "2.3.0"


def borders(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3), -2, 2)
    yield Sample((x, 1))
    yield Sample((x, ((1, 2), (0, 3))), {"constant_values": 1.5})
    yield Sample((x, (2, 1)), {"constant_values": ((0.5, 1.0), (2.0, -1.0))}, exact=False)
    for mode in ("edge", "reflect", "symmetric", "wrap"):
        yield Sample((x, ((1, 1), (2, 1))), {"mode": mode}, exact=False)
        yield Sample((x, ((0, 5), (4, 7)), mode), exact=False)
    for mode in ("reflect", "symmetric"):
        yield Sample((x, ((1, 1), (2, 1))), {"mode": mode, "reflect_type": "odd"}, exact=False)
        yield Sample((x, ((0, 5), (4, 7))), {"mode": mode, "reflect_type": "odd"}, exact=False)
        yield Sample((x[:1], ((2, 1), (1, 0))), {"mode": mode, "reflect_type": "odd"}, exact=False)
    yield Sample((x, ((1, 2), (3, 0))), {"mode": "linear_ramp", "end_values": ((0.5, -1.0), (2.0, 1.0))}, exact=False)
    for mode in ("maximum", "mean", "median", "minimum"):
        yield Sample((x, ((1, 2), (3, 0))), {"mode": mode}, exact=False)
        yield Sample((x, ((1, 2), (3, 1))), {"mode": mode, "stat_length": ((1, 2), (2, 3))}, exact=False)
    if DICTIONARIES:
        yield Sample((x, {-1: (1, 2)}), exact=False)


def pad_torch(torch: Any, x: Any, widths: Any, constant_values: float = 0.0) -> Any:
    (top, bottom), (left, right) = np.broadcast_to(widths, (2, 2)).tolist()
    return torch.nn.functional.pad(x, (left, right, top, bottom), value=constant_values)


def widths(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (2, 3), -2, 2), [(1, 2), (0, 3)], 1.5))


def copies(random: Random) -> Iterator[Sample]:
    for mode in ("edge", "reflect", "symmetric", "wrap"):
        yield Sample((draw(random, (2, 3), -2, 2), [(1, 2), (0, 5)], mode))


def borders_to_fold(random: Random) -> Iterator[Sample]:
    for mode in ("edge", "reflect", "symmetric", "wrap"):
        yield Sample((draw(random, (5, 8), -2, 2), [(1, 2), (0, 5)], mode))


OPERATORS = [
    Operator(padded, copies, complex=True),
    Operator(folded, borders_to_fold, complex=True),
    Operator(bordered, widths, complex=True),
    Operator(
        np.pad,
        borders,
        torch=pad_torch,
        wrong=(
            Wrong((np.ones(2), 1, "empty"), "mode='empty' has no gradient rule"),
            Wrong((np.ones(2), 1, "mean"), "unexpected keyword argument 'end_values'", {"end_values": 1}),
            Wrong((np.ones(3), 1, "reflect"), "even. or .odd", {"reflect_type": "up"}, ValueError),
        ),
    ),
]
