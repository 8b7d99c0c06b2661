"""An expression as a sum of products: its summands, its factors, and the variables inside of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

PRODUCTS = frozenset(["dot", "matmul", "multiply", "outer", "inner"])
ARRANGED = frozenset(["transpose", "reshape", "ravel", "asarray", "array", "atleast_2d"])
REDUCED = frozenset(["sum", "mean"])


class Factor(NamedTuple):
    """A factor of a product. `how` holds the operations around it: "T", "sum", "mean", "@"."""

    text: str
    how: frozenset[str]
    divides: bool = False


def tree_of(text: str) -> ast.expr:
    """The syntax tree of an expression. What is none by itself, as the slice in `a[1:]`, has no parts: it is told as one name."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return ast.Name(text, ast.Load())


def terms(text: str) -> list[str]:
    """The summands of an expression; those that are subtracted begin with a minus."""

    def walk(node: Any, sign: str) -> Iterator[str]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
            yield from walk(node.left, sign)
            flipped = "" if sign else "-"
            yield from walk(node.right, flipped if isinstance(node.op, ast.Sub) else sign)
        else:
            yield sign + ast.unparse(node)

    return list(walk(tree_of(text), ""))


def factors(text: str) -> list[Factor]:
    """The factors of a product, from left to right, with the operations around each."""

    def walk(node: Any, how: frozenset[str], divides: bool) -> Iterator[Factor]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.MatMult, ast.Div)):
            way = how | {"@" if isinstance(node.op, ast.MatMult) else "*"} if not isinstance(node.op, ast.Div) else how
            yield from walk(node.left, way, divides)
            yield from walk(node.right, way, divides != isinstance(node.op, ast.Div))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield from walk(node.operand, how | {"-"}, divides)
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            yield from walk(node.value, how | {"T"}, divides)
        elif isinstance(node, ast.Call):
            yield from of_call(node, how, divides)
        else:
            yield Factor(ast.unparse(node), how, divides)

    def of_call(node: ast.Call, how: frozenset[str], divides: bool) -> Iterator[Factor]:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        library = (
            isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in ("np", "numpy")
        )
        owner = [] if library or not isinstance(function, ast.Attribute) else [function.value]
        inside = [*owner, *node.args]
        if name in PRODUCTS and len(inside) == 2:
            way = how | {{"multiply": "*", "outer": "outer"}.get(name, "@")}
            for part in inside:
                yield from walk(part, way, divides)
        elif name in REDUCED | ARRANGED and inside:
            yield from walk(inside[0], how | {name}, divides)
        else:
            yield Factor(ast.unparse(node), how, divides)

    return list(walk(tree_of(text), frozenset(), False))


def names_of(text: str) -> list[str]:
    """The variables, attributes and items inside of an expression, the longest first of each."""
    found: list[str] = []

    def walk(node: ast.AST) -> None:
        is_transposed = isinstance(node, ast.Attribute) and node.attr == "T"
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and not is_transposed:
            found.append(ast.unparse(node))
            return
        inside = ast.iter_child_nodes(node)
        if isinstance(node, ast.Call):
            inside = iter([*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])])
        for child in inside:
            walk(child)

    try:
        walk(ast.parse(text, mode="eval").body)
    except SyntaxError:
        return []
    return [name for name in dict.fromkeys(found) if name not in ("np", "numpy", "math")]


def call_of(text: str) -> tuple[str, str] | None:
    """(function, first argument) of a call."""
    node = tree_of(text)
    if isinstance(node, ast.Call) and node.args:
        return ast.unparse(node.func), ast.unparse(node.args[0])
    return None


def base_of(text: str) -> str:
    return text.partition("[")[0]


def is_number(text: str) -> bool:
    return all(
        isinstance(n, (ast.Constant, ast.UnaryOp, ast.USub, ast.BinOp, ast.Div, ast.Mult)) for n in ast.walk(tree_of(text))
    )


def is_picked(text: str) -> bool:
    """Whether an item is picked by a constant, `cache[2]` or `cache["h"]`: that is no time step."""
    node = tree_of(text)
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)


def how_of(parts: list[Factor]) -> frozenset[str]:
    """The operations around some factors."""
    return frozenset().union(*(part.how for part in parts))


def slopes_at(v: np.ndarray) -> list[np.ndarray]:
    """The slopes of tanh and of the sigmoid at a value, and the same as formulas in the activated value."""
    s = 1 / (1 + np.exp(-np.clip(v, -500, 500)))
    return [1 - np.tanh(v) ** 2, s * (1 - s), 1 - v**2, v * (1 - v)]
