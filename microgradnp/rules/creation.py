"""Arrays made from others: copies, arrays filled with a number, and numbers between two ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.entries import composite
from microgradnp.rules.values import is_abstract, is_complex, value_of


@composite(np.copy)
def copy(a: Any, order: str = "K") -> Any:
    """A Tensor never changes and its memory layout is private, so `order` has no effect."""
    return np.astype(a, a.dtype)


@composite(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, order: str = "K", *, shape: Any = None) -> Any:
    zeros = np.zeros_like(a, dtype=dtype, shape=shape)
    filled = np.where(True, fill_value, zeros)
    return filled if filled.dtype == zeros.dtype else np.astype(filled, zeros.dtype)


def for_result_type(x: Any) -> Any:
    """What `np.result_type` shall see: the dtype of an array; a Python number itself, because it does not widen a dtype."""
    return x if isinstance(x, (int, float, complex)) else x.dtype if hasattr(x, "dtype") else np.asarray(x)


def steps(start: Any, stop: Any, num: int, endpoint: bool, dtype: Any) -> tuple[Any, Any]:
    """The numbers along a new first axis, and the step between them. The order of operations is NumPy's."""
    kind = np.result_type(for_result_type(start), for_result_type(stop), float(num))
    delta = np.subtract(stop, start) * kind.type(1)
    divisor = num - 1 if endpoint else num
    number = np.arange(num).astype(kind).reshape((-1,) + (1,) * np.ndim(delta))
    step = delta / divisor if divisor > 0 else np.nan
    if divisor > 0 and is_abstract(step):  # a traced step may be 0 or not: the program computes both cases below, and chooses
        numbers = np.where(np.any(np.equal(step, 0)), number / divisor * delta, number * step)
    elif divisor > 0 and np.any(value_of(step) == 0):
        numbers = number / divisor * delta
    else:
        numbers = number * (step if divisor > 0 else delta)
    numbers = numbers + start
    if endpoint and num > 1:
        last = np.broadcast_to(stop * kind.type(1), numbers.shape[1:])
        numbers = np.concatenate([numbers[:-1], np.expand_dims(last, 0)])
    wanted = kind if dtype is None else np.dtype(dtype)
    if wanted.kind in "iu":
        numbers = np.floor(numbers)
    return numbers if numbers.dtype == wanted else np.astype(numbers, wanted), step


@composite(np.linspace)
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    if num < 0:
        raise ValueError(f"linspace: the number of samples must not be negative, got {num}")
    start, stop = (np.asarray(part) if isinstance(part, (list, tuple)) else part for part in (start, stop))
    numbers, step = steps(start, stop, int(num), endpoint, dtype)
    numbers = np.moveaxis(numbers, 0, axis)
    return (numbers, step) if retstep else numbers


@composite(np.logspace)
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    if np.ndim(base):
        raise TypeError("logspace: base= is an array; on Tensors it is one number")
    powers = np.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return powers if dtype is None else np.astype(powers, dtype)


@composite(np.geomspace)
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """Takes real numbers of one sign."""
    start, stop = (part if hasattr(part, "ndim") else np.asarray(part) for part in (start, stop))
    if is_complex(start, stop):
        raise TypeError("geomspace: complex numbers have no gradient rule; on Tensors it takes real numbers")
    if not is_abstract(start * stop) and np.any(value_of(start) * value_of(stop) <= 0):
        raise ValueError("geomspace: start and stop must have the same sign and must not be 0")
    sign = np.sign(start if is_abstract(start) else value_of(start))
    first, last = start * sign, stop * sign
    numbers = logspace(np.log10(first), np.log10(last), num, endpoint)
    if num > 0:
        ends = [np.expand_dims(np.broadcast_to(end, numbers.shape[1:]), 0) for end in (first, last)]
        middle = numbers[1:-1] if num > 1 and endpoint else numbers[1:]
        numbers = np.concatenate([ends[0], middle, ends[1]] if num > 1 and endpoint else [ends[0], middle])
    numbers = np.moveaxis(numbers * sign, 0, axis)
    return numbers if dtype is None else np.astype(numbers, dtype)


# ------------------------------------------------------------------------------------- functions of the user


@composite(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    axis = axis % arr.ndim
    moved = np.moveaxis(arr, axis, -1)
    rest = moved.shape[:-1]
    lanes = np.reshape(moved, (-1, moved.shape[-1]))
    if not lanes.shape[0]:
        raise ValueError("apply_along_axis: there is no lane to apply the function to")
    results = [func1d(lanes[k], *args, **kwargs) for k in range(lanes.shape[0])]
    stacked = np.stack([part if hasattr(part, "ndim") else np.asarray(part) for part in results])
    shaped = np.reshape(stacked, rest + stacked.shape[1:])
    own = shaped.ndim - len(rest)
    return np.moveaxis(shaped, tuple(range(len(rest), shaped.ndim)), tuple(range(axis, axis + own)))


@composite(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    for axis in np.atleast_1d(axes).tolist():
        axis = axis % a.ndim
        result = func(a, axis)
        a = result if result.ndim == a.ndim else np.expand_dims(result, axis)
    return a
