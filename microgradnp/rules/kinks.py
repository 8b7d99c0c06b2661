"""Where functions have no derivative, and what their rules say there: PyTorch's conventions, each with a test of its own.

`at` has the shape of the result and is True where it sits on a kink; of a reduction, where its lane does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.table import KINKS, Kink
from microgradnp.rules.reductions import kept


def kink(convention: str, at: Callable[..., Any], *functions: Callable[..., Any]) -> None:
    for function in functions:
        KINKS[function] = Kink(convention, at)


def shared(y: Any, a: Any, axis: Any = None, keepdims: bool = False, **options: Any) -> Any:
    """Lanes in which several entries are the extreme."""
    number = np.sum(a == kept(y, a, axis), axis=axis if axis is None or isinstance(axis, int) else tuple(axis), keepdims=True)
    return np.reshape(number > 1, np.shape(y))


def equal_neighbours(y: Any, a: Any, axis: int | None = -1, **options: Any) -> Any:
    """Entries of a sorted array that are equal to another."""
    axis = 0 if axis is None else axis
    same = np.diff(y, axis=axis) == 0
    border = np.zeros_like(np.take(y, [0], axis=axis), dtype=bool) if y.shape[axis] else same
    return np.concatenate([border, same], axis=axis) | np.concatenate([same, border], axis=axis) if y.shape[axis] else same


def at_bound(y: Any, a: Any, low: Any = None, high: Any = None) -> Any:
    return (False if low is None else a == low) | (np.zeros(np.shape(y), bool) if high is None else a == high)


kink("0 at 0", lambda y, a: a == 0, np.absolute, np.fabs, np.sign)
kink("0 at 0", lambda y, a, b: a == 0, np.copysign, np.heaviside)
kink("0 at the origin", lambda y, a, b: y == 0, np.hypot)
kink("half each at a tie", lambda y, a, b: a == b, np.maximum, np.minimum)
kink("all of it to the first at a tie", lambda y, a, b: a == b, np.fmax, np.fmin)
kink("1 at the bounds", at_bound, np.clip)
kink("an even share for each at a tie", shared, np.max, np.min, np.amax, np.amin)
kink("at a tie to the entry that NumPy puts there", equal_neighbours, np.sort)
kink("0 where the norm is 0", lambda y, a, **options: y == 0, np.linalg.norm)
kink("0 where all entries are equal", lambda y, a, **options: y == 0, np.std)
kink("infinite at 0, and 0 where the gradient is 0", lambda y, a: a == 0, np.sqrt, np.cbrt)
kink("infinite at 1 and -1, and 0 where the gradient is 0", lambda y, a: np.absolute(a) == 1, np.arcsin, np.arccos, np.arctanh)
kink("infinite at 1, and 0 where the gradient is 0", lambda y, a: a == 1, np.arccosh)
kink("0 at 0 under an exponent below 1", lambda y, a, b: (a == 0) & (b < 1) & (b != 0), np.power, np.float_power)
kink("that of the side above a whole multiple", lambda y, a, b: y == 0, np.remainder, np.fmod)
