"""Numbers, arrays, slices and other arguments as Python source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from microgradnp.program.values import Value

COMPARISON, OR, XOR, AND, SHIFT, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)  # precedence, which rises as in Python


class Names(Protocol):
    """The names of functions in a text."""

    definitions: dict[str, str]

    def name(self, function: Callable[..., Any], wish: str | None = None) -> str: ...

    def spelled(self, function: Callable[..., Any], text: str) -> str: ...


class Text(NamedTuple):
    """An expression and its precedence."""

    text: str
    level: int = ATOM

    def inside(self, level: int) -> str:
        """The expression as an operand of an operator of precedence `level`."""
        return self.text if self.level >= level else f"({self.text})"


class Literals:
    """Writes the arguments of steps.

    `operand(value)` is the text of a value. `size(step, path, number)` is the text of a number that is a size, or None.
    """

    def __init__(
        self, operand: Callable[[Value], Text], quotes: Names, size: Callable[[Value, tuple[Any, ...], Any], str | None]
    ) -> None:
        self.operand, self.quotes, self.size = operand, quotes, size

    def literal(self, value: Value, path: tuple[Any, ...], item: Any) -> str:
        """An argument or an option of the step that makes `value`. Raises ValueError for an object that has no source."""
        if isinstance(item, Value):
            return (self.known(item, value, path) if item.is_number else self.operand(item)).text
        if isinstance(item, (bool, np.bool_, str, type(None), bytes)):
            return repr(item if not isinstance(item, np.bool_) else bool(item))
        if isinstance(item, (tuple, list)):
            whole = self.size(value, path, item) if isinstance(item, tuple) else None
            parts = [self.literal(value, (*path, k), part) for k, part in enumerate(item)]
            return whole or (self.tuple(parts) if isinstance(item, tuple) else f"[{', '.join(parts)}]")
        if isinstance(item, dict):
            return f"{{{', '.join(f'{key!r}: {self.literal(value, (*path, key), part)}' for key, part in item.items())}}}"
        if isinstance(item, (int, float, complex, np.integer)):
            return self.size(value, path, item) or self.plain(item if isinstance(item, (int, float, complex)) else int(item))
        if isinstance(item, slice):
            return f"slice({', '.join(bound or 'None' for bound in self.bounds(value, path, item))})"
        if item is Ellipsis:
            return "..."
        if isinstance(item, np.dtype) or (isinstance(item, type) and item in (float, int, complex, bool)):
            return self.dtype(np.dtype(item))
        if isinstance(item, type) and issubclass(item, np.generic):
            return f"np.{item.__name__}"
        if callable(item):
            return self.quotes.name(item)
        raise ValueError(f"cannot print {value!r}: {item!r} is a {type(item).__name__}, which has no source")

    def known(self, item: Value, user: Value, path: tuple[Any, ...]) -> Text:
        """A known number in the step that makes `user`; a size as an expression of shapes."""
        size = self.size(user, path, item.data.item())
        return self.number(item, user) if size is None else Text(size, ATOM if " " not in size or size[0] == "(" else SUM)

    def number(self, item: Value, user: Value) -> Text:
        """A known number, with its dtype where the dtype of the result depends on it."""
        plain = item.data.item()
        text = self.plain(plain)
        others = [a.dtype for a in user.args if isinstance(a, Value) and not a.is_number]
        if item.dtype.kind in "fc" and item.dtype != np.float64 and item.dtype != np.complex128 and item.dtype not in others:
            return Text(f"np.{item.dtype.name}({text})")
        if item.dtype.kind in "iu" and item.dtype != np.int64 and item.dtype not in others:
            return Text(f"np.{item.dtype.name}({text})")
        if item.dtype in (np.float64, np.complex128) and any(dtype.kind in "fc" and dtype.itemsize < 8 for dtype in others):
            return Text(f"np.{item.dtype.name}({text})")
        return Text(text, SIGN if text.startswith("-") else ATOM)

    def typed(self, item: Value, text: str, strict: bool = False) -> str:
        """A known number with its dtype, unless that is Python's own. `strict`: always with its dtype."""
        needless = item.dtype in (np.float64, np.int64, np.complex128) and not strict
        return text if needless or (text.startswith("np.") and text.endswith(")")) else f"{self.dtype(item.dtype)}({text})"

    def plain(self, number: Any) -> str:
        """A number without a dtype."""
        if isinstance(number, float) and number != number:
            return "np.nan"
        if isinstance(number, float) and number in (np.inf, -np.inf):
            return "np.inf" if number > 0 else "-np.inf"
        if isinstance(number, complex) and not np.isfinite(number):
            return f"complex({self.plain(number.real)}, {self.plain(number.imag)})"
        return repr(number)

    def dtype(self, dtype: np.dtype[Any]) -> str:
        return "np.bool_" if dtype == np.bool_ else f"np.{dtype.name}"

    def array(self, array: Any) -> str:
        """A constant array."""
        dtype = self.dtype(array.dtype)
        if array.size == 0:
            return f"np.empty({array.shape}, {dtype})"
        return f"np.array({self.nested(array.tolist())}, {dtype})"

    def nested(self, item: Any) -> str:
        return f"[{', '.join(map(self.nested, item))}]" if isinstance(item, list) else self.plain(item)

    def bounds(self, value: Value, path: tuple[Any, ...], item: slice) -> list[str]:
        """Start, stop and step of a slice; "" for those that are None."""
        given = (("start", item.start), ("stop", item.stop), ("step", item.step))
        return ["" if bound is None else self.literal(value, (*path, name), bound) for name, bound in given]

    def tuple(self, parts: list[str]) -> str:
        return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
