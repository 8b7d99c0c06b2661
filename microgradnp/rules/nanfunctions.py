"""The functions that leave out NaN. Entries that are NaN have the gradient 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.rules.values import value_of
from microgradnp.table import composite, constant, rule


def given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def without_nan(a: Any, instead: float) -> Any:
    missing = np.isnan(value_of(a))
    return np.where(missing, instead, a) if np.any(missing) else a


def numbers(a: Any, axis: Any, where: Any, keepdims: bool = False) -> Any:
    """How many entries are no NaN."""
    return np.sum(~np.isnan(value_of(a)), axis=axis, keepdims=keepdims, where=where)


def nan_to_num(g: Any, y: Any, x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """1 where a number stays what it is; real and imaginary parts are looked at one by one."""
    if x.dtype.kind != "c":
        return np.where(np.isfinite(x), g, 0)
    real = np.where(np.isfinite(np.real(x)), np.real(g), 0)
    return real + 1j * np.where(np.isfinite(np.imag(x)), np.imag(g), 0)


rule(np.nan_to_num, nan_to_num)
constant(np.nanargmax, np.nanargmin)


@composite(np.nansum)
def nansum(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    return np.sum(without_nan(a, 0), axis=axis, keepdims=keepdims, where=where, **given(dtype=dtype, initial=initial))


@composite(np.nanprod)
def nanprod(
    a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    return np.prod(without_nan(a, 1), axis=axis, keepdims=keepdims, where=where, **given(dtype=dtype, initial=initial))


@composite(np.nancumsum)
def nancumsum(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    return np.cumsum(without_nan(a, 0), axis=axis, dtype=dtype)


@composite(np.nancumprod)
def nancumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    return np.cumprod(without_nan(a, 1), axis=axis, dtype=dtype)


@composite(np.nanmean)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True) -> Any:
    if not np.any(np.isnan(value_of(a))):
        return np.mean(a, axis=axis, keepdims=keepdims, where=where, **given(dtype=dtype))
    total = np.sum(without_nan(a, 0), axis=axis, keepdims=keepdims, where=where, **given(dtype=dtype))
    return total / np.astype(numbers(a, axis, where, keepdims), total.dtype)


@composite(np.nanvar)
def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    ddof = ddof if correction is None else correction
    missing = np.isnan(value_of(a))
    if not np.any(missing):
        return np.var(a, axis=axis, ddof=ddof, keepdims=keepdims, where=where, **given(dtype=dtype, mean=mean))
    options = {"where": where, **given(dtype=dtype)}
    if mean is None:
        total = np.sum(without_nan(a, 0), axis=axis, keepdims=True, **options)
        mean = total / np.astype(numbers(a, axis, where, True), total.dtype)
    centred = np.where(missing, 0, np.astype(a - mean, value_of(a).dtype))
    squares = np.sum(np.real(centred * np.conjugate(centred)), axis=axis, keepdims=keepdims, **options)
    freedom = numbers(a, axis, where, keepdims) - ddof
    return np.where(freedom <= 0, np.nan, squares / np.astype(np.where(freedom <= 0, 1, freedom), squares.dtype))


@composite(np.nanstd)
def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    options = {"ddof": ddof, "keepdims": keepdims, "where": where, "mean": mean, "correction": correction}
    variance = nanvar(a, axis, dtype, **options)
    return np.where(variance == 0, 0, np.sqrt(variance))


def extreme(function: Any, a: Any, instead: float, axis: Any, options: dict[str, Any]) -> Any:
    """NaN for a lane that holds nothing else."""
    found = function(without_nan(a, instead), axis=axis, **options)
    only = np.all(np.isnan(value_of(a)), axis=axis, keepdims=options["keepdims"], where=options["where"])
    return np.where(only, np.nan, found) if np.any(only) and "initial" not in options else found


@composite(np.nanmax)
def nanmax(a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    return extreme(np.max, a, -np.inf, axis, {"keepdims": keepdims, "where": where, **given(initial=initial)})


@composite(np.nanmin)
def nanmin(a: Any, axis: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    return extreme(np.min, a, np.inf, axis, {"keepdims": keepdims, "where": where, **given(initial=initial)})
