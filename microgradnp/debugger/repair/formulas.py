"""Which functions of the user an edit may call: those that only compute.

An edit is tried by running it. A function that prints, saves, trains or loops for ever must not be started by that. So an edit
calls functions of the user only if their text is a formula: assignments to local names, branches, loops over things that end,
and calls of NumPy, `math` and other formulas.
"""

from __future__ import annotations

import ast
import builtins
import linecache
from collections.abc import Iterator
from functools import lru_cache

MODULES = {"numpy", "math", "cmath", "scipy", "microgradnp"}
PLAIN = {"abs", "bool", "divmod", "enumerate", "float", "int", "len", "list", "max", "min", "pow", "range", "reversed", "round"}
PLAIN |= {"sorted", "sum", "tuple", "zip"}
OUTSIDE = {"random", "load", "loadtxt", "save", "savetxt", "savez", "savez_compressed", "tofile", "fromfile", "memmap", "dump"}
STATEMENTS = (
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.If, ast.For),
    *(ast.With, ast.Raise, ast.Assert, ast.Expr, ast.Pass),
)
Definitions = dict[str, ast.FunctionDef]


@lru_cache(maxsize=32)
def formulas_in(filename: str) -> frozenset[str]:
    """The qualified names of the formulas in a file: "sigmoid", "Net.slope". None of them where its text cannot be had."""
    try:
        return formulas_of(ast.parse("".join(linecache.getlines(filename))))
    except SyntaxError:
        return frozenset()


def formulas_of(tree: ast.Module) -> frozenset[str]:
    """The qualified names of the functions of a module, and of its classes, that only compute."""
    functions: Definitions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
    for holder in tree.body:
        if isinstance(holder, ast.ClassDef):
            functions |= {f"{holder.name}.{f.name}": f for f in holder.body if isinstance(f, ast.FunctionDef)}
    known = set(imported(tree))
    kept = {name for name, function in functions.items() if is_plain(function)}
    while True:  # a formula may call formulas; what calls anything else goes, until nothing does
        gone = {
            name for name in kept if not all(is_known(c, functions[name], name, kept, known) for c in calls_in(functions[name]))
        }
        if not gone:
            return frozenset(kept)
        kept -= gone


def imported(tree: ast.Module) -> Iterator[str]:
    """The names that stand for a module of mathematics, or for something out of one."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (a.asname or a.name.partition(".")[0] for a in node.names if a.name.partition(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in MODULES:
            yield from (a.asname or a.name for a in node.names if a.name not in OUTSIDE)


def is_plain(function: ast.FunctionDef) -> bool:
    """Whether a function has statements of a formula only, and writes to no attribute. An array cannot be written to."""
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    if any(isinstance(node, (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)) for node in nodes):
        return False
    if any(isinstance(node, ast.stmt) and not isinstance(node, STATEMENTS) for node in nodes):
        return False
    return not any(isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) for node in nodes)


def calls_in(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for statement in function.body for node in ast.walk(statement) if isinstance(node, ast.Call))


def is_known(call: ast.Call, function: ast.FunctionDef, name: str, kept: set[str], known: set[str]) -> bool:
    """Whether a call inside of a function is one of NumPy, of an array's method, or of another formula."""
    called = call.func
    if isinstance(called, ast.Name):
        return called.id in kept | known | PLAIN or isinstance(getattr(builtins, called.id, None), type)
    path = ast.unparse(called).split(".")
    if not isinstance(called, ast.Attribute) or OUTSIDE & set(path):
        return False
    if path[0] == "self" and len(path) == 2:
        return f"{name.rpartition('.')[0]}.{path[1]}" in kept
    root = next(node for node in ast.walk(called) if not isinstance(node, (ast.Attribute, ast.Subscript, ast.Load)))
    return not isinstance(root, ast.Name) or root.id in known or root.id in own_names(function)


def own_names(function: ast.FunctionDef) -> set[str]:
    """The arguments of a function and the names that it sets."""
    arguments = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    return arguments | {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
