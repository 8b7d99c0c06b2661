"""A step as a NumPy expression, as a careful person writes it: operators, methods, `.T`, slices, parentheses where needed."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from microgradnp.emitter.literals import (
    AND,
    ATOM,
    COMPARISON,
    OR,
    POWER,
    PRODUCT,
    SHIFT,
    SIGN,
    SUM,
    XOR,
    Literals,
    Text,
)
from microgradnp.emitter.quoting import public_name
from microgradnp.emitter.short_forms import SHORT_FORMS
from microgradnp.program.passes import RESHAPES, is_uniform
from microgradnp.program.values import Value
from microgradnp.rules.indexing import scatter

OPERATORS = {  # ufunc -> sign and precedence
    np.add: ("+", SUM),
    np.subtract: ("-", SUM),
    np.multiply: ("*", PRODUCT),
    np.divide: ("/", PRODUCT),
    np.floor_divide: ("//", PRODUCT),
    np.remainder: ("%", PRODUCT),
    np.matmul: ("@", PRODUCT),
    np.power: ("**", POWER),
    np.bitwise_and: ("&", AND),
    np.bitwise_or: ("|", OR),
    np.bitwise_xor: ("^", XOR),
    np.left_shift: ("<<", SHIFT),
    np.right_shift: (">>", SHIFT),
    np.less: ("<", COMPARISON),
    np.less_equal: ("<=", COMPARISON),
    np.greater: (">", COMPARISON),
    np.greater_equal: (">=", COMPARISON),
    np.equal: ("==", COMPARISON),
    np.not_equal: ("!=", COMPARISON),
}
ASSOCIATIVE = (np.bitwise_and, np.bitwise_or, np.bitwise_xor)  # where a + (b + c) may be written without parentheses
METHODS = {np.sum, np.mean, np.max, np.min, np.prod, np.cumsum, np.cumprod, np.std, np.var, np.any, np.all, np.argsort, np.argmax}
METHODS |= {np.argmin, np.ravel, np.repeat, np.clip, np.trace, np.diagonal, np.squeeze}


class Expressions(Literals):
    """Writes the expression of each step."""

    def expression(self, value: Value) -> Text:
        """The step that makes a value."""
        function, args = value.function, value.args
        if function in OPERATORS and len(args) == 2 and not value.options and any(self.is_array(a) for a in args):
            return self.binary(value)
        if function is np.negative:
            return Text(f"-{self.argument(value, 0, SIGN)}", SIGN)
        if function is np.logical_not and args[0].dtype == np.bool_ and args[0].shape:
            return Text(f"~{self.argument(value, 0, SIGN)}", SIGN)
        if function is operator.getitem and isinstance(args[0], Value):
            return Text(f"{self.argument(value, 0, ATOM)}[{self.index(value)}]")
        if is_uniform(value):
            shape = self.shape(value, ("options", "shape"), value.shape)
            wide = "" if value.dtype in (np.float64, np.int64, np.complex128) else f", {self.dtype(value.dtype)}"
            return Text(f"np.full({shape}, {self.literal(value, ('args', 0), args[0])}{wide})")
        written = self.shorter(value)
        return written if written is not None else self.call(value)

    def is_array(self, item: Any) -> bool:
        return isinstance(item, Value) and not item.is_number

    def binary(self, value: Value) -> Text:
        sign, level = OPERATORS[value.function]  # type: ignore[index]
        left, right = level + (level in (POWER, COMPARISON)), level + (value.function not in ASSOCIATIVE and level != POWER)
        spaces = "" if level == POWER and isinstance(value.args[1], int) else " "
        return Text(f"{self.argument(value, 0, left)}{spaces}{sign}{spaces}{self.argument(value, 1, right)}", level)

    def shorter(self, value: Value) -> Text | None:
        """A method or an attribute of ndarray, where it is shorter than the function."""
        function, args, options = value.function, value.args, value.options
        if not args or not isinstance(args[0], Value) or args[0].is_number:
            return None
        first = args[0]
        if is_transpose(value):
            return Text(f"{self.argument(value, 0, ATOM)}.T")
        if function is np.swapaxes and first.shape:
            axes = ", ".join(str(int(axis)) for axis in [*args[1:], *options.values()])
            return Text(f"{self.argument(value, 0, ATOM)}.swapaxes({axes})")
        if function is np.transpose and options.get("axes") is not None:
            return Text(f"{self.argument(value, 0, ATOM)}.transpose({self.literal(value, (), tuple(options['axes']))})")
        if function is np.conjugate and first.shape:
            return Text(f"{self.argument(value, 0, ATOM)}.conj()")
        if function is np.real or function is np.imag:
            return Text(f"{self.argument(value, 0, ATOM)}.{function.__name__}")
        if function is np.astype:
            dtype = self.literal(value, (), args[1] if len(args) > 1 else options["dtype"])
            return Text(f"{self.argument(value, 0, ATOM)}.astype({dtype})")
        if function in RESHAPES and first.shape and value.shape and options.get("order", "C") == "C":
            return self.reshaped(value)
        if function in METHODS and first.shape and not options.keys() & {"where", "initial", "correction", "mean"}:
            return self.method(value)
        return None

    def reshaped(self, value: Value) -> Text:
        """`x[:, None]` where only axes of length 1 are added, else `x.reshape(...)`."""
        first = value.args[0]
        target, given = value.shape, list(first.shape)
        parts: list[str] = []
        for n in target:
            if given and n == given[0] and not (n == 1 and len(given) < len(target) - len(parts)):
                parts.append(":")
                given.pop(0)
            elif n == 1:
                parts.append("None")
        if not given and len(parts) == len(target) and "None" in parts:
            while parts[-1] == ":" and len(parts) > 1:
                parts.pop()
            return Text(f"{self.argument(value, 0, ATOM)}[{', '.join(parts)}]")
        shape = self.shape(value, ("shape",), value.shape)
        return Text(f"{self.argument(value, 0, ATOM)}.reshape({shape})")

    def shape(self, value: Value, path: tuple[Any, ...], shape: tuple[int, ...]) -> str:
        whole = self.size(value, path, shape)
        return whole or self.tuple([self.literal(value, (*path, k), n) for k, n in enumerate(shape)])

    def method(self, value: Value) -> Text:
        rest = [self.literal(value, ("args", k), a) for k, a in enumerate(value.args) if k]
        return Text(f"{self.argument(value, 0, ATOM)}.{value.function.__name__}({', '.join([*rest, *self.keywords(value)])})")  # type: ignore[union-attr]

    def call(self, value: Value) -> Text:
        """A call of the function by its name."""
        short = SHORT_FORMS.get(value.function) if value.dtype in (np.float32, np.float64) else None  # type: ignore[arg-type]
        name = self.quotes.spelled(value.function, short) if short else self.quotes.name(value.function, self.wish(value))  # type: ignore[arg-type]
        args = [self.literal(value, ("args", k), a) for k, a in enumerate(value.args)]
        if value.function is scatter and has_slices(value.args[2]):
            args[2] = f"np.s_[{self.index(value, 2)}]"
        if not isinstance(value.function, np.ufunc):  # it may ask for the dtype of a number
            strict = "." not in name
            args = [self.typed(a, text, strict) if is_known(a) else text for a, text in zip(value.args, args, strict=True)]
        if value.sequence:
            args = [f"[{', '.join(args)}]"]
        return Text(f"{name}({', '.join([*args, *self.keywords(value)])})")

    def wish(self, value: Value) -> str | None:
        """The name to give to a function that is quoted; None for its own."""
        name = getattr(value.function, "__name__", "<lambda>")
        if name == "<lambda>":
            return f"slope_{len(self.quotes.definitions) + 1}"
        return name if public_name(value.function) else None

    def keywords(self, value: Value) -> list[str]:
        options = dict(value.options)
        if value.function in METHODS and isinstance(options.get("axis"), tuple) and len(options["axis"]) == 1:
            (options["axis"],) = options["axis"]
        return [f"{key}={self.literal(value, ('options', key), item)}" for key, item in options.items()]

    def argument(self, value: Value, position: int, level: int) -> str:
        item = value.args[position]
        if isinstance(item, Value):
            return (self.known(item, value, ("args", position)) if item.is_number else self.operand(item)).inside(level)
        text = self.literal(value, ("args", position), item)
        loose = (text.startswith("-") and level > PRODUCT) or (" " in text and isinstance(item, int))
        return f"({text})" if loose else text

    def index(self, value: Value, position: int = 1) -> str:
        """The text between brackets."""
        index = value.args[position]
        parts = list(index) if isinstance(index, tuple) and index else [index]
        paths = [("args", position, k) for k in range(len(parts))] if isinstance(index, tuple) and index else [("args", position)]
        texts = [self.between_brackets(value, path, part) for path, part in zip(paths, parts, strict=True)]
        return ", ".join(texts) + ("," if len(texts) == 1 and isinstance(index, tuple) else "")

    def between_brackets(self, value: Value, path: tuple[Any, ...], part: Any) -> str:
        if not isinstance(part, slice):
            return self.literal(value, path, part)
        bounds = self.bounds(value, path, part)
        return ":".join(bounds[: 2 + bool(bounds[2])])


def is_transpose(value: Value) -> bool:
    """Whether a step swaps the two axes of a matrix, as `.T` does."""
    if value.ndim != 2:
        return False
    if value.function is np.transpose:
        return value.options.get("axes") in (None, (1, 0), [1, 0]) and len(value.args) == 1
    if value.function is np.swapaxes:
        axes = {*value.args[1:], *value.options.values()}
        return {int(axis) % 2 for axis in axes} == {0, 1}
    return False


def has_slices(index: Any) -> bool:
    return any(isinstance(part, slice) for part in (index if isinstance(index, tuple) else (index,)))


def is_known(item: Any) -> bool:
    return isinstance(item, Value) and item.is_number
