"""Records of `microgradnp/rules/joining.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from operators.record import RECENT, Operator, Random, Sample, Wrong, called_with, draw


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


def stacked_by(random: Random) -> Iterator[Sample]:
    yield Sample(tuple(draw(random, shape, -2, 2) for shape in ((2, 2), (2, 2))))
    yield Sample(tuple(draw(random, shape, -2, 2) for shape in ((3,), (3,), (3,))))
    yield Sample((np.array(1.5), np.array([2.5])))
    yield Sample((np.array(1.5), np.array(2.5)))
    yield Sample((np.ones((2, 1, 3)), np.ones((2, 1, 3))))
    yield Sample((np.ones(3), [1.0, 2.0, 3.0]), exact=False)


def blocks(random: Random) -> Iterator[Sample]:
    a, b, c, d = (draw(random, shape, -2, 2) for shape in ((2, 2), (2, 3), (1, 2), (1, 3)))
    yield Sample((a, b, c, d))


def inserted(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x, 1, draw(random, (), -2, 2)))
    yield Sample((x, 1, draw(random, (4,), -2, 2)), {"axis": 0})
    yield Sample((x, [0, 2, 2], draw(random, (3,), -2, 2)), {"axis": 1})
    yield Sample((x, slice(0, 2), draw(random, (3, 2), -2, 2)), {"axis": 1})
    if RECENT:
        yield Sample((x, np.array([True, False, True]), 1.5, 0), exact=False)
    yield Sample((draw(random, (3,), -2, 2), -1, draw(random, (1,), -2, 2)))


def insert_torch(torch: Any, x: Any, where: Any, values: Any, axis: Any = None) -> Any:
    """NumPy determines which number goes where."""
    values = torch.as_tensor(values, dtype=x.dtype)
    numbers = np.insert(
        np.arange(x.numel()).reshape(x.shape), where, x.numel() + np.arange(values.numel()).reshape(values.shape), axis
    )
    return torch.cat([x.ravel(), values.ravel()])[torch.as_tensor(numbers)]


def parts(shape: tuple[int, ...]) -> Any:
    return called_with((shape, (2,), {}), (shape, ([1, 3],), {}))


MORE = [
    Operator(
        np.block,
        blocks,
        calls=lambda a, b, c, d: np.block([[a, b], [c, d]]),
        torch=lambda torch, a, b, c, d: torch.cat([torch.cat([a, b], 1), torch.cat([c, d], 1)]),
        complex=True,
    ),
    Operator(
        np.insert,
        inserted,
        torch=insert_torch,
        wrong=(Wrong((np.ones((3, 4)), 9, 1.0), "out of bounds", {"axis": 0}, IndexError),),
    ),
    Operator(
        np.array_split,
        called_with(
            ((5,), (3,), {}), ((5, 2), ([1, 3],), {}), ((2, 5), (2,), {"axis": 1}), ((2, 5), (3, -1), {}), ((2,), (3,), {})
        ),
        torch=lambda torch, x, parts, axis=0: torch.tensor_split(x, parts, axis),
        complex=True,
    ),
    Operator(
        np.split,
        called_with(((6,), (3,), {}), ((5, 2), ([1, 3],), {}), ((2, 4), (2,), {"axis": 1})),
        torch=lambda torch, x, parts, axis=0: torch.tensor_split(x, parts, axis),
        complex=True,
        wrong=(Wrong((np.ones(5), 2), "do not divide", error=ValueError),),
    ),
    Operator(np.hsplit, parts((2, 4)), torch="hsplit", complex=True),
    Operator(np.vsplit, parts((4, 2)), torch="vsplit", complex=True),
    Operator(np.dsplit, parts((2, 1, 4)), torch="dsplit", complex=True),
    Operator(
        np.unstack,
        called_with(((3, 2), (), {}), ((3, 2), (), {"axis": 1}), ((2, 3, 2), (), {"axis": -1})),
        torch=lambda torch, x, axis=0: torch.unbind(x, axis),
        complex=True,
    ),
]


OPERATORS = [
    Operator(np.hstack, sequence=True, samples=stacked_by, torch=lambda torch, *parts: torch.hstack(parts), complex=True),
    Operator(np.vstack, sequence=True, samples=stacked_by, torch=lambda torch, *parts: torch.vstack(parts), complex=True),
    Operator(np.dstack, sequence=True, samples=stacked_deep, torch=lambda torch, *parts: torch.dstack(parts), complex=True),
    Operator(
        np.column_stack, sequence=True, samples=columns, torch=lambda torch, *parts: torch.column_stack(parts), complex=True
    ),
    Operator(np.append, appended_to, torch=append_torch, complex=True),
    *MORE,
]
