"""Models: modules with named parameters. A module is an object whose attributes hold Tensors and other modules.

    class TwoLayers(mg.nn.Module):
        def __init__(self):
            self.hidden = mg.nn.Linear(7, 3)
            self.output = mg.nn.Linear(3, 2)

        def forward(self, x):                                   # x (samples, 7)
            return self.output(mg.sigmoid(self.hidden(x)))      # (samples, 2)

Parameters are found by walking the attributes, so nothing is registered. Calling a module opens a scope of its name, which
pictures draw as a box.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from microgradnp.core.context import scope
from microgradnp.core.tensor import Tensor
from microgradnp.rules.functional import add_bias, append_bias_unit, identity, sigmoid

__all__ = ["MLP", "Linear", "Module"]


class Module:
    """Base of all models: define `forward`, and keep Tensors and modules in attributes, lists or dicts."""

    name: str | None = None

    def forward(self, *args: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    def __call__(self, *args: Any) -> Any:
        outer, own = scope.get(), self.name or type(self).__name__.lower()
        token = scope.set(f"{outer}.{own}" if outer else own)
        try:
            return self.forward(*args)
        finally:
            scope.reset(token)

    def parameters(self) -> dict[str, Tensor]:
        """The Tensors that require a gradient, by their path in the attributes: `layers.0.W`. A shared one comes once."""
        found: dict[str, Tensor] = {}
        seen: set[int] = set()
        for path, value in leaves(self, ""):
            if isinstance(value, Tensor) and value.requires_grad and id(value) not in seen:
                seen.add(id(value))
                found[path] = value
        return found

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters().values():
            parameter.zero_grad()


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Everything that a module holds and is no container, with its dotted path."""
    if isinstance(value, Module):
        items: Any = vars(value).items()
    elif isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        yield path, value
        return
    for key, item in items:
        yield from leaves(item, f"{path}.{key}" if path else str(key))


class Linear(Module):
    """`x @ W + b`: x (samples, inputs) -> (samples, units).

    Parameters
    ----------
    inputs, units : int
        Sizes.
    bias : "vector", "unit" or None
        "vector": W (inputs, units) and b (units,), zeros at first. "unit": a column of -1 is appended to x, and W
        (inputs + 1, units) holds the bias in its last row. None: no bias.
    rng : numpy.random.Generator or int, optional
        Source or seed of the initial weights.
    name : str, optional
        Name of the scope, and prefix of the parameters' names.

    Initial weights are uniform in +-sqrt(6 / (inputs + units)): X. Glorot and Y. Bengio, "Understanding the difficulty of
    training deep feedforward neural networks" (2010), equation 16.

    Raises
    ------
    ValueError
        For sizes below one, an unknown bias, or x with another number of columns.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        *,
        bias: str | None = "vector",
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
        limit = np.sqrt(6 / (inputs + units))
        rows = inputs + 1 if bias == "unit" else inputs
        self.W = Tensor(np.random.default_rng(rng).uniform(-limit, limit, (rows, units)), requires_grad=True, name=f"{prefix}W")
        if bias == "vector":
            self.b = Tensor(np.zeros(units), requires_grad=True, name=f"{prefix}b")

    def forward(self, x: Any) -> Any:
        if self.bias == "unit":
            return append_bias_unit(x) @ self.W
        z = x @ self.W
        return add_bias(z, self.b) if self.bias == "vector" else z


class MLP(Module):
    """A multi-layer perceptron: `MLP([7, 3, 2])` maps (samples, 7) to (samples, 2) through 3 hidden units.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, hidden layers, outputs.
    activation, output : callable
        Functions of the hidden layers and of the output layer.
    bias : "vector", "unit" or None
        As in `Linear`.
    rng : numpy.random.Generator or int, optional
        Source or seed of the initial weights.

    >>> import numpy as np, microgradnp as mg
    >>> mg.nn.MLP([7, 3, 2], rng=0)(np.zeros((20, 7))).shape
    (20, 2)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        activation: Callable[[Any], Any] = sigmoid,
        output: Callable[[Any], Any] = identity,
        bias: str | None = "vector",
        rng: np.random.Generator | int | None = None,
        name: str | None = None,
    ) -> None:
        if len(sizes) < 2:
            raise ValueError(f"MLP: sizes must name at least inputs and outputs, got {list(sizes)}")
        generator = np.random.default_rng(rng)
        self.name = name
        self.activation = activation
        self.output = output
        self.layers = [
            Linear(inputs, units, bias=bias, rng=generator, name=f"layer{k}")
            for k, (inputs, units) in enumerate(itertools.pairwise(sizes), start=1)
        ]

    def forward(self, x: Any) -> Any:
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.output(self.layers[-1](x))
