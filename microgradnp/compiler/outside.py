"""What a compiled function reads from its module and from the functions around it, and whether it is still the same."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.memory import checksum
from microgradnp.core.tensor import Tensor

PLAIN = (bool, int, float, complex, str, type(None), bytes)  # Python values that are compared by ==


class Variable(NamedTuple):
    """A variable outside of a function, and the object that it held."""

    read: Callable[[], Any]
    was: Any


class Content(NamedTuple):
    """An array outside of a function, and the check sum of its numbers."""

    array: Any
    was: int


class Outside:
    """The variables that a function reads: numbers, options, arrays, Tensors.

    Another object under a name is noticed. So are other numbers in an array, or in a Tensor that is no parameter: NumPy may have
    computed with them while the program was traced. Two things are not noticed: lists and objects that are changed in place, and
    what the functions read that this one calls.
    """

    def __init__(self, f: Callable[..., Any], parameters: Iterable[Tensor]) -> None:
        self.variables: list[Variable] = []
        self.contents: list[Content] = []
        self.parameters = {id(p) for p in parameters}
        code: CodeType | None = getattr(f, "__code__", None)
        if code is None or not isinstance(f, FunctionType):
            return
        for cell in f.__closure__ or ():
            self.watch(functools.partial(getattr, cell, "cell_contents", None))
        for name in code.co_names:
            if name in f.__globals__:
                self.watch(functools.partial(f.__globals__.get, name))

    def watch(self, read: Callable[[], Any]) -> None:
        """Remember what a variable holds."""
        was = read()
        if not isinstance(was, (*PLAIN, np.ndarray, np.generic, Tensor, tuple)) or was is None:
            return
        self.variables.append(Variable(read, was))
        for item in was if isinstance(was, tuple) else (was,):
            if isinstance(item, np.ndarray) or (isinstance(item, Tensor) and id(item) not in self.parameters):
                self.contents.append(Content(item, content_of(item)))

    def unchanged(self) -> bool:
        """Whether the arrays hold the same numbers as before."""
        return all(content_of(array) == was for array, was in self.contents)

    def is_current(self) -> bool:
        """Whether all variables are as they were."""
        return all(read() is was for read, was in self.variables) and self.unchanged()


def content_of(item: Any) -> int:
    return checksum(item._array if isinstance(item, Tensor) else item)
