"""The functions that leave out NaN. NumPy computes the value; entries that are NaN have the gradient 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.table import constant, rule
from microgradnp.rules import reductions, scans
from microgradnp.rules.elementwise import nonzero
from microgradnp.rules.rearranging import tuple_of
from microgradnp.rules.values import conj, value_of


def present(a: Any, where: Any = True) -> Any:
    """Which entries count."""
    there = ~np.isnan(value_of(a))
    return there if where is True else there & where


def numbers(a: Any, axis: Any, where: Any) -> Any:
    """How many entries of each lane count, and 1 where there is none, since nothing is divided by it then."""
    there = present(a, where)
    found = np.sum(there, axis=tuple_of(axis, a.ndim), keepdims=True)
    return np.maximum(found, 1).astype(np.finfo(a.dtype).dtype)


def nan_to_num(g: Any, y: Any, x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """1 where a number stays what it is; real and imaginary parts are looked at one by one."""
    if x.dtype.kind != "c":
        return np.where(np.isfinite(x), g, 0)
    real = np.where(np.isfinite(np.real(x)), np.real(g), 0)
    return real + 1j * np.where(np.isfinite(np.imag(x)), np.imag(g), 0)


def nansum(
    g: Any, y: Any, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = 0, where: Any = True
) -> Any:
    return reductions.spread(g, a, axis, present(a, where))


def nanmean(g: Any, y: Any, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    return reductions.spread(reductions.kept(g, a, axis) / numbers(a, axis, where), a, axis, present(a, where))


def nanprod(
    g: Any, y: Any, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = 1, where: Any = True
) -> Any:
    return reductions.prod(g, y, a, axis, initial=initial, where=present(a, where))


def nancumsum(g: Any, y: Any, a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    return np.where(present(a), scans.cumsum(g, y, a, axis), 0)


def nancumprod(g: Any, y: Any, a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    there = present(a)
    return np.where(there, scans.cumprod(g, y, np.where(there, a, 1), axis), 0)


def deviation(a: Any, axis: Any, where: Any, mean: Any) -> Any:
    """Distance from the mean, conjugated, and 0 for entries that do not count."""
    there = present(a, where)
    filled = np.where(there, a, 0)
    if mean is None:
        mean = np.sum(filled, axis=tuple_of(axis, a.ndim), keepdims=True) / numbers(a, axis, where)
    return np.where(there, conj(filled - mean), 0)


def freedom(a: Any, axis: Any, where: Any, ddof: Any, correction: Any) -> Any:
    """What the squares are divided by; 1 where nothing is left, and the variance is NaN."""
    left = numbers(a, axis, where) - (ddof if correction is None else correction)
    return np.where(left > 0, left, 1)


def nanvar(
    g: Any,
    y: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    scaled = reductions.kept(g, a, axis) * 2 / freedom(a, axis, where, ddof, correction)
    return scaled * deviation(a, axis, where, mean)


def nanstd(
    g: Any,
    y: Any,
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """0 where all entries that count are equal."""
    slope = np.where(np.isnan(value_of(y)), 0, g / nonzero(y))
    scaled = reductions.kept(slope, a, axis) / freedom(a, axis, where, ddof, correction)
    return scaled * deviation(a, axis, where, mean)


# fmt: off
rule(np.nan_to_num, nan_to_num)
rule(np.nansum,     nansum)
rule(np.nanmean,    nanmean)
rule(np.nanprod,    nanprod)
rule(np.nanmax,     reductions.extreme)
rule(np.nanmin,     reductions.extreme)
rule(np.nanvar,     nanvar)
rule(np.nanstd,     nanstd)
rule(np.nancumsum,  nancumsum)
rule(np.nancumprod, nancumprod)
# fmt: on
constant(np.nanargmax, np.nanargmin)
