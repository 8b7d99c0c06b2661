"""The user's source text, statement by statement: which names a line reads and writes, and which loops enclose it."""

from __future__ import annotations

import ast
import functools
import linecache
from dataclasses import dataclass, field
from typing import Any

FORM = frozenset(["len", "shape", "size", "ndim", "zeros_like", "ones_like", "empty_like", "full_like"])  # read no number
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Path = tuple[str, ...]  # ("self", "W") for `self.W`; subscripts end a path


@dataclass(eq=False)
class Statement:
    """One simple statement, or the header of a compound one."""

    node: ast.stmt
    line: int
    end: int
    function: str
    loops: tuple[int, ...]  # header lines of the enclosing loops of the same function, outermost first
    loads: tuple[Path, ...] = ()
    stores: tuple[Path, ...] = ()
    passed: tuple[Path, ...] = ()  # handed to a call, which may change them
    is_loop: bool = False
    comprehends: bool = False  # it holds a comprehension or a `map`, which repeat what they call
    parts: dict[Any, tuple[Path, ...]] = field(default_factory=dict)  # target, key or place -> what this element is made from

    @property
    def paths(self) -> tuple[Path, ...]:
        """All places that the statement writes, reads or passes on, each once."""
        return tuple(dict.fromkeys((*self.stores, *self.loads, *self.passed)))


@dataclass(eq=False)
class Source:
    """A file's text, its tree, and the statement at each line."""

    file: str
    text: str
    tree: ast.Module
    by_line: dict[int, Statement] = field(default_factory=dict)

    def line(self, number: int) -> str:
        """The text of a line; empty for a number outside of the file."""
        lines = self.text.split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else ""


@functools.lru_cache(maxsize=64)
def parse(file: str, text: str) -> Source:
    """The tree and the statements of a text; kept, because the same file is asked for again and again."""
    source = Source(file, text, ast.parse(text))
    collect(source, source.tree.body, "<module>", ())
    return source


def source_of(file: str) -> Source | None:
    """The parsed source of a file or notebook cell, or None when there is no readable text."""
    text = "".join(linecache.getlines(file))
    try:
        return parse(file, text) if text.strip() else None
    except SyntaxError:
        return None


