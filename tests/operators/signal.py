"""Records of `microgradnp/rules/signal.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.rules.signal import interpolated, overlapped, windows_of
from operators.record import Operator, Random, Sample, Wrong, called_with, draw


def sequences(random: Random) -> Iterator[Sample]:
    for n, m in ((5, 3), (3, 5), (4, 4), (4, 5), (1, 3), (2, 2)):
        for mode in ("full", "same", "valid"):
            yield Sample((draw(random, (n,), -2, 2), draw(random, (m,), -2, 2), mode))
    yield Sample((draw(random, (4,), -2, 2), draw(random, (2,), -2, 2)))
    yield Sample((draw(random, (3,), -2, 2), [1.0, 2.0]), exact=False)


def full_torch(torch: Any, a: Any, v: Any) -> Any:
    """A convolution from an outer product, whose anti-diagonals are summed."""
    n, m = len(a), len(v)
    place = torch.arange(n)[:, None] + torch.arange(m)
    return torch.zeros(n + m - 1, dtype=a.dtype).index_add(0, place.ravel(), torch.outer(a, v).ravel())


def part_of(full: Any, n: int, m: int, mode: str, correlated: bool) -> Any:
    """The start of each mode was found from NumPy's results for all lengths up to 6."""
    if mode == "full":
        return full
    if mode == "valid":
        return full[min(n, m) - 1 : max(n, m)]
    start = min(n, m) // 2 if correlated and m > n else (min(n, m) - 1) // 2
    return full[start : start + max(n, m)]


def convolve_torch(torch: Any, a: Any, v: Any, mode: str = "full") -> Any:
    return part_of(full_torch(torch, a, v), len(a), len(v), mode, False)


def correlate_torch(torch: Any, a: Any, v: Any, mode: str = "valid") -> Any:
    return part_of(full_torch(torch, a, torch.flip(v, (0,)).conj()), len(a), len(v), mode, True)


def lines(random: Random) -> Iterator[Sample]:
    xp, fp = np.cumsum(draw(random, (4,), 0.5, 1)), draw(random, (4,), -2, 2)
    x = np.array([[xp[0] - 0.4, xp[0] + 0.1, xp[1] + 0.3], [xp[2] + 0.2, xp[3] - 0.1, xp[3] + 0.7]])
    yield Sample((x, xp, fp))
    yield Sample((x[0, 1], xp.tolist(), fp), exact=False)
    yield Sample((x, xp[:1], fp[:1]))
    yield Sample((x, xp, fp), {"left": 1.5})
    yield Sample((x, xp, fp), {"right": -1.5})


def interpolations(random: Random) -> Iterator[Sample]:
    yield from lines(random)
    x, xp, fp = next(lines(random)).args
    yield Sample((x, xp, fp), {"period": 3.3}, exact=False)


def interp_torch(torch: Any, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    if len(xp) == 1:
        return fp.expand(x.shape) + 0 * x + 0 * xp
    k = torch.clip(torch.searchsorted(xp.detach(), x.detach().contiguous(), right=True) - 1, 0, len(xp) - 2)
    y = fp[k] + (fp[k + 1] - fp[k]) * (x - xp[k]) / (xp[k + 1] - xp[k])
    y = torch.where(x < xp[0], fp[0] if left is None else torch.full_like(y, left), y)
    return torch.where(x > xp[-1], fp[-1] if right is None else torch.full_like(y, right), y)


def phases(random: Random) -> Iterator[Sample]:
    p = np.cumsum(draw(random, (2, 5), -2, 4), axis=1)
    for options in ({}, {"axis": 0}, {"discont": 4.0}, {"period": 3.0}):
        yield Sample((p,), options)


def views(random: Random) -> Iterator[Sample]:
    x = draw(random, (3, 4), -2, 2)
    yield Sample((x, (2, 3)))
    yield Sample((x, 2, 1))
    yield Sample((x, 2), {"axis": -1})
    yield Sample((x, (3, 2)), {"axis": (1, 0)}, exact=False)
    yield Sample((x[0], 4))
    yield Sample((x, (2, 2)), {"axis": (1, 1)}, exact=False)
    yield Sample((draw(random, (2, 9), -2, 2), (8,)), {"axis": (1,)}, exact=False)


def views_torch(torch: Any, x: Any, window: Any, axis: Any = None) -> Any:
    windows = (window,) if isinstance(window, int) else window
    for k, n in zip(range(x.ndim) if axis is None else (axis % x.ndim,), windows, strict=True):
        x = x.unfold(k, n, 1)
    return x


def windows(random: Random) -> Iterator[Sample]:
    yield Sample((draw(random, (2, 2, 2, 3), -2, 2), (3, 4), (2, 3), (0, 1)))
    yield Sample((draw(random, (3, 2, 3), -2, 2), (3, 4), (3,), (1,)))


OPERATORS = [
    Operator(np.convolve, sequences, torch=convolve_torch, complex=True),
    Operator(np.correlate, sequences, torch=correlate_torch, complex=True),
    Operator(np.interp, interpolations, torch=interp_torch, narrow=False),
    Operator(interpolated, lines, torch=interp_torch, narrow=False),
    Operator(
        np.sinc,
        called_with(((3, 2), (), {}), ((), (), {})),
        torch="sinc",
    ),
    Operator(np.unwrap, phases),
    Operator(
        windows_of,
        views,
        torch=views_torch,
        complex=True,
        wrong=(Wrong((np.ones(3), 4), "window", error=ValueError),),
    ),
    Operator(overlapped, windows, complex=True),
]
