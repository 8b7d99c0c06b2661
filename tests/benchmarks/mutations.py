"""Single mistakes in an expression, as people make them: a factor or a transpose dropped, a sign, operands exchanged."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from public.case import Edit


def mutations(text: str, first: int, last: int, file: str | None = None) -> list[Edit]:
    """All edits of one expression on these lines of a program's text."""
    lines, found = text.split("\n"), []
    for node in ast.walk(ast.parse(text)):
        if first <= getattr(node, "lineno", 0) <= getattr(node, "end_lineno", 0) <= last and node.lineno == node.end_lineno:
            line = lines[node.lineno - 1].encode()
            for new in replaced(node):
                changed = (line[: node.col_offset] + new.encode() + line[node.end_col_offset :]).decode()
                found.append(Edit(node.lineno, "^.*$", changed.replace("\\", r"\\"), file))
    return found


def replaced(node: ast.AST) -> Iterator[str]:
    """What may stand in place of an expression or an update, by mistake."""
    match node:
        case ast.BinOp(left, ast.Mult(), right):
            yield from (f"({ast.unparse(left)})", f"({ast.unparse(right)})", f"(({ast.unparse(left)}) + ({ast.unparse(right)}))")
        case ast.BinOp(left, ast.Div(), _):
            yield f"({ast.unparse(left)})"
        case ast.BinOp(left, ast.Sub(), right):
            yield from (f"(({ast.unparse(left)}) + ({ast.unparse(right)}))", f"(({ast.unparse(right)}) - ({ast.unparse(left)}))")
        case ast.UnaryOp(ast.USub(), operand):
            yield f"({ast.unparse(operand)})"
        case ast.Attribute(value, "T"):
            yield ast.unparse(value)
        case ast.Call(ast.Attribute(_, "dot"), [left, right]):
            yield f"{ast.unparse(node.func)}({ast.unparse(right)}, {ast.unparse(left)})"
        case ast.Call(ast.Attribute(owner, "sum"), arguments, keywords):
            inner = ", ".join([*map(ast.unparse, arguments), *(f"{k.arg}={ast.unparse(k.value)}" for k in keywords)])
            yield f"{ast.unparse(owner)}.mean({inner})"
            if "axis=0" in inner:
                yield f"{ast.unparse(owner)}.sum({inner.replace('axis=0', 'axis=1')})"
        case ast.Compare(left, [ast.Gt()], [right]):
            yield f"{ast.unparse(left)} < {ast.unparse(right)}"
        case ast.Constant(value) if type(value) in (int, float) and value in (1, 2):
            yield repr(value + 1)
        case ast.AugAssign(target, ast.Sub(), value):
            yield f"{ast.unparse(target)} += {ast.unparse(value)}"
