"""The part of a statement that a fix changes: where the caret stands."""

from __future__ import annotations

import ast
from typing import NamedTuple

FAMILIES: tuple[tuple[type[ast.operator], ...], ...] = ((ast.Mult, ast.MatMult, ast.Div), (ast.Add, ast.Sub))


class Span(NamedTuple):
    """Columns of a line, counted from 0, the last one not included."""

    start: int
    end: int

    def under(self, line: str) -> str:
        """The carets for a line of source."""
        return " " * self.start + "^" * max(1, min(self.end, len(line)) - self.start)


def changed_part(source: str, old: str, new: str) -> Span | None:
    """The columns of a source line that differ between two statements; all of the right side where a factor or a term is missing.

    None where the statements are no single lines, or all of the line changes.
    """
    first, second = parsed(source), parsed(new)
    if "\n" in old + new or first is None or second is None or old.strip() != source.strip():
        return None
    parts = [node for node in differing(first, second) if isinstance(node, ast.expr) and node.end_col_offset is not None]
    if not parts:
        return None
    start, end = min(node.col_offset for node in parts), max(node.end_col_offset or 0 for node in parts)
    raw = source.encode()
    return Span(len(raw[:start].decode()), len(raw[:end].decode()))


def parsed(text: str) -> ast.AST | None:
    """The syntax tree of one statement; a header gets an empty body."""
    for form in (text, f"{text}\n pass"):
        try:
            body = ast.parse(form).body
        except SyntaxError:
            continue
        return body[0] if len(body) == 1 else None
    return None


def differing(old: ast.AST, new: ast.AST) -> list[ast.AST]:
    """The smallest parts of an old tree that the new one lacks."""
    if ast.dump(old) == ast.dump(new):
        return []
    family = next((f for f in FAMILIES if is_of(old, f) and is_of(new, f)), None)
    if family is not None:
        return of_operands(old, operands(old, family), operands(new, family))
    first, second = children(old), children(new)
    parts = [(a, b) for a, b in zip(first, second, strict=False) if ast.dump(a) != ast.dump(b)]
    alike = type(old) is type(new) and len(first) == len(second) and len(parts) == 1
    return differing(*parts[0]) if alike and hasattr(parts[0][0], "col_offset") else [old]


def of_operands(old: ast.AST, first: list[ast.AST], second: list[ast.AST]) -> list[ast.AST]:
    """The factors, or terms, that are left over on the old side; all of it where only something is missing."""
    kept, had = {ast.dump(node) for node in second}, {ast.dump(node) for node in first}
    gone = [node for node in first if ast.dump(node) not in kept]
    come = [node for node in second if ast.dump(node) not in had]
    if len(gone) == len(come) == 1:
        return differing(gone[0], come[0])
    return gone or [old]


def is_of(node: ast.AST, family: tuple[type[ast.operator], ...]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, family)


def operands(node: ast.AST, family: tuple[type[ast.operator], ...]) -> list[ast.AST]:
    """The factors of a product, or the terms of a sum."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, family):
        return [*operands(node.left, family), *operands(node.right, family)]
    return [node]


def children(node: ast.AST) -> list[ast.AST]:
    return list(ast.iter_child_nodes(node))
