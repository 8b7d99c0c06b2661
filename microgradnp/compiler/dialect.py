"""Dialects: how a language spells the loops of a program. The loops themselves are the same in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Index = tuple[str, ...]  # an expression for each axis


@dataclass(frozen=True)
class Dialect:
    """The spellings of one language. Templates are filled in by `str.format`."""

    scalar: Mapping[Any, str]  # elementwise function -> an expression of its operands
    cast: Callable[[str, np.dtype[Any]], str]  # a number in another dtype
    entry: Callable[[str, Index, tuple[int, ...]], str]  # of an array of this shape
    loop: str  # index, count
    end_of_loop: tuple[str, ...]
    fill: str  # array, number
    reshape: str  # name, array, shape
    copy_reshaped: str  # name, array, shape
    inner_product: str  # left, right: of all entries
    matrix_product: str  # left, right, name
    transpose: str  # array
    nan: str
    infinity: str
    true: str
    false: str

    def around(self, index: str, count: int, lines: list[str]) -> list[str]:
        """A loop around some lines."""
        return [self.loop.format(index=index, count=count), *(f"    {line}" for line in lines), *self.end_of_loop]

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


def numba_cast(text: str, dtype: np.dtype[Any]) -> str:
    return f"np.{dtype.name}({text})" if dtype != np.bool_ else f"({text} != 0)"


def numba_entry(array: str, index: Index, _shape: tuple[int, ...]) -> str:
    return f"{array}[{', '.join(index)}]"


NUMPY_SCALARS = (
    *(np.log, np.log1p, np.expm1, np.log2, np.log10, np.exp2, np.sqrt, np.cbrt, np.sin, np.cos, np.tan, np.tanh, np.sinh),
    *(np.cosh, np.arctan, np.arcsin, np.arccos, np.arcsinh, np.arccosh, np.arctanh, np.sign, np.isfinite, np.isnan),
    *(np.floor, np.ceil),
)

NUMBA = Dialect(
    scalar={
        **{f: f"np.{f.__name__}({{}})" for f in NUMPY_SCALARS},
        np.add: "({} + {})",
        np.subtract: "({} - {})",
        np.multiply: "({} * {})",
        np.divide: "({} / {})",
        np.negative: "(-{})",
        np.power: "power_({}, {})",  # names with an underscore behind: see `numba_modules`
        np.reciprocal: "(1.0 / {})",
        np.square: "square_({})",
        np.exp: "exp_({})",
        np.less: "({} < {})",
        np.less_equal: "({} <= {})",
        np.greater: "({} > {})",
        np.greater_equal: "({} >= {})",
        np.equal: "({} == {})",
        np.not_equal: "({} != {})",
        np.logical_and: "({} and {})",
        np.logical_or: "({} or {})",
        np.logical_not: "(not {})",
        np.where: "where_({}, {}, {})",
        np.maximum: "maximum_({}, {})",
        np.minimum: "minimum_({}, {})",
        np.absolute: "abs({})",
        np.fabs: "abs({})",
        np.clip: "minimum_(maximum_({}, {}), {})",
        np.logaddexp: "logaddexp_({}, {})",
        np.positive: "{}",
        np.astype: "{}",
        np.hypot: "np.hypot({}, {})",
        np.arctan2: "np.arctan2({}, {})",
    },
    cast=numba_cast,
    entry=numba_entry,
    loop="for {index} in range({count}):",
    end_of_loop=(),
    fill="{array}[...] = {number}",
    reshape="{name} = {array}.reshape({shape})",
    copy_reshaped="{name}[...] = {array}.reshape({shape})",
    inner_product="np.dot({left}.ravel(), {right}.ravel())",
    matrix_product="np.dot({left}, {right}, {name})",
    transpose="{array}.T",
    nan="np.nan",
    infinity="np.inf",
    true="True",
    false="False",
)
