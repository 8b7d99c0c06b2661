"""Products, and running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.rules.rearranging import along, tuple_of
from microgradnp.table import composite, rule

# ---------------------------------------------------------------------------------------------- products


def others(a: Any) -> Any:
    """Product of all other entries along the first axis, without a division: right also where entries are zero.

    From the left the running product of those before, from the right of those behind.
    """
    one = np.ones_like(a[:1])
    before = np.cumprod(np.concatenate([one, a[:-1]]), axis=0)
    behind = np.flip(np.cumprod(np.concatenate([one, np.flip(a[1:], 0)]), axis=0), 0)
    return before * behind


def prod(g: Any, y: Any, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = tuple_of(axis, a.ndim)
    if a.size == 0 or not axes:
        return np.broadcast_to(np.reshape(g, tuple(1 if k in axes else n for k, n in enumerate(a.shape))), a.shape)
    rest = tuple(k for k in range(a.ndim) if k not in axes)
    flat = np.reshape(np.transpose(a, (*axes, *rest)), (-1, *(a.shape[k] for k in rest)))
    shares = np.reshape(others(flat), tuple(a.shape[k] for k in (*axes, *rest)))
    back = np.transpose(shares, tuple(int(k) for k in np.argsort((*axes, *rest))))
    return back * np.reshape(g, tuple(1 if k in axes else n for k, n in enumerate(a.shape)))


def reversed_cumsum(g: Any, axis: int) -> Any:
    return np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)


def cumsum(g: Any, y: Any, a: Any, axis: int | None = None) -> Any:
    if axis is None:
        return np.reshape(reversed_cumsum(g, 0), a.shape)
    return reversed_cumsum(g, axis)


def cumprod(g: Any, y: Any, a: Any, axis: int | None = None) -> Any:
    """y_k = a_0 ... a_k; the share of a_i is y_(i-1) s_i with s_i = g_i + a_(i+1) s_(i+1): right where entries are zero, too."""
    if axis is None:
        return np.reshape(cumprod(g, y, np.ravel(a), 0), a.shape)
    axis = axis % a.ndim
    n = a.shape[axis]
    if n == 0:
        return g
    shares, s = [], None
    for i in reversed(range(n)):
        s = g[along(axis, i)] if s is None else g[along(axis, i)] + a[along(axis, i + 1)] * s
        shares.append(s if i == 0 else y[along(axis, i - 1)] * s)
    return np.stack(shares[::-1], axis=axis)


# fmt: off
rule(np.prod,    prod)
rule(np.cumsum,  cumsum)
rule(np.cumprod, cumprod)
# fmt: on


@composite(np.cumulative_sum)
def cumulative_sum(x: Any, /, *, axis: int | None = None, include_initial: bool = False) -> Any:
    return with_initial(np.cumsum(x, axis=one_axis(x, axis)), np.zeros_like, one_axis(x, axis), include_initial)


@composite(np.cumulative_prod)
def cumulative_prod(x: Any, /, *, axis: int | None = None, include_initial: bool = False) -> Any:
    return with_initial(np.cumprod(x, axis=one_axis(x, axis)), np.ones_like, one_axis(x, axis), include_initial)


def one_axis(x: Any, axis: int | None) -> int:
    if axis is None and x.ndim != 1:
        raise ValueError(f"for an array with {x.ndim} axes, axis= must be given")
    return 0 if axis is None else axis % x.ndim


def with_initial(y: Any, like: Any, axis: int, wanted: bool) -> Any:
    if not wanted:
        return y
    shape = (*y.shape[:axis], 1, *y.shape[axis + 1 :])
    return np.concatenate([like(y, shape=shape), y], axis=axis)
