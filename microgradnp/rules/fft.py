"""Discrete Fourier transforms.

The matrix of the DFT, F[j, k] = exp(-2 pi i j k / n), is symmetric, and so is its inverse. So the transpose of a transform is the
same transform, with the same `norm`. (Other conventions need the adjoint, which is the inverse transform, rescaled.) A shorter
`n` crops the input, and a longer one pads it with zeros. The transpose of cropping is padding, and the other way round.

A real transform keeps half of a spectrum; the other half is its conjugate. Let w = 1 for the frequencies that are their own
mirror image (0, and n/2 for even n), and w = 1/2 for all others, which stand for two. Then

    transpose of rfft  = hfft of w g,  and of hfft  = rfft / w,
    transpose of ihfft = irfft of w g, and of irfft = ihfft / w.

`irfft` and `hfft` do not read the imaginary part of a frequency that is its own mirror image. Its gradient is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.core.table import rule
from microgradnp.rules.rearranging import along

Transform = Callable[..., Any]
Norm = Literal["backward", "ortho", "forward"] | None


def fitted(g: Any, size: int, axis: int) -> Any:
    """`g` cropped, or padded with zeros, to `size` entries along an axis."""
    given, axis = g.shape[axis], axis % g.ndim
    if size <= given:
        return g if size == given else g[along(axis, slice(size))]
    rest = (*g.shape[:axis], size - given, *g.shape[axis + 1 :])
    return np.concatenate([g, np.zeros_like(g, shape=rest)], axis=axis)


def mirrored(g: Any, n: int, axis: int, factor: float) -> Any:
    """`g` times `factor`, except at the frequencies of a transform of length `n` that are their own mirror image."""
    factors = np.full(n // 2 + 1, factor, g.real.dtype)
    factors[0] = 1
    if n % 2 == 0:
        factors[-1] = 1
    return g * np.reshape(factors, (-1,) + (1,) * (g.ndim - 1 - axis % g.ndim))


def complex_to_complex(transform: Transform) -> Transform:
    """The rule of a complex transform, which is its own transpose."""

    def vjp(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
        return fitted(transform(g, axis=axis, norm=norm), a.shape[axis], axis)

    return vjp


def real_to_half(transposed: Transform) -> Transform:
    """The rule of a transform from real numbers to half a spectrum."""

    def vjp(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
        n = a.shape[axis] if n is None else n
        return fitted(transposed(mirrored(g, n, axis, 0.5), n, axis, norm), a.shape[axis], axis)

    return vjp


def half_to_real(transposed: Transform) -> Transform:
    """The rule of a transform from half a spectrum to real numbers."""

    def vjp(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
        return fitted(mirrored(transposed(g, axis=axis, norm=norm), y.shape[axis], axis, 2.0), a.shape[axis], axis)

    return vjp


# fmt: off
rule(np.fft.fft,       complex_to_complex(np.fft.fft))
rule(np.fft.ifft,      complex_to_complex(np.fft.ifft))
rule(np.fft.rfft,      real_to_half(np.fft.hfft))
rule(np.fft.ihfft,     real_to_half(np.fft.irfft))
rule(np.fft.hfft,      half_to_real(np.fft.rfft))
rule(np.fft.irfft,     half_to_real(np.fft.ihfft))
rule(np.fft.fftshift,  lambda g, y, x, axes=None: np.fft.ifftshift(g, axes))  # a permutation: its transpose is its inverse
rule(np.fft.ifftshift, lambda g, y, x, axes=None: np.fft.fftshift(g, axes))
# fmt: on


# ------------------------------------------------------------------------------ several axes, one by one

Sizes = Sequence[int] | None
LAST_TWO = (-2, -1)


def sizes_and_axes(a: Any, s: Sizes, axes: Sizes) -> tuple[list[int | None], list[int]]:
    """The length of each transform, or None for that of its axis, and the axes. Raises ValueError for lists of unequal length."""
    if axes is None:
        axes = range(-(a.ndim if s is None else len(s)), 0)
    given: Sequence[int | None] = [None] * len(axes) if s is None else s
    if len(given) != len(axes):
        raise ValueError(f"fft: s has {len(given)} sizes and axes has {len(axes)} axes; they must be equally many")
    return [a.shape[axis] if n == -1 else n for n, axis in zip(given, axes, strict=True)], list(axes)


def along_axes(transform: Transform, a: Any, s: Sizes, axes: Sizes, norm: Norm) -> Any:
    """A transform along each axis, the last axis first, as in NumPy."""
    lengths, axes = sizes_and_axes(a, s, axes)
    for n, axis in zip(reversed(lengths), reversed(axes), strict=True):
        a = transform(a, n=n, axis=axis, norm=norm)
    return a


@composite(np.fft.fftn)
def fftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: Norm = None) -> Any:
    return along_axes(np.fft.fft, a, s, axes, norm)


@composite(np.fft.ifftn)
def ifftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: Norm = None) -> Any:
    return along_axes(np.fft.ifft, a, s, axes, norm)


@composite(np.fft.rfftn)
def rfftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: Norm = None) -> Any:
    lengths, axes = sizes_and_axes(a, s, axes)
    half = np.fft.rfft(a, n=lengths[-1], axis=axes[-1], norm=norm)
    for n, axis in zip(reversed(lengths[:-1]), reversed(axes[:-1]), strict=True):
        half = np.fft.fft(half, n=n, axis=axis, norm=norm)
    return half


@composite(np.fft.irfftn)
def irfftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: Norm = None) -> Any:
    lengths, axes = sizes_and_axes(a, s, axes)
    for n, axis in zip(lengths[:-1], axes[:-1], strict=True):
        a = np.fft.ifft(a, n=n, axis=axis, norm=norm)
    return np.fft.irfft(a, n=lengths[-1], axis=axes[-1], norm=norm)


def over_last_two(transform: Transform) -> Transform:
    """The same transform, with the last two axes as its default."""

    def expression(a: Any, s: Sizes = None, axes: Sizes = LAST_TWO, norm: Norm = None) -> Any:
        return transform(a, s, axes, norm)

    return expression


composite(np.fft.fft2)(over_last_two(fftn))
composite(np.fft.ifft2)(over_last_two(ifftn))
composite(np.fft.rfft2)(over_last_two(rfftn))
composite(np.fft.irfft2)(over_last_two(irfftn))
