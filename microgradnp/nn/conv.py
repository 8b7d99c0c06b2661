"""Convolution and pooling: functions of images (samples, channels, height, width), and the layers made of them.

A convolution here is a cross-correlation, as in all libraries of neural networks.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.nn.initial import Init, initial
from microgradnp.nn.module import Module
from microgradnp.rules.convolution import im2col, positions

Sizes = int | tuple[int, ...]


def each(size: Sizes, axes: int, name: str, least: int = 1) -> tuple[int, ...]:
    """One size for each axis. Raises ValueError."""
    sizes = (size,) * axes if isinstance(size, int) else tuple(size)
    if len(sizes) != axes or min(sizes) < least:
        raise ValueError(f"{name} must be one number of at least {least}, or {axes} of them, got {size!r}")
    return sizes


def windows(x: Any, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Any:
    """All windows over the last axes of x, of shape (..., *positions, *size)."""
    n = len(size)
    reach = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    if any(k > length for k, length in zip(reach, np.shape(x)[-n:], strict=True)):
        raise ValueError(f"a window of {reach} does not fit into x of shape {np.shape(x)}")
    found = np.lib.stride_tricks.sliding_window_view(x, reach, axis=tuple(range(-n, 0)))
    if max(stride + dilation) > 1:
        keys: Any = (..., *(slice(None, None, step) for step in stride + dilation))
        found = found[keys]
    return found


def conv2d(x: Any, W: Any, b: Any = None, *, stride: Sizes = 1, padding: Sizes = 0, dilation: Sizes = 1, groups: int = 1) -> Any:
    """y[n, o, i, j] = b[o] + sum of x[n, c, i + u, j + v] * W[o, c, u, v] over c, u, v.

    Parameters
    ----------
    x : (samples, channels, height, width)
    W : (kernels, channels / groups, rows, columns)
    b : (kernels,), optional
    stride, padding, dilation : int or two ints
        Step between windows, zeros around x, and step within a window.
    groups : int
        Channels and kernels are split into groups that do not see each other.

    Returns
    -------
    (samples, kernels, (height + 2 * padding - dilation * (rows - 1) - 1) // stride + 1, ... for the width)

    Raises ValueError for shapes that do not fit, or a window that is larger than x.

    >>> import numpy as np, microgradnp as mg
    >>> mg.conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)))[0, 0]
    array([[4., 4.],
           [4., 4.]])
    """
    if np.ndim(x) != 4 or np.ndim(W) != 4 or np.shape(x)[1] != np.shape(W)[1] * groups or np.shape(W)[0] % groups:
        raise ValueError(
            f"conv2d: x has shape {np.shape(x)} and W {np.shape(W)}; needed: x (samples, channels, height, width) and "
            f"W (kernels, channels / {groups}, rows, columns), with kernels divisible by groups={groups}"
        )
    if isinstance(W, Tensor) and not isinstance(x, Tensor):
        x = Tensor(x)  # its windows are then results, which need not be watched for a change as a user's array is
    steps = each(stride, 2, "stride"), each(padding, 2, "padding", 0), each(dilation, 2, "dilation")
    if groups == 1:
        return correlated(x, W, b, *steps)
    shares = [b] * groups if b is None else np.split(b, groups)
    parts = zip(np.split(x, groups, axis=1), np.split(W, groups, axis=0), shares, strict=True)
    return np.concatenate([correlated(*part, *steps) for part in parts], axis=1)


def correlated(x: Any, W: Any, b: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """The kernels as rows, times the windows of x as columns."""
    samples, (kernels, *_, rows, columns) = len(x), np.shape(W)
    height, width = positions(np.shape(x), (rows, columns), stride, padding, dilation)
    y = np.reshape(W, (kernels, -1)) @ im2col(x, (rows, columns), stride, padding, dilation)  # (kernels, samples * positions)
    y = y if b is None else y + np.expand_dims(b, 1)
    return np.transpose(np.reshape(y, (kernels, samples, height, width)), (1, 0, 2, 3))


def conv1d(x: Any, W: Any, b: Any = None, *, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1) -> Any:
    """`conv2d` along one axis: x (samples, channels, length), W (kernels, channels / groups, size), b (kernels,).

    The result is (samples, kernels, positions). Raises ValueError for shapes that do not fit.

    >>> import numpy as np, microgradnp as mg
    >>> mg.conv1d(np.ones((1, 1, 4)), np.ones((1, 1, 3)))
    array([[[3., 3.]]])
    """
    if np.ndim(x) != 3 or np.ndim(W) != 3:
        raise ValueError(
            f"conv1d: x has shape {np.shape(x)} and W {np.shape(W)}; needed: x (samples, channels, length) and "
            f"W (kernels, channels / groups, size)"
        )
    options = {"stride": (1, stride), "padding": (0, padding), "dilation": (1, dilation), "groups": groups}
    return conv2d(np.expand_dims(x, 2), np.expand_dims(W, 2), b, **options)[:, :, 0]  # type: ignore[arg-type]


def pooled(x: Any, size: Sizes, stride: Sizes | None, function: Any) -> Any:
    """A function of all windows over the last axes. Windows that do not overlap are a matter of shape."""
    sizes = each(size, 2 if isinstance(size, int) else len(size), "size")
    steps = sizes if stride is None else each(stride, len(sizes), "stride")
    rest, lengths = np.shape(x)[: -len(sizes)], np.shape(x)[-len(sizes) :]
    if sizes == steps and all(k <= length for k, length in zip(sizes, lengths, strict=True)):
        counts = [length // k for k, length in zip(sizes, lengths, strict=True)]
        inside: Any = (..., *(slice(n * k) for n, k in zip(counts, sizes, strict=True)))
        cut = x if all(n * k == length for n, k, length in zip(counts, sizes, lengths, strict=True)) else x[inside]
        blocks = np.reshape(cut, (*rest, *itertools.chain(*zip(counts, sizes, strict=True))))
        return function(blocks, axis=tuple(range(-2 * len(sizes) + 1, 0, 2)))
    return function(windows(x, sizes, steps, (1,) * len(sizes)), axis=tuple(range(-len(sizes), 0)))


def max_pool(x: Any, size: Sizes, stride: Sizes | None = None) -> Any:
    """The maximum of each window over the last two axes, or over as many axes as `size` has entries.

    `stride` is the size of a window by default. Equal maxima share the gradient, as in `np.max`; PyTorch gives it to the first.

    Maps (..., height, width) to (..., height // rows, width // columns). Raises ValueError for a window that does not fit.

    >>> import numpy as np, microgradnp as mg
    >>> mg.max_pool(np.arange(16.0).reshape(4, 4), 2)
    array([[ 5.,  7.],
           [13., 15.]])
    """
    return pooled(x, size, stride, np.max)


def avg_pool(x: Any, size: Sizes, stride: Sizes | None = None) -> Any:
    """The mean of each window over the last two axes, or over as many axes as `size` has entries.

    Shapes and errors are those of `max_pool`: (..., height, width) to (..., height // rows, width // columns); it raises
    ValueError.

    >>> import numpy as np, microgradnp as mg
    >>> mg.avg_pool(np.arange(16.0).reshape(4, 4), 2)
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    return pooled(x, size, stride, np.mean)


class Conv2d(Module):
    """`conv2d(x, W, b)`: maps x (samples, inputs, height, width) to (samples, kernels, ...). `init` is described at `initial`.

    Raises ValueError for sizes that are not positive, or no multiples of `groups`.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.Conv2d(3, 8, 3, padding=1, rng=0)(np.zeros((2, 3, 5, 5))).shape
    (2, 8, 5, 5)
    """

    axes = 2

    def __init__(
        self,
        inputs: int,
        kernels: int,
        size: Sizes,
        *,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        init: Init = "he",
        dtype: Any = float,
        rng: np.random.Generator | int | None = None,
        name: str | None = None,
    ) -> None:
        if min(inputs, kernels, groups) < 1 or inputs % groups or kernels % groups:
            raise ValueError(f"{type(self).__name__}: inputs={inputs} and kernels={kernels} must be multiples of groups={groups}")
        self.name = name
        self.options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        shape = (kernels, inputs // groups, *each(size, self.axes, "size"))
        fans = math.prod(shape[1:]), kernels * math.prod(shape[2:])
        self.W = Tensor(initial(init, shape, fans, np.random.default_rng(rng), dtype), requires_grad=True, name="W")
        self.b = Tensor(np.zeros(kernels, dtype), requires_grad=True, name="b") if bias else None

    def forward(self, x: Any) -> Any:
        return conv2d(x, self.W, self.b, **self.options)


class Conv1d(Conv2d):
    """`conv1d(x, W, b)`: maps x (samples, inputs, length) to (samples, kernels, ...).

    Raises what `Conv2d` raises.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.Conv1d(3, 8, 3, rng=0)(np.zeros((2, 3, 10))).shape
    (2, 8, 8)
    """

    axes = 1

    def forward(self, x: Any) -> Any:
        return conv1d(x, self.W, self.b, **self.options)


class MaxPool(Module):
    """`max_pool(x, size, stride)`.

    Shapes and errors are those of `max_pool`; it raises ValueError for a window that does not fit.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.MaxPool(2)(np.zeros((2, 3, 6, 6))).shape
    (2, 3, 3, 3)
    """

    def __init__(self, size: Sizes, stride: Sizes | None = None) -> None:
        self.size, self.stride = size, stride

    def forward(self, x: Any) -> Any:
        return max_pool(x, self.size, self.stride)


class AvgPool(MaxPool):
    """`avg_pool(x, size, stride)`.

    Shapes and errors are those of `avg_pool`; it raises ValueError for a window that does not fit.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.AvgPool(2)(np.zeros((2, 3, 6, 6))).shape
    (2, 3, 3, 3)
    """

    def forward(self, x: Any) -> Any:
        return avg_pool(x, self.size, self.stride)
