"""What the hooks stand for: operators, names that the code with hooks reads, and questions about syntax trees."""

from __future__ import annotations

import ast
import operator
from typing import Any, TypeVar

from microgradnp.debugger.record.sites import Site

HOOKS = "__hooks__"  # the global variable that holds the hooks of a file
INDEX = "__index__"  # the global variable that turns `a:b` into a slice
CALL = "__call_before__"  # the local variable that holds the caller

BINARY: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}
IN_PLACE: dict[type, Any] = {
    ast.Add: operator.iadd,
    ast.Sub: operator.isub,
    ast.Mult: operator.imul,
    ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv,
    ast.Mod: operator.imod,
    ast.Pow: operator.ipow,
    ast.MatMult: operator.imatmul,
    ast.BitAnd: operator.iand,
    ast.BitOr: operator.ior,
    ast.BitXor: operator.ixor,
    ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift,
}
UNARY: dict[type, Any] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert}
COMPARE: dict[type, Any] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FREE = frozenset(  # calls that look at the frame they stand in, or that never read a number
    {"super", "locals", "vars", "dir", "eval", "exec", "globals", "print", "isinstance", "issubclass", "len", "type", "id"}
    | {"hasattr", "getattr", "setattr", "callable", "repr", "str", "input", "breakpoint", "format"}
)
PARTS = frozenset(["T", "mT", "real", "imag", "flat", "A", "A1", "H", "I"])  # attributes of arrays that are arrays

Tree = TypeVar("Tree", bound=ast.AST)
Spec = tuple[Any, ...] | None  # how a target takes a value apart; None: not at all


def place(new: Tree, at: Any) -> Tree:
    """`new`, at the place of another node."""
    return ast.copy_location(new, at)


def fields(node: ast.AST) -> dict[str, Any]:
    return {name: getattr(node, name) for name in node._fields if hasattr(node, name)}


def spec_of(target: Any) -> Spec:
    """How a target takes a value apart: None for a single name, else one entry for each element."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return tuple(spec_of(part) for part in target.elts)
    return None


def is_stored(part: ast.AST) -> bool:
    """Whether a target is an item, or an attribute that writes into an array."""
    if isinstance(part, ast.Subscript):
        return isinstance(part.ctx, ast.Store)
    return isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store) and part.attr in ("flat", "real", "imag")


def is_generator(function: ast.FunctionDef) -> bool:
    """Whether a function has a `yield` of its own."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            todo += ast.iter_child_nodes(node)
    return False


def name_parts(node: ast.Assign, value: ast.expr, made: dict[int, Site]) -> None:
    """In `a, b = x, y` each value has its own target."""
    if (
        len(node.targets) != 1
        or not isinstance(node.targets[0], (ast.Tuple, ast.List))
        or not isinstance(value, (ast.Tuple, ast.List))
    ):
        return
    for target, part in zip(node.targets[0].elts, value.elts, strict=False):
        if id(part) in made:
            made[id(part)].target = ast.unparse(target)


def number_in(statement: ast.stmt) -> list[ast.expr]:
    """The variable of `name += value`, where only operators run. A number in it is all that the statement changes."""
    if not isinstance(statement, ast.AugAssign) or not isinstance(statement.target, ast.Name):
        return []
    calls = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
    if any(isinstance(node, calls) for node in ast.walk(statement.value)):
        return []
    return [place(ast.Name(statement.target.id, ast.Load()), statement)]
