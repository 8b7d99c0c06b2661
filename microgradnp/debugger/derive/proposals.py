"""Edits of a statement that the catalogue of common mistakes lacks: what is no expression, and what only a derivation finds."""

from __future__ import annotations

import ast
import copy
import functools
import itertools
from collections.abc import Iterator
from typing import Any

from microgradnp.debugger.repair.edits import Edit, Editor, lines_of
from microgradnp.debugger.repair.mistakes import expression, factors_of

Found = tuple[float, str, Any, Any]  # cost, kind, node, replacement


def proposals(editor: Editor, statement: Any, line: int) -> Iterator[Edit]:
    """More edits of a statement: some evaluated where it stands, some only run."""
    for cost, kind, node, new in (*inside(editor, statement), *of_statement(editor, statement)):
        if id(node) not in editor.place:
            continue
        parent, name, index = editor.place[id(node)]
        for part in ast.walk(new):
            if "lineno" in part._attributes and id(part) not in editor.place:
                ast.copy_location(part, node)
        yield Edit(cost, kind, line, ast.unparse(node), ast.unparse(new), parent, name, index, node, new)
    yield from out_of_loops(editor, statement)


def inside(editor: Editor, statement: Any) -> Iterator[Found]:
    """Edits of expressions: words, arguments in another order, one operand of a product, a number times something."""
    words = editor.words
    header = [statement.iter] if isinstance(statement, ast.For) else [] if hasattr(statement, "body") else [statement]
    for node in (n for part in header for n in ast.walk(part)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in words:
            for word in words:
                if word != node.value:
                    yield 1.15, "word", node, ast.Constant(word)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
            yield from distributed(node)
            if not isinstance(editor.parent(node), ast.BinOp) or not isinstance(editor.parent(node).op, ast.Mult):
                yield from fewer_factors(node)
        if isinstance(node, ast.Call) and len(node.args) == 2:
            yield 1.15, "arguments", node, ast.Call(node.func, node.args[::-1], node.keywords)
            if isinstance(node.func, (ast.Attribute, ast.Name)):
                for argument in node.args:
                    yield 1.3, "extra factor", node, argument
        if isinstance(node, ast.Call) and len(node.args) == 3:
            for a, b in ((0, 1), (1, 2), (0, 2)):
                args = list(node.args)
                args[a], args[b] = args[b], args[a]
                yield 1.3, "arguments", node, ast.Call(node.func, args, node.keywords)


def distributed(node: ast.BinOp) -> Iterator[Found]:
    """`a / n + b` and `a + b / n` for `(a + b) / n`."""
    inner = node.left
    if isinstance(inner, ast.BinOp) and isinstance(inner.op, (ast.Add, ast.Sub)):
        yield 1.15, "binding", node, ast.BinOp(ast.BinOp(inner.left, node.op, node.right), inner.op, inner.right)
        yield 1.15, "binding", node, ast.BinOp(inner.left, inner.op, ast.BinOp(inner.right, node.op, node.right))


def fewer_factors(node: ast.BinOp) -> Iterator[Found]:
    """A product of three or four factors without two of them."""
    parts = factors_of(node)
    if not 3 <= len(parts) <= 5:
        return
    for count in range(1, len(parts) - 1):
        for kept in itertools.combinations(parts, count):
            made = kept[0]
            for part in kept[1:]:
                made = ast.BinOp(made, ast.Mult(), part)
            yield 1.3 + 0.1 * (len(parts) - count), "extra factor", node, made


def of_statement(editor: Editor, statement: Any) -> Iterator[Found]:
    """Edits of a whole statement: a product that binds too wide, arrays that are not copied, another name on the left."""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, (ast.Mult, ast.Div)):
        value = statement.value
        if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Add, ast.Sub)):
            held = copy.deepcopy(statement.target)
            for part in ast.walk(held):
                if hasattr(part, "ctx"):
                    part.ctx = ast.Load()
            new = ast.BinOp(ast.BinOp(held, statement.op, value.left), value.op, value.right)
            yield 1.2, "binding", statement, ast.Assign([statement.target], new)
    if not isinstance(statement, ast.Assign):
        return
    value = statement.value
    if isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)):
        text = ast.unparse(value)
        yield 1.4, "copy", value, expression(f"{text}.copy()")
        yield 1.45, "copy", value, expression(f"[item.copy() for item in {text}]")
        yield 1.5, "copy", value, expression(f"{{key: item.copy() for key, item in {text}.items()}}")
    for target in statement.targets:
        if isinstance(target, ast.Name) and not is_read(editor, target.id, statement):
            for other in names_in_function(editor, statement):
                if other != target.id:
                    yield 1.2, "target", target, ast.Name(other, ast.Store())


