"""Activations in plain NumPy, for Tensors and arrays. All work entry by entry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from microgradnp.rules.functional import sigmoid


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x > 0, and slope * x elsewhere. The gradient at 0 is `slope`."""
    return np.where(x > 0, x, slope * x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, and alpha * (exp(x) - 1) elsewhere: D.-A. Clevert et al., "Exponential linear units" (2016)."""
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0.0, x)))


def gelu(x: Any) -> Any:
    """x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x**3))): PyTorch's gelu with approximate="tanh".

    D. Hendrycks and K. Gimpel, "Gaussian error linear units" (2016), section 2.
    """
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x: Any) -> Any:
    """x * sigmoid(x), also called swish."""
    return x * sigmoid(x)


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow for any x."""
    return np.logaddexp(0.0, x)


def hard_tanh(x: Any) -> Any:
    """x, limited to [-1, 1]. The gradient at -1 and 1 is that of `np.clip`."""
    return np.clip(x, -1.0, 1.0)


def softsign(x: Any) -> Any:
    """x / (1 + abs(x))."""
    return x / (1 + np.abs(x))
