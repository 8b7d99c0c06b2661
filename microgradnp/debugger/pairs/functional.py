"""Hand-written forward code on Tensors: assignments into arrays become functions that return a new array.

A Tensor never changes, and code that fills arrays in place (`out[n, i] = ...`) would refuse it. So for the time of a run such
code is compiled again: `out[i] = v` becomes `out = store(out, i, v)`. What this cannot do (views that are written through another
name) shows as another value or another slope, and then the gradient is not used.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.capture.backend import is_user_code
from microgradnp.debugger.capture.program import exchanged
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.values import is_user_instance
from microgradnp.debugger.pairs.world import plain
from microgradnp.debugger.record.census import functions_of
from microgradnp.rules.functional import set_at

MADE = frozenset(["array", "asarray", "asanyarray", "ascontiguousarray"])  # NumPy's functions that ask no Tensor
PREFIX = "_microgradnp_"


class Index:
    """`INDEX[1:, 2]` is the index itself."""

    def __getitem__(self, index: Any) -> Any:
        return index


def holds_tensor(value: Any) -> bool:
    """Whether it is a Tensor, or a list that holds one."""
    return isinstance(value, Tensor) or (isinstance(value, (list, tuple)) and any(map(holds_tensor, value)))


def numbers(index: Any) -> Any:
    """An index without Tensors."""
    if isinstance(index, tuple):
        return tuple(map(numbers, index))
    return index.numpy() if isinstance(index, Tensor) else index


def store(target: Any, index: Any, value: Any) -> Any:
    """`target[index] = value` as a new target where a Tensor takes part, else in place."""
    index = numbers(index)
    if isinstance(target, Tensor) or (isinstance(target, np.ndarray) and holds_tensor(value)):
        return set_at(target if isinstance(target, Tensor) else Tensor(target), index, stacked(value))
    if isinstance(target, tuple):
        items = list(target)
        items[index] = value
        return target if items[index] is target[index] else tuple(items)
    target[index] = value
    return target


def augment(target: Any, index: Any, value: Any, name: str) -> Any:
    """`target[index] += value` in the same way."""
    index = numbers(index)
    return store(target, index, in_place(target[index], value, name))


def in_place(target: Any, value: Any, name: str) -> Any:
    """`target += value`: a new target where a Tensor takes part, else in place."""
    if isinstance(target, Tensor) or (isinstance(target, (np.ndarray, np.generic)) and isinstance(value, Tensor)):
        return getattr(operator, name)(target, value)
    return getattr(operator, f"i{name.strip('_')}")(target, value)


def stacked(value: Any) -> Any:
    """A nested list of Tensors as one Tensor."""
    if isinstance(value, (list, tuple)) and holds_tensor(value):
        return np.stack([stacked(item) for item in value])
    return value


def made(function: Callable[..., Any], value: Any, *rest: Any, **options: Any) -> Any:
    """`np.array(value)` and its like."""
    return stacked(value) if holds_tensor(value) else function(value, *rest, **options)


def dot(a: Any, b: Any) -> Any:
    """`a.dot(b)`."""
    return np.dot(a, b) if isinstance(a, np.ndarray) else a.dot(b)


HELPERS = {PREFIX + f.__name__: f for f in (store, augment, in_place, made, dot)} | {f"{PREFIX}index": Index()}
OPERATORS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow", ast.MatMult: "matmul"}


class Functional(ast.NodeTransformer):
    """Rewrites assignments into arrays."""

    def __init__(self) -> None:
        self.names: list[set[str]] = []  # the local variables of the functions around

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Note the local variables of a function while its body is rewritten."""
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        stored = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        outside = {name for n in ast.walk(node) if isinstance(n, (ast.Global, ast.Nonlocal)) for name in n.names}
        self.names.append(({a.arg for a in given} | stored) - outside)
        self.generic_visit(node)
        self.names.pop()
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Rewrite `a[i] = v` as `a = store(a, i, v)`."""
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Subscript) and self.is_own(target):
            return ast.copy_location(self.stored(target, node.value), node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Rewrite `a[i] += v` and `a += v` as assignments to `a`."""
        self.generic_visit(node)
        name = OPERATORS.get(type(node.op))
        if name is None or not self.is_own(node.target):
            return node
        if isinstance(node.target, ast.Subscript):
            base = node.target.value
            value = call("augment", loaded(base), self.index(node.target), node.value, ast.Constant(name))
            return ast.copy_location(self.assigned(base, value), node)
        value = call("in_place", loaded(node.target), node.value, ast.Constant(name))
        return ast.copy_location(self.assigned(node.target, value), node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Rewrite calls that make arrays, and `a.dot(b)`."""
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute) or not node.args:
            return node
        if function.attr in MADE and isinstance(function.value, ast.Name):
            return ast.copy_location(call("made", function, *node.args, keywords=node.keywords), node)
        if function.attr == "dot" and len(node.args) == 1 and not node.keywords:
            return ast.copy_location(call("dot", function.value, node.args[0]), node)
        return node

    def is_own(self, target: ast.expr) -> bool:
        """Whether the variable at the start of a target may be assigned to here."""
        while isinstance(target, (ast.Subscript, ast.Attribute)):
            target = target.value
        return bool(self.names) and isinstance(target, ast.Name) and target.id in self.names[-1]

    def stored(self, target: ast.Subscript, value: ast.expr) -> ast.stmt:
        """`a[i][j] = v` -> `a = store(a, i, store(a[i], j, v))`."""
        base = target.value
        return self.assigned(base, call("store", loaded(base), self.index(target), value))

    def assigned(self, target: ast.expr, value: ast.expr) -> ast.stmt:
        """The statement that assigns to a name, an attribute or an item."""
        if isinstance(target, ast.Subscript):
            return self.stored(target, value)
        place = ast.parse(ast.unparse(target), mode="eval").body
        place.ctx = ast.Store()  # type: ignore[attr-defined]
        return ast.Assign([place], value)

    def index(self, target: ast.Subscript) -> ast.expr:
        """The index of an item, as an expression."""
        return ast.Subscript(ast.Name(f"{PREFIX}index", ast.Load()), target.slice, ast.Load())


def call(name: str, *args: ast.expr, keywords: list[ast.keyword] | None = None) -> ast.Call:
    return ast.Call(ast.Name(PREFIX + name, ast.Load()), list(args), keywords or [])


def loaded(node: ast.expr) -> ast.expr:
    """A copy of an expression that reads it."""
    copied = ast.parse(ast.unparse(node), mode="eval").body
    for inner in ast.walk(copied):
        ast.copy_location(inner, node)
    return copied


@functools.lru_cache(maxsize=64)
def compiled(file: str, text: str) -> types.CodeType:
    """The module of a file with functional assignments."""
    tree = Functional().visit(ast.parse(text))
    return compile(ast.fix_missing_locations(tree), file, "exec")


def files_of(function: Callable[..., Any], owner: Any) -> set[str]:
    """The user's files whose functions a call may run: its own, those of what its module imports, and of the object's parts."""
    found: list[Any] = [plain(function)]
    found += [value for value in getattr(found[0], "__globals__", {}).values() if isinstance(value, (types.FunctionType, type))]
    todo: list[Any] = [owner]
    seen: set[int] = set()
    while todo:
        value = todo.pop()
        if id(value) in seen or len(seen) > 400:
            continue
        seen.add(id(value))
        if isinstance(value, (list, tuple)):
            todo += list(value)
        elif isinstance(value, dict):
            todo += list(value.values())
        elif is_user_instance(value):
            found += type(value).__mro__
            todo += list(vars(value).values())
    methods = [m for f in found if isinstance(f, type) for m in vars(f).values()]
    codes = [f.__code__ for f in (*found, *methods) if isinstance(f, types.FunctionType)]
    return {code.co_filename for code in codes if is_user_code(code)}


def without_helpers(space: dict[str, Any]) -> None:
    """Take our names out of a module again."""
    for name in HELPERS:
        space.pop(name, None)


class Rewritten:
    """The functions that forward may run, with their rewritten modules."""

    def __init__(self, function: Callable[..., Any], owner: Any) -> None:
        sources = {file: source for file in files_of(function, owner) if (source := source_of(file)) is not None}
        self.modules = {file: compiled(file, source.text) for file, source in sources.items()}
        found = functions_of(set(self.modules))
        self.functions = {file: [f for f in found if f.__code__.co_filename == file] for file in self.modules}

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """While this lasts, the functions run their rewritten code."""
        spaces = {id(f.__globals__): f.__globals__ for fs in self.functions.values() for f in fs}
        with contextlib.ExitStack() as stack:
            for space in spaces.values():
                space.update(HELPERS)
                stack.callback(without_helpers, space)
            for file, functions in self.functions.items():
                stack.enter_context(exchanged(functions, self.modules[file]))
            yield
