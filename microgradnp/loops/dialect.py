"""Dialects: how a language spells the loops of a program. The loops themselves are the same in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.program.values import Value

Index = tuple[str, ...]  # an expression for each axis


@dataclass(frozen=True)
class Dialect:
    """The spellings of one language. Templates are filled in by `str.format`."""

    scalar: Mapping[Any, str]  # elementwise function -> an expression of its operands
    cast: Callable[[str, np.dtype[Any]], str]  # a number in another dtype
    entry: Callable[[str, Index, tuple[int, ...]], str]  # of an array of this shape
    flat: str  # array: all its entries as one row
    declare: str  # name, text: the statement that gives a new variable its number
    loop: str  # index, count
    end_of_loop: tuple[str, ...]
    indent: str
    fill: str  # array, number
    reshape: str  # name, array, shape
    copy_reshaped: str  # name, array, shape
    wrapped: str  # text, n: an index into an axis of length n, which may count from its end
    nan: str
    infinity: str
    true: str
    false: str
    most_steps: int  # of one program
    refuse: Callable[[Value], str] = lambda _value: ""  # what is wrong with a step that would be computed otherwise
    columns: int = 0  # of a wide matrix product that are summed up in variables at once; 0: in memory, row after row
    comment: str = ""  # text: a line above the loops of a step
    inner_product: str = ""  # left, right: of all entries, by a library
    matrix_product: str = ""  # left, right, name: by a library
    transpose: str = ""  # array: an operand of that product

    def around(self, index: str, count: int, lines: list[str]) -> list[str]:
        """A loop around some lines."""
        inside = [f"{self.indent}{line}" for line in lines]
        return [self.loop.format(index=index, count=count), *inside, *self.end_of_loop]

    def let(self, name: str, text: str) -> str:
        """The statement that gives a new variable its number."""
        return self.declare.format(name=name, text=text)

    def number(self, number: Any) -> str:
        """A number. Raises TypeError for one that is complex, or no number."""
        if isinstance(number, (bool, np.bool_)):
            return self.true if number else self.false
        if isinstance(number, (int, np.integer)):
            return f"({int(number)})" if number < 0 else str(int(number))
        if not isinstance(number, (float, np.floating)):
            raise TypeError(f"the constant {number!r}")
        text = repr(float(number)).replace("nan", self.nan).replace("inf", self.infinity)
        return f"({text})" if text.startswith("-") else text
