"""The points at which functions have no derivative, and what their rules give there: PyTorch's conventions.

`at` has the shape of the result and is True where an argument lies on the kink. For a reduction, it is True where the lane does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.entries import KINKS, Kink
from microgradnp.rules.rearranging import tuple_of
from microgradnp.rules.reductions import expanded


def kink(convention: str, at: Callable[..., Any], *functions: Callable[..., Any]) -> None:
    """Register where functions have a kink, and what the gradient is there."""
    for function in functions:
        KINKS[function] = Kink(convention, at)


def tied(y: Any, a: Any, axis: Any = None, keepdims: bool = False, **options: Any) -> Any:
    """Lanes in which several entries attain the extreme."""
    number = np.sum(a == expanded(y, a, axis), axis=tuple_of(axis, a.ndim), keepdims=True)
    return np.reshape(number > 1, np.shape(y))


def equal_neighbours(y: Any, a: Any, axis: int | None = -1, **options: Any) -> Any:
    """Entries of a sorted array that equal the one before or behind."""
    axis = 0 if axis is None else axis
    same = np.diff(y, axis=axis) == 0
    border = np.zeros_like(np.take(y, [0], axis=axis), dtype=bool) if y.shape[axis] else same
    return np.concatenate([border, same], axis=axis) | np.concatenate([same, border], axis=axis) if y.shape[axis] else same


def at_bound(y: Any, a: Any, low: Any = None, high: Any = None) -> Any:
    return (False if low is None else a == low) | (np.zeros(np.shape(y), bool) if high is None else a == high)


# fmt: off
kink("0 at 0", lambda y, a: a == 0, np.absolute, np.fabs, np.sign)
kink("0 at 0", lambda y, a, b: a == 0, np.copysign, np.heaviside)
kink("0 at the origin", lambda y, a, b: y == 0, np.hypot)
kink("half to each at a tie", lambda y, a, b: a == b, np.maximum, np.minimum)
kink("all to the first at a tie", lambda y, a, b: a == b, np.fmax, np.fmin)
kink("1 at the bounds", at_bound, np.clip)
kink("shared evenly at a tie", tied, np.max, np.min, np.amax, np.amin)
kink("at a tie, to the entry that NumPy puts there", equal_neighbours, np.sort)
kink("0 where the norm is 0", lambda y, a, **options: y == 0, np.linalg.norm)
kink("0 where all entries are equal", lambda y, a, **options: y == 0, np.std)
kink("infinite at 0; 0 where no gradient arrives", lambda y, a: a == 0, np.sqrt, np.cbrt)
kink("infinite at 1 and -1; 0 where no gradient arrives", lambda y, a: np.absolute(a) == 1, np.arcsin, np.arccos, np.arctanh)
kink("infinite at 1; 0 where no gradient arrives", lambda y, a: a == 1, np.arccosh)
kink("infinite at 0 for an exponent below 1; 0 where no gradient arrives",
     lambda y, a, b: (a == 0) & (b < 1) & (b != 0), np.power, np.float_power)
kink("the derivative from above, in the dividend", lambda y, a, b: y == 0, np.remainder)
kink("the derivative from farther out, in the dividend", lambda y, a, b: y == 0, np.fmod)
# fmt: on
