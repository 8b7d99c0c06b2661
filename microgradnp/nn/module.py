"""Module: a model that finds its parameters in its attributes.

    class TwoLayers(mg.nn.Module):
        def __init__(self):
            self.hidden = mg.nn.Linear(7, 3)
            self.output = mg.nn.Linear(3, 2)

        def forward(self, x):                                   # x (samples, 7)
            return self.output(mg.sigmoid(self.hidden(x)))      # (samples, 2)

A parameter is a Tensor that requires a gradient, in an attribute, a list or a dictionary, or in another module there. Nothing is
registered. Calling a module opens a scope with its name, which pictures draw as a box.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from microgradnp.core.context import current, mode, switch
from microgradnp.core.tensor import Tensor


class Module:
    """Base of all models. Define `forward`, and keep Tensors and modules in attributes, lists or dictionaries."""

    name: str | None = None

    def forward(self, *args: Any) -> Any:
        """The result of the model."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    def __call__(self, *args: Any) -> Any:
        outer, own = current().scope, self.name or type(self).__name__.lower()
        token = switch(scope=f"{outer}.{own}" if outer else own)
        try:
            return self.forward(*args)
        finally:
            mode.reset(token)

    def parameters(self) -> dict[str, Tensor]:
        """The Tensors that require a gradient, by their path in the attributes, such as `layers.0.W`. A shared one comes once."""
        found: dict[str, Tensor] = {}
        seen: set[int] = set()
        for path, value in leaves(self, ""):
            if isinstance(value, Tensor) and value.requires_grad and id(value) not in seen:
                seen.add(id(value))
                found[path] = value
        return found

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to None."""
        for parameter in self.parameters().values():
            parameter.zero_grad()


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Everything that a module holds in attributes and containers, with its dotted path."""
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
