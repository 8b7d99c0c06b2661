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
from typing import Any, Self

import numpy as np

from microgradnp.core.context import current, mode, switch
from microgradnp.core.habits import MODULES
from microgradnp.core.tensor import Tensor


class Module:
    """Base of all models. Define `forward`, and keep Tensors and modules in attributes, lists or dictionaries.

    Calling it raises NotImplementedError without `forward`. Shapes are those of `forward`.

    >>> import numpy as np, microgradnp as mg
    >>> class Doubled(mg.nn.Module):
    ...     def forward(self, x):
    ...         return 2 * x
    >>> Doubled()(np.ones((1, 2)))
    array([[2., 2.]])
    """

    name: str | None = None
    training: bool = True  # whether layers such as `Dropout` behave as in training; see `train` and `eval`

    def forward(self, *args: Any) -> Any:
        """The result of the model."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outer, own = current().scope, self.name or type(self).__name__.lower()
        token = switch(scope=f"{outer}.{own}" if outer else own)
        try:
            return self.forward(*args, **kwargs)
        finally:
            mode.reset(token)

    def parameters(self) -> dict[str, Tensor]:
        """The Tensors that require a gradient, by their path in the attributes, such as `layers.0.W`. A shared one comes once."""
        found: dict[str, Tensor] = {}
        seen: set[int] = set()
        for path, value in walk(self, ""):
            if isinstance(value, Tensor) and value.requires_grad and id(value) not in seen:
                seen.add(id(value))
                found[path] = value
        return found

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to None."""
        for parameter in self.parameters().values():
            parameter.zero_grad()

    def state(self) -> dict[str, Any]:
        """All arrays that the module consists of, by path: its parameters, other Tensors, and ndarrays such as running means."""
        found: dict[int, tuple[str, Any]] = {}
        for path, value in walk(self, ""):
            if isinstance(value, (Tensor, np.ndarray)):
                found.setdefault(id(value), (path, value))
        return dict(found.values())

    def train(self, mode: bool = True) -> Self:
        """Let all layers behave as in training. Returns self."""
        for _, module in modules(self):
            module.training = mode
        return self

    def eval(self) -> Self:
        """Let all layers behave as after the training: nothing is dropped out, and running statistics are used. Returns self."""
        return self.train(False)

    def __repr__(self) -> str:
        parameters = self.parameters()
        lines = [f"{type(self).__name__}: {sum(p.size for p in parameters.values())} parameters"]
        for path, module in modules(self):
            own = [f"{name} {p.shape}" for name, p in vars(module).items() if isinstance(p, Tensor)]
            if path:
                lines.append(f"{'  ' * (path.count('.') + 1)}{path} {type(module).__name__}{': ' if own else ''}{', '.join(own)}")
            elif own:
                lines.append(f"  {', '.join(own)}")
        return "\n".join(lines)

    def __getattr__(self, name: str) -> Any:
        answer = f": {MODULES[name]}" if name in MODULES else ""
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{answer}", name=name, obj=self)


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """A module, and everything that it holds in attributes and containers, each with its dotted path."""
    yield path, value
    items: Any = ()
    if isinstance(value, Module):
        items = vars(value).items()
    elif isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    for key, item in items:
        yield from walk(item, f"{path}.{key}" if path else str(key))


def modules(root: Module) -> Iterator[tuple[str, Module]]:
    """A module and all modules in it, each with its dotted path."""
    return ((path, held) for path, held in walk(root, "") if isinstance(held, Module))
