"""The parts of a statement that a remedy exchanges: what it stores to, its operands, its numbers and its summands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any


def targets(statement: Any) -> list[Any]:
    """What a statement stores to; the parts of tuples one by one."""
    held = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [part for one in held for part in (one.elts if isinstance(one, ast.Tuple) else [one]) if part is not None]


def value_of(statement: Any) -> Any:
    """The right side of a statement, or all of it."""
    return getattr(statement, "value", None) or statement


def operands(node: Any) -> list[Any]:
    """The names, items and attributes that an expression computes with, from the left."""
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        return [node]
    inside = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        inside = [*([owner] if not (isinstance(owner, ast.Name) and not node.args) else []), *node.args]
    found = [part for child in inside for part in operands(child)]
    return [part for part in found if isinstance(getattr(part, "ctx", None), ast.Load)]


def is_same(a: Any, b: Any) -> bool:
    """Whether two nodes are written alike."""
    return ast.unparse(a) == ast.unparse(b)


def base_of(text: str) -> str:
    """What a variable is part of: "m" of "m[k]"."""
    return text.partition("[")[0]


def stored_in(node: Any) -> set[str]:
    """The variables that a statement and its parts store to."""
    found = set()
    for part in ast.walk(node):
        if isinstance(getattr(part, "ctx", None), ast.Store) and isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)):
            found.add(base_of(ast.unparse(part)))
    return found


def terms(node: Any, sign: str = "+") -> Iterator[tuple[str, Any]]:
    """The summands of an expression, with their signs."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield from terms(node.left, sign)
        minus = isinstance(node.op, ast.Sub)
        yield from terms(node.right, {"+": "-", "-": "+"}[sign] if minus else sign)
    else:
        yield sign, node


def parts_of(statement: Any) -> list[Any]:
    """The right side of a statement; the parts of a tuple one by one."""
    value = value_of(statement)
    return list(value.elts) if isinstance(value, ast.Tuple) else [value]


def exponent_of(expression: Any) -> Any:
    """The exponent of a power; None where it is written in another way."""
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Pow):
        return expression.right
    return expression.args[1] if isinstance(expression, ast.Call) and len(expression.args) == 2 else None


def is_one(node: Any) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def holds_zeros(value: Any) -> bool:
    """Whether an expression makes zeros."""
    nodes = list(ast.walk(value))
    calls = (ast.unparse(n.func) for n in nodes if isinstance(n, ast.Call))
    return any("zeros" in call for call in calls) or any(isinstance(n, ast.Constant) and n.value == 0 for n in nodes)


def written(parts: list[Any]) -> list[Any]:
    """Those of some operands that are numbers written out."""
    return [part for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, float)]


def numbers_in(statement: Any) -> list[Any]:
    """The operands of a statement that may be numbers: names, attributes and written ones."""
    own = {ast.unparse(target) for target in targets(statement)}
    names = [part for part in operands(value_of(statement)) if ast.unparse(part) not in own]
    inside = {id(n) for part in operands(value_of(statement)) for n in ast.walk(part)}
    constants = [n for n in ast.walk(value_of(statement)) if isinstance(n, ast.Constant) and id(n) not in inside]
    return [*names, *written(constants)]
