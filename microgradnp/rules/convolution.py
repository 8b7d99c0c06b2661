"""Windows of images as the columns of a matrix, so that one matrix product does the work of a convolution.

`im2col` copies every window, and `col2im` adds windows up where they overlap. Each is the adjoint of the other. K. Chellapilla et
al., "High performance convolutional networks for document processing" (2006).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.core.record import primitive
from microgradnp.core.table import rule

Pair = tuple[int, int]


def positions(shape: tuple[int, ...], size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> Pair:
    """Numbers of windows along the height and the width of images of this shape. Raises ValueError when no window fits."""
    reach = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    room = [length + 2 * p - k for length, p, k in zip(shape[-2:], padding, reach, strict=True)]
    if min(room) < 0:
        raise ValueError(f"a window of {reach} does not fit into x of shape {shape} with padding {padding}")
    return room[0] // stride[0] + 1, room[1] // stride[1] + 1


def places(size: Pair, found: Pair, stride: Pair, dilation: Pair) -> Iterator[tuple[int, int, Any]]:
    """For each entry (i, j) of a window, the index of all pixels that it meets."""
    for i in range(size[0]):
        for j in range(size[1]):
            starts = i * dilation[0], j * dilation[1]
            yield i, j, (..., *(slice(a, a + s * (n - 1) + 1, s) for a, n, s in zip(starts, found, stride, strict=True)))


@primitive
def im2col(x: Any, size: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0), dilation: Pair = (1, 1)) -> Any:
    """All windows of x (samples, channels, height, width) as columns: (channels * window, samples * positions)."""
    samples, channels = x.shape[:2]
    found = positions(x.shape, size, stride, padding, dilation)
    if any(padding):
        x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    columns = np.empty((channels, *size, samples, *found), x.dtype)
    for i, j, pixels in places(size, found, stride, dilation):
        columns[:, i, j] = np.swapaxes(x[pixels], 0, 1)
    return columns.reshape(channels * math.prod(size), samples * math.prod(found))


@primitive
def col2im(
    columns: Any, shape: tuple[int, ...], size: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0), dilation: Pair = (1, 1)
) -> Any:
    """Images of a shape (samples, channels, height, width), where each pixel is the sum of the windows that it lies in."""
    samples, channels, height, width = shape
    found = positions(shape, size, stride, padding, dilation)
    columns = columns.reshape(channels, *size, samples, *found)
    (up, left), images = (
        padding,
        np.zeros((channels, samples, *(n + 2 * p for n, p in zip(shape[2:], padding, strict=True))), columns.dtype),
    )
    for i, j, pixels in places(size, found, stride, dilation):
        images[pixels] += columns[:, i, j]
    return np.swapaxes(images[:, :, up : up + height, left : left + width], 0, 1)


rule(
    im2col,
    lambda g, y, x, size, stride=(1, 1), padding=(0, 0), dilation=(1, 1): col2im(g, np.shape(x), size, stride, padding, dilation),
)
rule(
    col2im,
    lambda g, y, columns, shape, size, stride=(1, 1), padding=(0, 0), dilation=(1, 1): im2col(g, size, stride, padding, dilation),
)
