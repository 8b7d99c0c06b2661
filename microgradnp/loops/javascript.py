"""The loops of JavaScript: typed arrays in the order of memory, all numbers in double precision."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import Any

import numpy as np

from microgradnp.loops.dialect import Dialect, Index
from microgradnp.loops.indices import grouped
from microgradnp.loops.names import BackendError, Names
from microgradnp.program.values import Value

LARGEST_CONSTANT = 100_000  # entries
EXACT = 2**53  # every integer up to here is a double
RESERVED = (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false "
    "finally for function if implements import in instanceof interface let new null package private protected public return "
    "static super switch this throw true try typeof undefined var void while with yield "
    "isFinite isNaN Array Float64Array Int32Array Infinity Math NaN Number RangeError"
)

HELPERS = """
const power_ = (a, b) => (a === 1 || b === 0 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.pow(a, b));

const logaddexp_ = (a, b) => (a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))));

const remainder_ = (a, b) => {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
};

const quotient_ = (a, b) => {
  const n = (a - remainder_(a, b)) / b;
  return n - Math.floor(n) > 0.5 ? Math.floor(n) + 1 : Math.floor(n);
};

const rint_ = (a) => {
  const n = Math.round(a);
  return n - a === 0.5 && n % 2 !== 0 ? n - 1 : n;
};

const heaviside_ = (a, b) => (a === 0 ? b : a < 0 ? 0 : a > 0 ? 1 : NaN);

const sinc_ = (a) => (a === 0 ? 1 : Math.sin(Math.PI * a) / (Math.PI * a));

const copysign_ = (a, b) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a));

const fmax_ = (a, b) => (a !== a ? b : b !== b ? a : Math.max(a, b));

const fmin_ = (a, b) => (a !== a ? b : b !== b ? a : Math.min(a, b));

const erf_ = (x) => { // exp(-x**2) times a series of positive terms: Abramowitz and Stegun, 7.1.6
  if (!(Math.abs(x) < 6)) return Math.sign(x);
  let term = x, total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) total += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
};

function whole_(numbers, n, name) {
  const found = numbers?.length ?? 0;
  if (found !== n) throw new RangeError(`${name} has ${found} entries, and needs ${n}`);
}

