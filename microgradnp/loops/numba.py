"""The loops of Numba: Python with indices, and BLAS for what is large."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.loops.dialect import Dialect, Index


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
    flat="{array}_flat_",
    declare="{name} = {text}",
    loop="for {index} in range({count}):",
    end_of_loop=(),
    indent="    ",
    fill="{array}[...] = {number}",
    reshape="{name} = {array}.reshape({shape})",
    copy_reshaped="{name}[...] = {array}.reshape({shape})",
    wrapped="{text}",
    inner_product="np.dot({left}.ravel(), {right}.ravel())",
    matrix_product="np.dot({left}, {right}, {name})",
    transpose="{array}.T",
    nan="np.nan",
    infinity="np.inf",
    true="True",
    false="False",
    most_steps=1500,  # the time of LLVM grows faster than their number
)
