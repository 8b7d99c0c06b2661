"""Signals: convolution and correlation of sequences, interpolation, sinc, phases, and sliding windows."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.indexing import scatter
from microgradnp.rules.values import conj, value_of

windows_of = np.lib.stride_tricks.sliding_window_view


# ------------------------------------------------------------------------------------------- convolution


def full_length(g: Any, n: int, m: int, start: int) -> Any:
    """The gradient of a part of a convolution, with zeros around it up to the full length n + m - 1."""
    behind = n + m - 1 - start - g.shape[0]
    return np.concatenate([np.zeros_like(g, shape=(start,)), g, np.zeros_like(g, shape=(behind,))])


def correlated(g: Any, other: Any) -> Any:
    """Correlation with `other`: the transpose of a full convolution with it."""
    return np.convolve(g, np.flip(np.atleast_1d(other)), "valid")


def start_of(mode: str, n: int, m: int) -> int:
    """The place in the full convolution at which the result of a mode starts."""
    return {"full": 0, "same": (min(n, m) - 1) // 2, "valid": min(n, m) - 1}[mode]


def correlation_start(mode: str, n: int, m: int) -> int:
    return min(n, m) // 2 if mode == "same" and m > n else start_of(mode, n, m)


def convolve_first(g: Any, y: Any, a: Any, v: Any, mode: str = "full") -> Any:
    n, m = np.size(a), np.size(v)
    return np.reshape(correlated(full_length(g, n, m, start_of(mode, n, m)), v), np.shape(a))


def convolve_second(g: Any, y: Any, a: Any, v: Any, mode: str = "full") -> Any:
    return convolve_first(g, y, v, a, mode)


def correlate_first(g: Any, y: Any, a: Any, v: Any, mode: str = "valid") -> Any:
    """A correlation is a convolution with the reversed and conjugated second sequence."""
    n, m = np.size(a), np.size(v)
    return correlated(full_length(g, n, m, correlation_start(mode, n, m)), conj(np.flip(v)))


def correlate_second(g: Any, y: Any, a: Any, v: Any, mode: str = "valid") -> Any:
    n, m = np.size(a), np.size(v)
    return conj(np.flip(correlated(full_length(g, n, m, correlation_start(mode, n, m)), a)))


rule(np.convolve, convolve_first, convolve_second)
rule(np.correlate, correlate_first, correlate_second)


# ---------------------------------------------------------------------------------------- interpolation


@primitive
def interpolated(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """`np.interp` without a period."""
    return np.interp(x, xp, fp, left, right)


def intervals(x: Any, xp: Any) -> tuple[Any, Any, Any]:
    """The points below and above each x, by number, and its share of the way between them. Outside, the share is 0 or 1."""
    last = xp.shape[0] - 1
    below = np.clip(np.searchsorted(value_of(xp), value_of(x), side="right") - 1, 0, max(last - 1, 0))
    above = np.minimum(below + 1, last)
    outside = (value_of(x) < value_of(xp)[0]) | (value_of(x) > value_of(xp)[-1]) | (last == 0)
    width = np.where(outside, 1, xp[above] - xp[below])
    return below, above, np.where(outside, value_of(x) > value_of(xp)[0] if last else 0.0, (x - xp[below]) / width)


def slopes(x: Any, xp: Any, fp: Any) -> Any:
    """The slope at each x: that of its interval, and 0 outside."""
    below, above, _ = intervals(x, xp)
    outside = (value_of(x) < value_of(xp)[0]) | (value_of(x) > value_of(xp)[-1]) | (above == below)
    return np.where(outside, 0, (fp[above] - fp[below]) / np.where(outside, 1, xp[above] - xp[below]))


def inside_or_end(g: Any, x: Any, xp: Any, left: Any, right: Any) -> Any:
    """`g`, with 0 where the result is the constant `left` or `right`."""
    g = g if left is None else np.where(value_of(x) < value_of(xp)[0], 0, g)
    return g if right is None else np.where(value_of(x) > value_of(xp)[-1], 0, g)


def interp_values(g: Any, y: Any, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    below, above, share = intervals(x, xp)
    g = inside_or_end(g, x, xp, left, right)
    return added_at(g * (1 - share), fp, below) + added_at(g * share, fp, above)


def interp_points(g: Any, y: Any, x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    below, above, share = intervals(x, xp)
    moved = -g * slopes(x, xp, fp)
    return added_at(moved * (1 - share), xp, below) + added_at(moved * share, xp, above)


def added_at(g: Any, a: Any, index: Any) -> Any:
    return scatter(g, np.zeros_like(g, shape=a.shape), index)


rule(interpolated, lambda g, y, x, xp, fp, left=None, right=None: g * slopes(x, xp, fp), interp_points, interp_values)


@composite(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Piecewise linear, and constant outside. At a point the slope is that of the interval behind it."""
    x, xp, fp = (part if hasattr(part, "ndim") else np.asarray(part, float) for part in (x, xp, fp))
    if period is not None:
        period, left, right = abs(period), None, None
        x, xp = x % period, xp % period
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
    return interpolated(x, xp, fp, left, right)


