"""Limits for gradients. Call them between `loss.backward()` and `optimizer.step()`."""

from __future__ import annotations

import numpy as np

from microgradnp.derivatives.parameters import Parameters, named


def clip_norm(parameters: Parameters, largest: float) -> float:
    """Shorten all gradients by one factor, so that the norm of all together is at most `largest`. Returns the norm before.

    The factor is largest / (norm + 1e-6), as in PyTorch. Raises ValueError when `largest` is not positive, and FloatingPointError
    when the norm is not finite. R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks"
    (2013), algorithm 1.

    Gradients keep their shapes.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([3.0, 4.0], requires_grad=True)
    >>> mg.sse(0.5 * w, np.zeros(2)).backward()
    >>> mg.optim.clip_norm(w, 1.0), w.grad.round(3)
    (2.5, array([0.6, 0.8]))
    """
    if not largest > 0:
        raise ValueError(f"clip_norm: the largest norm must be positive, got {largest}")
    held = [p for p in named(parameters).values() if p.grad is not None]
    norm = float(np.sqrt(sum(np.sum(np.abs(p.grad) ** 2, dtype=float) for p in held)))
    if not np.isfinite(norm):
        raise FloatingPointError(f"clip_norm: the norm of the gradients is {norm}")
    factor = largest / (norm + 1e-6)
    if factor < 1:
        for p in held:
            p.grad = p.grad * factor
    return norm


def clip_value(parameters: Parameters, largest: float) -> None:
    """Limit every entry of the gradients to [-largest, largest]. Raises ValueError when `largest` is not positive.

    Gradients keep their shapes.

    >>> import numpy as np, microgradnp as mg
    >>> w = mg.Tensor([3.0, 0.5], requires_grad=True)
    >>> mg.sse(w, np.zeros(2)).backward()
    >>> mg.optim.clip_value(w, 2.0)
    >>> w.grad
    array([2., 1.])
    """
    if not largest > 0:
        raise ValueError(f"clip_value: the largest value must be positive, got {largest}")
    for p in named(parameters).values():
        if p.grad is not None:
            p.grad = np.clip(p.grad, -largest, largest)
