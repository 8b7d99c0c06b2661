"""The functions that ignore NaN. NumPy computes the value. Entries that are NaN have the gradient 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.entries import constant
from microgradnp.core.table import rule
from microgradnp.rules import reductions, scans
from microgradnp.rules.guards import nonzero
from microgradnp.rules.rearranging import tuple_of
from microgradnp.rules.values import conj, value_of


def present(a: Any, where: Any = True) -> Any:
    """Whether each entry counts: it is a number, and `where` selects it."""
    there = ~np.isnan(value_of(a))
    return there if where is True else there & where


def count(a: Any, axis: Any, where: Any) -> Any:
    """How many entries of each lane count. It is 1 where none counts, to divide by."""
    there = present(a, where)
    found = np.sum(there, axis=tuple_of(axis, a.ndim), keepdims=True)
    return np.maximum(found, 1).astype(np.finfo(a.dtype).dtype)


def nan_to_num(g: Any, y: Any, x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """The slope is 1 where a number stays as it is. Real and imaginary part are replaced one by one."""
    if x.dtype.kind != "c":
        return np.where(np.isfinite(x), g, 0)
    real = np.where(np.isfinite(np.real(x)), np.real(g), 0)
    return real + 1j * np.where(np.isfinite(np.imag(x)), np.imag(g), 0)


def nansum(
    g: Any, y: Any, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = 0, where: Any = True
) -> Any:
    return reductions.spread(g, a, axis, present(a, where))


def nanmean(g: Any, y: Any, a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    return reductions.spread(reductions.expanded(g, a, axis) / count(a, axis, where), a, axis, present(a, where))


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
    """The distance from the mean, conjugated. Entries that do not count have 0."""
    there = present(a, where)
    filled = np.where(there, a, 0)
    if mean is None:
        mean = np.sum(filled, axis=tuple_of(axis, a.ndim), keepdims=True) / count(a, axis, where)
    return np.where(there, conj(filled - mean), 0)


def divisor(a: Any, axis: Any, where: Any, ddof: Any) -> Any:
    """What the sum of squares is divided by. It is 1 where nothing is left and the variance is NaN."""
    left = count(a, axis, where) - ddof
    return np.where(left > 0, left, 1)


@reductions.of_deviations
def nanvar(g: Any, y: Any, a: Any, axis: Any, where: Any, mean: Any, ddof: Any) -> Any:
    return reductions.expanded(g, a, axis) * 2 / divisor(a, axis, where, ddof) * deviation(a, axis, where, mean)


@reductions.of_deviations
def nanstd(g: Any, y: Any, a: Any, axis: Any, where: Any, mean: Any, ddof: Any) -> Any:
    """0 where all entries that count are equal."""
    slope = np.where(np.isnan(value_of(y)), 0, g / nonzero(y))
    return reductions.expanded(slope, a, axis) / divisor(a, axis, where, ddof) * deviation(a, axis, where, mean)


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