# -------------------------------------------------------------------------------------- sinc and phases


def sinc_slope(x: Any) -> Any:
    """d/dx sin(pi x) / (pi x). Near 0 it is a power series, so that derivatives of every order are finite."""
    t = np.pi * x
    small = np.absolute(value_of(t)) < 0.5
    safe = np.where(small, 1, t)
    s = np.square(np.where(small, t, 0))
    series = np.zeros_like(t)
    for k in range(9, 0, -1):  # -t/3 + t**3/30 - ...: (-1)**k 2k / (2k+1)! t**(2k-1)
        series = series * s + (-1) ** k * 2 * k / math.factorial(2 * k + 1)
    return np.pi * np.where(small, series * np.where(small, t, 0), (np.cos(safe) - np.sin(safe) / safe) / safe)


rule(np.sinc, lambda g, y, x: g * sinc_slope(x))
rule(np.unwrap, lambda g, y, p, discont=None, axis=-1, period=2 * np.pi: g)  # it adds whole periods, which are constants


# ---------------------------------------------------------------------------------------------- windows


@primitive
def overlapped(g: Any, shape: tuple[int, ...], window: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """The transpose of `sliding_window_view`: adds up windows where they overlap."""
    total = np.zeros(shape, g.dtype)
    counts = g.shape[: len(shape)]
    steps = list(itertools.product(*(range(n) for n in window)))
    if len(steps) <= math.prod(counts[axis] for axis in set(axes)) or len(set(axes)) < len(axes):
        for step in steps:  # all windows at once, one entry of the window after the other
            start = [0] * len(shape)
            for axis, k in zip(axes, step, strict=True):
                start[axis] += k
            where = tuple(slice(s, s + n) for s, n in zip(start, counts, strict=True))
            total[where] += g[(..., *step)]
        return total
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    sizes = dict(zip(axes, window, strict=True))
    for corner in itertools.product(*(range(counts[axis]) for axis in axes)):  # few large windows: one after the other
        index: list[Any] = [slice(None)] * len(shape)
        where_in: list[Any] = [slice(None)] * len(shape)
        for axis, k in zip(axes, corner, strict=True):
            index[axis], where_in[axis] = k, slice(k, k + sizes[axis])
        part = g[tuple(index)]  # (kept axes..., windows...)
        total[tuple(where_in)] += np.moveaxis(part, range(part.ndim), (*kept, *axes))
    return total


def window_axes(x: Any, window_shape: Any, axis: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape of a window, and the axes that it slides along, as tuples."""
    window = tuple(window_shape) if np.ndim(window_shape) else (int(window_shape),)
    return window, tuple(range(np.ndim(x))) if axis is None else tuple(k % np.ndim(x) for k in np.atleast_1d(axis).tolist())


def sliding_windows(g: Any, y: Any, x: Any, window_shape: Any, axis: Any = None) -> Any:
    window, axes = window_axes(x, window_shape, axis)
    return overlapped(g, x.shape, window, axes)


rule(windows_of, sliding_windows)
rule(overlapped, lambda g, y, a, shape, window, axes: windows_of(g, window, axes), None, None, None)
