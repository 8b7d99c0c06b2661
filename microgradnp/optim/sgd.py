"""SGD: gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.derivatives.parameters import Parameters
from microgradnp.optim.optimizer import Groups, Optimizer


class SGD(Optimizer):
    """Gradient descent: v <- momentum * v + gradient, then w <- w - lr * v. This is PyTorch's form of momentum.

    With `nesterov` the step is w <- w - lr * (gradient + momentum * v): I. Sutskever et al., "On the importance of initialization
    and momentum in deep learning" (2013).

    Parameters may have any shape. Raises ValueError for a setting out of its range.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> mg.sse(w, np.zeros(2)).backward()
    >>> mg.optim.SGD(w, lr=0.1).step()
    >>> w.numpy().round(3)
    array([0.8, 1.6])
    """

    def __init__(
        self,
        parameters: Parameters | Groups | None = None,
        *,
        lr: float = 1e-3,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        **unknown: Any,
    ) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"SGD: momentum must lie in [0, 1), got {momentum}")
        if nesterov and not momentum:
            raise ValueError("SGD: nesterov needs a momentum")
        self.momentum = momentum
        self.nesterov = nesterov
        self.velocity: dict[str, np.ndarray[Any, Any]] = {}
        super().__init__(parameters, lr=lr, weight_decay=weight_decay, **unknown)

    def change(self, name: str, gradient: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The step of one parameter. Its velocity moves, where there is a momentum."""
        step = gradient
        if self.momentum:
            step = self.velocity[name] = self.momentum * self.velocity.get(name, 0) + gradient
        if self.nesterov:
            step = gradient + self.momentum * step
        return -self.rate(name) * step
