"""Functions as steps that have loops: what they mean, in terms of sums, products, elementwise functions and indices.

An expansion takes the arguments of its function, which are Tensors, and calls functions on them. It returns None where the call
stays one step: the loops have it already, or nothing simpler is known.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from microgradnp.core.table import TABLE, Rule
from microgradnp.core.tensor import Tensor
from microgradnp.loops.places import (
    added_windows,
    bordered,
    columns_of,
    convolved,
    correlated,
    folded,
    images_of,
    in_order,
    item,
    joined,
    moved,
    placed_at,
    rearranged,
    scattered,
    windows,
)
from microgradnp.loops.sums import (
    deviation,
    deviation_without_nan,
    log_sum,
    mean,
    mean_without_nan,
    norm,
    product_of_others,
    reduced,
    running,
    slope_of_product,
    slope_of_running_product,
    variance,
    variance_without_nan,
    without_nan,
)
from microgradnp.program.expansions import FOR_MACHINES
from microgradnp.rules import convolution, functional, padding, recurrent, reductions, scans, signal, statistics
from microgradnp.rules.indexing import scatter, set_at
from microgradnp.rules.rearranging import along

MOST_STEPS = 200  # of a recurrence that is written step by step

# -------------------------------------------------------------------------------------------------------- losses


def squared_error(pred: Any, target: Any) -> Any:
    e = np.subtract(pred, target)
    return None if e.dtype.kind != "f" else np.sum(e * e)


def mean_squared_error(pred: Any, target: Any) -> Any:
    total = squared_error(pred, target)
    return None if total is None or np.size(pred) == 0 else total / np.size(pred)


def cross_entropy(logits: Any, target: Any, reduction: str = "mean", weights: Any = None, smoothing: float = 0.0) -> Any:
    """-sum(p log_softmax(logits)), with the softmax and the one-hot rows as steps."""
    if weights is not None or logits.dtype.kind != "f" or not logits.size:
        return None
    p = target if np.shape(target) == logits.shape else functional.as_probabilities(target, logits)
    p = (1 - smoothing) * p + smoothing / logits.shape[-1] if smoothing else p
    losses = -np.sum(functional.used_log(p, functional.log_softmax(logits)), axis=-1)
    return losses if reduction == "none" else np.sum(losses) / (losses.size if reduction == "mean" else 1)


def one_hot(target: Any, logits: Any) -> Any:
    """Class numbers as rows with one 1."""
    if np.shape(target) == np.shape(logits) or not isinstance(target, Tensor):
        return None
    return (np.expand_dims(target, -1) == np.arange(np.shape(logits)[-1])).astype(float)


# ------------------------------------------------------------------------------------------- products and sequences


def dot(a: Any, b: Any) -> Any:
    """np.dot by its definition: the last axis of a, and the last but one of b."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    if np.ndim(a) <= 2 and np.ndim(b) <= 2:
        return None if np.ndim(a) == np.ndim(b) == 1 else np.matmul(a, b)
    if np.ndim(b) == 1:
        return np.matmul(a, b)
    left, right = "abcdefg"[: np.ndim(a) - 1], "hijklmn"[: np.ndim(b) - 2]
    return np.einsum(f"{left}y,{right}yz->{left}{right}z", a, b)


def pairwise(a: Any, b: Any, **options: Any) -> Any:
    """np.vecdot of real vectors."""
    return None if options or "c" in (a.dtype.kind, b.dtype.kind) else np.sum(a * b, axis=-1)


def chain(*arrays: Any) -> Any:
    """np.linalg.multi_dot, from the left."""
    found = arrays[0]
    for a in arrays[1:]:
        found = np.matmul(found, a)
    return found


def steps_apart(a: Any, n: int, axis: int) -> Any:
    """np.diff."""
    for _ in range(n):
        a = a[along(axis, slice(1, None))] - a[along(axis, slice(None, -1))]
    return a


def transposed_steps_apart(g: Any, n: int, axis: int) -> Any:
    """The transpose of np.diff."""
    for _ in range(n):
        zero = np.zeros_like(g[along(axis, slice(0, 1))])
        g = -steps_apart(np.concatenate([zero, g, zero], axis=axis), 1, axis)
    return g


