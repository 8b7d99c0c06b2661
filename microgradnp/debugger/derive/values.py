"""The variables of a statement, and the values of expressions over them. Nothing that is evaluated can change a value."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

import numpy as np

from microgradnp.debugger.derive.scene import Instance, Snapshot, bare, resolved
from microgradnp.debugger.record.nodes import Group, Node
from microgradnp.debugger.record.replay import Replay
from microgradnp.debugger.record.values import attributes, is_instance
from microgradnp.debugger.record.world import names_in


class NotEvaluatedError(Exception):
    """An expression cannot be evaluated where its statement stands."""


class WrittenError(NotEvaluatedError):
    """A function writes to an array that it was given, and that belongs to the record."""


class Overlay(Replay):
    """A replay of a replay: what was not changed again is as it was there."""

    def __init__(self, base: Replay) -> None:
        super().__init__(base.record, {})
        self.base = base

    def __getitem__(self, node: Node) -> Any:
        if node in self.failed:
            raise KeyError(node)
        if node.number in self.values:
            return self.values[node.number]
        return self.base[node]


def like(value: Any, node: Node, any_shape: bool = False) -> Any:
    """A value in the form that the node's was. Raises NotEvaluatedError where it has another shape."""
    old = node.value
    if not isinstance(value, (np.ndarray, np.generic, float, int)):
        raise NotEvaluatedError
    if np.shape(value) != np.shape(old):
        if any_shape:
            return value
        raise NotEvaluatedError
    if isinstance(old, np.ndarray):
        return np.array(value, dtype=old.dtype if old.dtype.kind == "f" else None)
    return type(old)(value) if isinstance(old, (float, np.floating)) else value


def variables(snapshot: Snapshot, values: Replay, code: CodeType | None = None) -> dict[str, Any]:
    """The variables of a snapshot in a run: those that the code names, or all. Types with parameters are left out.

    Nobody computes with `NDArray`, and calling its methods lets Python 3.11 crash.
    """
    wanted = snapshot.names if code is None else [name for name in names_in(code) if name in snapshot.names]
    memo: dict[int, Any] = {}
    found = {name: value for name, value in snapshot.globals.items() if type(value) is not types.GenericAlias}
    for name in wanted:
        try:
            found[name] = resolved(snapshot.names[name], values, memo)
        except Exception:  # a value that this run does not have, an object that cannot be made
            found.pop(name, None)
    return found


def apart(value: Any, memo: dict[int, Any], of_array: Callable[[np.ndarray], Any] = lambda array: array) -> Any:
    """A copy of the objects and containers inside of a value. The arrays are those `of_array`: else the same ones.

    Nobody can write to the arrays of a snapshot.
    """
    if id(value) in memo:
        return memo[id(value)]
    if type(value) is np.ndarray:
        memo[id(value)] = of_array(value)
        return memo[id(value)]
    if not isinstance(value, (list, dict, tuple)) and not is_instance(value):
        return value
    made: Any
    if type(value) is dict:
        made = memo[id(value)] = {}
        made.update((key, apart(item, memo, of_array)) for key, item in value.items())
    elif type(value) is list:
        made = memo[id(value)] = []
        made += [apart(item, memo, of_array) for item in value]
    elif type(value) is tuple:
        made = memo[id(value)] = tuple([apart(item, memo, of_array) for item in value])
    elif inside := attributes(value):
        try:
            made = memo[id(value)] = bare(type(value))
        except TypeError:  # a class with a layout of its own, such as a kind of dict
            return value
        for name, item in inside.items():
            object.__setattr__(made, name, apart(item, memo, of_array))
    else:
        return value
    return made


def evaluated(code: CodeType, names: dict[str, Any]) -> Any:
    """The value of an expression. Raises NotEvaluatedError for every failure, WrittenError for a refused write."""
    try:
        with np.errstate(all="ignore"):
            return eval(code, names)
    except (Exception, SystemExit) as error:  # a function of the user may end the program for what it does not know
        raise (WrittenError if isinstance(error, ValueError) and "read-only" in str(error) else NotEvaluatedError) from error


def compiled(expression: Any) -> CodeType | None:
    """The code of an expression, or None where it is no program."""
    try:
        return compile(ast.Expression(expression), "<edit>", "eval")
    except (SyntaxError, ValueError, TypeError):
        return None


def atoms_of(names: Mapping[str, Any]) -> list[tuple[str, Node]]:
    """(expression, operand) of all arrays and numbers among some variables."""
    found: list[tuple[str, Node]] = []

    def walk(text: str, held: Any, depth: int) -> None:
        if type(held) is Node:
            found.append((text, held))
        elif type(held) is Instance and depth < 3:
            for name, item in held.names.items():
                walk(f"{text}.{name}", item, depth + 1)
        elif type(held) is Group and depth < 3 and len(held.items) <= 40:
            for key, item in zip(held.keys or range(len(held.items)), held.items, strict=False):
                walk(f"{text}[{key!r}]", item, depth + 1)

    for name, held in names.items():
        walk(name, held, 0)
    return found


def held_by(expression: Any, names: Mapping[str, Any]) -> Any:
    """What an expression of names, attributes and items holds among some variables, such as `ys[t]`. None where nobody knows."""
    if isinstance(expression, ast.Name):
        return names.get(expression.id)
    if isinstance(expression, ast.Attribute):
        owner = held_by(expression.value, names)
        return owner.names.get(expression.attr) if type(owner) is Instance else None
    if not isinstance(expression, ast.Subscript):
        return None
    owner, index = held_by(expression.value, names), expression.slice
    at = index.value if isinstance(index, ast.Constant) else held_by(index, names)
    if type(owner) is not Group or owner.kind is np.ndarray or type(at) not in (int, str):
        return None
    items = dict(zip(owner.keys or range(len(owner.items)), owner.items, strict=False))
    return items.get(at + len(items) if type(at) is int and at < 0 and not owner.keys else at)
