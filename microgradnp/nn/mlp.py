"""MLP: a multi-layer perceptron."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from microgradnp.nn.activations import Activation, activation_of
from microgradnp.nn.initial import Init
from microgradnp.nn.linear import Linear
from microgradnp.nn.module import Module
from microgradnp.rules.functional import identity, sigmoid


class MLP(Module):
    """A multi-layer perceptron: `MLP([7, 3, 2])` maps (samples, 7) to (samples, 2) through 3 hidden units.

    Parameters
    ----------
    sizes : sequence of int
        Number of inputs, units of each hidden layer, number of outputs.
    activation, output : callable or name
        Applied to the hidden layers, and to the output layer: `mg.relu` or "relu".
    bias, init, dtype
        As in `Linear`.
    rng : numpy.random.Generator or int, optional
        Generator or seed of the initial weights.

    Raises TypeError for sizes that are no list, and ValueError for fewer than two of them.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.MLP([7, 3, 2], rng=0)(np.zeros((20, 7))).shape
    (20, 2)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *more: int,
        activation: Activation = sigmoid,
        output: Activation = identity,
        bias: str | None = "vector",
        init: Init = "glorot",
        dtype: Any = float,
        rng: np.random.Generator | int | None = None,
        name: str | None = None,
    ) -> None:
        if more or isinstance(sizes, int):
            raise TypeError(f"MLP: the sizes are one list: MLP({[*([sizes] if isinstance(sizes, int) else sizes), *more]})")
        if len(sizes) < 2:
            raise ValueError(f"MLP: sizes must name at least inputs and outputs, got {list(sizes)}")
        generator = np.random.default_rng(rng)
        self.name = name
        self.activation = activation_of(activation, "MLP")
        self.output = activation_of(output, "MLP")
        self.layers = [
            Linear(inputs, units, bias=bias, init=init, dtype=dtype, rng=generator, name=f"layer{k}")
            for k, (inputs, units) in enumerate(itertools.pairwise(sizes), start=1)
        ]

    def forward(self, x: Any) -> Any:
        """The output of the last layer, for x (samples, inputs)."""
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.output(self.layers[-1](x))
