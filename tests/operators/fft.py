"""Records of `microgradnp/rules/fft.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from operators.record import Operator, Random, Sample, Wrong, draw


def transforms(random: Random) -> Iterator[Sample]:
    """Odd and even lengths, cropped and padded, with each norm."""
    for shape, options in (
        ((5,), {}),
        ((2, 4), {}),
        ((4, 2), {"axis": 0, "norm": "forward"}),
        ((2, 3, 2), {"axis": -2, "n": 2, "norm": "ortho"}),
        ((6,), {"n": 3}),
        ((2, 3), {"n": 6, "norm": "backward"}),
        ((3,), {"n": 1}),
    ):
        yield Sample((draw(random, shape, -2, 2),), options)
    yield Sample((draw(random, (2, 3), -2, 2), 4, 0, "ortho"), exact=False)
    yield Sample((np.ones((0, 3)),), {"n": 8}, exact=False)  # PyTorch refuses it


def grids(random: Random) -> Iterator[Sample]:
    """Transforms of several axes."""
    for shape, options in (
        ((3, 4), {}),
        ((2, 4, 3), {"axes": (0, 1), "norm": "ortho"}),
        ((2, 3, 4), {"axes": (-1, 0), "norm": "forward"}),
        ((2, 4), {"s": (3, 3), "axes": (0, 1)}),
        ((3, 4), {"s": (2, 7), "axes": (1, 0), "norm": "backward"}),
    ):
        yield Sample((draw(random, shape, -2, 2),), options)
    yield Sample((draw(random, (3, 4), -2, 2),), {"s": (-1, 5), "axes": (0, 1)}, exact=False)


def anywhere(random: Random) -> Iterator[Sample]:
    """Functions of any number of axes, called with one axis and with all."""
    yield from grids(random)
    yield Sample((draw(random, (4,), -2, 2),))
    yield Sample((draw(random, (2, 4, 3), -2, 2),))
    yield Sample((draw(random, (2, 4, 3), -2, 2),), {"axes": (2,), "s": (4,)})


def shifts(random: Random) -> Iterator[Sample]:
    for shape, options in (((5,), {}), ((3, 4), {}), ((3, 4), {"axes": 0}), ((2, 3, 5), {"axes": (-1, 0)}), ((0, 3), {})):
        yield Sample((draw(random, shape, -2, 2),), options)


def torch_line(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, n: Any = None, axis: int = -1, norm: Any = None) -> Any:
        return getattr(torch.fft, name)(x, n, axis, norm).resolve_conj()

    return call


def torch_grid(name: str) -> Callable[..., Any]:
    def call(torch: Any, x: Any, s: Any = None, axes: Any = None, norm: Any = None) -> Any:
        dim = tuple(range(-2, 0) if name.endswith("2") else range(x.ndim)) if axes is None else axes
        return getattr(torch.fft, name)(x, s, dim, norm).resolve_conj()

    return call


def torch_shift(name: str) -> Callable[..., Any]:
    return lambda torch, x, axes=None: getattr(torch.fft, name)(x, axes)


X = np.arange(6.0).reshape(2, 3)
LINE = (
    Wrong((X,), r"fft: .*\(2, 3\), n=0: Invalid number", {"n": 0}, ValueError),
    Wrong((X,), r"fft: .*axis=2", {"axis": 2}, IndexError),
    Wrong((X,), r"fft: .*norm='none'", {"norm": "none"}, ValueError),
)
GRID = (
    Wrong((X,), "s has 1 sizes and axes has 2 axes", {"s": (2,), "axes": (0, 1)}, ValueError),
    Wrong((X,), r"fft: .*axis=2", {"axes": (0, 2)}, IndexError),
)
REAL = (Wrong((X + 1j,), "fft: "),)


def line(name: str, *, complex: bool = True, wrong: tuple[Wrong, ...] = ()) -> Operator:
    return Operator(getattr(np.fft, name), transforms, complex=complex, torch=torch_line(name), wrong=LINE + wrong)


def grid(name: str, *, complex: bool = True) -> Operator:
    samples = grids if name.endswith("2") else anywhere
    return Operator(getattr(np.fft, name), samples, complex=complex, torch=torch_grid(name), wrong=GRID)


OPERATORS = [
    line("fft"),
    line("ifft"),
    line("rfft", complex=False, wrong=REAL),
    line("irfft"),
    line("hfft"),
    line("ihfft", complex=False, wrong=REAL),
    grid("fft2"),
    grid("ifft2"),
    grid("rfft2", complex=False),
    grid("irfft2"),
    grid("fftn"),
    grid("ifftn"),
    grid("rfftn", complex=False),
    grid("irfftn"),
    Operator(np.fft.fftshift, shifts, complex=True, torch=torch_shift("fftshift")),
    Operator(np.fft.ifftshift, shifts, complex=True, torch=torch_shift("ifftshift")),
]
