"""Linear: a fully connected layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.nn.initial import Init, initial
from microgradnp.nn.module import Module
from microgradnp.rules.functional import add_bias, append_bias_unit


class Linear(Module):
    """A fully connected layer, `x @ W + b`: maps x (samples, inputs) to (samples, units).

    Parameters
    ----------
    inputs, units : int
        Numbers of columns of x and of the result.
    bias : "vector", "unit" or None
        "vector": W (inputs, units) and b (units,), initially zero. "unit": a column of -1 is appended to x, and the last row of
        W (inputs + 1, units) is the bias. None: no bias.
    init : "glorot", "he", "lecun", "orthogonal", "normal", "zeros" or a function
        Initial weights, as `nn.initial` describes. "glorot" is uniform in +-sqrt(6 / (inputs + units)): X. Glorot and Y. Bengio,
        "Understanding the difficulty of training deep feedforward neural networks" (2010), equation 16.
    dtype : data type
        Of the parameters.
    rng : numpy.random.Generator or int, optional
        Generator or seed of the initial weights.
    name : str, optional
        Name of the scope, and prefix of the parameters' names.

    Raises
    ------
    ValueError
        If a size is below one, the bias is unknown, or x has another number of columns.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.Linear(4, 3, rng=0)(np.zeros((5, 4))).shape
    (5, 3)
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        bias: str | None = "vector",
        init: Init = "glorot",
        dtype: Any = float,
        rng: np.random.Generator | int | None = None,
        name: str | None = None,
    ) -> None:
        if inputs < 1 or units < 1:
            raise ValueError(f"Linear: sizes must be at least 1, got inputs={inputs}, units={units}")
        if bias not in ("vector", "unit", None):
            raise ValueError(f'Linear: bias must be "vector", "unit" or None, got {bias!r}')
        self.name = name
        self.bias = bias
        prefix = f"{name}." if name else ""
        rows = inputs + 1 if bias == "unit" else inputs
        weights = initial(init, (rows, units), (inputs, units), np.random.default_rng(rng), dtype)
        self.W = Tensor(weights, requires_grad=True, name=f"{prefix}W")
        if bias == "vector":
            self.b = Tensor(np.zeros(units, dtype), requires_grad=True, name=f"{prefix}b")

    def forward(self, x: Any) -> Any:
        """Maps (..., inputs) to (..., units)."""
        inputs, units = self.W.shape[0] - (self.bias == "unit"), self.W.shape[1]
        if (shape := getattr(x, "shape", ())) and shape[-1] != inputs:
            raise ValueError(
                f"Linear({inputs}, {units}): x {shape} has {shape[-1]} columns; {self.W.name} {self.W.shape} takes {inputs}"
            )
        if self.bias == "unit":
            return append_bias_unit(x) @ self.W
        z = x @ self.W
        return add_bias(z, self.b) if self.bias == "vector" else z
