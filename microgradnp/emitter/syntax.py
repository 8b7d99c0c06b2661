"""The source of functions as syntax trees, and the changes that make them fit into another text."""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
import types
from collections.abc import Iterator
from typing import Any

from microgradnp.core.elsewhere import is_foreign
from microgradnp.rules.values import is_abstract, is_elsewhere

# Branches that ask this are for arrays that a printed program never meets.
LEFT_OUT = {is_abstract.__name__, is_elsewhere.__name__, is_foreign.__name__}
MARK = "__of__"  # joins the name of a module and the name of a function in it


def parsed(function: types.FunctionType) -> ast.FunctionDef:
    """The definition of a function as a syntax tree. A lambda becomes a function that returns its expression.

    Raises ValueError when the source is not found.
    """
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if code.co_name != "<lambda>":
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(code))).body[0]
        except (OSError, TypeError, SyntaxError):
            raise ValueError(f"cannot print {function.__name__}: its source is not found") from None
        if not isinstance(tree, ast.FunctionDef):
            raise ValueError(f"cannot print {function.__name__}: its source does not define a function")
        return tree
    candidates = [node for node in ast.walk(ast.parse("".join(lines) or "0")) if isinstance(node, ast.Lambda)]
    for node in candidates:
        if node.lineno == code.co_firstlineno and same_code(node, code):
            return ast.FunctionDef(name="_", args=node.args, body=[ast.Return(value=node.body)], decorator_list=[], returns=None)
    raise ValueError("cannot print a lambda: its source is not found")


def is_ours(item: Any) -> bool:
    return str(getattr(item, "__module__", "")).partition(".")[0] == __name__.partition(".")[0]


def same_code(node: ast.Lambda, code: types.CodeType) -> bool:
    """Whether a lambda in the source was compiled to this code: both end at the same place."""
    ends = [(line, column) for _, line, _, column in code.co_positions() if line is not None and column]
    return bool(ends) and max(ends) == (node.body.end_lineno, node.body.end_col_offset)


def bound_names(tree: ast.FunctionDef) -> Iterator[str]:
    """Names that a function defines itself: parameters, variables, inner functions and their parameters."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.FunctionDef) and node is not tree:
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (item.asname or item.name.partition(".")[0] for item in node.names)


class Plain(ast.NodeTransformer):
    """Shortens a function: no annotations, one line of docstring, no branches for traced Tensors."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        document = ast.get_docstring(node)
        self.generic_visit(node)
        if document:
            first = document.strip().splitlines()[0]
            node.body = [ast.Expr(ast.Constant(first)), *(node.body[1:] or [ast.Pass()])]
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        return None if node.value is None else ast.Assign(targets=[node.target], value=node.value)

    def visit_If(self, node: ast.If) -> ast.AST | None:
        asks = any(isinstance(part, ast.Name) and part.id in LEFT_OUT for part in ast.walk(node.test))
        return None if asks else self.generic_visit(node)


class Flat(ast.NodeTransformer):
    """Makes `reductions.mean` one name, where `reductions` is a module of this package."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name):
            module = self.variables.get(node.value.id)
            if isinstance(module, types.ModuleType) and is_ours(getattr(module, node.attr, None)):
                return ast.Name(f"{node.value.id}{MARK}{node.attr}", ast.Load())
        return self.generic_visit(node)


class Renamed(ast.NodeTransformer):
    """Gives variables the names that they have in the text."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        new = self.names.get(node.id)
        return node if new is None or new == node.id else ast.parse(new, mode="eval").body
