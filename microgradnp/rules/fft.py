"""Discrete Fourier transforms.

The matrix of the DFT, F[j, k] = exp(-2 pi i j k / n), is symmetric, and so is its inverse: the transpose of a transform is the
same transform, with the same `norm`. (The adjoint, which other conventions need, is the inverse transform, rescaled.) A shorter
`n` crops the input and a longer one pads it with zeros; the transpose of either is the other.

The real transforms keep half of a spectrum whose other half is its conjugate. With w = 1 for the frequencies that are their own
mirror image (0, and n/2 for even n) and w = 1/2 for all others, which stand for two,

    transpose of rfft  = hfft of w g,  and of hfft  = rfft / w,
    transpose of ihfft = irfft of w g, and of irfft = ihfft / w.

The imaginary part of a frequency that is its own mirror image is not read by `irfft` and `hfft`, and its gradient is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from microgradnp.core.table import composite, rule
from microgradnp.rules.rearranging import along

Transform = Callable[..., Any]
Norm = Literal["backward", "ortho", "forward"] | None


def fitted(g: Any, size: int, axis: int) -> Any:
    """`g` cut off, or continued with zeros, to `size` entries along an axis."""
    given, axis = g.shape[axis], axis % g.ndim
    if size <= given:
        return g if size == given else g[along(axis, slice(size))]
    rest = (*g.shape[:axis], size - given, *g.shape[axis + 1 :])
    return np.concatenate([g, np.zeros_like(g, shape=rest)], axis=axis)


def mirrored(g: Any, n: int, axis: int, factor: float) -> Any:
    """`g` times `factor`, but for the frequencies of a transform of length `n` that are their own mirror image."""
    factors = np.full(n // 2 + 1, factor, g.real.dtype)
    factors[0] = 1
    if n % 2 == 0:
        factors[-1] = 1
    return g * np.reshape(factors, (-1,) + (1,) * (g.ndim - 1 - axis % g.ndim))


def whole(transform: Transform) -> Transform:
    """The rule of a complex transform, whose transpose it is itself."""

    def transposed(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
        return fitted(transform(g, axis=axis, norm=norm), a.shape[axis], axis)

    return transposed


def from_real(transposed: Transform) -> Transform:
    """The rule of a transform from real numbers to half a spectrum."""

    def rule_of(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
        n = a.shape[axis] if n is None else n
        return fitted(transposed(mirrored(g, n, axis, 0.5), n, axis, norm), a.shape[axis], axis)

    return rule_of


def to_real(transposed: Transform) -> Transform:
    """The rule of a transform from half a spectrum to real numbers."""

    def rule_of(g: Any, y: Any, a: Any, n: int | None = None, axis: int = -1, norm: Norm = None) -> Any:
        return fitted(mirrored(transposed(g, axis=axis, norm=norm), y.shape[axis], axis, 2.0), a.shape[axis], axis)

    return rule_of


# fmt: off
rule(np.fft.fft,   whole(np.fft.fft))
rule(np.fft.ifft,  whole(np.fft.ifft))
rule(np.fft.rfft,  from_real(np.fft.hfft))
rule(np.fft.hfft,  to_real(np.fft.rfft))
rule(np.fft.ihfft, from_real(np.fft.irfft))
rule(np.fft.irfft, to_real(np.fft.ihfft))
rule(np.fft.fftshift,  lambda g, y, x, axes=None: np.fft.ifftshift(g, axes))  # a permutation: its transpose is its inverse
rule(np.fft.ifftshift, lambda g, y, x, axes=None: np.fft.fftshift(g, axes))
# fmt: on


# ---------------------------------------------------------------------------- several axes, one after another

Sizes = Sequence[int] | None
LAST_TWO = (-2, -1)


def sizes_and_axes(a: Any, s: Sizes, axes: Sizes) -> tuple[list[int | None], list[int]]:
    """The length of each transform, None for the usual one, and its axis. ValueError when the two lists differ in length."""
    if axes is None:
        axes = range(-(a.ndim if s is None else len(s)), 0)
    given: Sequence[int | None] = [None] * len(axes) if s is None else s
    if len(given) != len(axes):
        raise ValueError(f"fft: s names {len(given)} sizes and axes {len(axes)} axes")
    return [a.shape[axis] if n == -1 else n for n, axis in zip(given, axes, strict=True)], list(axes)


def over_all(transform: Transform, a: Any, s: Sizes, axes: Sizes, norm: Norm) -> Any:
    """A transform of each axis, the last first, which is NumPy's order."""
    lengths, axes = sizes_and_axes(a, s, axes)
    for n, axis in zip(reversed(lengths), reversed(axes), strict=True):
        a = transform(a, n=n, axis=axis, norm=norm)
    return a


@composite(np.fft.fftn)
def fftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: Norm = None) -> Any:
    return over_all(np.fft.fft, a, s, axes, norm)


@composite(np.fft.ifftn)
def ifftn(a: Any, s: Sizes = None, axes: Sizes = None, norm: Norm = None) -> Any:
    return over_all(np.fft.ifft, a, s, axes, norm)


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


@composite(np.fft.fft2)
def fft2(a: Any, s: Sizes = None, axes: Sizes = LAST_TWO, norm: Norm = None) -> Any:
    return fftn(a, s, axes, norm)


@composite(np.fft.ifft2)
def ifft2(a: Any, s: Sizes = None, axes: Sizes = LAST_TWO, norm: Norm = None) -> Any:
    return ifftn(a, s, axes, norm)


@composite(np.fft.rfft2)
def rfft2(a: Any, s: Sizes = None, axes: Sizes = LAST_TWO, norm: Norm = None) -> Any:
    return rfftn(a, s, axes, norm)


@composite(np.fft.irfft2)
def irfft2(a: Any, s: Sizes = None, axes: Sizes = LAST_TWO, norm: Norm = None) -> Any:
    return irfftn(a, s, axes, norm)
