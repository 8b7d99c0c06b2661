"""The formula of a box: its operations as one line of NumPy, in the names of the page."""

from __future__ import annotations

import collections
from collections.abc import Collection, Mapping
from typing import Any

from microgradnp.core import graph
from microgradnp.drawing.picture import argument_text, index_text
from microgradnp.drawing.text import cells, shorten

INFIX = {  # name of an operation -> (its sign, how strongly it binds)
    "add": ("+", 1),
    "add_bias": ("+", 1),
    "subtract": ("-", 1),
    "multiply": ("*", 2),
    "divide": ("/", 2),
    "matmul": ("@", 2),
    "power": ("**", 4),
}
SIGN, ATOM = 3, 5
LONGEST = 200  # characters; the page cuts what does not fit


class Formulas:
    """Writes formulas. `names` gives the name of a value by its number, `index` its number by its id."""

    def __init__(self, values: list[Any], names: list[str], index: Mapping[int, int]) -> None:
        self.values, self.names, self.index = values, names, index

    def lines(self, end: int, inside: Collection[int], most: int = 3) -> list[str]:
        """The formula of the node `end`. A value inside the box that is used several times has a line of its own before it."""
        uses = collections.Counter(self.index.get(id(a)) for k in inside for a in self.values[k].args)
        own = [k for k in sorted(inside) if k != end and uses[k] > 1]
        if len(own) >= most:
            return [self.call(end, frozenset())]
        hidden = frozenset(inside) - set(own) - {end}
        return [f"{self.names[k]} = {self.call(k, hidden)}" for k in own] + [self.call(end, hidden)]

    def call(self, k: int, hidden: Collection[int]) -> str:
        """The operation of node `k`; the values of `hidden` are written out in its arguments."""
        return shorten(self.text(k, hidden)[0], LONGEST)

    def text(self, k: int, hidden: Collection[int]) -> tuple[str, int]:
        """A formula, and how strongly its outermost operation binds."""
        node = self.values[k]
        name, args = node.rule.name, [self.operand(argument, hidden) for argument in node.args]
        if name in INFIX and len(args) == 2 and not node.options:
            sign, level = INFIX[name]
            gap = "" if sign == "**" else " "
            left, right = inside(args[0], level + (sign == "**")), inside(args[1], level + (sign != "**"))
            return f"{left}{gap}{sign}{gap}{right}", level
        if name == "negative":
            return f"-{inside(args[0], SIGN)}", SIGN
        if name == "transpose" and not node.options and len(args) == 1:
            return f"{inside(args[0], ATOM)}.T", ATOM
        if name == "getitem" and len(args) == 2:
            return f"{inside(args[0], ATOM)}[{index_text(node.args[1])}]", ATOM
        options = [f"{key}={argument_text(option)}" for key, option in node.options.items() if option is not None]
        return f"{name}({', '.join([text for text, _ in args] + options)})", ATOM

    def operand(self, argument: Any, hidden: Collection[int]) -> tuple[str, int]:
        k = self.index.get(id(argument))
        if k is None:
            text = argument_text(argument)
            return text, SIGN if text.startswith("-") else ATOM
        return self.text(k, hidden) if k in hidden and graph.is_node(argument) else (self.names[k], ATOM)


def inside(part: tuple[str, int], level: int) -> str:
    """An operand, in parentheses where it binds less strongly than `level`."""
    text, own = part
    return f"({text})" if own < level else text


def size_text(shape: tuple[int, ...]) -> str:
    """`20x7` for the shape (20, 7).

    >>> size_text((20, 7)), size_text(())
    ('20x7', 'scalar')
    """
    return "x".join(map(str, shape)) or "scalar"


def fitted(parts: list[str], other: str, room: int) -> str:
    """The parts with commas between them, or `other` where they do not fit into `room` cells."""
    text = ", ".join(parts)
    return text if cells(text) <= room else other
