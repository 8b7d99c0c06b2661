"""What a rule may do with an array's numbers without differentiating it: decide, mask, permute."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.context import current
from microgradnp.core.elsewhere import as_array, is_foreign


def value_of(x: Any) -> Any:
    """The plain array inside a Tensor. An array of another library stays one, and anything else becomes an ndarray."""
    if hasattr(x, "value_for_graph"):
        return x._array if is_foreign(x._array) else x.numpy()
    return as_array(x)


def is_abstract(x: Any) -> bool:
    """Whether the numbers of `x` cannot be looked at here, so that a formula must be right for all numbers.

    They cannot while a program is traced, nor in an array of another library, which may be computed later and elsewhere.
    """
    return type(x) is not np.ndarray and (getattr(x, "traced", False) or is_elsewhere(x))


def is_elsewhere(x: Any) -> bool:
    """Whether an array, or the array of a Tensor, is one of another library."""
    return type(x) is not np.ndarray and is_foreign(getattr(x, "_array", x))


def is_unguarded() -> bool:
    """Whether a program is traced without guards against 0 / 0, which would hide its formulas."""
    tracer = current().tracer
    return tracer is not None and tracer.unguarded


def is_complex(*arrays: Any) -> bool:
    """Whether any of the arrays is complex."""
    return any(np.iscomplexobj(a) for a in arrays)


def conj(a: Any) -> Any:
    """The conjugate. A real array is returned as it is, without a copy."""
    return np.conjugate(a) if is_complex(a) else a


def adjoint(a: Any) -> Any:
    """The conjugate transpose of the last two axes."""
    return conj(np.swapaxes(a, -1, -2))
