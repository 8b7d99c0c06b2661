"""Optimizers: they change parameters by their gradients, one step at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.parameters import Parameters, named

__all__ = ["SGD", "Adam", "Optimizer"]


class Optimizer:
    """Base of all optimizers. A subclass defines `change`.

    `parameters` is a module, a dictionary of Tensors by name, a Tensor or an iterable of Tensors. It may be left out: `fit` then
    sets it with `bind`.
    """

    def __init__(self, parameters: Parameters | None = None, *, lr: float) -> None:
        if not lr > 0:
            raise ValueError(f"{type(self).__name__}: lr must be positive, got {lr}")
        self.lr = lr
        self.parameters: dict[str, Tensor] = {}
        if parameters is not None:
            self.bind(parameters)

    def bind(self, parameters: Parameters) -> None:
        """Set the parameters to optimize."""
        self.parameters = named(parameters)

    def step(self) -> None:
        """Change every parameter that has a gradient. Raises RuntimeError when none has one."""
        memory = {name: dict(kept) for name, kept in vars(self).items() if isinstance(kept, dict)}
        try:
            changed = [(p, p.numpy() + self.change(name, p.grad)) for name, p in self.parameters.items() if p.grad is not None]
        except BaseException:  # an error or Ctrl-C changes neither a parameter nor what is remembered of the earlier steps
            vars(self).update(memory)
            raise
        if not changed:
            raise RuntimeError(f"{type(self).__name__}.step: no parameter has a gradient; call loss.backward() first")
        for parameter, value in changed:
            parameter.data = value

    def change(self, name: str, gradient: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The array to add to the parameter `name`, given its gradient."""
        raise NotImplementedError(f"{type(self).__name__} needs a method change(self, name, gradient)")

    def zero_grad(self) -> None:
        """Set the gradients of all parameters to None."""
        for parameter in self.parameters.values():
            parameter.zero_grad()


class SGD(Optimizer):
    """Gradient descent: v <- momentum * v + gradient, then w <- w - lr * v. This is PyTorch's form of momentum."""

    def __init__(self, parameters: Parameters | None = None, *, lr: float = 1e-3, momentum: float = 0.0) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"SGD: momentum must lie in [0, 1), got {momentum}")
        self.momentum = momentum
        self.velocity: dict[str, np.ndarray[Any, Any]] = {}
        super().__init__(parameters, lr=lr)

    def change(self, name: str, gradient: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        if self.momentum:
            gradient = self.velocity[name] = self.momentum * self.velocity.get(name, 0) + gradient
        return -self.lr * gradient


class Adam(Optimizer):
    """Adam: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1."""

    def __init__(
        self,
        parameters: Parameters | None = None,
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"Adam: betas must lie in [0, 1), got {betas}")
        self.betas = betas
        self.eps = eps
        self.moments: dict[str, tuple[int, Any, Any]] = {}
        super().__init__(parameters, lr=lr)

    def change(self, name: str, gradient: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        (beta1, beta2), (t, m, v) = self.betas, self.moments.get(name, (0, 0.0, 0.0))
        t += 1
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * np.abs(gradient) ** 2
        self.moments[name] = t, m, v
        return -self.lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + self.eps)
