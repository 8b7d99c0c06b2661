"""Records of `microgradnp/rules/rearranging.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, called_with, draw, over


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


def stacked_deep(random: Random) -> Iterator[Sample]:
    for shapes in (((2, 3), (2, 3)), ((3,), (3,)), ((2, 3, 1), (2, 3, 2)), ((2, 3), (2, 3, 2))):
        yield Sample(tuple(draw(random, shape, -2, 2) for shape in shapes))


def columns(random: Random) -> Iterator[Sample]:
    for shapes in (((3,), (3,)), ((3, 2), (3,)), ((3, 2), (3, 1))):
        yield Sample(tuple(draw(random, shape, -2, 2) for shape in shapes))


def appended_to(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (2,), -2, 2)))
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (1, 3), -2, 2), 0))
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (2, 2), -2, 2)), {"axis": 1})


def append_torch(torch: Any, x: Any, values: Any, axis: Any = None) -> Any:
    return torch.cat([x.ravel(), values.ravel()]) if axis is None else torch.cat([x, values], axis)


def selected_torch(keep: Callable[..., Any]) -> Callable[..., Any]:
    """Entries along an axis, or of the flat array: `keep(n, *arguments)` says which of n."""

    def call(torch: Any, x: Any, *args: Any, axis: Any = None) -> Any:
        flat, along = (x.ravel(), 0) if axis is None else (x, axis)
        return flat.index_select(along, torch.as_tensor(keep(flat.shape[along], *args)))

    return call


def take_torch(torch: Any, x: Any, index: Any, axis: Any = None) -> Any:
    flat, along = (x.ravel(), 0) if axis is None else (x, axis)
    return flat[(slice(None),) * along + (torch.as_tensor(index),)]


def deleted_torch(torch: Any, x: Any, index: Any, axis: Any = None) -> Any:
    return selected_torch(lambda n: np.delete(np.arange(n), index))(torch, x, axis=axis)


def compressed_torch(torch: Any, condition: Any, x: Any, axis: Any = None) -> Any:
    return selected_torch(lambda n: np.flatnonzero(np.asarray(condition)))(torch, x, axis=axis)


def tile_torch(torch: Any, x: Any, reps: Any) -> Any:
    return torch.tile(x, (reps,) if isinstance(reps, int) else reps)


OPERATORS = [
    Operator(
        np.moveaxis, called_with(((2, 3, 4), (0, -1), {}), ((2, 3, 4), ([0, 1], [-1, 0]), {})), torch="moveaxis", complex=True
    ),
    Operator(np.matrix_transpose, called_with(((2, 3, 4), (), {}), ((2, 3), (), {})), torch=lambda torch, x: x.mT, complex=True),
    Operator(
        np.flip,
        called_with(((2, 3), (), {}), ((2, 3, 4), (), {"axis": 1}), ((2, 3, 4), ((0, -1),), {}), ((0, 2), (0,), {})),
        torch=lambda torch, x, axis=None: torch.flip(x, dims=over(x, axis)),
        complex=True,
    ),
    Operator(np.fliplr, called_with(((2, 3), (), {})), torch="fliplr", complex=True),
    Operator(np.flipud, called_with(((2, 3), (), {}), ((3,), (), {})), torch="flipud", complex=True),
    Operator(
        np.rot90,
        called_with(((2, 3), (), {}), ((2, 3), (3,), {}), ((2, 3, 4), (2, (2, 0)), {}), ((2, 3), (-1,), {})),
        torch=lambda torch, x, k=1, axes=(0, 1): torch.rot90(x, k, axes),
        complex=True,
    ),
    Operator(
        np.roll,
        called_with(((2, 3), (2,), {}), ((2, 3, 4), ((1, -1), (0, 2)), {}), ((2, 3), (5,), {"axis": 1}), ((0, 2), (1, 0), {})),
        torch=lambda torch, x, shift, axis=None: torch.roll(x, shift, axis),
        complex=True,
    ),
    Operator(
        np.tile,
        called_with(((2, 3), (2,), {}), ((2, 3), ((2, 1, 3),), {}), ((3,), ((2, 2),), {})),
        torch=tile_torch,
        complex=True,
    ),
    Operator(
        np.repeat,
        called_with(((2, 3), (2,), {}), ((3, 2), ([1, 0, 2],), {"axis": 0}), ((2, 3), (3, -1), {})),
        torch=lambda torch, x, n, axis=None: torch.repeat_interleave(x, torch.as_tensor(n), dim=axis),
        complex=True,
    ),
    Operator(
        np.take,
        called_with(((3, 4), ([0, 2, 2, -1],), {}), ((3, 4), ([[0, 2], [1, 1]],), {"axis": 1}), ((3, 4), (1, 0), {})),
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
        called_with(((3, 4), (), {}), ((2, 3, 4), (1, 0, 2), {}), ((3, 4), (-1,), {}), ((3, 4), (5,), {})),
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
        np.trace,
        called_with(((3, 4), (), {}), ((2, 3, 4), (1, 1, 2), {})),
        torch=lambda torch, x, *where: torch.diagonal(x, *where).sum(-1),
        complex=True,
    ),
    Operator(np.dstack, sequence=True, samples=stacked_deep, torch=lambda torch, *parts: torch.dstack(parts), complex=True),
    Operator(
        np.column_stack, sequence=True, samples=columns, torch=lambda torch, *parts: torch.column_stack(parts), complex=True
    ),
    Operator(np.append, appended_to, torch=append_torch, complex=True),
]