def is_read(editor: Editor, name: str, statement: Any) -> bool:
    function = editor.function_of(statement)
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load) for n in ast.walk(function))


def names_in_function(editor: Editor, statement: Any) -> list[str]:
    """The variables that the function of a statement sets and reads."""
    nodes = [n for n in ast.walk(editor.function_of(statement)) if isinstance(n, ast.Name)]
    read = {n.id for n in nodes if isinstance(n.ctx, ast.Load)}
    return list(dict.fromkeys(n.id for n in nodes if isinstance(n.ctx, ast.Store) and n.id in read))


def out_of_loops(editor: Editor, statement: Any) -> Iterator[Edit]:
    """A `return` inside of a loop, moved behind it; the loops around a statement, moved in their block."""
    function = editor.function_of(statement)
    for node in ast.walk(function):
        if not isinstance(node, (ast.For, ast.While)) or id(node) not in editor.place:
            continue
        last = node.body[-1]
        if isinstance(last, ast.Return) and len(node.body) > 1:
            outer, name, index = editor.place[id(node)]
            if index is None:
                continue
            block = getattr(outer, name)
            shorter = copy.copy(node)
            shorter.body = node.body[:-1]
            changed = [*block[:index], shorter, last, *block[index + 1 :]]
            text = f"move {lines_of(last)} out of the loop of line {node.lineno}"
            yield Edit(1.0, "order", last.lineno, ast.unparse(last), text, outer, name, None, block, changed)


def around(editor: Editor, statement: Any) -> Iterator[Any]:
    """The loops of the function that a statement stands in, the innermost first."""
    node = statement
    while id(node) in editor.place and not isinstance(node, (ast.FunctionDef, ast.Module, ast.ClassDef)):
        node = editor.place[id(node)][0]
        if isinstance(node, (ast.For, ast.While)):
            yield node


def matters(edit: Edit) -> bool:
    """Whether a moved statement passes one that it shares a variable with, of which one of both sets it."""
    if edit.kind != "order" or not isinstance(edit.node, list):
        return True
    before, after = edit.node, edit.replacement
    if any(node not in before for node in after):
        return True
    places = {id(node): k for k, node in enumerate(after)}
    for k, a in enumerate(before):
        for b in before[k + 1 :]:
            if places[id(a)] > places[id(b)]:
                first, second = touched(a), touched(b)
                if first[1] & (second[0] | second[1]) or second[1] & first[0]:
                    return True
    return False


@functools.lru_cache(maxsize=1024)
def touched(statement: Any) -> tuple[set[str], set[str]]:
    """(names that a statement reads, names that it sets or changes)."""
    read: set[str] = set()
    written: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else written).add(node.id)
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            base: Any = node
            while isinstance(base, (ast.Subscript, ast.Attribute)):
                base = base.value
            if isinstance(base, ast.Name):
                written.add(ast.unparse(node).partition("[")[0])
                written.add(base.id)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            read.add(node.target.id)
        if isinstance(node, ast.Call):  # what is called may change its owner and what it is given
            parts = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            for part in (*parts, *node.args):
                if isinstance(part, ast.Name) and part.id not in ("np", "numpy", "math"):
                    written.add(part.id)
    return read, written
