"""Layers of one line: a chain of layers, dropout, and a table of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.entries import constant
from microgradnp.core.record import primitive
from microgradnp.core.tensor import Tensor
from microgradnp.nn.activations import Activation, activation_of
from microgradnp.nn.initial import Init, initial
from microgradnp.nn.module import Module


def dropout(x: Any, rate: float, rng: np.random.Generator) -> Any:
    """x with a share of about `rate` of its entries set to 0, and the others divided by 1 - rate.

    N. Srivastava et al., "Dropout" (2014). Raises TypeError in a program that is compiled: its mask would never change.

    The shape stays. Raises ValueError for a rate outside [0, 1).

    >>> import numpy as np, microgradnp as mg
    >>> mg.dropout(np.ones(6), 0.5, np.random.default_rng(0))
    array([2., 0., 0., 0., 2., 2.])
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate must lie in [0, 1), got {rate}")
    if getattr(x, "traced", False):
        raise TypeError("dropout: a compiled program would use one mask for ever; compile the model after eval()")
    mask = (rng.random(np.shape(x)) >= rate) / (1 - rate)
    return x * mask.astype(x.dtype if x.dtype.kind in "fc" else float)


def one_hot(classes: Any, number: int, dtype: Any = float) -> Any:
    """Rows with a 1 at the class number and 0 elsewhere: (...) -> (..., number). Raises ValueError for another number.

    >>> import microgradnp as mg
    >>> mg.one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    return (np.expand_dims(checked(classes, number, "one_hot"), -1) == np.arange(number)).astype(dtype)


def embedding(W: Any, numbers: Any) -> Any:
    """The rows of W (number, units) with these numbers: (...) -> (..., units). Raises ValueError for a number without a row.

    >>> import numpy as np, microgradnp as mg
    >>> mg.embedding(np.array([[0.0, 1.0], [2.0, 3.0]]), [1, 1, 0])
    array([[2., 3.],
           [2., 3.],
           [0., 1.]])
    """
    return np.take(W, checked(numbers, len(W), "embedding"), axis=0)


@primitive
def checked(numbers: Any, limit: int, function: str) -> Any:
    """Integers in 0 ... limit - 1, as an array. Raises ValueError for others: negative ones would count from the end."""
    numbers = np.asarray(numbers)
    if numbers.dtype.kind not in "iu" or (numbers.size and (numbers.min() < 0 or numbers.max() >= limit)):
        raise ValueError(f"{function}: needed are integers in 0 ... {limit - 1}, got {numbers.dtype} {numbers!s:.60}")
    return numbers


constant(checked)


class Sequential(Module):
    """Layers and functions, one after the other: `Sequential(Linear(4, 3), mg.relu, Linear(3, 1))`.

    Activations may also be given by name, such as "relu".

    Each layer takes the shape that the one before returns. Raises TypeError for what is no function.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.Sequential(mg.nn.Linear(4, 3, rng=0), "relu", mg.nn.Linear(3, 1, rng=0))(np.zeros((5, 4))).shape
    (5, 1)
    """

    def __init__(self, *layers: Activation) -> None:
        if len(layers) == 1 and isinstance(layers[0], (list, tuple)):
            raise TypeError("Sequential: write the layers as arguments, Sequential(*layers)")
        self.layers = [activation_of(layer, "Sequential") for layer in layers]

    def forward(self, x: Any) -> Any:
        """The output of the last layer. Each layer gets the output of the one before it."""
        for layer in self.layers:
            x = layer(x)
        return x


class Dropout(Module):
    """`dropout(x, rate)` in training, and x itself after `eval()`.

    The shape stays. Raises ValueError for a rate outside [0, 1).

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.Dropout(0.5).eval()(np.ones(3))
    array([1., 1., 1.])
    """

    def __init__(self, rate: float = 0.5, *, rng: np.random.Generator | int | None = None) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: rate must lie in [0, 1), got {rate}")
        self.rate, self.rng = rate, np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        """`x` with some entries set to 0, and `x` itself after `eval()`."""
        return dropout(x, self.rate, self.rng) if self.training and self.rate else x


class Embedding(Module):
    """`embedding(W, numbers)`: a vector for each number below `number`.

    Maps integers (...) to (..., units). Raises ValueError for a number without a row.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.Embedding(10, 4, rng=0)(np.array([[1, 2, 3]])).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        number: int,
        units: int,
        *,
        init: Init = lambda rng, shape: rng.normal(size=shape),
        dtype: Any = float,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        weights = initial(init, (number, units), (number, units), np.random.default_rng(rng), dtype)
        self.W = Tensor(weights, requires_grad=True, name="W")

    def forward(self, numbers: Any) -> Any:
        """The rows of `W` with these numbers."""
        return embedding(self.W, numbers)
