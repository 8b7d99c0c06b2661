"""Records of `microgradnp/rules/selecting.py`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, Wrong, called_with, draw


def called_with_condition(random: Random) -> Iterator[Sample]:
    yield Sample(([True, False, True], draw(random, (3, 4), -2, 2)), {"axis": 0})
    yield Sample((np.array([False, True, True]), draw(random, (4,), -2, 2)))


def extracted(random: Random) -> Iterator[Sample]:
    yield Sample((np.array([[True, False], [True, True]]), draw(random, (2, 2), -2, 2)))


def along_indices(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x, np.argsort(x, axis=0), 0))
    yield Sample((x, np.array([[0, 1, 1]]), 1))
    yield Sample((x, np.array([0, 5, 5, 11]), None))
    yield Sample((x, np.array([0, 5, 5, -1]), None), exact=False)


def selected_torch(keep: Callable[..., Any]) -> Callable[..., Any]:
    """Entries along an axis, or of the flat array. `keep(n, *arguments)` selects among n."""

    def call(torch: Any, x: Any, *args: Any, axis: Any = None) -> Any:
        flat, along = (x.ravel(), 0) if axis is None else (x, axis)
        return flat.index_select(along, torch.as_tensor(keep(flat.shape[along], *args)))

    return call


def taken(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x, [0, 2, 2, -1]))
    yield Sample((x, [[0, 2], [1, 1]]), {"axis": 1})
    yield Sample((x, 1, 0))
    yield Sample((x, np.array([3, -1, 1])), {"axis": 0, "mode": "wrap"})
    yield Sample((x, np.array([3, -1, 13])), {"mode": "clip"})


def take_torch(torch: Any, x: Any, index: Any, axis: Any = None, mode: str = "raise") -> Any:
    flat, along = (x.ravel(), 0) if axis is None else (x, axis)
    if mode != "raise":
        n, index = flat.shape[along], np.asarray(index)
        index = np.mod(index, n) if mode == "wrap" else np.clip(index, 0, n - 1)
    return flat[(slice(None),) * along + (torch.as_tensor(index),)]


def deleted_torch(torch: Any, x: Any, index: Any, axis: Any = None) -> Any:
    return selected_torch(lambda n: np.delete(np.arange(n), index))(torch, x, axis=axis)


def compressed_torch(torch: Any, condition: Any, x: Any, axis: Any = None) -> Any:
    return selected_torch(lambda n: np.flatnonzero(np.asarray(condition)))(torch, x, axis=axis)


def sets(random: Random) -> Iterator[Sample]:
    yield Sample((np.array([0.5, -1.25, 2.0, 0.75]),))
    yield Sample((np.array([[0.5, 1.25], [2.0, -0.75]]),))


def keyed_sets(random: Random) -> Iterator[Sample]:
    yield from sets(random)
    x = np.array([[0.5, 1.25], [2.0, -0.75], [-1.0, 0.25]])
    yield Sample((x,), {"axis": 0})
    for option in ("return_index", "return_inverse", "return_counts"):
        yield Sample((x.ravel(),), {option: True})
    yield Sample((x.ravel(),), {"equal_nan": False})


def two_sets(random: Random) -> Iterator[Sample]:
    yield Sample((np.array([0.5, 1.25, 2.0]), np.array([2.5, -1.0])))


def two_sets_or_lists(random: Random) -> Iterator[Sample]:
    yield from two_sets(random)
    yield Sample((np.array([0.5, 1.25, 2.0]), np.array([2.5, -1.0])), {"assume_unique": True})


def without_some(random: Random) -> Iterator[Sample]:
    yield Sample((np.array([0.5, 1.25, 2.0]), [2.5, 7.0]))
    yield Sample((np.array([0.5, 1.25, 2.0]), [2.5, 7.0]), {"assume_unique": True})


def zeros_around(random: Random) -> Iterator[Sample]:
    x = np.array([0.0, 0.0, 1.5, 0.0, -2.0, 0.0])
    for options in ({}, {"trim": "f"}, {"trim": "b"}):
        yield Sample((x[2:5],), options)
    if "axis" in inspect.signature(np.trim_zeros).parameters:  # NumPy 2.2
        yield Sample((np.array([[1.5, 2.0], [0.5, -1.0]]),), {"axis": 0})


def chosen(random: Random) -> Iterator[Sample]:
    first, second = draw(random, (3,), -2, 2), draw(random, (3,), -2, 2)
    yield Sample((np.array([0, 1, 1]), first, second))
    yield Sample((np.array([[0], [1]]), first, draw(random, (), -2, 2)))
    yield Sample((np.array([3, -1, 1]), first, second), {"mode": "wrap"})
    yield Sample((np.array([3, -1, 1]), first, second), {"mode": "clip"})


def choose_torch(torch: Any, picked: Any, *choices: Any, mode: str = "raise") -> Any:
    n = len(choices)
    picked = picked % n if mode == "wrap" else picked.clip(0, n - 1)
    return torch.where(picked == 0, *choices)


def selected(random: Random) -> Iterator[Sample]:
    x = draw(random, (5,), -2, 2)
    for options in ({}, {"default": 1.5}):
        yield Sample((x > 0.5, x < 0, x, draw(random, (1,), -2, 2)), options)
    yield Sample((x[:2] > 0, x[:2] > -1, draw(random, (3, 1), -2, 2), x[:2]))


def select_torch(torch: Any, first: Any, second: Any, a: Any, b: Any, default: float = 0.0) -> Any:
    return torch.where(first, a, torch.where(second, b, default))


def pieces(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3), -2, 2, 0.2)
    yield Sample((x, x < 0, x > 1))
    yield Sample((x.ravel(), x.ravel() < -3, x.ravel() > 0))


def piecewise(x: Any, low: Any, high: Any) -> Any:
    return np.piecewise(x, [low, high], [lambda part: part**3, lambda part: 2 * part, 0.5])


def piecewise_torch(torch: Any, x: Any, low: Any, high: Any) -> Any:
    return torch.where(high, 2 * x, torch.where(low, x**3, 0.5))


def resize_torch(torch: Any, x: Any, shape: Any) -> Any:
    return x.ravel()[torch.as_tensor(np.resize(np.arange(x.numel()), shape))]


MORE = [
    Operator(
        np.resize,
        called_with(((2, 3), ((2, 4),), {}), ((2, 3), (3,), {})),
        torch=resize_torch,
        complex=True,
    ),
    Operator(
        np.choose,
        chosen,
        calls=lambda a, *choices, **options: np.choose(a, list(choices), **options),
        torch=choose_torch,
        complex=True,
        wrong=(Wrong((np.array([0, 2]), np.ones(2), np.ones(2)), "outside of 0 ... 1", error=ValueError),),
    ),
    Operator(
        np.select,
        selected,
        calls=lambda p, q, a, b, **options: np.select([p, q], [a, b], **options),
        torch=select_torch,
        complex=True,
    ),
    Operator(np.piecewise, pieces, calls=piecewise, torch=piecewise_torch, complex=True),
    Operator(np.trim_zeros, zeros_around, torch=lambda torch, x, trim="fb", axis=None: x.clone(), complex=True),
    Operator(np.unique, keyed_sets, narrow=False),
    Operator(np.unique_all, sets, narrow=False),
    Operator(np.unique_counts, sets, narrow=False),
    Operator(np.unique_inverse, sets, narrow=False),
    Operator(np.unique_values, sets),
    Operator(np.union1d, two_sets, torch=lambda torch, a, b: torch.sort(torch.cat([a, b])).values),
    Operator(np.setxor1d, two_sets_or_lists, torch=lambda torch, a, b, assume_unique=False: torch.sort(torch.cat([a, b])).values),
    Operator(np.setdiff1d, without_some),
]


WITH_OFFSET = called_with(((3, 4), (), {}), ((2, 3, 4), (), {"offset": 1}))

OPERATORS = [
    Operator(
        np.take,
        taken,
        torch=take_torch,
        complex=True,
    ),
    Operator(np.take_along_axis, along_indices, torch=lambda torch, x, i, axis: torch.take_along_dim(x, i, axis), complex=True),
    Operator(np.compress, called_with_condition, torch=compressed_torch, complex=True),
    Operator(np.extract, extracted, torch=compressed_torch, complex=True),
    Operator(
        np.delete,
        called_with(((3, 4), ([1, 2], 1), {}), ((3, 4), (slice(0, 3),), {}), ((3, 4), (0,), {"axis": 0})),
        torch=deleted_torch,
        complex=True,
    ),
    Operator(np.tril, called_with(((3, 4), (), {}), ((2, 3, 3), (-1,), {}), ((4, 3), (1,), {})), torch="tril", complex=True),
    Operator(np.triu, called_with(((3, 4), (), {}), ((2, 3, 3), (-1,), {}), ((4, 3), (1,), {})), torch="triu", complex=True),
    Operator(
        np.diagonal,
        called_with(((3, 4), (), {}), ((2, 3, 4), (1, 0, 2), {}), ((2, 3, 4), (-1, 1, -1), {}), ((3, 4), (5,), {})),
        torch="diagonal",
        complex=True,
    ),
    Operator(
        np.diag,
        called_with(((4,), (), {}), ((3,), (2,), {}), ((3,), (-1,), {}), ((3, 4), (), {}), ((3, 4), (1,), {})),
        torch="diag",
        complex=True,
    ),
    Operator(
        np.diagflat,
        called_with(((2, 3), (), {}), ((3,), (-1,), {})),
        torch=lambda torch, x, k=0: torch.diagflat(x, k),
        complex=True,
    ),
    Operator(
        np.linalg.trace,
        WITH_OFFSET,
        torch=lambda torch, x, offset=0: torch.diagonal(x, offset, -2, -1).sum(-1),
        complex=True,
    ),
    Operator(np.linalg.diagonal, WITH_OFFSET, torch=lambda torch, x, offset=0: torch.diagonal(x, offset, -2, -1), complex=True),
    Operator(
        np.trace,
        called_with(((3, 4), (), {}), ((2, 3, 4), (1, 1, 2), {})),
        torch=lambda torch, x, *where: torch.diagonal(x, *where).sum(-1),
        complex=True,
    ),
    *MORE,
]
