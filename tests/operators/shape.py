"""Records of `microgradnp/rules/shape.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from operators.record import SHAPES, Operator, Random, Sample, draw


def reshapes(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 6), -2, 2)
    for shape in ((3, 4), -1, (2, -1, 2), (1, 12), [4, 3]):
        yield Sample((x, shape))
    yield Sample((x, (3, 4)), {"order": "F"}, exact=False)
    yield Sample((np.asfortranarray(x), (3, 4)), {"order": "C"})
    yield Sample((x, (3, 4)), {"copy": True}, exact=False)
    yield Sample((x,), {"shape": (3, 4)})
    yield Sample((np.ones((0, 3)), (3, 0, 2)))
    yield Sample((np.array(1.5), (1, 1)))
    yield Sample((np.array([1.5]), ()))


def ravels(random: Random) -> Iterator[Sample]:
    for shape in SHAPES:
        yield Sample((draw(random, shape, -2, 2),))
    yield Sample((draw(random, (2, 3), -2, 2), "F"), exact=False)
    yield Sample((draw(random, (2, 3), -2, 2).T,), {"order": "F"}, exact=False)
    yield Sample((draw(random, (2, 3), -2, 2).T,))


def expansions(random: Random) -> Iterator[Sample]:
    for axis in (0, -1, 1):
        yield Sample((draw(random, (2, 3), -2, 2), axis))
    yield Sample((draw(random, (2, 3), -2, 2), (0, -1)), exact=False)
    yield Sample((np.array(1.5),), {"axis": 0})
    yield Sample((np.ones((0, 2)), 1))


def squeezes(random: Random) -> Iterator[Sample]:
    x = draw(random, (1, 3, 1, 2), -2, 2)
    yield Sample((x,))
    for axis in (0, -2, (0, 2)):
        yield Sample((x,), {"axis": axis})
    yield Sample((np.array([[1.5]]),))
    yield Sample((np.array(1.5),))
    yield Sample((np.ones((0, 1)), -1))


def transposes(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2)
    yield Sample((x,))
    for axes in ((1, 2, 0), (-1, 0, 1), [0, 2, 1]):
        yield Sample((x, axes))
    yield Sample((np.array(1.5),))
    yield Sample((np.ones(3),), {"axes": (0,)})
    yield Sample((np.ones((0, 3)),))


def swaps(random: Random) -> Iterator[Sample]:
    for axes in ((0, 2), (-1, 1), (1, 1)):
        yield Sample((draw(random, (2, 3, 4), -2, 2), *axes))
    yield Sample((np.ones((0, 3)),), {"axis1": 0, "axis2": 1}, exact=False)


def broadcasts(random: Random) -> Iterator[Sample]:
    for shape, wanted in (((3, 1), (2, 3, 4)), ((), (2, 3)), ((3,), (3,)), ((1,), (0,)), ((1, 3), (0, 3)), ((), ())):
        yield Sample((draw(random, shape, -2, 2), wanted))
    yield Sample((np.ones(3), 3), exact=False)


def joins(random: Random) -> Iterator[Sample]:
    parts = tuple(draw(random, shape, -2, 2) for shape in ((2, 3), (1, 3), (0, 3)))
    yield Sample(parts)
    yield Sample(tuple(p.T for p in parts), {"axis": 1})
    yield Sample(tuple(p.T for p in parts), {"axis": -1})
    yield Sample((draw(random, (2, 3), -2, 2), draw(random, (2,), -2, 2), np.array(1.5)), {"axis": None}, exact=False)
    yield Sample((draw(random, (3,), -2, 2), [1, 2]), exact=False)
    yield Sample((draw(random, (3,), -2, 2),))


def stacks(random: Random) -> Iterator[Sample]:
    for axis in (0, 1, -1):
        yield Sample(tuple(draw(random, (2, 3), -2, 2) for _ in range(3)), {"axis": axis})
    yield Sample((np.array(1.5), np.array(2.5)))
    yield Sample((np.ones((0, 2)), np.ones((0, 2))))


def of_tuple(name: str) -> Callable[..., Any]:
    """A torch function that takes a tuple of tensors, with `dim` for NumPy's `axis`."""

    def call(torch: Any, *parts: Any, axis: int = 0) -> Any:
        return getattr(torch, name)(parts, dim=axis)

    return call


def transpose_torch(torch: Any, x: Any, axes: Any = None) -> Any:
    return x.permute(tuple(axes or range(x.ndim)[::-1]))


def squeeze_torch(torch: Any, x: Any, axis: Any = None) -> Any:
    return torch.squeeze(x) if axis is None else torch.squeeze(x, axis)


OPERATORS = [
    Operator(np.reshape, reshapes, torch=lambda torch, x, shape, order="C": x.reshape(shape), complex=True),
    Operator(np.ravel, ravels, torch="ravel", complex=True),
    Operator(np.expand_dims, expansions, torch=lambda torch, x, axis: torch.unsqueeze(x, axis), complex=True),
    Operator(np.squeeze, squeezes, torch=squeeze_torch, complex=True),
    Operator(np.transpose, transposes, torch=transpose_torch, complex=True),
    Operator(np.swapaxes, swaps, torch=lambda torch, x, a, b: torch.swapaxes(x, a, b), complex=True),
    Operator(np.broadcast_to, broadcasts, torch="broadcast_to", complex=True),
    Operator(np.concatenate, joins, torch=of_tuple("cat"), complex=True),
    Operator(np.stack, stacks, torch=of_tuple("stack"), complex=True),
]
