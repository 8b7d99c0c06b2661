"""The syntax tree of a file: what is around a node, whether an edit may exchange it, and what edits may name everywhere."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from microgradnp.debugger.capture.source import Source, Statement, path_of
from microgradnp.debugger.repair.formulas import formulas_of
from microgradnp.debugger.repair.mistakes import MODULES, is_key


class Places:
    """The places of all nodes of one syntax tree."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.place: dict[int, tuple[Any, str, int | None]] = {}
        for node in ast.walk(source.tree):
            for name, value in ast.iter_fields(node):
                if isinstance(value, list):
                    for k, item in enumerate(value):
                        if isinstance(item, ast.AST):
                            self.place[id(item)] = (node, name, k)
                elif isinstance(value, ast.AST):
                    self.place[id(value)] = (node, name, None)

    @cached_property
    def keys(self) -> list[str]:
        """The strings by which the file asks for items."""
        items = (node for node in ast.walk(self.source.tree) if isinstance(node, ast.Subscript))
        return unique(str(node.slice.value) for node in items if is_key(node.slice))

    @cached_property
    def functions(self) -> list[str]:
        """The functions of one argument that only compute."""
        defined = (node for node in self.source.tree.body if isinstance(node, ast.FunctionDef))
        takes_one = [f.name for f in defined if len(f.args.args) - len(f.args.defaults) == 1]
        formulas = formulas_of(self.source.tree) if takes_one else ()
        return [name for name in takes_one if name in formulas]

    @cached_property
    def words(self) -> list[str]:
        """The strings that the file compares something with."""
        compared = (node for node in ast.walk(self.source.tree) if isinstance(node, ast.Compare))
        sides = (side for node in compared for side in (node.left, *node.comparators))
        parts = (part for side in sides for part in (side.elts if isinstance(side, (ast.Tuple, ast.List)) else [side]))
        return unique(p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))

    def parent(self, node: Any) -> Any:
        """The node that holds a node."""
        return self.place[id(node)][0]

    def whole(self, node: Any) -> Any:
        """The whole expression that holds a node."""
        while isinstance(node, ast.expr) and isinstance(self.parent(node), ast.expr):
            node = self.parent(node)
        return node

    def term(self, node: Any) -> str:
        """The summand that holds a node, "" when there is one only: `lam * W` for a `lam` of `(g + lam * W) / n`."""
        found, current = "", node
        while isinstance(current, ast.expr) and isinstance(self.parent(current), ast.expr):
            above = self.parent(current)
            if isinstance(above, ast.BinOp) and isinstance(above.op, (ast.Add, ast.Sub)):
                found = ast.unparse(current)
            current = above
        return found

    def factor(self, node: Any) -> str:
        """The factor of the statement's product that holds a node: `(1 - h * h)` for an `h` of `d * (1 - h * h)`."""
        whole = self.whole(node)
        while isinstance(whole, ast.BinOp) and isinstance(whole.op, (ast.Mult, ast.MatMult, ast.Div)) and whole is not node:
            whole = whole.left if any(n is node for n in ast.walk(whole.left)) else whole.right
        return ast.unparse(whole)

    def top(self, node: Any) -> Any:
        """The statement of the module that holds a node."""
        while not isinstance(self.parent(node), ast.Module):
            node = self.parent(node)
        return node

    def function_of(self, node: Any) -> Any:
        """The function or module that holds a node."""
        while id(node) in self.place and not isinstance(node, (ast.FunctionDef, ast.Module)):
            node = self.parent(node)
        return node

    def methods_beside(self, function: Any) -> list[ast.FunctionDef]:
        """The other methods of the class that a function belongs to: they share the attributes of `self`."""
        holder = self.place[id(function)][0] if id(function) in self.place else None
        body = holder.body if isinstance(holder, ast.ClassDef) else []
        return [f for f in body if isinstance(f, ast.FunctionDef) and f is not function]

    def is_operand(self, node: Any) -> bool:
        """A name, attribute or subscript that is read as a number or array, and is not part of a longer one."""
        if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or not isinstance(node.ctx, ast.Load):
            return False
        parent = self.parent(node)
        if isinstance(parent, ast.Call) and parent.func is node:
            return False
        if (isinstance(parent, ast.Attribute) and not is_handled(parent, self.parent(parent))) or (
            isinstance(parent, ast.Subscript) and parent.value is node
        ):
            return False
        if isinstance(parent, (ast.For, ast.comprehension)):
            return False
        path = path_of(node)
        if path is not None and path[0] in MODULES:
            return False
        return not self.is_in_index(node)

    def is_in_index(self, node: Any) -> bool:
        """Whether a node is an index, or a part of one."""
        while id(node) in self.place and isinstance(node, ast.expr):
            above, name, _ = self.place[id(node)]
            if isinstance(above, ast.Subscript) and name == "slice":
                return True
            node = above
        return False

    def is_called(self, node: Any) -> bool:
        """Whether a node is the function of a call."""
        parent = self.parent(node)
        return isinstance(parent, ast.Call) and parent.func is node

    def is_whole(self, node: Any, statement: Statement) -> bool:
        """The right side of a statement, or an item of it when it is a tuple, list, dict or comprehension; an appended value."""
        if not isinstance(node, ast.expr) or isinstance(getattr(node, "ctx", None), ast.Store):
            return False
        parent, name, _ = self.place[id(node)]
        if isinstance(node, (ast.Tuple, ast.List, ast.Dict, ast.ListComp, ast.Constant, ast.Starred, ast.GeneratorExp)):
            return False
        if parent is statement.node:
            return name == "value" and isinstance(parent, (ast.Assign, ast.AugAssign, ast.Return))
        if isinstance(parent, ast.ListComp):
            return name == "elt"
        if isinstance(parent, ast.Dict):
            return name == "values"
        if isinstance(parent, ast.Call) and name == "args":
            return isinstance(parent.func, ast.Attribute) and parent.func.attr in ("append", "insert", "at")
        return isinstance(parent, (ast.Tuple, ast.List)) and name == "elts" and not isinstance(self.parent(parent), ast.Subscript)

    def is_summand(self, node: Any) -> bool:
        """Whether a node stands beside `+` or `-`."""
        parent = self.parent(node)
        return isinstance(parent, ast.BinOp) and isinstance(parent.op, (ast.Add, ast.Sub))


def unique(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def is_handled(attribute: ast.Attribute, above: Any) -> bool:
    """Whether `x.attribute` does something with an array `x`: `x.T`, `x.dot(y)`."""
    called = isinstance(above, ast.Call) and above.func is attribute
    return attribute.attr == "T" or (called and attribute.attr in ("dot", "sum", "mean", "copy", "reshape", "transpose"))


def without_annotations(node: ast.AST) -> Iterator[ast.AST]:
    """A node and those inside of it, but for annotations: a type is no operand."""
    yield node
    for name, value in ast.iter_fields(node):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST) and name not in ("annotation", "returns"):
                yield from without_annotations(item)
