"""Optimizers that divide each entry of a gradient by its usual size."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.derivatives.parameters import Parameters
from microgradnp.optim.optimizer import Groups, Optimizer


class Adagrad(Optimizer):
    """Adagrad: s <- s + gradient**2, then w <- w - lr * gradient / (sqrt(s) + eps).

    J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic optimization" (2011).

    Parameters may have any shape. Raises ValueError for a setting out of its range.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> mg.sse(w, np.zeros(2)).backward()
    >>> mg.optim.Adagrad(w, lr=0.1).step()
    >>> w.numpy().round(3)
    array([0.9, 1.9])
    """

    def __init__(
        self,
        parameters: Parameters | Groups | None = None,
        *,
        lr: float = 1e-2,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
        **unknown: Any,
    ) -> None:
        self.eps = eps
        self.squares: dict[str, np.ndarray[Any, Any]] = {}
        super().__init__(parameters, lr=lr, weight_decay=weight_decay, **unknown)

    def change(self, name: str, gradient: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The step of one parameter. The sum of its squared gradients grows."""
        s = self.squares[name] = self.squares.get(name, 0) + np.abs(gradient) ** 2
        return -self.rate(name) * gradient / (np.sqrt(s) + self.eps)


class RMSProp(Optimizer):
    """RMSProp: s <- alpha * s + (1 - alpha) * gradient**2, then w <- w - lr * gradient / (sqrt(s) + eps).

    With a momentum the quotient is collected as in `SGD`. G. Hinton, "Neural networks for machine learning", lecture 6e (2012).

    Parameters may have any shape. Raises ValueError for a setting out of its range.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> mg.sse(w, np.zeros(2)).backward()
    >>> mg.optim.RMSProp(w, lr=0.1).step()
    >>> w.numpy().round(3)
    array([0., 1.])
    """

    def __init__(
        self,
        parameters: Parameters | Groups | None = None,
        *,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        **unknown: Any,
    ) -> None:
        if not (0 <= alpha < 1 and 0 <= momentum < 1):
            raise ValueError(f"RMSProp: alpha and momentum must lie in [0, 1), got {alpha} and {momentum}")
        self.alpha = alpha
        self.eps = eps
        self.momentum = momentum
        self.squares: dict[str, np.ndarray[Any, Any]] = {}
        self.velocity: dict[str, np.ndarray[Any, Any]] = {}
        super().__init__(parameters, lr=lr, weight_decay=weight_decay, **unknown)

    def change(self, name: str, gradient: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The step of one parameter. The running mean of its squared gradients moves."""
        s = self.squares[name] = self.alpha * self.squares.get(name, 0) + (1 - self.alpha) * np.abs(gradient) ** 2
        step = gradient / (np.sqrt(s) + self.eps)
        if self.momentum:
            step = self.velocity[name] = self.momentum * self.velocity.get(name, 0) + step
        return -self.rate(name) * step


class Adam(Optimizer):
    """Adam: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.

    Parameters may have any shape. Raises ValueError for a setting out of its range.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> mg.sse(w, np.zeros(2)).backward()
    >>> mg.optim.Adam(w, lr=0.1).step()
    >>> w.numpy().round(3)
    array([0.9, 1.9])
    """

    def __init__(
        self,
        parameters: Parameters | Groups | None = None,
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        **unknown: Any,
    ) -> None:
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"{type(self).__name__}: betas must lie in [0, 1), got {betas}")
        self.betas = betas
        self.eps = eps
        self.moments: dict[str, tuple[int, Any, Any]] = {}
        super().__init__(parameters, lr=lr, weight_decay=weight_decay, **unknown)

    def change(self, name: str, gradient: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The step of one parameter. The running means of its gradient and of its square move."""
        (beta1, beta2), (t, m, v) = self.betas, self.moments.get(name, (0, 0.0, 0.0))
        t += 1
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * np.abs(gradient) ** 2
        self.moments[name] = t, m, v
        return -self.rate(name) * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + self.eps)


class AdamW(Adam):
    """Adam with decoupled weight decay: w <- (1 - lr * weight_decay) * w before the step of Adam.

    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization" (2019), algorithm 2.

    Parameters may have any shape. Raises ValueError for a setting out of its range.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([1.0, 2.0], requires_grad=True)
    >>> mg.sse(w, np.zeros(2)).backward()
    >>> mg.optim.AdamW(w, lr=0.1, weight_decay=0.1).step()
    >>> w.numpy().round(3)
    array([0.89, 1.88])
    """

    decoupled = True

    def __init__(
        self,
        parameters: Parameters | Groups | None = None,
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        **unknown: Any,
    ) -> None:
        super().__init__(parameters, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, **unknown)
