"""The syntax of a statement: its right sides, what it leaves in its target, and the usual mistakes in it."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.capture.source import Statement
from microgradnp.debugger.repair.edits import Edit, Editor

MOST_COST = 2.4  # of an edit of the catalogue
PRODUCTS = frozenset(["dot", "matmul", "outer", "einsum", "tensordot", "inner"])
REDUCTIONS = frozenset(["sum", "mean"])


def names_in(node: Any) -> set[str]:
    """The variables in an expression."""
    return {ast.unparse(n) for n in ast.walk(node) if isinstance(n, (ast.Name, ast.Attribute, ast.Subscript))}


def items_of(text: str, axes: int, function: Any) -> list[str]:
    """The items of an array at the indices with a variable that a function uses for others: `da[:, :, t]`, as `dx[:, :, t]`."""
    items = (node for node in ast.walk(function) if isinstance(node, ast.Subscript))
    found = [
        ast.unparse(ast.Subscript(ast.Name(text, ast.Load()), item.slice, ast.Load()))
        for item in items
        if any(isinstance(n, ast.Name) for n in ast.walk(item.slice))
        and (len(item.slice.elts) if isinstance(item.slice, ast.Tuple) else 1) <= axes
    ]
    return list(dict.fromkeys(found))


def is_arithmetic(edit: Edit) -> bool:
    """Whether an edit exchanges `=`, `+=` and `-=`."""
    return all(isinstance(node, (ast.Assign, ast.AugAssign)) for node in (edit.node, edit.replacement)) and edit.kind in (
        "sign",
        "accumulate",
    )


def value_behind(statement: Any) -> Any:
    """The expression that the target of an assignment equals afterwards: `a + b` for `a += b`."""
    if not isinstance(statement, ast.AugAssign):
        return statement.value
    held = copy.deepcopy(statement.target)
    for part in ast.walk(held):
        if hasattr(part, "ctx"):
            part.ctx = ast.Load()
    return ast.copy_location(ast.BinOp(held, statement.op, statement.value), statement)


def catalogue(editor: Editor, source: Statement) -> Iterator[Edit]:
    """The catalogue of common mistakes in one statement, undone."""
    scope = editor.scope(source)
    for node in editor.nodes(source):
        if not isinstance(node, (ast.expr, ast.stmt, ast.Slice)):
            continue
        for cost, kind, new in editor.of_node(node, source, scope):
            if cost <= MOST_COST:
                if not isinstance(new, str):
                    locate(new, node)
                parent, name, index = editor.place[id(node)]
                yield Edit(cost, kind, source.line, "", "", parent, name, index, node, new)


def locate(new: Any, node: Any) -> None:
    """Give the new parts of an expression a place in the source, which compiling asks for."""
    if "lineno" in new._attributes:
        if hasattr(new, "lineno"):
            return
        ast.copy_location(new, node)
    for part in ast.iter_child_nodes(new):
        locate(part, node)


def roots_of(tree: ast.stmt) -> Iterator[Any]:
    """The right sides of a statement: the items of a tuple each by itself, and what is appended."""
    value = getattr(tree, "value", None)
    todo = [value] if value is not None else []
    while todo:
        node = todo.pop(0)
        if isinstance(node, (ast.Tuple, ast.List)):
            todo += node.elts
        elif isinstance(node, ast.Dict):
            todo += node.values
        elif isinstance(tree, ast.Expr) and node is value and isinstance(node, ast.Call):
            todo += node.args
        elif isinstance(node, ast.expr) and not isinstance(node, ast.Starred):
            yield node


def steps_of(roots: list[Any]) -> Iterator[Any]:
    """The `step` of `W - step` and `W + step`: what an update that is written out adds to a parameter."""
    for root in roots:
        if isinstance(root, ast.BinOp) and isinstance(root.op, (ast.Add, ast.Sub)) and isinstance(root.right, ast.BinOp):
            yield root.right


def factors_of(roots: list[Any]) -> Iterator[Any]:
    """The expressions that a matrix product multiplies or a sum adds up: each may be a gradient by itself.

    They are `d * h` in `X.T @ (d * h)` and in `(d * h).sum(axis=0)`.
    """
    for node in (n for root in roots for n in ast.walk(root)):
        parts: list[Any] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            parts = [node.left, node.right]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PRODUCTS | REDUCTIONS:
            parts = [node.func.value, *node.args]
        for part in parts:
            while isinstance(part, ast.Attribute) and part.attr == "T":
                part = part.value
            if isinstance(part, ast.BinOp):
                yield part


def multiplied(roots: list[Any]) -> Iterator[Any]:
    """The expressions that are multiplied entry by entry: `e @ C.T` in `(e @ C.T) * (1 - h**2)`."""
    for node in (n for root in roots for n in ast.walk(root)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            yield from (part for part in (node.left, node.right) if isinstance(part, (ast.BinOp, ast.Call)))


def leaves(value: Any) -> list[Any]:
    """The arrays and numbers inside of a value."""
    if is_numbers(value):
        return [value]
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, (float, np.floating)) for item in value):
        return [np.asarray(value)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    return []


def is_numbers(value: Any) -> bool:
    """Whether a value is a number or an array of numbers."""
    return isinstance(value, (float, np.number)) or (isinstance(value, np.ndarray) and value.dtype.kind in "fiub")


def is_mask(text: str) -> bool:
    """Whether a statement writes where a comparison holds. One that made no value has written nothing."""
    try:
        (statement,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return False
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    places = (target.slice for target in targets if isinstance(target, ast.Subscript))
    return any(isinstance(part, ast.Compare) for place in places for part in ast.walk(place))


def alias_in(text: str) -> ast.expr | None:
    """The right side of a statement that only gives another name to something, or returns it. None for all others."""
    try:
        (statement,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    value = statement.value if isinstance(statement, (ast.Assign, ast.Return)) else None
    return value if isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)) else None
