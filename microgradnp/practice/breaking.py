"""A backward pass with one wrong line, as people write it: a factor forgotten, a sign, a mean for a sum, another variable.

A change is taken only where the line still runs, keeps its shape, and makes a gradient of a parameter wrong.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.derivatives.agreement import relative_error
from microgradnp.practice.exercise import Exercise, Statement

WRONG = 1e-2  # relative error of a gradient that nobody takes for right


def broken(exercise: Exercise) -> list[Statement]:
    """The right backward pass with one line changed."""
    backward = needed(exercise)
    rng = np.random.default_rng((exercise.seed, 7))
    truth = exercise.truth(1)
    variables = right_variables(exercise, truth.arguments)
    changes = [(k, new) for k, s in enumerate(backward) if s.name.startswith("d_") for new in changed(s.expression)]
    for pick in rng.permutation(len(changes)):
        k, expression = changes[pick]
        wrong = [*backward[:k], backward[k]._replace(expression=expression), *backward[k + 1 :]]
        if is_wrong(exercise, wrong, k, variables):
            return wrong
    raise ValueError(f"practice: no line of {exercise.title} can be broken; choose another seed")


def needed(exercise: Exercise) -> list[Statement]:
    """The right backward pass, without gradients that no other line uses."""
    backward = exercise.statements[1]
    used = {node.id for s in backward for node in ast.walk(ast.parse(s.expression)) if isinstance(node, ast.Name)}
    return [s for s in backward if s.name in used or s.name.removeprefix("d_") in exercise.model.parameters]


def right_variables(exercise: Exercise, arguments: dict[str, Any]) -> dict[str, Any]:
    """The variables of the right function."""
    forward, backward, _ = exercise.statements
    return run(exercise, [*forward, *backward], arguments)


def run(exercise: Exercise, statements: list[Statement], variables: dict[str, Any]) -> dict[str, Any]:
    """The variables after these statements."""
    namespace: dict[str, Any] = {"np": np}
    exec("\n\n".join(exercise.statements[2].values()), namespace)
    found = namespace | variables
    with np.errstate(all="ignore"):
        exec("\n".join(statement.text for statement in statements), found)
    return found


def is_wrong(exercise: Exercise, backward: list[Statement], k: int, right: dict[str, Any]) -> bool:
    """Whether line `k` has another value of the same shape, and a gradient of a parameter is wrong."""
    own = backward[k].name
    before = {name: value for name, value in right.items() if not name.startswith("d")}
    try:
        found = run(exercise, backward, before)
    except Exception:  # shapes that do not fit
        return False
    names = [own, *(f"d_{name}" for name in exercise.model.parameters)]
    if any(np.shape(found[name]) != np.shape(right[name]) for name in names):
        return False
    differs = [not relative_error(np.asarray(found[name]), np.asarray(right[name])) < WRONG for name in names]
    return differs[0] and any(differs[1:])


def changed(expression: str) -> Iterator[str]:
    """Expressions that are wrong in one place."""
    tree = ast.parse(expression, mode="eval")
    for k, node in enumerate(ast.walk(tree)):
        for other in mistakes(node):
            changing = copy.deepcopy(tree)
            target = list(ast.walk(changing))[k]
            yield ast.unparse(Replace(target, other).visit(changing))


class Replace(ast.NodeTransformer):
    """Puts another node in the place of one."""

    def __init__(self, target: ast.AST, other: ast.AST) -> None:
        self.target, self.other = target, other

    def visit(self, node: ast.AST) -> Any:
        return self.other if node is self.target else super().visit(node)


def mistakes(node: ast.AST) -> Iterator[ast.AST]:
    """What people write in place of this part of an expression."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div, ast.Add)):
        yield node.left  # a factor, or a contribution, forgotten
        if not isinstance(node.op, ast.Div):
            yield node.right
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield node.left  # 1 - h for 1 - h**2
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        yield ast.BinOp(node.left, ast.Add(), node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand
    if isinstance(node, ast.Attribute) and node.attr == "sum":
        yield ast.Attribute(node.value, "mean", ast.Load())
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if isinstance(node, ast.Name) and node.id.startswith("d_"):
        yield ast.Name(node.id.removeprefix("d_"), ast.Load())  # the value for its gradient
    if isinstance(node, ast.Name) and node.id[0] == "h" and node.id[1:].isdigit():
        yield ast.Name(f"a{node.id[1:]}", ast.Load())
