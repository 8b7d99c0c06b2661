"""Activations in plain NumPy, for Tensors and arrays. All work entry by entry."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.habits import nearest
from microgradnp.rules.functional import identity, log_softmax, relu, sigmoid, softmax

Activation = str | Callable[[Any], Any]


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x > 0, and slope * x elsewhere. The gradient at 0 is `slope`.

    Works entry by entry, on an array of any shape.

    >>> import numpy as np, microgradnp as mg
    >>> mg.leaky_relu(np.array([-2.0, 3.0]))
    array([-0.02,  3.  ])
    """
    return np.where(x > 0, x, slope * x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, and alpha * (exp(x) - 1) elsewhere: D.-A. Clevert et al., "Exponential linear units" (2016).

    Works entry by entry, on an array of any shape.

    >>> import numpy as np, microgradnp as mg
    >>> mg.elu(np.array([-1.0, 3.0])).round(3)
    array([-0.632,  3.   ])
    """
    return np.where(x > 0, x, alpha * np.expm1(np.where(x > 0, 0.0, x)))


def gelu(x: Any, approximate: str = "tanh") -> Any:
    """x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x**3))), or x / 2 * (1 + erf(x / sqrt(2))) with approximate="none".

    "none" is PyTorch's default and needs SciPy. They differ by less than 0.0005. D. Hendrycks and K. Gimpel, "Gaussian error
    linear units" (2016), section 2.

    Works entry by entry, on an array of any shape. Raises ValueError for another `approximate`.

    >>> import numpy as np, microgradnp as mg
    >>> mg.gelu(np.array([-1.0, 1.0])).round(3)
    array([-0.159,  0.841])
    """
    if approximate not in ("tanh", "none"):
        raise ValueError(f'gelu: approximate must be "tanh" or "none", got {approximate!r}')
    if approximate == "none":
        from scipy.special import erf

        return 0.5 * x * (1 + erf(x / math.sqrt(2)))
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x: Any) -> Any:
    """x * sigmoid(x), also called swish.

    Works entry by entry, on an array of any shape.

    >>> import numpy as np, microgradnp as mg
    >>> mg.silu(np.array([-1.0, 1.0])).round(3)
    array([-0.269,  0.731])
    """
    return x * sigmoid(x)


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow for any x.

    Works entry by entry, on an array of any shape.

    >>> import numpy as np, microgradnp as mg
    >>> mg.softplus(np.array([-1000.0, 1000.0]))
    array([   0., 1000.])
    """
    return np.logaddexp(0.0, x)


def hard_tanh(x: Any) -> Any:
    """x, limited to [-1, 1]. The gradient at -1 and 1 is that of `np.clip`.

    Works entry by entry, on an array of any shape.

    >>> import numpy as np, microgradnp as mg
    >>> mg.hard_tanh(np.array([-2.0, 0.5]))
    array([-1. ,  0.5])
    """
    return np.clip(x, -1.0, 1.0)


def softsign(x: Any) -> Any:
    """x / (1 + abs(x)).

    Works entry by entry, on an array of any shape.

    >>> import numpy as np, microgradnp as mg
    >>> mg.softsign(np.array([-1.0, 3.0]))
    array([-0.5 ,  0.75])
    """
    return x / (1 + np.abs(x))


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "elu": elu,
    "gelu": gelu,
    "hard_tanh": hard_tanh,
    "identity": identity,
    "leaky_relu": leaky_relu,
    "linear": identity,
    "log_softmax": log_softmax,
    "relu": relu,
    "sigmoid": sigmoid,
    "silu": silu,
    "softmax": softmax,
    "softplus": softplus,
    "softsign": softsign,
    "swish": silu,
    "tanh": np.tanh,
}


def activation_of(activation: Activation, where: str) -> Callable[[Any], Any]:
    """A function, given itself or its name. Raises ValueError with the nearest name, and TypeError for what is no function."""
    if isinstance(activation, str):
        if activation not in ACTIVATIONS:
            raise ValueError(nearest(f"{where}: activation", activation, ACTIVATIONS, {}))
        return ACTIVATIONS[activation]
    if isinstance(activation, type):
        raise TypeError(f"{where}: {activation.__name__} is a class; write {activation.__name__}(...)")
    if not callable(activation):
        raise TypeError(f"{where}: activation must be a function or its name, got {activation!r:.60}")
    return activation