function within_(numbers, n) {
  for (const k of numbers) {
    if (!(Number.isInteger(k) && k >= -n && k < n)) throw new RangeError(`${k} is no index of an axis of ${n} entries`);
  }
}
"""  # what JavaScript lacks, or does otherwise


def javascript_cast(text: str, dtype: np.dtype[Any]) -> str:
    return f"({text} != 0)" if dtype == np.bool_ else f"Math.trunc({text})" if dtype.kind in "iu" else text


def javascript_refuses(value: Value) -> str:
    """Integers that wrap around, and integer division."""
    wraps = value.dtype.kind in "iu" and value.dtype != np.int64 and value.function in {*JAVASCRIPT.scalar, *SUMS} - UNCHANGED
    if wraps:
        return f"arithmetic of {value.dtype}, which wraps around"
    return "a reciprocal of integers" if value.function is np.reciprocal and value.dtype.kind in "iu" else ""


def javascript_entry(array: str, index: Index, shape: tuple[int, ...]) -> str:
    """`array[i * 4 + j]`: the place in the order of memory."""
    places, known, stride = [], 0, 1
    for text, n in reversed([*zip(index, shape, strict=True)]):
        if text.isdecimal():
            known += int(text) * stride
        elif n != 1:
            places.append(text if stride == 1 else f"{grouped(text)} * {stride}")
        stride *= n
    return f"{array}[{' + '.join([*reversed(places), *([str(known)] if known or not places else [])])}]"


SUMS = {np.sum, np.cumsum, np.prod, np.cumprod}
UNCHANGED = {np.maximum, np.minimum, np.where, np.positive, np.clip}  # they return one of their arguments
MATH = (
    *(np.log, np.log1p, np.expm1, np.log2, np.log10, np.sqrt, np.cbrt, np.sin, np.cos, np.tan, np.tanh, np.sinh, np.cosh, np.exp),
    *(np.sign, np.floor, np.ceil, np.trunc, np.hypot),
)
INVERSE = {np.arcsin: "asin", np.arccos: "acos", np.arctan: "atan", np.arcsinh: "asinh", np.arccosh: "acosh", np.arctanh: "atanh"}

JAVASCRIPT = Dialect(
    scalar={
        **{f: f"Math.{f.__name__}({', '.join(['{}'] * f.nin)})" for f in MATH},
        **{f: f"Math.{name}({{}})" for f, name in INVERSE.items()},
        np.add: "({} + {})",
        np.subtract: "({} - {})",
        np.multiply: "({} * {})",
        np.divide: "({} / {})",
        np.negative: "(-{})",
        np.power: "power_({}, {})",
        np.float_power: "power_({}, {})",
        np.reciprocal: "(1 / {})",
        np.square: "Math.pow({}, 2)",
        np.exp2: "Math.pow(2, {})",
        np.arctan2: "Math.atan2({}, {})",
        np.less: "({} < {})",
        np.less_equal: "({} <= {})",
        np.greater: "({} > {})",
        np.greater_equal: "({} >= {})",
        np.equal: "({} == {})",
        np.not_equal: "({} != {})",
        np.logical_and: "({} && {})",
        np.logical_or: "({} || {})",
        np.logical_not: "(!{})",
        np.isfinite: "isFinite({})",
        np.isnan: "isNaN({})",
        np.isinf: "(Math.abs({}) === Infinity)",
        np.where: "({} ? {} : {})",
        np.maximum: "Math.max({}, {})",
        np.minimum: "Math.min({}, {})",
        np.fmax: "fmax_({}, {})",
        np.fmin: "fmin_({}, {})",
        np.absolute: "Math.abs({})",
        np.fabs: "Math.abs({})",
        np.clip: "Math.min(Math.max({}, {}), {})",
        np.logaddexp: "logaddexp_({}, {})",
        np.remainder: "remainder_({}, {})",
        np.fmod: "({} % {})",
        np.floor_divide: "quotient_({}, {})",
        np.ldexp: "({} * Math.pow(2, {}))",
        np.rint: "rint_({})",
        np.heaviside: "heaviside_({}, {})",
        np.copysign: "copysign_({}, {})",
        np.sinc: "sinc_({})",
        np.deg2rad: "({} * (Math.PI / 180))",
        np.radians: "({} * (Math.PI / 180))",
        np.rad2deg: "({} * (180 / Math.PI))",
        np.degrees: "({} * (180 / Math.PI))",
        np.positive: "{}",
        np.astype: "{}",
    },
    cast=javascript_cast,
    entry=javascript_entry,
    flat="{array}",
    declare="let {name} = {text}",
    loop="for (let {index} = 0; {index} < {count}; {index}++) {{",
    end_of_loop=("}",),
    indent="  ",
    fill="{array}.fill({number})",
    reshape="const {name} = {array}",
    copy_reshaped="{name}.set({array})",
    wrapped="({text} < 0 ? {text} + {n} : {text})",
    nan="NaN",
    infinity="Infinity",
    true="true",
    false="false",
    most_steps=20_000,
    refuse=javascript_refuses,
    columns=4,
    comment="// {text}",
)


def dialect() -> Dialect:
    """JavaScript, with the functions of SciPy where that is loaded."""
    special = sys.modules.get("scipy.special")
    if special is None:
        return JAVASCRIPT
    known = {getattr(special, name): f"Math.{name}({{}})" for name in ("expm1", "log1p", "cbrt")}
    return replace(JAVASCRIPT, scalar={**JAVASCRIPT.scalar, **known, special.erf: "erf_({})"})


class JavaScriptNames(Names):
    """Names that mean nothing else in JavaScript."""

    def __init__(self) -> None:
        super().__init__()
        self.taken |= {*RESERVED.split()}

    def local(self, wish: str) -> str:
        return super().local(wish if wish.isidentifier() else re.sub(r"[^a-zA-Z0-9_]+", "_", wish))


def literal(array: Any) -> str:
    """A typed array with these numbers. Raises BackendError for numbers that are no doubles."""
    numbers = np.asarray(array)
    if numbers.size > LARGEST_CONSTANT:
        raise BackendError(f"a constant array {numbers.shape}, too large to be written down")
    if numbers.dtype.kind in "iu" and np.any(np.abs(numbers.astype(object)) > EXACT):
        raise BackendError("an integer above 2**53")
    kind = "Int32" if numbers.dtype.kind in "iu" and np.all(np.abs(numbers) < 2**31) else "Float64"
    texts = (JAVASCRIPT.number(float(x)).strip("()").removesuffix(".0") for x in numbers.ravel().tolist())
    return f"new {kind}Array([{', '.join(texts)}])"


def needed_helpers(text: str) -> list[str]:
    """The definitions of the helpers that a text calls."""
    found: list[str] = []
    for helper in reversed(HELPERS.strip().split("\n\n")):  # a helper may call those above it
        if re.findall(r"\w+", helper)[1] + "(" in "\n".join([text, *found]):
            found.insert(0, helper)
    return found


def statements(lines: list[str]) -> list[str]:
    """Lines with a semicolon behind each statement."""
    return [line if line.endswith(("{", "}", ";")) or line.lstrip().startswith("//") else f"{line};" for line in lines]
