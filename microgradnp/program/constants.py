"""Arrays that a traced function reads and was not given: those of its module stay variables, those that it makes are constants.

Two traces tell them apart. An array of the module is the same object each time. An array that the function makes is another
object each time; its numbers must be the same, or the function depends on more than its arguments (it draws random numbers).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.program.differences import differences
from microgradnp.program.values import Program, Value, rewritten


def make_constants(program: Program, again: Program, title: str) -> Program:
    """The program with the arrays that the function makes itself as constants. `again` is a second trace of the same call.

    Raises ValueError when the second trace is another program or makes another array.
    """
    if len(program.captured) != len(again.captured) or differences(program, again) != {}:
        raise ValueError(
            f"{title} does something else each time it is called (random numbers?); draw them outside, and pass them as arguments"
        )
    for one, other in zip(program.captured, again.captured, strict=True):
        if one.data is other.data:
            continue
        array, array_again = as_array(one.data), as_array(other.data)
        if array.dtype != array_again.dtype or array.tobytes() != array_again.tobytes():
            raise ValueError(
                f"{title} makes another array {array.shape} each time it is called (random numbers?); make it outside, and pass "
                "it as an argument"
            )
    return with_constants(program, again)


def with_constants(program: Program, other: Program) -> Program:
    """The program with constants in place of the captured arrays that another trace does not share."""
    made = {id(a): a for a, b in zip(program.captured, other.captured, strict=True) if a.data is not b.data}
    if not made:
        return program
    changed = rewritten(program, lambda value: constant(value) if id(value) in made else value)
    changed.captured = [value for value in program.captured if id(value) not in made]
    return changed


def constant(value: Value) -> Value:
    """A captured array as a constant: as the call that makes it where all its numbers are equal or count 0, 1, 2, ..."""
    array = as_array(value.data)
    if is_full(array):
        number = Value((), array.dtype, data=array.ravel()[0])
        return Value(array.shape, array.dtype, np.broadcast_to, (number,), {"shape": array.shape}, name=value.name)
    if is_range(array):
        return Value(array.shape, array.dtype, np.arange, (array.size,), name=value.name)
    return Value(array.shape, array.dtype, data=array, name=value.name)


def is_full(array: np.ndarray[Any, Any]) -> bool:
    return array.size > 1 and array.dtype.kind in "fciu" and bool(np.all(array == array.ravel()[0]))


def is_range(array: np.ndarray[Any, Any]) -> bool:
    return array.size > 1 and array.ndim == 1 and array.dtype == np.int64 and np.array_equal(array, np.arange(array.size))


def as_array(data: Any) -> np.ndarray[Any, Any]:
    return np.asarray(data._array if isinstance(data, Tensor) else data)


def constants_of(program: Program) -> list[Value]:
    """The arrays that are part of a program."""
    outside = {id(v) for v in [*program.inputs, *program.captured]}
    return [v for v in program.values() if v.function is None and id(v) not in outside and not v.is_number]
