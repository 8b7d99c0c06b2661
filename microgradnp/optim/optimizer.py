"""Optimizer: changes parameters by their gradients, one step at a time."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, TypeGuard, cast

import numpy as np

from microgradnp.core.habits import OPTIMIZERS, SETTINGS, nearest
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.parameters import Parameters, named

Groups = Sequence[Mapping[str, Any]]


class Optimizer:
    """Base of all optimizers. A subclass defines `change`.

    `parameters` is a module, a dictionary of Tensors by name, a Tensor or an iterable of Tensors. It may be left out: `fit` then
    sets it with `bind`. It may also be a list of groups, as in PyTorch: `[{"params": body}, {"params": head, "lr": 1e-2}]`. A
    group may have an `lr` and a `weight_decay` of its own. When `optimizer.lr` changes, all groups change by the same factor.

    `weight_decay` is added to the gradient as weight_decay * w.

    Parameters may have any shape. Raises ValueError for a rate that is not positive.

    >>> import numpy as np, microgradnp as mg
    >>> class Signs(mg.optim.Optimizer):
    ...     def change(self, name, gradient):
    ...         return -self.rate(name) * np.sign(gradient)
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> mg.sse(w, np.zeros(2)).backward()
    >>> Signs(w, lr=0.5).step()
    >>> w.numpy()
    array([0.5, 1.5])
    """

    habits = SETTINGS  # what to write for a setting that other libraries have
    decoupled = False  # whether weight decay is added to the change and not to the gradient

    def __init__(
        self, parameters: Parameters | Groups | None = None, *, lr: float, weight_decay: float = 0.0, **unknown: Any
    ) -> None:
        self.refuse(unknown)
        if isinstance(parameters, Real):
            raise TypeError(f"{type(self).__name__}: the first argument is the parameters; name the rate: lr={parameters}")
        if not lr > 0:
            raise ValueError(f"{type(self).__name__}: lr must be positive, got {lr}")
        if not weight_decay >= 0:
            raise ValueError(f"{type(self).__name__}: weight_decay must not be negative, got {weight_decay}")
        self.lr = lr
        self.weight_decay = weight_decay
        self.parameters: dict[str, Tensor] = {}
        self.factors: dict[str, float] = {}  # rate of a parameter, as a multiple of lr
        self.decays: dict[str, float] = {}
        self._chosen = parameters is not None  # whoever made it chose the parameters, and `fit` must not choose others
        if parameters is not None:
            self.bind(parameters)

    def refuse(self, unknown: Mapping[str, Any]) -> None:
        """Raises TypeError for settings that this optimizer has not, with what to write for the first."""
        known = [name for name in inspect.signature(type(self)).parameters if name != "unknown"]
        for name in unknown:
            raise TypeError(nearest(type(self).__name__, name, known, self.habits))

    def bind(self, parameters: Parameters | Groups) -> None:
        """Set the parameters to optimize. Raises ValueError for a parameter in two groups, TypeError for an unknown setting."""
        self.factors, self.decays = {}, {}
        if not is_groups(parameters):
            self.parameters = named(cast(Parameters, parameters))
            return
        found: dict[str, Tensor] = {}
        group: Mapping[str, Any]
        for number, group in enumerate(parameters):
            settings = dict(group)
            own = {f"group{number}.{name}": p for name, p in named(settings.pop("params")).items()}
            if {id(p) for p in own.values()} & {id(p) for p in found.values()}:
                raise ValueError(f"{type(self).__name__}: group {number} has a parameter of an earlier group")
            if unknown := settings.keys() - {"lr", "weight_decay"}:
                raise TypeError(f"{type(self).__name__}: a group may set lr and weight_decay, not {', '.join(sorted(unknown))}")
            found |= own
            self.factors |= dict.fromkeys(own, settings.get("lr", self.lr) / self.lr)
            self.decays |= dict.fromkeys(own, settings.get("weight_decay", self.weight_decay))
        self.parameters = found

    def rate(self, name: str) -> float:
        """The learning rate of a parameter."""
        return self.lr * self.factors[name] if name in self.factors else self.lr

    def step(self) -> None:
        """Change every parameter that has a gradient. Raises RuntimeError when none has one."""
        memory = {name: dict(kept) for name, kept in vars(self).items() if isinstance(kept, dict)}
        try:
            changed = [(p, self.moved(name, p)) for name, p in self.parameters.items() if p.grad is not None]
        except BaseException:  # an error or Ctrl-C changes neither a parameter nor what is remembered of the earlier steps
            vars(self).update(memory)
            raise
        if not changed:
            raise RuntimeError(f"{type(self).__name__}.step: no parameter has a gradient; call loss.backward() first")
        for parameter, value in changed:
            parameter.data = value

    def moved(self, name: str, parameter: Tensor) -> np.ndarray[Any, Any]:
        """The new value of a parameter."""
        w, gradient, decay = parameter.numpy(), parameter.grad, self.decays.get(name, self.weight_decay)
        if decay and self.decoupled:
            w = w * (1 - self.rate(name) * decay)
        elif decay:
            gradient = gradient + decay * w
        return w + self.change(name, gradient)

    def change(self, name: str, gradient: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The array to add to the parameter `name`, given its gradient."""
        raise NotImplementedError(f"{type(self).__name__} needs a method change(self, name, gradient)")

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to None."""
        for parameter in self.parameters.values():
            parameter.zero_grad()

    def __getattr__(self, name: str) -> Any:
        answer = f": {OPTIMIZERS[name]}" if name in OPTIMIZERS else ""
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}{answer}", name=name, obj=self)

    def __repr__(self) -> str:
        settings = {k: v for k, v in vars(self).items() if k[0] != "_" and isinstance(v, (int, float, tuple))}
        shown = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        return f"{type(self).__name__}({shown}; {len(self.parameters)} parameters)"


def is_groups(parameters: Any) -> TypeGuard[Groups]:
    """Whether these are groups of parameters: a list of dicts with an entry `params`."""
    groups = parameters if isinstance(parameters, (list, tuple)) else []
    return bool(groups) and all(isinstance(group, dict) and "params" in group for group in groups)
