"""Records of `microgradnp/rules/indexing.py`."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

import microgradnp as mg
from microgradnp.rules.indexing import scatter
from operators.record import Operator, Random, Sample, draw


def indices(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4, 2), -2, 2)
    mask = random.uniform(size=(3, 4)) > 0.4
    several: list[Any] = [1, -1, slice(None), slice(None, None, 2), None, ..., (1, 2), (..., 0), (slice(1, 3), None, ..., 1)]
    several += [(0, 1, 1), np.int64(2), mask, mask[:, 0], mask[:, 0].tolist(), (slice(None), mask[0])]
    several += [
        [0, 2, 2, 0],
        np.array([[0, 1], [1, -1]]),
        (np.array([0, 0, 1]), np.array([1, 1, -1])),
        (np.array([0, 0]), slice(1, 3), 1),
    ]
    several += [
        (np.array([[0], [2]]), np.array([0, 3, 3])),
        (0, slice(None), np.array([1, 1])),
        (mask[:, 0], 1),
        ([0, 1], None, [1, 1]),
    ]
    several += [np.array(1), np.array([], int), slice(0, 0), (slice(None, None, -1), 1)]
    for index in several:
        negative = any(
            isinstance(part, slice) and (part.step or 1) < 0 for part in (index if isinstance(index, tuple) else (index,))
        )
        kinds = [type(part) for part in index] if isinstance(index, tuple) else []
        split = kinds == [int, slice, np.ndarray]  # PyTorch orders the axes in another way
        yield Sample((x, index), exact=not (negative or split))
    yield Sample((x, True), exact=False)
    yield Sample((x, False), exact=False)
    yield Sample((np.array(1.5), ()))
    yield Sample((np.array(1.5), None))
    yield Sample((np.array(1.5), ...))
    yield Sample((np.array(1.5), np.array(True)))
    yield Sample((np.ones((0, 3)), (slice(None), 1)))


def scatters(random: Random) -> Iterator[Sample]:
    a = np.zeros((3, 4))
    for index in (1, (slice(None), [0, 0, 2]), a == 0, (..., None, 1), np.array([2, 2])):
        yield Sample((draw(random, a[index].shape, -2, 2), a, index))


def assignments(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x, 1, draw(random, (4,), -2, 2)))
    yield Sample((x, (slice(None), 2), draw(random, (3,), -2, 2)))
    yield Sample((x, (0, 1), np.array(1.5)))
    yield Sample((x, x > 0, 0.5), exact=False)
    yield Sample((x, slice(1, None), draw(random, (2, 1), -2, 2)))
    yield Sample((x, ([0, 2], [1, 3]), draw(random, (2,), -2, 2)))
    yield Sample((x, ..., draw(random, (4,), -2, 2)))
    yield Sample((x, slice(0, 0), draw(random, (0, 4), -2, 2)))


def set_at_torch(torch: Any, x: Any, index: Any, value: Any) -> Any:
    changed = x.clone()
    changed[index] = value
    return changed


OPERATORS = [
    Operator(operator.getitem, indices, torch=lambda torch, x, index: x[index], complex=True),
    Operator(scatter, scatters, complex=True),
    Operator(mg.set_at, assignments, torch=set_at_torch, complex=True),
]
