"""Passes: small functions from a value to a simpler value that is equal to it, number for number.

`simplify` walks a program once, operands first, and applies them to every value. Known numbers are computed (constant folding),
steps that change nothing are left out, and no step is computed twice (common subexpressions). Dead steps are never reached.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from microgradnp.program.values import Program, Value, operands, rewritten, substituted

ELEMENTWISE = frozenset(f for f in vars(np).values() if isinstance(f, np.ufunc) and f.signature is None)
SAME = {np.positive, np.real, np.conjugate}  # of real numbers
RESHAPES = (np.reshape, np.ravel, np.expand_dims, np.squeeze)


def simplify(program: Program) -> Program:
    """The same program with every pass applied to each of its steps."""
    known: dict[Any, Value] = {}

    def simpler(old: Value) -> Value:
        value = old
        if old.function is not None:
            for step in PASSES:
                value = step(value)
        first = known.setdefault(identity_of(value), value)
        if not first.name:
            first.name = old.name
        return first

    return rewritten(program, simpler)


def identity_of(value: Value) -> Any:
    """A key that is equal for values that are computed in the same way."""
    if value.is_number:
        return "number", value.dtype.str, value.data.tobytes()
    if value.function is None:
        return id(value)
    return value.function, key_of(value.args), key_of(dict(value.options))


def key_of(item: Any) -> Any:
    if isinstance(item, Value):
        return "number" if item.is_number else "value", (item.data.tobytes(), item.dtype.str) if item.is_number else id(item)
    if isinstance(item, (tuple, list)):
        return type(item), *(key_of(part) for part in item)
    if isinstance(item, dict):
        return tuple((name, key_of(part)) for name, part in sorted(item.items()))
    if isinstance(item, slice):
        return "slice", item.start, item.stop, item.step
    try:
        hash(item)
    except TypeError:
        return id(item)
    return type(item), repr(item)  # 1, 1.0 and True are three; 0.0 and -0.0 are two


# ----------------------------------------------------------------------------------------------- the passes


def folded(value: Value) -> Value:
    """Constant folding: a step of numbers is a number."""
    found = operands(value)
    if value.shape != () or not all(v.is_number for v in found) or not is_numeric(value.function):
        return value
    args, options = substituted((value.args, dict(value.options)), lambda v: v.data)
    return number(np.asarray(value.function(*args, **options)))  # type: ignore[misc]


def number(data: Any) -> Value:
    return Value(data.shape, data.dtype, data=data)


def is_numeric(function: Any) -> bool:
    return isinstance(function, np.ufunc) or function in (*RESHAPES, np.sum, np.zeros_like, np.ones_like, np.astype, np.mean)


def neutral(value: Value) -> Value:
    """x * 1, 1 * x, x / 1, x + 0 and x**1 are x."""
    if value.function not in (np.multiply, np.divide, np.power, np.add, np.subtract) or len(value.args) != 2:
        return value
    a, b = value.args
    unit = 0 if value.function in (np.add, np.subtract) else 1
    if is_number(b, unit) and same_kind(value, a):
        return a
    if is_number(a, unit) and same_kind(value, b) and value.function in (np.multiply, np.add):
        return b
    return value


def is_number(item: Any, what: float) -> bool:
    if isinstance(item, Value):
        return item.is_number and bool(item.data == what)
    return isinstance(item, (int, float)) and item == what


def same_kind(value: Value, operand: Any) -> bool:
    return isinstance(operand, Value) and operand.shape == value.shape and operand.dtype == value.dtype


def unchanged(value: Value) -> Value:
    """Functions that return their argument: the same shape and dtype, real numbers, all entries."""
    if not value.args or not same_kind(value, value.args[0]):
        return value
    a = value.args[0]
    real = value.dtype.kind != "c"
    if value.function in SAME and (real or value.function is np.positive):
        return a
    if value.function in RESHAPES and value.options.get("order", "C") == "C":
        return a
    if value.function in (np.astype, np.broadcast_to, np.sum) and not set(value.options) - {"axis", "keepdims", "shape", "dtype"}:
        return value if value.function is np.sum and value.options.get("axis") != () and value.shape != () else a
    if value.function is operator.getitem and covers_all(value.args[1]):
        return a
    return value


def covers_all(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is Ellipsis or (isinstance(part, slice) and part == slice(None)) for part in parts)


def undone(value: Value) -> Value:
    """Functions that are their own inverse, applied twice: -(-x), and axes swapped twice."""
    inner = value.args[0] if value.args else None
    if not isinstance(inner, Value) or inner.function is not value.function or not inner.args:
        return value
    if value.function is np.negative:
        return inner.args[0]
    if value.function is np.swapaxes and axes_of(value) == axes_of(inner):
        return inner.args[0]
    return value


def axes_of(value: Value) -> Any:
    axes = value.options.get("axis1", None), value.options.get("axis2", None)
    return tuple(sorted(int(a) % value.ndim for a in (axes if None not in axes else value.args[1:3])))


def reshaped_once(value: Value) -> Value:
    """A reshape of a reshape is one reshape. A sum with keepdims, reshaped without these axes, is a sum without keepdims."""
    if value.function not in RESHAPES or value.options.get("order", "C") != "C":
        return value
    inner = value.args[0]
    if inner.function in RESHAPES and inner.options.get("order", "C") == "C":
        again = Value(value.shape, value.dtype, np.reshape, (inner.args[0],), {"shape": value.shape}, backward=value.backward)
        return unchanged(again)
    if inner.function is np.sum and inner.options.get("keepdims") and isinstance(inner.options.get("axis"), tuple):
        (a,) = inner.args
        axes = {axis % a.ndim for axis in inner.options["axis"]}
        if tuple(n for k, n in enumerate(a.shape) if k not in axes) == value.shape:
            axis = next(iter(axes)) if len(axes) == 1 else tuple(sorted(axes))
            options = {} if len(axes) == a.ndim else {"axis": axis}
            return Value(value.shape, value.dtype, np.sum, (a,), options, backward=value.backward)
    return value


def broadcast_late(value: Value) -> Value:
    """Elementwise functions broadcast their operands themselves."""
    if value.function not in ELEMENTWISE:
        return value
    args = value.args
    for k, a in enumerate(args):
        if isinstance(a, Value) and a.function is np.broadcast_to:
            shorter = (*args[:k], a.args[0], *args[k + 1 :])
            if np.broadcast_shapes(*(getattr(b, "shape", ()) for b in shorter)) == value.shape:
                args = shorter
    return value if args is value.args else neutral(with_args(value, args))


def uniform(value: Value) -> Value:
    """An array of one number stays one in another shape and in arithmetic with numbers."""
    found = operands(value)
    if not found or (value.function is np.broadcast_to and is_uniform(value) and value.args[0].is_number):
        return value
    if not all(v.is_number or is_uniform(v) for v in found) or (not any(is_uniform(v) for v in found) and value.shape == ()):
        return value
    if value.function in (*RESHAPES, np.broadcast_to, np.transpose, np.swapaxes):
        return broadcast(the_number(found[0]), value)
    if value.function in ELEMENTWISE and not value.options:
        args = substituted(value.args, lambda v: the_number(v).data)
        return broadcast(number(np.asarray(value.function(*args))), value)
    return value


def is_uniform(value: Value) -> bool:
    return value.function is np.broadcast_to and isinstance(value.args[0], Value) and value.args[0].is_number


def the_number(value: Value) -> Value:
    return value if value.is_number else value.args[0]


def broadcast(item: Value, like: Value) -> Value:
    if like.shape == ():
        return item
    return Value(like.shape, item.dtype, np.broadcast_to, (item,), {"shape": like.shape}, name=like.name, backward=like.backward)


def inner_product(value: Value) -> Value:
    """np.dot of two raveled real arrays is np.vdot of the arrays."""
    if value.function is not np.dot or len(value.args) != 2 or value.dtype.kind != "f":
        return value
    a, b = value.args
    if not all(isinstance(v, Value) and v.function is np.ravel and not v.options and v.dtype.kind == "f" for v in (a, b)):
        return value
    return with_args(value, (a.args[0], b.args[0]), np.vdot)


def with_args(value: Value, args: tuple[Any, ...], function: Callable[..., Any] | None = None) -> Value:
    return replace(value, args=args, function=function or value.function)


def subtracted(value: Value) -> Value:
    """a + (-b) and (-b) + a are a - b; a - (-b) is a + b."""
    if value.function is np.add:
        a, b = value.args
        if is_negative(b):
            return with_args(value, (a, b.args[0]), np.subtract)
        if is_negative(a) and isinstance(b, Value):
            return with_args(value, (b, a.args[0]), np.subtract)
    if value.function is np.subtract and is_negative(value.args[1]):
        return with_args(value, (value.args[0], value.args[1].args[0]), np.add)
    return value


def is_negative(item: Any) -> bool:
    return isinstance(item, Value) and item.function is np.negative and item.dtype.kind in "fc"


def truth(value: Value) -> Value:
    """For truth values, `mask != 0` is the mask and `mask == 0` is its negation."""
    if value.function is np.not_equal and is_number(value.args[1], 0) and same_kind(value, value.args[0]):
        return value.args[0]
    if value.function is np.equal and is_number(value.args[1], 0) and same_kind(value, value.args[0]):
        return with_args(value, (value.args[0],), np.logical_not)
    return value


def decided(value: Value) -> Value:
    """A conjunction with False is False. A choice by one known truth value is one of the arrays."""
    if value.function is np.logical_and and any(known_truth(a) is False for a in value.args):
        return broadcast(number(np.asarray(False)), value)
    if value.function is np.where and len(value.args) == 3 and known_truth(value.args[0]) is not None:
        chosen = value.args[1 if known_truth(value.args[0]) else 2]
        return chosen if same_kind(value, chosen) else value
    return value


def known_truth(item: Any) -> bool | None:
    """The one truth value that an operand holds everywhere; None where it is not known."""
    found = the_number(item) if isinstance(item, Value) and (item.is_number or is_uniform(item)) else None
    return bool(found.data) if found is not None and found.dtype == np.bool_ else None


PASSES = (folded, uniform, neutral, unchanged, undone, reshaped_once, broadcast_late, inner_product, subtracted, truth, decided)
