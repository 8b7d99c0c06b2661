"""What a traced function reads and was not given: arrays of its module, which stay what they are, and arrays that it makes.

The second kind is told from the first by tracing twice: what is another object each time was made inside. Its numbers must be
the same each time, or the function is none of its arguments alone (it draws random numbers).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.program.differences import differences
from microgradnp.program.values import Program, Value, ordered, substituted


def settled(program: Program, again: Program, title: str) -> Program:
    """The program with the arrays that the function made itself as constants; captured stays what is outside of it.

    Raises ValueError when these arrays are not the same each time.
    """
    if len(program.captured) != len(again.captured) or differences(program, again) != {}:
        raise ValueError(
            f"{title} does something else each time it is called (random numbers?); draw them outside, and pass them as arguments"
        )
    inside: dict[int, Value] = {}
    for one, other in zip(program.captured, again.captured, strict=True):
        if one.data is other.data:
            continue
        array, array_again = plain(one.data), plain(other.data)
        if array.dtype != array_again.dtype or array.tobytes() != array_again.tobytes():
            raise ValueError(
                f"{title} makes another array {array.shape} each time it is called (random numbers?); make it outside, and pass "
                "it as an argument"
            )
        inside[id(one)] = written(array, one)
    if not inside:
        return program
    new: dict[int, Value] = {}
    for value in ordered(program.outputs):
        new[id(value)] = inside.get(id(value), value)
        if value.function is not None:
            value.args, value.options = substituted((value.args, dict(value.options)), lambda v: new[id(v)])
    captured = [value for value in program.captured if id(value) not in inside]
    return Program(program.inputs, captured, [new[id(v)] for v in program.outputs], program.numbers, program.assumed)


def plain(data: Any) -> np.ndarray[Any, Any]:
    return np.asarray(data._array if isinstance(data, Tensor) else data)


def written(array: np.ndarray[Any, Any], value: Value) -> Value:
    """An array as the call that makes it, where it is an easy one: all the same number, or 0, 1, 2 ..."""
    if array.size > 1 and array.ndim and np.all(array == array.ravel()[0]) and array.dtype.kind in "fciu":
        first = Value((), array.dtype, data=array.ravel()[0])
        return Value(array.shape, array.dtype, np.broadcast_to, (first,), {"shape": array.shape}, name=value.name)
    if array.size > 1 and array.ndim == 1 and array.dtype == np.int64 and np.array_equal(array, np.arange(array.size)):
        return Value(array.shape, array.dtype, np.arange, (array.size,), name=value.name)
    return Value(array.shape, array.dtype, data=array, name=value.name)


def constants_of(program: Program) -> list[Value]:
    """The arrays that are part of a program."""
    outside = {id(v) for v in [*program.inputs, *program.captured]}
    return [v for v in ordered(program.outputs) if v.function is None and id(v) not in outside and not v.is_number]
