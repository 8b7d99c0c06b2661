"""What a program is made of. A value is an array that will be: who makes it from what, of which shape and dtype."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.core.origin import Place


@dataclass(eq=False, slots=True)
class Value:
    """An argument of the program, something that it captured, or the result of a step.

    `args` and `options` hold values, and whatever else the function is called with: numbers, axes, tuples of slices.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    function: Callable[..., Any] | None = None  # None: not made here
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    sequence: bool = False  # is it called as function([a, b, ...])?
    name: str = ""
    place: Place | None = None
    backward: bool = False
    data: Any = None  # of a constant its array, of a captured Tensor this Tensor

    @property
    def is_number(self) -> bool:
        """Whether this is a constant that one writes down as a number."""
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
    """Arguments, what is read from outside, and the outputs: the value of the function, and its gradients."""

    inputs: list[Value]
    captured: list[Value]
    outputs: list[Value]
    numbers: list[Any]  # of the outputs, when it was traced
    assumed: bool = False  # was a guard against 0 * inf left out? Then a result that is not finite may be wrong

    def steps(self) -> list[Value]:
        """Every value that the outputs need and a step makes, each once, operands first."""
        return [value for value in ordered(self.outputs) if value.function is not None]


def operands_in(item: Any) -> Iterator[Value]:
    """The values in an argument, however deep in tuples, lists, dictionaries and slices."""
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


def operands(value: Value) -> list[Value]:
    return [*operands_in(value.args), *operands_in(dict(value.options))]


def ordered(outputs: list[Value]) -> list[Value]:
    """Every value that the outputs depend on and these themselves, operands first; the forward pass before the backward pass."""
    order: list[Value] = []
    seen: set[int] = set()
    stack = [(value, False) for value in reversed(outputs)]
    while stack:
        value, operands_done = stack.pop()
        if operands_done:
            order.append(value)
        elif id(value) not in seen:
            seen.add(id(value))
            stack.append((value, True))
            stack.extend((operand, False) for operand in reversed(operands(value)))
    return order
