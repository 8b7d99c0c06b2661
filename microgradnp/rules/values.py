"""What a rule may ask of numbers without differentiating: decisions, masks, permutations."""

from __future__ import annotations

from typing import Any

import numpy as np


def value_of(x: Any) -> Any:
    """The plain array inside a Tensor, or any other array as it is."""
    return x.numpy() if hasattr(x, "value_for_graph") else np.asarray(x)


def undecided(x: Any) -> bool:
    """Whether a program is written down of which `x` is a value: what is written must be right for all numbers."""
    return type(x) is not np.ndarray and getattr(x, "traced", False)


def is_complex(*arrays: Any) -> bool:
    return any(np.iscomplexobj(a) for a in arrays)


def conj(a: Any) -> Any:
    """The conjugate, without a copy of what is real."""
    return np.conjugate(a) if is_complex(a) else a


def adjoint(a: Any) -> Any:
    """Conjugate transpose of the last two axes."""
    return conj(np.swapaxes(a, -1, -2))
