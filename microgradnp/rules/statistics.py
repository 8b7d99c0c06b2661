"""Averages, covariances, differences and slopes, written as sums, products and slices."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.elsewhere import is_foreign
from microgradnp.core.entries import composite
from microgradnp.core.record import primitive
from microgradnp.core.table import rule
from microgradnp.rules.rearranging import along
from microgradnp.rules.values import conj, is_abstract, value_of


@composite(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        return (
            (mean, np.full_like(mean if is_abstract(mean) else value_of(mean), np.size(a) / np.size(mean))) if returned else mean
        )
    if np.shape(weights) != np.shape(a):
        if not isinstance(axis, int) or np.shape(weights) != (np.shape(a)[axis],):
            raise TypeError(f"average: weights of shape {np.shape(weights)} fit neither a {np.shape(a)} nor its axis {axis}")
        axis = axis % np.ndim(a)
        weights = np.reshape(weights, (1,) * axis + (-1,) + (1,) * (np.ndim(a) - axis - 1))
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    if not is_abstract(total) and np.any(value_of(total) == 0):
        raise ZeroDivisionError("average: the weights sum to zero")
    mean = np.sum(np.multiply(a, weights), axis=axis, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, np.shape(mean))) if returned else mean


@composite(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Rows are variables and columns are observations; with rowvar=False the other way round. `fweights` are constants."""
    dtype = np.result_type(*(part for part in (m, y) if part is not None), np.float64) if dtype is None else dtype
    x = variables(m, rowvar, np.ndim(m) != 1, dtype)
    if y is not None:
        x = np.concatenate([x, variables(y, rowvar, np.ndim(y) > 1 and np.shape(y)[0] != 1, dtype)], axis=0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = None if fweights is None else np.astype(np.asarray(value_of(fweights)), float)
    if aweights is not None:
        weights = aweights * 1.0 if weights is None else weights * aweights
    if weights is None:
        mean, degrees = np.mean(x, axis=1), x.shape[1] - ddof
    else:
        mean, sums = average(x, 1, weights, True)
        total = sums[0]
        lost = 0 if ddof == 0 else ddof if aweights is None else ddof * np.sum(weights * aweights) / total
        degrees = total - lost
    x = x - np.expand_dims(mean, 1)
    scaled = np.transpose(x if weights is None else x * weights)
    return np.squeeze(np.dot(x, conj(scaled)) * np.true_divide(1, degrees))


def variables(m: Any, rowvar: bool, turned: bool, dtype: Any) -> Any:
    """The observations as a matrix with one row for each variable."""
    rows = np.atleast_2d(m)
    rows = np.transpose(rows) if not rowvar and turned else rows
    return rows if rows.dtype == dtype else np.astype(rows, dtype)


@composite(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviations = np.sqrt(np.real(np.diagonal(c)))
    c = c / np.expand_dims(deviations, 1) / np.expand_dims(deviations, 0)
    return bounded(np.real(c)) + 1j * bounded(np.imag(c)) if c.dtype.kind == "c" else bounded(c)


def bounded(c: Any) -> Any:
    """Correlations between -1 and 1. NaN, of a row whose entries are equal, has the gradient NaN: `clip` would give 0."""
    return np.where(np.absolute(c) > 1, np.sign(c), c)


# ------------------------------------------------------------------------------------------ differences


@composite(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}")
    if n == 0:
        return a
    axis = axis % np.ndim(a)
    parts = [end_of(a, part, axis) for part in (prepend, a, append) if part is not None]
    a = np.concatenate(parts, axis=axis) if len(parts) > 1 else a
    return differences(a, n, axis)


@primitive
def differences(a: Any, n: int, axis: int) -> Any:
    return np.diff(a, n, axis)


@primitive
def transposed_differences(g: Any, n: int, axis: int) -> Any:
    """The transpose of `differences`: for each entry, the gradient on its left minus the gradient on its right."""
    for _ in range(n):
        if is_foreign(g):  # it may not be written to
            nothing = np.zeros_like(g[along(axis, slice(0, 1))])
            g = -np.diff(np.concatenate([nothing, g, nothing], axis=axis), axis=axis)
            continue
        size = g.shape[axis]
        total = np.empty((*g.shape[:axis], size + 1, *g.shape[axis + 1 :]), g.dtype)
        np.subtract(g[along(axis, slice(None, -1))], g[along(axis, slice(1, None))], out=total[along(axis, slice(1, size))])
        np.negative(g[along(axis, slice(None, 1))], out=total[along(axis, slice(None, 1))])
        total[along(axis, slice(size, None))] = g[along(axis, slice(size - 1, None))]
        g = total
    return g


def differences_input(g: Any, y: Any, a: Any, n: int, axis: int) -> Any:
    return transposed_differences(g, n, axis) if a.shape[axis] > n else np.zeros_like(a)


rule(differences, differences_input, None, None)
rule(transposed_differences, lambda g, y, a, n, axis: differences(g, n, axis), None, None)


def end_of(a: Any, part: Any, axis: int) -> Any:
    """An array to put before or behind `a`. A number becomes one layer."""
    return np.broadcast_to(part, (*a.shape[:axis], 1, *a.shape[axis + 1 :])) if np.ndim(part) == 0 else part


@composite(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = np.ravel(ary)
    parts = [np.ravel(part) for part in (to_begin, differences(flat, 1, 0), to_end) if part is not None]
    joined = np.concatenate(parts) if len(parts) > 1 else parts[0]
    return joined if joined.dtype == flat.dtype else np.astype(joined, flat.dtype)


@composite(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = y if hasattr(y, "ndim") else np.asarray(y)
    axis = axis % y.ndim
    width = dx
    if x is not None:
        width = diff(x if hasattr(x, "ndim") else np.asarray(x), axis=-1 if np.ndim(x) == 1 else axis)
        if np.ndim(x) == 1:
            width = np.reshape(width, (-1,) + (1,) * (y.ndim - axis - 1))
    return np.sum(width * (y[along(axis, slice(1, None))] + y[along(axis, slice(None, -1))]) / 2.0, axis=axis)


@composite(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences inside, and one-sided differences at the edges."""
    f = f if hasattr(f, "ndim") else np.asarray(f)
    axes = tuple(range(f.ndim)) if axis is None else tuple(k % f.ndim for k in ((axis,) if isinstance(axis, int) else axis))
    spacings = list(varargs) or [1.0]
    if len(spacings) == 1 and np.ndim(spacings[0]) == 0:
        spacings = spacings * len(axes)
    if len(spacings) != len(axes):
        raise TypeError(f"gradient: {len(varargs)} spacings for {len(axes)} axes; give one number, or one spacing for each axis")
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    slopes = [slopes_along(f, k, steps(spacing, f.shape[k]), edge_order) for k, spacing in zip(axes, spacings, strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def steps(spacing: Any, n: int) -> Any:
    """One number for equal distances, else the n - 1 distances. Raises ValueError for coordinates that do not fit the axis."""
    if np.ndim(spacing) == 0:
        return spacing
    if np.ndim(spacing) != 1 or np.shape(spacing)[0] != n:
        raise ValueError(f"gradient: coordinates of shape {np.shape(spacing)} for an axis of length {n}")
    distances = diff(spacing if hasattr(spacing, "ndim") else np.asarray(spacing, float))
    equal = not getattr(distances, "requires_grad", False) and np.all(value_of(distances) == value_of(distances)[0])
    return distances[0] if equal else distances


def slopes_along(f: Any, axis: int, d: Any, edge_order: int) -> Any:
    """The slopes along one axis, for a distance or distances `d` between its entries."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(f"gradient: axis {axis} has {n} entries, and edge_order={edge_order} needs {edge_order + 1}")

    def at(start: int | None, stop: int | None) -> Any:
        return f[along(axis, slice(start, stop))]

    if np.ndim(d) == 0:
        inside = (at(2, None) - at(None, -2)) / (2.0 * d)
        first, last = d, d
        left, right = (-1.5 / d, 2.0 / d, -0.5 / d), (0.5 / d, -2.0 / d, 1.5 / d)
    else:
        one, two = (np.reshape(part, (-1,) + (1,) * (f.ndim - axis - 1)) for part in (d[:-1], d[1:]))
        inside = -two / (one * (one + two)) * at(None, -2) + (two - one) / (one * two) * at(1, -1)
        inside = inside + one / (two * (one + two)) * at(2, None)
        first, last = d[0], d[-1]
        left, right = edge_weights(d[0], d[1]), tuple(-w for w in edge_weights(d[-1], d[-2])[::-1]) if n > 2 else ((), ())
    if edge_order == 1:
        ends = (at(1, 2) - at(0, 1)) / first, (at(n - 1, n) - at(n - 2, n - 1)) / last
    else:
        ends = weighted(left, [at(k, k + 1) for k in range(3)]), weighted(right, [at(k, k + 1) for k in range(n - 3, n)])
    return np.concatenate([ends[0], inside, ends[1]], axis=axis)


def edge_weights(one: Any, two: Any) -> tuple[Any, Any, Any]:
    """Weights of three neighbouring values for the slope at the first, at distances `one` and `two`."""
    return -(2.0 * one + two) / (one * (one + two)), (one + two) / (one * two), -one / (two * (one + two))


def weighted(weights: Any, parts: list[Any]) -> Any:
    return weights[0] * parts[0] + weights[1] * parts[1] + weights[2] * parts[2]
