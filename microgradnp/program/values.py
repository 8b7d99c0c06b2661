"""What a program is made of: values. A value is a symbolic array, with its shape, its dtype and the call that makes it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from microgradnp.core.graph import topological_order
from microgradnp.core.origin import Place


@dataclass(eq=False, slots=True)
class Value:
    """An argument of the program, something that it captured, a constant, or the result of a step.

    `args` and `options` hold values, and whatever else the function is called with: numbers, axes, tuples of slices.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    function: Callable[..., Any] | None = None  # None: not made here
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    sequence: bool = False  # whether it is called as function([a, b, ...])
    name: str = ""
    place: Place | None = None
    backward: bool = False
    gradient_of: str = ""  # the operation whose formula this is a step of
    data: Any = None  # the array of a constant, or the captured array or Tensor

    @property
    def is_number(self) -> bool:
        """Whether this is a constant without axes."""
        return self.function is None and isinstance(self.data, (np.ndarray, np.generic)) and self.data.shape == ()

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        made = getattr(self.function, "__name__", "input")
        return f"<{self.name or made} {self.shape} {self.dtype}>"


@dataclass
class Program:
    """A function and its gradient as a list of steps. The outputs are the function's value and the gradients."""

    inputs: list[Value]
    captured: list[Value]  # arrays and Tensors that the function reads from outside
    outputs: list[Value]
    numbers: list[Any]  # the outputs when it was traced
    assumed: bool = False  # whether a guard against 0 * inf was left out: then a result that is not finite may be wrong

    def values(self) -> list[Value]:
        """The outputs and every value that they need, each once, operands first."""
        return topological_order(self.outputs, operands)

    def steps(self) -> list[Value]:
        """The values that a step makes."""
        return [value for value in self.values() if value.function is not None]


def operands(value: Value) -> list[Value]:
    """The values that a step reads, as often as it reads them."""
    return [*operands_in(value.args), *operands_in(dict(value.options))]


def operands_in(item: Any) -> Iterator[Value]:
    """The values in an argument, however deep in tuples, lists and dictionaries."""
    if isinstance(item, Value):
        yield item
    elif isinstance(item, (tuple, list)):
        for part in item:
            yield from operands_in(part)
    elif isinstance(item, dict):
        for part in item.values():
            yield from operands_in(part)


def substituted(item: Any, change: Callable[[Value], Any]) -> Any:
    """An argument with something else in place of each value in it."""
    if isinstance(item, Value):
        return change(item)
    if isinstance(item, (tuple, list)):
        return type(item)([substituted(part, change) for part in item])
    if isinstance(item, dict):
        return {key: substituted(part, change) for key, part in item.items()}
    return item


def rewritten(program: Program, change: Callable[[Value], Value]) -> Program:
    """The program with `change` of each value in its place, operands first. A step gets its new operands before it is changed."""
    new: dict[int, Value] = {}
    for old in program.values():
        value = old
        if old.function is not None:
            args, options = substituted((old.args, dict(old.options)), lambda v: new[id(v)])
            value = replace(old, args=args, options=options)
        new[id(old)] = change(value)
    inputs = [new.get(id(v), v) for v in program.inputs]
    captured = [new[id(v)] for v in program.captured if id(v) in new]
    return Program(inputs, captured, [new[id(v)] for v in program.outputs], program.numbers, program.assumed)


def index_parts(index: Any, ndim: int) -> list[tuple[Any, int | None]]:
    """The parts of an index, each with the axis that it takes; None for an axis that np.newaxis makes.

    >>> index_parts((..., 0), 2)
    [(slice(None, None, None), 0), (0, 1)]
    """
    parts = list(index) if isinstance(index, tuple) else [index]

    def width(part: Any) -> int:
        return 0 if part is None or part is Ellipsis else part.ndim if isinstance(part, Value) and part.dtype == bool else 1

    missing = ndim - sum(map(width, parts))
    place = next((k for k, part in enumerate(parts) if part is Ellipsis), len(parts))
    parts[place : place + 1] = [slice(None)] * missing
    ends = itertools.accumulate(map(width, parts))
    return [(part, end - width(part) if width(part) else None) for part, end in zip(parts, ends, strict=True)]
