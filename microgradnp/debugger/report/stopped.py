"""Why the user's code stopped, in words: a matrix product of two shapes that do not fit names both arrays and its line."""

from __future__ import annotations

import ast
import linecache
import os
from types import FrameType
from typing import Any

import numpy as np

from microgradnp.core.origin import one_line


def stopped(error: BaseException) -> str:
    """The error in one line."""
    where = error.__traceback__
    found = None
    while where is not None:
        frame, line = where.tb_frame, where.tb_lineno
        text = linecache.getline(frame.f_code.co_filename, line).strip()
        found = unfitting(text, frame) if isinstance(error, ValueError) and text else None
        if found is not None:
            return f"ValueError: {found} ({os.path.basename(frame.f_code.co_filename)}:{line}: {text})"
        where = where.tb_next
    return one_line(error)


def is_of_shapes(error: BaseException) -> bool:
    """Whether two shapes did not fit: no other way to call the code is the cure."""
    return isinstance(error, ValueError) and ("mismatch in its core dimension" in str(error) or "not aligned" in str(error))


def unfitting(text: str, frame: FrameType) -> str | None:
    """The first matrix product of a line whose shapes do not fit. None where the operands are no plain variables."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        pair: tuple[ast.expr, ...] = ()
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            pair = node.left, node.right
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("dot", "matmul"):
            pair = tuple(node.args) if len(node.args) == 2 else (node.func.value, *node.args)
        shapes = [shape_of(operand, frame) for operand in pair]
        if len(shapes) != 2 or shapes[0] is None or shapes[1] is None or not shapes[0] or not shapes[1]:
            continue
        columns, rows = shapes[0][-1], shapes[1][-2] if len(shapes[1]) > 1 else shapes[1][0]
        if columns != rows:
            names = [ast.unparse(operand) for operand in pair]
            first, second = (f"{name} {shape}" for name, shape in zip(names, shapes, strict=True))
            return (
                f"{first} times {second} is no matrix product: {names[0]} has {columns} columns, and {names[1]} has {rows} rows"
            )
    return None


def shape_of(node: ast.expr, frame: FrameType) -> tuple[int, ...] | None:
    """The shape of a variable, of its transpose, or of a number times it."""
    if isinstance(node, ast.Constant):
        return ()
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        shapes = [shape_of(node.left, frame), shape_of(node.right, frame)]
        return max((s for s in shapes if s is not None), key=len) if None not in shapes and () in shapes else None
    if isinstance(node, ast.Attribute) and node.attr == "T":
        held = shape_of(node.value, frame)
        return held[::-1] if held is not None else None
    value = value_of(node, frame)
    return np.shape(value) if isinstance(value, (np.ndarray, float, int)) else None


def value_of(node: ast.expr, frame: FrameType) -> Any:
    """A variable, or an attribute that an object holds itself: nothing of the user's runs."""
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        return getattr(value_of(node.value, frame), "__dict__", {}).get(node.attr)
    return None