def recurrence(b: Any, c: Any, axis: int) -> Any:
    """y_0 = b_0 and y_i = b_i + c_i y_(i-1), step by step."""
    n = np.shape(b)[axis]
    if n == 0 or n > MOST_STEPS or not isinstance(b, Tensor):
        return None
    rows = [b[along(axis, 0)]]
    for k in range(1, n):
        rows.append(b[along(axis, k)] + c[along(axis, k)] * rows[-1])
    return np.stack(rows, axis=axis)


def sequence(packed: Any, steps: int) -> Any:
    """The states of a recurrent network, step by step."""
    z, U, h = recurrent.unpacked(packed, steps, 1)
    states = []
    for t in range(steps):
        h = np.tanh(z[t] + h @ U)
        states.append(h)
    return np.stack(states)


def gated(packed: Any, steps: int) -> Any:
    """The states and gates of an LSTM, as `lstm` holds them."""
    z, U, start = recurrent.unpacked(packed, steps, 4)
    units = U.shape[0]
    h, c = start[:, :units], start[:, units : 2 * units]
    rows: list[list[Any]] = [[] for _ in range(6)]
    for t in range(steps):
        a = z[t] + h @ U
        i, f, g, o = (a[:, k * units : (k + 1) * units] for k in range(4))
        i, f, g, o = functional.sigmoid(i), functional.sigmoid(f), np.tanh(g), functional.sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        for row, part in zip(rows, (h, c, i, f, g, o), strict=True):
            row.append(part)
    return np.stack([np.stack(row) for row in rows])


def reset(packed: Any, steps: int) -> Any:
    """The states and gates of a GRU, as `gru` holds them."""
    z, U, rest = recurrent.unpacked(packed, steps, 3, 1)
    units = U.shape[0]
    h, a = rest[1:, :units], rest[0, 2 * units :]
    rows: list[list[Any]] = [[] for _ in range(5)]
    for t in range(steps):
        q = h @ U
        r, u = (functional.sigmoid(z[t, :, k * units : (k + 1) * units] + q[:, k * units : (k + 1) * units]) for k in range(2))
        m = q[:, 2 * units :] + a
        n = np.tanh(z[t, :, 2 * units :] + r * m)
        h = (1 - u) * n + u * h
        for row, part in zip(rows, (h, r, u, n, m), strict=True):
            row.append(part)
    return np.stack([np.stack(row) for row in rows])


# --------------------------------------------------------------------------------------------------- elementwise


def clipped(a: Any, low: Any = None, high: Any = None, **rest: Any) -> Any:
    if rest or (low is not None and high is not None):
        return None
    return np.maximum(a, low) if low is not None else np.minimum(a, high) if high is not None else np.positive(a)


def numbers_for_nan(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if x.dtype.kind != "f" or not copy:
        return None
    high = np.finfo(x.dtype).max if posinf is None else posinf
    low = np.finfo(x.dtype).min if neginf is None else neginf
    return np.where(np.isnan(x), nan, np.where(x == np.inf, high, np.where(x == -np.inf, low, x)))


def in_two(x: Any, *others: Any) -> Any:
    """log(2**a + 2**b)."""
    (b,) = others
    return np.logaddexp(x * math.log(2), b * math.log(2)) / math.log(2)


def slope_of_sinc(g: Any, _y: Any, x: Any) -> Any:
    """The gradient of np.sinc, with a power series near 0."""
    t = np.pi * x
    small = np.absolute(t) < 0.5
    safe, s = np.where(small, 1.0, t), np.square(np.where(small, t, 0.0))
    series = np.zeros_like(t)
    for k in range(9, 0, -1):  # -t/3 + t**3/30 - ...
        series = series * s + (-1) ** k * 2 * k / math.factorial(2 * k + 1)
    return g * np.pi * np.where(small, series * np.where(small, t, 0.0), (np.cos(safe) - np.sin(safe) / safe) / safe)


def chosen(condition: Any, a: Any, b: Any) -> Any:
    """np.where of lists."""
    arrays = [np.asarray(part) if isinstance(part, (list, tuple)) else part for part in (condition, a, b)]
    return np.where(*arrays) if any(isinstance(part, (list, tuple)) for part in (condition, a, b)) else None


def special_functions() -> dict[Callable[..., Any], Callable[..., Any]]:
    """The expansions of functions of SciPy, where that is loaded."""
    special = sys.modules.get("scipy.special")
    if special is None:
        return {}

    def relative_entropy(x: Any, y: Any) -> Any:
        ratio = np.where(x > 0, x, 1.0) / np.where(y > 0, y, 1.0)
        return np.where((x > 0) & (y > 0), x * np.log(ratio), np.where((x == 0) & (y >= 0), 0.0, np.inf))

    return {
        special.expit: FOR_MACHINES[functional.sigmoid],
        special.log_expit: lambda x: -np.logaddexp(0.0, -x),
        special.logit: lambda p: np.log(p / (1 - p)),
        special.exp2: np.exp2,
        special.exp10: lambda x: np.power(10.0, x),
        special.cosm1: lambda x: -2 * np.square(np.sin(x / 2)),
        special.xlogy: lambda x, y: np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log(y)),
        special.xlog1py: lambda x, y: np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log1p(y)),
        special.entr: lambda x: np.where(x > 0, -x * np.log(np.where(x > 0, x, 1.0)), np.where(x == 0, 0.0, -np.inf)),
        special.rel_entr: relative_entropy,
        special.kl_div: lambda x, y: relative_entropy(x, y) - x + y,
        special.boxcox: lambda x, k: np.where(k == 0, np.log(x), np.expm1(k * np.log(x)) / np.where(k == 0, 1.0, k)),
        special.boxcox1p: lambda x, k: np.where(k == 0, np.log1p(x), np.expm1(k * np.log1p(x)) / np.where(k == 0, 1.0, k)),
    }