def collect(source: Source, body: list[ast.stmt], function: str, loops: tuple[int, ...]) -> None:
    """Enter the statements of a block, and of the blocks inside it, by their lines."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            collect(source, node.body, node.name, ())
            continue
        if isinstance(node, ast.ClassDef):
            collect(source, node.body, node.name, ())
            continue
        header = header_nodes(node)
        is_loop = isinstance(node, (ast.For, ast.While))
        end = max((getattr(n, "end_lineno", None) or node.lineno for n in header), default=node.lineno)
        loads, stores, passed = accesses(header, node)
        inside = (*loops, node.lineno) if is_loop else loops
        comprehends = any(repeats(inner) for part in header for inner in ast.walk(part))
        statement = Statement(
            node, node.lineno, end, function, inside, loads, stores, passed, is_loop, comprehends, parts_of(node)
        )
        for number in range(node.lineno, end + 1):
            source.by_line.setdefault(number, statement)
        for block in ("body", "orelse", "finalbody"):
            collect(source, getattr(node, block, []), function, inside)
        for handler in getattr(node, "handlers", []):
            collect(source, handler.body, function, inside)


def repeats(node: ast.AST) -> bool:
    """Whether an expression calls something again and again."""
    return isinstance(node, COMPREHENSIONS) or (isinstance(node, ast.Call) and path_of(node.func) == ("map",))


def parts_of(node: ast.stmt) -> dict[Any, tuple[Path, ...]]:
    """What each element reads, of `return {"W": x.T @ d, "b": e}`, `return a, b` and `a, b = c, d`."""
    value = getattr(node, "value", None)
    if isinstance(node, ast.Return) and isinstance(value, ast.Dict):
        named = [(key.value, item) for key, item in zip(value.keys, value.values, strict=True) if isinstance(key, ast.Constant)]
        return {key: accesses([item], node)[0] for key, item in named}
    if not isinstance(value, (ast.Tuple, ast.List)) or any(isinstance(item, ast.Starred) for item in value.elts):
        return {}
    reads = [accesses([item], ast.Pass())[0] for item in value.elts]
    if isinstance(node, ast.Return):
        return dict(enumerate(reads))
    targets = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    if isinstance(targets, (ast.Tuple, ast.List)) and len(targets.elts) == len(reads):
        return {ast.unparse(target): read for target, read in zip(targets.elts, reads, strict=True)}
    return {}


def header_nodes(node: ast.stmt) -> list[ast.AST]:
    """The parts of a statement that run on its own line: everything, or the header of a compound statement."""
    if isinstance(node, ast.For):
        return [node.target, node.iter]
    if isinstance(node, (ast.While, ast.If)):
        return [node.test]
    if isinstance(node, ast.With):
        return [*(item.context_expr for item in node.items), *(item.optional_vars for item in node.items if item.optional_vars)]
    if isinstance(node, (ast.Try, ast.Match)):
        return []
    return [node]


def accesses(header: list[ast.AST], statement: ast.stmt) -> tuple[tuple[Path, ...], tuple[Path, ...], tuple[Path, ...]]:
    """(loads, stores, passed): access paths that a statement reads, writes, and hands to calls."""
    loads: list[Path] = []
    stores: list[Path] = []
    passed: list[Path] = []

    def visit(node: ast.AST, called: bool = False, target: bool = False) -> None:
        path = path_of(node)
        if path is not None:
            stored = isinstance(getattr(node, "ctx", None), ast.Store)
            (stores if stored or target else loads).append(path[:-1] or path if called and len(path) > 1 else path)
            if called and len(path) > 1:
                passed.append(path[:-1])
            return
        if isinstance(node, ast.Call):
            visit(node.func, called=True)
            given = [*node.args, *(k.value for k in node.keywords)]
            if (path_of(node.func) or ("",))[-1] in FORM and node.args and path_of(base_of(node.args[0])):
                given = given[1:]
            for argument in given:
                bare = argument.value if isinstance(argument, ast.Starred) else argument
                inner = path_of(base_of(bare))
                if inner is not None:
                    passed.append(inner)
                visit(argument)
            return
        if isinstance(node, ast.Subscript) and (target or isinstance(node.ctx, ast.Store)):
            visit(node.value, target=True)
            visit(node.slice)
            return
        if isinstance(node, ast.Attribute):
            visit(node.value, target=target or isinstance(node.ctx, ast.Store))
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    for part in header:
        visit(part)
    if isinstance(statement, ast.AugAssign):
        inner = path_of(base_of(statement.target))
        if inner is not None:
            loads.append(inner)
    return unique(loads), unique(stores), unique(passed)


def passes(statement: ast.stmt, function: str, name: str, position: int) -> bool:
    """Whether a call of `function` in a statement gives a value to its argument `name`; True when that cannot be told."""
    for node in ast.walk(statement):
        called = path_of(node.func) if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or not called or called[-1] != function:
            continue
        starred = any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords)
        count = len(node.args) + (len(called) > 1)  # `self` comes with the method
        return starred or position < count or any(k.arg == name for k in node.keywords)
    return True


def is_target_of(node: ast.stmt, text: str) -> bool:
    """Whether a statement assigns to this place, as far as its keys are written out: `p["b"] = ...` is nothing to `p["W"]`."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    written = [x for t in targets if t is not None for x in (t.elts if isinstance(t, ast.Tuple) else [t])]
    fixed = [t for t in written if isinstance(t, ast.Subscript) and isinstance(t.slice, ast.Constant)]
    return len(fixed) < len(written) or any(ast.unparse(t) == text for t in fixed)


def is_renaming(node: ast.stmt) -> bool:
    """Whether a statement only gives another name: `a = b`, `a = b[i]`."""
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.value, (ast.Name, ast.Attribute, ast.Subscript))
        and not isinstance(node.targets[0], (ast.Tuple, ast.List))
    )


def base_of(node: ast.AST) -> ast.AST:
    """`a` of `a[i][j]`."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node


def path_of(node: ast.AST) -> Path | None:
    """("self", "W") for the expression `self.W`; None when it is not a plain chain of attributes."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return (node.id, *reversed(names))


def unique(paths: list[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(paths))
