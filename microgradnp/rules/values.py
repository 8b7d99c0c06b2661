"""What a rule may do with an array's numbers without differentiating it: decide, mask, permute."""

from __future__ import annotations

from typing import Any

import numpy as np


def value_of(x: Any) -> Any:
    """The plain array inside a Tensor. Any other array is returned as an ndarray."""
    return x.numpy() if hasattr(x, "value_for_graph") else np.asarray(x)


def is_traced(x: Any) -> bool:
    """Whether `x` is symbolic: a program is being traced, and must be right for all numbers."""
    return type(x) is not np.ndarray and getattr(x, "traced", False)


def is_complex(*arrays: Any) -> bool:
    """Whether any of the arrays is complex."""
    return any(np.iscomplexobj(a) for a in arrays)


def conj(a: Any) -> Any:
    """The conjugate. A real array is returned as it is, without a copy."""
    return np.conjugate(a) if is_complex(a) else a


def adjoint(a: Any) -> Any:
    """The conjugate transpose of the last two axes."""
    return conj(np.swapaxes(a, -1, -2))
