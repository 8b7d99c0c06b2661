"""Steps as simpler steps that have loops: the variance as a mean of squares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from microgradnp.program.values import Program, Value, rewritten


def in_simpler_steps(program: Program) -> Program:
    """The same program in steps that have loops, as far as there are some."""
    return rewritten(program, simpler)


def simpler(value: Value) -> Value:
    if value.function in (np.mean, np.sum) and value.options.get("where") is True:
        return replace(value, options={name: option for name, option in value.options.items() if name != "where"})
    if value.function is np.var and value.dtype.kind == "f" and not set(value.options) - {"axis", "keepdims", "ddof"}:
        return variance(value) if value.args[0].size // max(value.size, 1) > value.options.get("ddof", 0) else value
    return value


def variance(value: Value) -> Value:
    """sum((x - mean)**2) / (n - ddof)."""
    (x,), ddof = value.args, value.options.get("ddof", 0)
    options = {name: option for name, option in value.options.items() if name != "ddof"}
    axis = options.get("axis")
    axes = {k % x.ndim for k in (range(x.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis)}
    kept = tuple(1 if k in axes else n for k, n in enumerate(x.shape))
    count = x.size // max(value.size, 1)

    def step(shape: tuple[int, ...], function: Any, *args: Any, **given: Any) -> Value:
        return Value(shape, value.dtype, function, args, given, backward=value.backward)

    mean = step(kept, np.mean, x, axis=tuple(sorted(axes)), keepdims=True)
    squares = step(x.shape, np.square, step(x.shape, np.subtract, x, mean))
    return replace(
        step(value.shape, np.divide, step(value.shape, np.sum, squares, **options), float(count - ddof)), name=value.name
    )
