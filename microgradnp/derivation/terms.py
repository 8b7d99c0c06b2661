"""Equations as trees: the NumPy text of a step, read as mathematics.

A term is a node of Python's `ast`. Gradients are names that begin with `d_`. What the mathematics does not need is left out:
factors of 1, copies of a number for every entry, and axes of length 1 that broadcasting adds by itself.
"""

from __future__ import annotations

import ast
import collections
import functools
import operator
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

ONE = ast.Constant(1)
MOST_STATEMENTS = 20  # of one contribution; a longer rule has no equation
ENTRYWISE = (ast.Add, ast.Sub, ast.Mult, ast.Div)


class Equation(NamedTuple):
    """`name` = `term`."""

    name: str
    term: ast.expr


def equations(lines: Iterable[str], known: Mapping[str, ast.expr], scalars: Container[str] = ()) -> list[Equation]:
    """The statements of a step. A name that is used once is written where it is used.

    There are none where a rule has too many statements. Names in `known` are replaced by other names, or by numbers.
    `scalars` are the names of values without axes.
    """
    given: dict[str, ast.expr] = {name: term for name, term in known.items() if isinstance(term, ast.Name)}
    numbers = {name: term for name, term in known.items() if name not in given}
    statements = [statement for line in lines for statement in ast.parse(line).body]
    found: list[Equation] = []
    later = collections.Counter(name for statement in statements for name in names(statement))
    if len(statements) > MOST_STATEMENTS:
        return []
    for k, statement in enumerate(statements):
        if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name)):
            return []
        name, term = statement.targets[0].id, simplified(replaced(statement.value, given))
        if k == len(statements) - 1:
            term = with_numbers(without_copies(term, scalars), numbers)
        if later[name] == 1:
            given[name] = term
        else:
            found.append(Equation(name, term))
    return found


def names(tree: ast.AST) -> list[str]:
    """The names that a tree reads."""
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]


def with_numbers(term: ast.expr, known: Mapping[str, ast.expr]) -> ast.expr:
    """A term with known numbers where they are added to others or multiplied entry by entry. A function needs the array."""
    if isinstance(term, ast.BinOp) and isinstance(term.op, ENTRYWISE):
        return simplified(ast.BinOp(with_numbers(term.left, known), term.op, with_numbers(term.right, known)))
    if isinstance(term, ast.UnaryOp) and isinstance(term.op, ast.USub):
        return ast.UnaryOp(term.op, with_numbers(term.operand, known))
    return known.get(term.id, term) if isinstance(term, ast.Name) else term


def replaced(term: ast.expr, known: Mapping[str, ast.expr]) -> ast.expr:
    class Change(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return known.get(node.id, node)

    changed: ast.expr = Change().visit(term)
    return changed


def added(terms: list[ast.expr]) -> ast.expr:
    """The sum of the contributions to a gradient."""
    total = terms[0]
    for term in terms[1:]:
        total = ast.BinOp(total, ast.Add(), term)
    return total


def simplified(term: ast.expr) -> ast.expr:
    return Simplify().visit(term)


def without_copies(term: ast.expr, scalars: Container[str]) -> ast.expr:
    """A term without `broadcast_to` where its value is only added to others or multiplied entry by entry."""
    if isinstance(term, ast.BinOp) and isinstance(term.op, ENTRYWISE):
        return simplified(ast.BinOp(without_copies(term.left, scalars), term.op, without_copies(term.right, scalars)))
    if isinstance(term, ast.UnaryOp) and isinstance(term.op, ast.USub):
        return ast.UnaryOp(term.op, without_copies(term.operand, scalars))
    if isinstance(term, ast.Call):
        name, args, _ = called(term)
        inner = args[0] if args else None
        if isinstance(inner, ast.expr) and name == "broadcast_to":
            return without_copies(inner, scalars)
        if isinstance(inner, ast.Name) and name == "reshape" and inner.id in scalars:
            return inner
    return term


class Simplify(ast.NodeTransformer):
    """Leaves out what the mathematics does not need."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return whole(node.value)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult):
            numbers = [factor for factor in factors(node) if isinstance(factor, ast.Constant) and is_number(factor)]
            others = [factor for factor in factors(node) if factor not in numbers]
            number = functools.reduce(operator.mul, (factor.value for factor in numbers), 1)
            return product([*([] if number == 1 and others else [whole(number)]), *others])
        if isinstance(node.op, ast.Div) and is_one(node.right):
            return node.left
        return node


def whole(number: Any) -> ast.expr:
    """A constant. A float without decimals is written without a point."""
    is_whole = isinstance(number, float) and number.is_integer() and abs(number) < 1e15
    return ast.Constant(int(number) if is_whole else number)


def factors(term: ast.expr) -> Iterator[ast.expr]:
    if isinstance(term, ast.BinOp) and isinstance(term.op, ast.Mult):
        yield from factors(term.left)
        yield from factors(term.right)
    else:
        yield term


def product(terms: list[ast.expr]) -> ast.expr:
    total = terms[0] if terms else ONE
    for term in terms[1:]:
        total = ast.BinOp(total, ast.Mult(), term)
    return total


def is_one(term: ast.expr) -> bool:
    return isinstance(term, ast.Constant) and not isinstance(term.value, bool) and term.value == 1


def is_number(term: ast.expr) -> bool:
    """Whether a term has no names: a number, or an operation on numbers."""
    if isinstance(term, ast.BinOp):
        return is_number(term.left) and is_number(term.right)
    return (isinstance(term, ast.Constant) and isinstance(term.value, (int, float))) or (
        isinstance(term, ast.UnaryOp) and is_number(term.operand)
    )


def called(node: ast.Call) -> tuple[str, list[ast.expr], list[ast.keyword]]:
    """Name, arguments and keywords of a call. A method's object is its first argument, and `np.` is left out."""
    path = dotted(node.func)
    if isinstance(node.func, ast.Attribute) and (not path or path[0] not in MODULES):
        return node.func.attr, [node.func.value, *node.args], node.keywords
    name = ".".join(path[1:] if path[0] in MODULES else path) if path else ast.unparse(node.func)
    if path == [name] and hasattr(np, name):  # a function of this package that computes the gradient of NumPy's
        name = f"{name}_adjoint"
    return name.removeprefix("lib.stride_tricks."), node.args, node.keywords


def dotted(term: ast.expr) -> list[str]:
    """The parts of a dotted name; empty for anything else."""
    if isinstance(term, ast.Attribute):
        owner = dotted(term.value)
        return [*owner, term.attr] if owner else []
    return [term.id] if isinstance(term, ast.Name) else []


MODULES = ("np", "special", "math", "operator")
