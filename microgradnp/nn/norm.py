"""Normalization: functions, and the layers made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.nn.module import Module


def layer_norm(x: Any, gain: Any = 1.0, bias: Any = 0.0, eps: float = 1e-5) -> Any:
    """(x - mean) / sqrt(var + eps) * gain + bias, over the last axis: J. L. Ba et al., "Layer normalization" (2016).

    x is (..., units), and gain and bias are (units,) or numbers. Raises ValueError for shapes that do not fit.

    >>> import numpy as np, microgradnp as mg
    >>> mg.layer_norm(np.array([[1.0, 2.0, 3.0]])).round(2)
    array([[-1.22,  0.  ,  1.22]])
    """
    mean, var = np.mean(x, axis=-1, keepdims=True), np.var(x, axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(var + eps) * gain + bias


def batch_norm(x: Any, gain: Any, bias: Any, mean: Any = None, var: Any = None, eps: float = 1e-5) -> Any:
    """(x - mean) / sqrt(var + eps) * gain + bias, for each channel: x (samples, channels, ...), all others (channels,).

    Mean and variance are those of the batch by default. S. Ioffe and C. Szegedy, "Batch normalization" (2015), algorithm 1.

    Raises ValueError for another number of channels.

    >>> import numpy as np, microgradnp as mg
    >>> mg.batch_norm(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1)).round(2)
    array([[-1.],
           [ 1.]])
    """
    mean, var = statistics(x) if mean is None else (mean, var)
    mean, var, gain, bias = (np.reshape(a, (-1,) + (1,) * (np.ndim(x) - 2)) for a in (mean, var, gain, bias))
    return (x - mean) / np.sqrt(var + eps) * gain + bias


def statistics(x: Any) -> tuple[Any, Any]:
    """Mean and variance of each channel of x (samples, channels, ...)."""
    axes = (0, *range(2, np.ndim(x)))
    return np.mean(x, axis=axes), np.var(x, axis=axes)


class LayerNorm(Module):
    """`layer_norm(x, gain, bias)` for x (..., units).

    Raises ValueError for another number of units.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.LayerNorm(3)(np.ones((2, 3))).shape
    (2, 3)
    """

    def __init__(self, units: int, *, eps: float = 1e-5, dtype: Any = float) -> None:
        self.eps = eps
        self.gain = Tensor(np.ones(units, dtype), requires_grad=True, name="gain")
        self.bias = Tensor(np.zeros(units, dtype), requires_grad=True, name="bias")

    def forward(self, x: Any) -> Any:
        """`x` with mean 0 and variance 1 over the last axis, times `gain`, plus `bias`."""
        return layer_norm(x, self.gain, self.bias, self.eps)


class BatchNorm(Module):
    """`batch_norm(x, gain, bias)` for x (samples, channels, ...). After `eval()` it uses the running mean and variance.

    running <- (1 - momentum) * running + momentum * batch, with the unbiased variance, as in PyTorch. A compiled program cannot
    update them: compile the model after `eval()`.

    In training it raises ValueError for a single value of a channel.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.BatchNorm(3)(np.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5, dtype: Any = float) -> None:
        self.momentum, self.eps = momentum, eps
        self.gain = Tensor(np.ones(channels, dtype), requires_grad=True, name="gain")
        self.bias = Tensor(np.zeros(channels, dtype), requires_grad=True, name="bias")
        self.mean, self.var = np.zeros(channels, dtype), np.ones(channels, dtype)

    def forward(self, x: Any) -> Any:
        """`x` with mean 0 and variance 1 for each channel, times `gain`, plus `bias`. In training the running statistics move."""
        if not self.training:
            return batch_norm(x, self.gain, self.bias, self.mean.copy(), self.var.copy(), self.eps)
        if getattr(x, "traced", False):
            raise TypeError("BatchNorm: a compiled program would not move the running statistics; compile the model after eval()")
        n = np.size(x) // max(len(self.mean), 1)
        if n < 2:
            raise ValueError(
                f"BatchNorm: x has shape {np.shape(x)}; a variance needs two values for each channel "
                "(in fit, drop_last=True leaves out a last batch of one sample)"
            )
        mean, var = statistics(x)
        for kept, new in ((self.mean, mean), (self.var, var * (n / (n - 1)))):
            kept += self.momentum * ((new.numpy() if isinstance(new, Tensor) else new) - kept)
        return batch_norm(x, self.gain, self.bias, mean, var, self.eps)
