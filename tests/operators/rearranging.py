"""Records of `microgradnp/rules/rearranging.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, Wrong, called_with, draw, over


def tile_torch(torch: Any, x: Any, reps: Any) -> Any:
    return torch.tile(x, (reps,) if isinstance(reps, int) else reps)


def several(*shapes: tuple[int, ...], **options: Any) -> Callable[[Random], Iterator[Sample]]:
    def samples(random: Random) -> Iterator[Sample]:
        yield Sample(tuple(draw(random, shape, -2, 2) for shape in shapes), options)

    return samples


def grids(random: Random) -> Iterator[Sample]:
    x, y, z = (draw(random, (n,), -2, 2) for n in (2, 3, 2))
    yield Sample((x, y))
    yield Sample((x, y, z), {"indexing": "ij"})
    yield Sample((x, y), {"sparse": True}, exact=False)
    yield Sample((x, y), {"copy": False}, exact=False)
    yield Sample((x,), {"indexing": "xy"})


def meshgrid_torch(torch: Any, *x: Any, indexing: str = "xy") -> Any:
    return torch.meshgrid(*x, indexing=indexing if len(x) > 1 else "ij")


def of_one_or_two(random: Random) -> Iterator[Sample]:
    for shape in ((), (3,), (2, 3), (2, 1, 3)):
        yield Sample((draw(random, shape, -2, 2),))
    yield Sample((draw(random, (), -2, 2), draw(random, (3,), -2, 2)))


def atleast_3d_torch(torch: Any, *parts: Any) -> Any:
    def three(x: Any) -> Any:
        return x.reshape({0: (1, 1, 1), 1: (1, *x.shape, 1), 2: (*x.shape, 1)}.get(x.ndim, x.shape))

    return three(parts[0]) if len(parts) == 1 else tuple(map(three, parts))


MORE = [
    Operator(
        np.broadcast_arrays,
        several((3, 1), (2,), ()),
        torch=lambda torch, *parts: torch.broadcast_tensors(*parts),
        complex=True,
        wrong=(Wrong((np.ones(3), np.ones(2)), "mismatch", error=ValueError),),
    ),
    Operator(
        np.meshgrid,
        grids,
        torch=meshgrid_torch,
        complex=True,
        wrong=(Wrong((np.ones(3), np.ones(2)), "indexing", {"indexing": "yx"}, ValueError),),
    ),
    Operator(np.atleast_1d, of_one_or_two, torch="atleast_1d", complex=True),
    Operator(np.atleast_2d, of_one_or_two, torch="atleast_2d", complex=True),
    Operator(np.atleast_3d, of_one_or_two, torch=atleast_3d_torch, complex=True),
    Operator(
        np.rollaxis,
        called_with(((2, 3, 4), (2,), {}), ((2, 3, 4), (0, 2), {}), ((2, 3, 4), (-1,), {"start": -2}), ((2, 3), (1, 1), {})),
        torch=lambda torch, x, axis, start=0: x.permute(rolled(x.ndim, axis, start)),
        complex=True,
    ),
]


def rolled(n: int, axis: int, start: int) -> list[int]:
    """The order of the axes by definition: one is taken out, and put back before `start`."""
    axes = list(range(n))
    axis, start = axis % n, start + n if start < 0 else start
    axes.remove(axis)
    axes.insert(start - 1 if axis < start else start, axis)
    return axes


OPERATORS = [
    Operator(
        np.moveaxis, called_with(((2, 3, 4), (0, -1), {}), ((2, 3, 4), ([0, 1], [-1, 0]), {})), torch="moveaxis", complex=True
    ),
    Operator(np.linalg.matrix_transpose, called_with(((2, 3, 4), (), {})), torch=lambda torch, x: x.mT, complex=True),
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
    *MORE,
]
