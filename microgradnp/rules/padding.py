"""`np.pad` in all its modes. To find which entry a border entry copies, NumPy pads the numbers of the entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.creation import linspace
from microgradnp.rules.joining import gathered
from microgradnp.rules.rearranging import along

COPIES = ("edge", "symmetric", "reflect", "wrap")
STATISTICS: dict[str, Callable[..., Any]] = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}
Widths = list[tuple[int, int]]


@composite(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    if array.ndim == 0:
        return np.positive(array)
    widths = pairs(pad_width, array)
    if mode in COPIES and options.get("reflect_type", "even") == "even" and not options.keys() - {"reflect_type"}:
        return padded(array, widths, mode)
    if mode == "constant":
        return with_constants(array, widths, **options)
    if mode == "linear_ramp":
        return axis_by_axis(array, widths, ramps(array, **options))
    if mode in STATISTICS:
        return axis_by_axis(array, widths, layers(array, STATISTICS[mode], **options))
    if mode in COPIES:
        return odd(array, widths, mode, **options)
    raise TypeError(f"pad: mode={mode!r} has no gradient rule; known: constant, linear_ramp, {', '.join((*COPIES, *STATISTICS))}")


def pairs(widths: Any, array: Any) -> Any:
    """One (before, behind) for each axis. Takes a number, a pair, a list of pairs, or a dictionary from axes to widths."""
    if isinstance(widths, dict):
        chosen = {axis % array.ndim: width for axis, width in widths.items()}
        return [tuple(np.broadcast_to(chosen.get(axis, 0), 2).tolist()) for axis in range(array.ndim)]
    return [tuple(pair) for pair in np.broadcast_to(widths, (array.ndim, 2)).tolist()]


def with_constants(array: Any, widths: Widths, constant_values: Any = 0) -> Any:
    if not hasattr(constant_values, "value_for_graph"):
        return bordered(array, widths, constant_values)
    numbers = np.arange(array.size).reshape(array.shape)
    new = np.arange(np.size(constant_values)).reshape(np.shape(constant_values)) + array.size
    return gathered(array, constant_values, np.pad(numbers, widths, constant_values=new))


@primitive
def padded(array: Any, widths: Any, mode: str) -> Any:
    """An array with borders that are copies of its entries."""
    return np.pad(array, widths, mode)  # type: ignore[call-overload]


@primitive
def folded(g: Any, widths: Widths, mode: str) -> Any:
    """The transpose of `padded`: adds each border entry to the entry that it copies, one axis after the other."""
    for axis, (before, behind) in enumerate(widths):
        n = g.shape[axis] - before - behind
        numbers = np.pad(np.arange(n), (before, behind), mode)  # type: ignore[call-overload]
        core = g[along(axis, slice(before, before + n))].copy()
        for place in (*range(before), *range(before + n, g.shape[axis])):
            core[along(axis, int(numbers[place]))] += g[along(axis, place)]
        g = core
    return g


rule(padded, lambda g, y, array, widths, mode: folded(g, widths, mode), None, None)
rule(folded, lambda g, y, a, widths, mode: padded(g, widths, mode), None, None)


@primitive
def bordered(array: Any, widths: Any, constant_values: Any) -> Any:
    """An array with constant borders."""
    return np.pad(array, widths, constant_values=constant_values)


def inside(g: Any, widths: Widths) -> Any:
    return g[tuple(slice(before, n - behind) for n, (before, behind) in zip(g.shape, widths, strict=True))]


rule(bordered, lambda g, y, array, widths, constant_values: inside(g, widths), None, None)


def axis_by_axis(array: Any, widths: Widths, ends: Callable[..., Any]) -> Any:
    """Pads one axis after the other. `ends(array, axis, side, width)` makes the border on one side."""
    for axis, (before, behind) in enumerate(widths):
        parts = [
            ends(array, axis, 0, before) if before else None,
            array,
            ends(array, axis, 1, behind) if behind else None,
        ]
        array = np.concatenate([part for part in parts if part is not None], axis=axis)
    return array


def ramps(array: Any, end_values: Any = 0) -> Callable[..., Any]:
    """Borders that rise from the end values to the edge in equal steps."""
    shape = (array.ndim, 2)
    last = np.broadcast_to(end_values, shape)

    def ramp(a: Any, axis: int, side: int, width: int) -> Any:
        edge = a[along(axis, 0 if side == 0 else a.shape[axis] - 1)]
        rising = linspace(last[axis, side], edge, width, False, axis=axis, dtype=a.dtype)
        return rising if side == 0 else np.flip(rising, axis)

    return ramp


def layers(array: Any, function: Callable[..., Any], stat_length: Any = None) -> Callable[..., Any]:
    """Borders of one number for each lane: a statistic of the whole lane, or of its `stat_length` entries next to the edge."""
    lengths = None if stat_length is None else pairs(stat_length, array)

    def layer(a: Any, axis: int, side: int, width: int) -> Any:
        n = a.shape[axis]
        length = n if lengths is None else min(lengths[axis][side], n)
        part = a[along(axis, slice(0, length) if side == 0 else slice(n - length, n))]
        value = function(part, axis=axis, keepdims=True)
        return np.broadcast_to(value, tuple(width if k == axis else size for k, size in enumerate(a.shape)))

    return layer


def odd(array: Any, widths: Widths, mode: str, reflect_type: str = "odd") -> Any:
    """Borders of 2 * edge - copy: mirrored in the value of the edge as well. Wide borders are mirrored several times."""
    if reflect_type != "odd":
        raise ValueError(f"pad: reflect_type must be 'even' or 'odd', got {reflect_type!r}")
    for axis, (before, behind) in enumerate(widths):
        period = array.shape[axis]
        if period == 1:
            array = np.concatenate([np.repeat(array, before, axis), array, np.repeat(array, behind, axis)], axis=axis)
            continue
        while before or behind:
            n = array.shape[axis]
            skipped = 0 if mode == "symmetric" else 1
            whole = n // period * period if mode == "symmetric" else (n - 1) // (period - 1) * (period - 1)
            left, right = min(before, whole), min(behind, whole)
            first, last = array[along(axis, slice(0, 1))], array[along(axis, slice(n - 1, n))]
            front = np.flip(2 * first - array[along(axis, slice(skipped, skipped + left))], axis)
            back = np.flip(2 * last - array[along(axis, slice(n - skipped - right, n - skipped))], axis)
            array = np.concatenate([front, array, back], axis=axis)
            before, behind = before - left, behind - right
    return array
