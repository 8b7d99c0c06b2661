"""Records of `microgradnp/rules/creation.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import microgradnp as mg
from operators.record import COMPLEX, Operator, Random, Sample, Wrong, draw, unary


def ranges(random: Random) -> Iterator[Sample]:
    a, b = draw(random, (), -2, 2), draw(random, (2,), -2, 2)
    yield Sample((a, draw(random, (), -2, 2), 4))
    yield Sample((a, b, 3))
    yield Sample((b, 2.0), {"num": 3, "endpoint": False, "axis": 1})
    yield Sample((0, b, 1), exact=False)
    yield Sample((a, b, 3), {"retstep": True}, exact=False)
    yield Sample((a, b, 3), {"dtype": complex}, exact=False)
    yield Sample((a, b, 0), exact=False)


def linspace_torch(torch: Any, a: Any, b: Any, num: int = 50, endpoint: bool = True, axis: int = 0) -> Any:
    share = torch.arange(num, dtype=torch.float64) / (num - 1 if endpoint else num)
    a, b = torch.broadcast_tensors(torch.as_tensor(a, dtype=torch.float64), torch.as_tensor(b, dtype=torch.float64))
    share = share.reshape(-1, *(1,) * a.ndim)
    return torch.moveaxis(a + (b - a) * share, 0, axis)


def geometric(random: Random) -> Iterator[Sample]:
    a, b = draw(random, (), 0.5, 2), draw(random, (2,), 0.5, 2)
    yield Sample((a, b, 4))
    yield Sample((-a, -b), {"num": 3, "endpoint": False, "axis": 1}, exact=False)
    yield Sample((a, b, 3), {"dtype": complex}, exact=False)


def logarithmic(random: Random) -> Iterator[Sample]:
    a, b = draw(random, (), -1, 1), draw(random, (2,), -1, 1)
    yield Sample((a, b, 4))
    yield Sample((a, b), {"num": 3, "endpoint": False, "axis": 1, "base": 2.0})
    yield Sample((a, b, 3), {"dtype": complex}, exact=False)


def fills(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (), -2, 2),))
    yield Sample((draw(random, (3,), -2, 2),), {"dtype": complex}, exact=False)
    yield Sample((draw(random, (3,), -2, 2),), {"shape": (4, 3)}, exact=False)


def filled(x: Any, **options: Any) -> Any:
    """NumPy dispatches on the first argument only, so that must be a Tensor."""
    return np.full_like(mg.Tensor(np.ones((2, 3))), x, **options)


def lanes(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2)
    for axis in (0, -1, 1):
        yield Sample((axis, x))


def largest_and_sum(x: Any) -> Any:
    return np.stack([x[0] * x[1], np.sum(x**2), x[-1]])


def lanes_torch(torch: Any, axis: int, x: Any) -> Any:
    x = torch.moveaxis(x, axis, 0)
    return torch.moveaxis(torch.stack([x[0] * x[1], (x**2).sum(0), x[-1]]), 0, axis)


def over_axes(random: Random) -> Iterator[Sample]:
    x = draw(random, (2, 3, 4), -2, 2)
    yield Sample((x, [0, 2]))
    yield Sample((x, -1))


OPERATORS = [
    unary(np.copy, torch=lambda torch, x: x.clone(), **COMPLEX),
    Operator(np.full_like, fills, calls=filled, torch=lambda torch, x: x.to(torch.float64).expand(2, 3), narrow=False),
    Operator(np.linspace, ranges, torch=linspace_torch, narrow=False),
    Operator(
        np.logspace,
        logarithmic,
        torch=lambda torch, a, b, num=50, base=10.0, **k: base ** linspace_torch(torch, a, b, num, **k),
        narrow=False,
        wrong=(Wrong((np.ones(()), 2.0), "base= is an array", {"base": np.ones(2)}),),
    ),
    Operator(
        np.geomspace,
        geometric,
        torch=lambda torch, a, b, num=50, **k: (
            torch.sign(a) * 10 ** linspace_torch(torch, torch.log10(torch.abs(a)), torch.log10(torch.abs(b)), num, **k)
        ),
        narrow=False,
        wrong=(
            Wrong((np.ones(()), -2.0), "the same sign", error=ValueError),
            Wrong((np.array(1 + 1j), 2.0), "complex numbers have no gradient rule"),
        ),
    ),
    Operator(
        np.apply_along_axis,
        lanes,
        calls=lambda axis, x: np.apply_along_axis(largest_and_sum, axis, x),
        torch=lanes_torch,
        complex=True,
    ),
    Operator(
        np.apply_over_axes,
        over_axes,
        calls=lambda x, axes: np.apply_over_axes(np.sum, x, axes),
        torch=lambda torch, x, axes: torch.sum(x, axes, keepdim=True),
        complex=True,
    ),
]