MOVES = (np.roll, np.tile, np.repeat, np.rot90, np.fft.fftshift, np.fft.ifftshift, np.diagonal, np.take, np.delete, np.resize)

LOWERED: dict[Callable[..., Any], Callable[..., Any]] = {
    **FOR_MACHINES,
    **{f: rearranged(f) for f in MOVES},
    operator.getitem: item,
    scatter: scattered,
    set_at: placed_at,
    np.moveaxis: moved,
    np.lib.stride_tricks.sliding_window_view: windows,
    signal.overlapped: added_windows,
    padding.bordered: bordered,
    padding.padded: rearranged(padding.padded),
    padding.folded: folded,
    convolution.im2col: columns_of,
    convolution.col2im: images_of,
    np.convolve: convolved,
    np.correlate: correlated,
    np.reshape: in_order,
    np.ravel: lambda a, order="C": in_order(a, order=order),
    np.concatenate: joined,
    np.sum: reduced(np.sum, 0, np.add),
    np.prod: reduced(np.prod, 1, np.multiply),
    np.max: reduced(np.max, None, np.maximum),
    np.min: reduced(np.min, None, np.minimum),
    np.mean: mean,
    np.var: variance,
    np.std: deviation,
    np.nansum: without_nan(np.sum, 0.0),
    np.nanprod: without_nan(np.prod, 1.0),
    np.nancumsum: without_nan(np.cumsum, 0.0),
    np.nancumprod: without_nan(np.cumprod, 1.0),
    np.nanmax: without_nan(np.max, -np.inf),
    np.nanmin: without_nan(np.min, np.inf),
    np.nanmean: mean_without_nan,
    np.nanvar: variance_without_nan,
    np.nanstd: deviation_without_nan,
    np.cumsum: running(np.cumsum),
    np.cumprod: running(np.cumprod),
    reductions.product_of_others: product_of_others,
    cast("Rule", TABLE[np.sinc]).vjps[0]: slope_of_sinc,
    reductions.prod: slope_of_product,
    scans.cumprod: slope_of_running_product,
    np.amax: lambda a, **options: np.max(a, **options),
    np.amin: lambda a, **options: np.min(a, **options),
    np.linalg.norm: norm,
    functional.logsumexp: log_sum,
    functional.sse: squared_error,
    functional.mse: mean_squared_error,
    functional.cross_entropy: cross_entropy,
    functional.as_probabilities: one_hot,
    np.dot: dot,
    np.vecdot: pairwise,
    np.linalg.multi_dot: chain,
    statistics.differences: steps_apart,
    statistics.transposed_differences: transposed_steps_apart,
    scans.recurrence: recurrence,
    recurrent.rnn: sequence,
    recurrent.lstm: gated,
    recurrent.gru: reset,
    np.clip: clipped,
    np.where: chosen,
    np.nan_to_num: numbers_for_nan,
    np.logaddexp2: in_two,
}


def lowered() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Function -> its expansion."""
    return {**LOWERED, **special_functions()}
