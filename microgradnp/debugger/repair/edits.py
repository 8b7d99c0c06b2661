"""Small edits of one statement, cheapest first: the mistakes that people make, undone.

An edit exchanges one node of the syntax tree in place and puts it back afterwards; its text is the changed line. Costs
order the edits only: names are mistaken more often than structure.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from microgradnp.debugger.capture.source import Source, Statement, base_of, path_of
from microgradnp.debugger.repair.mistakes import (
    MODULES,
    Scope,
    accumulations,
    calls,
    comparisons,
    constants,
    directions,
    exchanged_indices,
    expression,
    index_in,
    is_key,
    neighbours,
    operators,
    other_indices,
    redone_derivatives,
    slices,
    whole_derivatives,
    whole_sums,
)
from microgradnp.debugger.repair.places import Places, unique, without_annotations

MOST_OPERANDS, MOST_INDICES = 40, 10


@dataclass(eq=False)
class Edit:
    """One change. `kind` says which mistake it undoes; `old` and `new` are the texts of the exchanged parts.

    What is `given` for the node may be a text: it is parsed when it is needed, because most edits are never looked at.
    """

    cost: float
    kind: str
    line: int
    old: str
    new: str
    parent: Any
    field: str
    index: int | None
    node: Any
    given: Any

    @property
    def replacement(self) -> Any:
        """What stands in the place of the node: another one, or a list of statements; the node where a text is no program."""
        if isinstance(self.given, str):
            try:
                self.given = expression(self.given)
            except SyntaxError:
                self.given = self.node
        return self.given

    def swap(self, value: Any) -> None:
        """Put a node into the place of this one."""
        if self.index is None:
            setattr(self.parent, self.field, value)
        else:
            getattr(self.parent, self.field)[self.index] = value

    def apply(self) -> None:
        """Put the replacement into the tree."""
        self.swap(self.replacement)

    def undo(self) -> None:
        """Put the original back."""
        self.swap(self.node)


class Editor(Places):
    """Generates the edits of the statements of one file."""

    def __init__(self, source: Source, shapes: dict[str, dict[str, tuple[int, ...] | None]]) -> None:
        super().__init__(source)
        self.shapes = shapes
        self.scopes: dict[int, Scope] = {}
        self.suspects: set[str] = set()

    def scope(self, statement: Statement) -> Scope:
        """What an edit of this statement may name; made once for each function."""
        function = self.function_of(statement.node)
        if id(function) not in self.scopes:
            shapes = dict(self.shapes.get(statement.function, {}))
            for method in self.methods_beside(function):
                seen = self.shapes.get(method.name, {}).items()
                shapes.update({name: shape for name, shape in seen if name.startswith("self.") and name not in shapes})
            nodes = list(without_annotations(function))
            targets = [n.target for n in nodes if isinstance(n, ast.For)]
            loops = [x.id for t in targets for x in ast.walk(t) if isinstance(x, ast.Name)]
            items = [n for n in nodes if isinstance(n, ast.Subscript) and not is_key(n.slice)]
            operands = [ast.unparse(n) for n in nodes if self.is_operand(n)]
            operands += [name for name in shapes if name.count("[") <= 1 and "(" not in name and name not in loops]
            self.scopes[id(function)] = Scope(
                shapes,
                unique(loops),
                list(self.functions),
                unique(operands)[:MOST_OPERANDS],
                self.keys,
                self.suspects,
                lists_made_in([function]),
                unique(map(index_in, items))[:MOST_INDICES],
            )
        return self.scopes[id(function)]

    # ---------------------------------------------------------------------------------------- edits

    def edits(self, statement: Statement) -> list[Edit]:
        """All edits of one statement, cheapest first."""
        scope = self.scope(statement)
        found: list[Edit] = []
        seen: set[tuple[int, str]] = set()
        holders = containers(statement.node, scope)
        for node in self.nodes(statement):
            before = ast.unparse(node)
            for cost, kind, given in self.of_node(node, statement, scope):
                new = expression(given) if isinstance(given, str) else given
                for inner in ast.walk(new):  # nodes of the tree itself keep their places
                    if "lineno" in inner._attributes and id(inner) not in self.place:
                        ast.copy_location(inner, node)
                text = ast.unparse(new)
                if (id(node), text) in seen or text == before or holds_whole(new, holders):
                    continue
                seen.add((id(node), text))
                parent, name, index = self.place[id(node)]
                found.append(Edit(cost, kind, statement.line, before, text, parent, name, index, node, new))
        found += self.moves(statement)
        return sorted(found, key=lambda e: e.cost)

    def nodes(self, statement: Statement) -> list[Any]:
        """The nodes of a statement that may be edited; of a compound one those of its header."""
        node = statement.node
        if isinstance(node, ast.For):
            roots: list[Any] = [node.iter]
        elif isinstance(node, (ast.While, ast.If)):
            roots = [node.test]
        elif isinstance(node, (ast.Try, ast.With, ast.FunctionDef, ast.ClassDef)):
            roots = []
        else:
            roots = [node]
        return [x for root in roots for x in ast.walk(root)]

    def of_node(self, node: Any, statement: Statement, scope: Scope) -> Iterator[tuple[float, str, Any]]:
        """(cost, kind, replacement) for one node; the replacement is a node as well, or its text."""
        if isinstance(node, (ast.AugAssign, ast.Assign)) and node is statement.node:
            yield from accumulations(node)
        if isinstance(self.parent(node), ast.For) and node is self.parent(node).iter:
            yield from directions(self.parent(node))
        if self.is_whole(node, statement):
            yield from self.factors_and_terms(node, scope)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.MatMult)) and self.is_summand(node):
            yield from self.scales(node, scope)
        if isinstance(node, ast.BinOp):
            yield from whole_derivatives(node, scope)
            yield from operators(node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield 0.8, "sign", node.operand
        elif isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from comparisons(node, self.parent(node))
        elif isinstance(node, ast.Constant):
            yield from constants(node, self.parent(node))
            if type(node.value) is int and self.is_in_index(node):  # written for one iteration, and kept for all
                cost = 1.05 + 0.5 * isinstance(self.parent(node), ast.BinOp)
                yield from ((cost, "index", ast.Name(counter, ast.Load())) for counter in scope.loop_variables)
        elif isinstance(node, ast.Call):
            yield from calls(node, scope)
        elif isinstance(node, ast.Slice):
            yield from slices()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and not self.is_called(node):
            yield from self.names(node, scope)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and not self.is_called(node):
            yield from self.attributes(node, scope)
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and is_key(node.slice):
            for key in scope.keys:
                yield 1.1, "operand", ast.Subscript(node.value, ast.Constant(key), ast.Load())
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield from exchanged_indices(node)
            yield from other_indices(node, scope)
            yield from whole_sums(node)
        if self.is_operand(node):
            yield from self.around_operand(node, scope)

    def scales(self, node: Any, scope: Scope) -> Iterator[tuple[float, str, Any]]:
        """A summand with another factor than the others."""
        text = ast.unparse(node)
        for other in scope.operands:
            shape = scope.shapes.get(other)
            if shape == ():
                yield 2.35, "scale", f"{text} / {other}"
                yield 2.35, "scale", f"{text} * {other}"
            elif shape:
                yield 2.35, "scale", f"{text} / len({other})"

    def names(self, node: ast.Name, scope: Scope) -> Iterator[tuple[float, str, Any]]:
        """Another variable, or another index, in the place of a name."""
        if node.id in MODULES or node.id == "self":
            return
        parent, where, _ = self.place[id(node)]
        if node.id in scope.loop_variables:
            for other in scope.loop_variables:
                yield 1.0, "index", ast.Name(other, ast.Load())
            if where == "slice" or isinstance(parent, (ast.Tuple, ast.BinOp)):
                others = [name for name in scope.loop_variables if name != node.id]
                for shift in ("+ 1", "- 1", *(f"- {other}" for other in others)):
                    yield 1.5, "index", f"{node.id} {shift}"
        shape = scope.shapes.get(node.id)
        subscripted = isinstance(parent, ast.Subscript) and where == "value"
        for other, its_shape in scope.shapes.items():
            if other == node.id or "(" in other:
                continue
            if other.endswith("]"):
                if its_shape is not None and its_shape == shape:
                    yield 1.6, "operand", other
                continue
            if shape is None and not subscripted:
                cost = 1.5
            elif its_shape is None or shape is None:
                cost = 1.3
            elif its_shape == shape:
                cost = 1.0
            else:
                cost = 1.4 if len(its_shape) == len(shape) else 1.9
            yield cost - (0.5 if node.id in scope.suspects else 0), "operand", other

    def attributes(self, node: ast.Attribute, scope: Scope) -> Iterator[tuple[float, str, Any]]:
        """Another attribute, or no transposition, in the place of one."""
        if node.attr == "T":
            yield 1.2, "transpose", node.value
            return
        path = path_of(node)
        if path is None or path[0] in MODULES:
            return
        shape = scope.shapes.get(".".join(path))
        for other, its_shape in scope.shapes.items():
            plain = not other.endswith("]") and "(" not in other and other != ".".join(path)
            if plain and (shape is None or its_shape is None or len(shape) == len(its_shape)):
                yield (1.0 if shape == its_shape else 1.4), "operand", other
        for attribute in {p.rpartition(".")[2] for p in scope.shapes if "." in p and "[" not in p.rpartition(".")[2]}:
            yield 1.3, "operand", ast.Attribute(node.value, attribute, ast.Load())

    def around_operand(self, node: Any, scope: Scope) -> Iterator[tuple[float, str, Any]]:
        """Something done to an operand, or another operand in its place."""
        text = ast.unparse(node)
        in_product = isinstance(self.parent(node), (ast.BinOp, ast.Call))
        if in_product:
            yield 1.3, "transpose", f"{text}.T"
            yield 1.6, "derivative", f"(1 - {text})"
            yield 1.6, "derivative", f"{text} ** 2"
            yield 1.7, "derivative", f"{text} * (1 - {text})"
            yield 1.6, "sign", f"-{text}"
            yield 2.2, "derivative", f"({text} + 1)"
        for name in scope.functions:
            yield 1.7, "wrap", f"{name}({text})"
        if isinstance(node, ast.Subscript):  # a neighbour with the same index
            index = ast.unparse(node.slice)
            for other in scope.operands:
                if other.endswith(f"[{index}]") and other != text:
                    yield 1.1, "operand", other
        yield from neighbours(node, scope)
        shape = scope.shapes.get(text)
        for other in scope.operands:
            if other == text:
                continue
            if shape and scope.shapes.get(other) not in (None, (), shape):
                continue
            yield 2.0, "operand", other
            if in_product or isinstance(self.parent(node), (ast.Assign, ast.Return, ast.AugAssign)):
                yield 2.1, "term", f"({text} - {other})"
                yield 2.2, "term", f"({text} + {other})"
                yield 2.3, "updated", f"({other} - {text})"
                yield 2.3, "factor", f"{text} * {other}"

    def factors_and_terms(self, node: Any, scope: Scope) -> Iterator[tuple[float, str, Any]]:
        """Something done to a whole right side: a sign, a factor, a sum, a derivative, a term. A function is no number."""
        if isinstance(node, ast.Lambda):
            return
        whole = ast.unparse(node)
        held = f"({whole})" if isinstance(node, (ast.BinOp, ast.IfExp, ast.UnaryOp, ast.Compare)) else whole
        yield 1.2, "sign", f"-{held}"
        yield 1.4, "constant", f"2 * {held}"
        yield 1.4, "constant", f"{held} / 2"
        yield 1.5, "transpose", f"{held}.T"
        for axis in ("axis=0", "axis=1", "axis=0, keepdims=True", "axis=1, keepdims=True"):
            yield 1.6, "reduction", f"{held}.sum({axis})"
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            yield 1.7, "derivative", f"{whole} * (1 - {whole})"
            yield 1.7, "derivative", f"1 - {whole} ** 2"
        for axis in ("axis=1, keepdims=True", "axis=0, keepdims=True", ""):
            yield 1.9, "scale", f"{held} / {held}.sum({axis})"
        for other in scope.operands:
            if other == whole:
                continue
            for form, cost, kind in (
                (f"{held} * {other}", 1.8, "factor"),
                (f"{held} * {other} * (1 - {other})", 1.7, "derivative"),
                (f"{held} * (1 - {other} ** 2)", 1.7, "derivative"),
                (f"{held} * ({other} > 0)", 1.7, "mask"),
                (f"{held} / {other}", 1.8, "scale"),
                (f"{held} * (1 - {other})", 1.9, "derivative"),
                (f"{held} / len({other})", 1.9, "scale"),
                (f"{held} + {other}", 1.9, "term"),
                (f"{held} - {other}", 1.9, "term"),
                (f"{held} @ {other}", 2.1, "factor"),
                (f"{held} @ {other}.T", 2.0, "factor"),
                (f"{other}.T @ {held}", 2.0, "factor"),
            ):
                yield cost, kind, form
        yield from redone_derivatives(node, scope)
        for name in scope.functions:
            for other in scope.operands:
                yield 2.1, "derivative", f"{held} * {name}({other})"

    def moves(self, statement: Statement) -> list[Edit]:
        """The statement moved earlier or later in its block."""
        node = statement.node
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.Expr, ast.For)):
            return []
        parent, name, index = self.place[id(node)]
        if index is None:
            return []
        block = getattr(parent, name)
        found, first = [], ast.unparse(headline(node)).splitlines()[0]
        for target in range(max(0, index - 8), min(len(block), index + 9)):
            if target == index or (isinstance(block[target], ast.Return) and target > index):
                continue
            changed = [b for b in block if b is not node]
            changed.insert(target, node)
            side, other = ("after", block[target].end_lineno) if target > index else ("before", block[target].lineno)
            text = f"move {lines_of(node)} {side} line {other}"
            cost = 1.45 + 0.01 * abs(target - index)
            found.append(Edit(cost, "order", statement.line, first, text, parent, name, None, block, changed))
        return found + self.moved_out(statement, parent, node)

    def moved_out(self, statement: Statement, loop: Any, node: Any) -> list[Edit]:
        """The statement moved out of its loop: what it sets is set once, and carried on from one iteration to the next."""
        if not isinstance(loop, (ast.For, ast.While)) or not isinstance(node, ast.Assign) or len(loop.body) < 2:
            return []
        outer, name, index = self.place[id(loop)]
        if index is None:
            return []
        shorter = copy.copy(loop)
        shorter.body = [b for b in loop.body if b is not node]
        block = getattr(outer, name)
        changed = [*block[:index], node, shorter, *block[index + 1 :]]
        text = f"move {lines_of(node)} out of the loop of line {loop.lineno}"
        return [Edit(1.45, "order", statement.line, ast.unparse(node), text, outer, name, None, block, changed)]


def holds_itself(statement: Any, new: Any, scope: Scope) -> bool:
    """Whether a changed statement would put a container into itself: `x[i] = x`, `x.append(x)`."""
    return holds_whole(new, containers(statement, scope))


def containers(statement: Any, scope: Scope) -> set[str]:
    """The containers that a statement stores something in: `x` in `x[i] = y` and in `x.append(y)`. Arrays do not count."""
    stores = (n for n in ast.walk(statement) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store))
    holders = {ast.unparse(base_of(node.value)) for node in stores}
    found = {holder for holder in holders if not scope.shapes.get(holder)}
    longer = lists_made_in([statement])
    return found | longer | (scope.lists if longer else set())  # a list in a list in itself has no end either


def lists_made_in(nodes: Iterable[Any]) -> set[str]:
    """The lists that some statements make longer."""
    attributes = (n for node in nodes for n in ast.walk(node) if isinstance(n, ast.Attribute))
    return {ast.unparse(base_of(n.value)) for n in attributes if n.attr in ("append", "insert", "extend")}


def holds_whole(new: Any, containers: set[str]) -> bool:
    """Whether an expression reads a whole container."""
    if not containers:
        return False
    indexed = {id(node.value) for node in ast.walk(new) if isinstance(node, ast.Subscript)}
    whole = (node for node in ast.walk(new) if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in indexed)
    return any(ast.unparse(node) in containers for node in whole)


def headline(node: Any) -> Any:
    """A statement without its body."""
    return ast.copy_location(ast.For(node.target, node.iter, [], []), node) if isinstance(node, ast.For) else node


def lines_of(node: Any) -> str:
    """Where a statement stands: "line 7", "lines 7 to 9"."""
    return f"line {node.lineno}" if node.end_lineno == node.lineno else f"lines {node.lineno} to {node.end_lineno}"
