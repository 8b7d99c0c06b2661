"""Functions of ours, or of the user, quoted in a text that runs without us: their source, and whatever it refers to."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import keyword
import linecache
import re
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from microgradnp.core.signatures import name_of
from microgradnp.rules.values import is_traced, value_of

MARK = "__of__"  # joins a module and what is in it to one name

STANDARD = ("math", "operator", "itertools", "functools")  # modules of Python that a text may import

PUBLIC = {  # modules of functions that a text may import, and as what
    "np": np,
    "np.linalg": np.linalg,
    "np.fft": np.fft,
    "np.emath": np.emath,
    "np.lib.stride_tricks": np.lib.stride_tricks,
    "np.polynomial.polynomial": np.polynomial.polynomial,
}


def public_name(function: Any) -> str | None:
    """`np.linalg.norm`: where NumPy, SciPy or Python show a function; None for what is not theirs."""
    name = name_of(function)
    for path, module in PUBLIC.items():
        if getattr(module, name, None) is function:
            return f"{path}.{name}"
    module_name = str(getattr(function, "__module__", None))
    if isinstance(function, np.ufunc) or module_name.startswith("scipy.special"):
        special = __import__("sys").modules.get("scipy.special")
        for shown, holder in (("special", special), ("special._ufuncs", getattr(special, "_ufuncs", None))):
            if getattr(holder, name, None) is function:
                return f"{shown}.{name}"
        return None
    return f"{module_name.strip('_')}.{name}" if module_name.strip("_") in STANDARD else None


class Quotes:
    """The definitions that a text needs above itself."""

    def __init__(self) -> None:
        self.definitions: dict[str, str] = {}  # name -> text, in the order in which they are needed
        self.names: dict[int, str] = {}  # id of an object -> its name
        self.taken: set[str] = set()  # what arguments and variables are called
        self.kept: list[Any] = []
        self.imports: set[str] = set()

    def __str__(self) -> str:
        return "\n\n".join(self.definitions.values())

    def name(self, function: Callable[..., Any], wish: str | None = None) -> str:
        """What the function is called in the text; its definition is added when it is ours or the user's.

        Raises ValueError when its source cannot be found or refers to something that cannot be written down.
        """
        shown = public_name(function)
        if shown is not None:
            self.imports.add(shown.partition(".")[0])
            return shown
        if id(function) not in self.names:
            self.kept.append(function)
            name = self.names[id(function)] = self.free(wish or name_of(function))
            self.definitions[name] = ""  # taken
            text = self.definition(function, name)
            del self.definitions[name]
            self.definitions[name] = text  # below whatever it refers to
        return self.names[id(function)]

    def spelled(self, function: Callable[..., Any], text: str) -> str:
        """The name of a function whose definition is given."""
        if id(function) not in self.names:
            name = self.names[id(function)] = self.free(name_of(function))
            self.definitions[name] = text.strip().replace(f"def {name_of(function)}(", f"def {name}(", 1)
        return self.names[id(function)]

    def free(self, wish: str) -> str:
        """An identifier like `wish` that nothing else is called."""
        plain = re.sub(r"\W+", "_", wish).strip("_") or "formula"
        plain = f"_{plain}" if plain[0].isdigit() else plain
        name, number = plain, 1
        while self.is_used(name):
            number += 1
            name = f"{plain}_{number}"
        return name

    def is_used(self, name: str) -> bool:
        known = name in self.definitions or name in self.taken or name in ("np", "special", *STANDARD)
        return known or keyword.iskeyword(name) or hasattr(builtins, name)

    def definition(self, function: Callable[..., Any], name: str) -> str:
        if isinstance(function, functools.partial):
            given = [*map(repr, function.args), *(f"{k}={v!r}" for k, v in function.keywords.items())]
            return (
                f"def {name}(*args, **options):\n    return {self.name(function.func)}({', '.join([*given, '*args, **options'])})"
            )
        plain: Any = function
        if getattr(function, "primitive", False):  # of decorators only ours is undone
            plain = plain.__wrapped__
        if not isinstance(plain, types.FunctionType):
            raise ValueError(f"cannot print {name_of(function)}: it is a {type(function).__name__}, and has no source")
        tree = parsed(plain)
        tree.name = name
        tree.decorator_list = []
        tree = Plain().visit(tree)
        tree = Flat(plain.__globals__).visit(tree)
        outside = self.outside(plain, tree)
        tree = Renamed({old: self.reference(plain, old, value) for old, value in outside.items()}).visit(tree)
        return ast.unparse(ast.fix_missing_locations(tree))

    def outside(self, function: types.FunctionType, tree: ast.FunctionDef) -> dict[str, Any]:
        """What a function reads from its module or from the functions around it, by name."""
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        bound = set(bound_names(tree))
        found: dict[str, Any] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id not in bound and node.id not in found:
                if node.id in cells:
                    found[node.id] = cells[node.id].cell_contents
                elif node.id in function.__globals__:
                    found[node.id] = function.__globals__[node.id]
                elif MARK in node.id:
                    module, attribute = node.id.split(MARK)
                    found[node.id] = getattr(function.__globals__[module], attribute)
                elif not hasattr(builtins, node.id):
                    raise ValueError(f"cannot print {name_of(function)}: {node.id} is not defined where it was written")
        return found

    def reference(self, function: Callable[..., Any], name: str, value: Any) -> str:
        """How a text refers to what a quoted function calls `name`."""
        if isinstance(value, types.ModuleType):
            known = {"numpy": "np", "scipy.special": "special"}.get(
                value.__name__, value.__name__ if value.__name__ in STANDARD else None
            )
            if known is None:
                raise ValueError(f"cannot print {name_of(function)}: it uses the module {value.__name__}")
            self.imports.add(known)
            return known
        if value is value_of:
            return "np.asarray"
        if callable(value) and not isinstance(value, type):
            return self.name(value)
        kind = value.__name__ if isinstance(value, type) else ""
        if kind and value in (getattr(np, kind, None), getattr(builtins, kind, None)):
            return f"np.{kind}" if getattr(np, kind, None) is value else kind
        return self.constant(function, name, value)

    def display(self, function: Callable[..., Any], value: Any) -> str:
        """A constant as an expression; functions in a container are quoted too."""
        if callable(value):
            return self.reference(function, name_of(value), value)
        if type(value) is dict:
            return f"{{{', '.join(f'{self.display(function, k)}: {self.display(function, v)}' for k, v in value.items())}}}"
        if type(value) in (tuple, list):
            text = ", ".join(self.display(function, part) for part in value)
            return f"[{text}]" if type(value) is list else f"({text}{',' * (len(value) == 1)})"
        with np.printoptions(precision=17, threshold=10**9):
            return (
                f"np.{value!r}"
                if isinstance(value, np.ndarray)
                else repr(value.item() if isinstance(value, np.generic) else value)
            )

    def constant(self, function: Callable[..., Any], name: str, value: Any) -> str:
        text = self.display(function, value)
        text = re.sub(r"(?<![.\w])(nan|inf)\b", r"np.\1", text)
        try:
            ast.parse(text, mode="eval")
        except SyntaxError:
            raise ValueError(f"cannot print {name_of(function)}: it uses {name}, a {type(value).__name__}") from None
        if id(value) not in self.names or self.definitions.get(self.names[id(value)]) != f"{self.names[id(value)]} = {text}":
            self.kept.append(value)
            self.names[id(value)] = self.free(name)
            self.definitions[self.names[id(value)]] = f"{self.names[id(value)]} = {text}"
        return self.names[id(value)]


def parsed(function: types.FunctionType) -> ast.FunctionDef:
    """The definition of a function as a syntax tree; of a lambda as that of a function with one return."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if code.co_name != "<lambda>":
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(code))).body[0]
        except (OSError, TypeError, SyntaxError):
            raise ValueError(f"cannot print {function.__name__}: its source is not to be found") from None
        if not isinstance(tree, ast.FunctionDef):
            raise ValueError(f"cannot print {function.__name__}: its source is not that of a function")
        return tree
    candidates = [node for node in ast.walk(ast.parse("".join(lines) or "0")) if isinstance(node, ast.Lambda)]
    for node in candidates:
        if node.lineno == code.co_firstlineno and same_code(node, code):
            return ast.FunctionDef(name="_", args=node.args, body=[ast.Return(value=node.body)], decorator_list=[], returns=None)
    raise ValueError("cannot print a lambda: its source is not to be found")


def is_ours(item: Any) -> bool:
    return str(getattr(item, "__module__", "")).partition(".")[0] == __name__.partition(".")[0]


def same_code(node: ast.Lambda, code: types.CodeType) -> bool:
    """Whether a lambda in the source is the one that was compiled: it ends where the code does."""
    ends = [(line, column) for _, line, _, column in code.co_positions() if line is not None and column]
    return bool(ends) and max(ends) == (node.body.end_lineno, node.body.end_col_offset)


def bound_names(tree: ast.FunctionDef) -> Iterator[str]:
    """Names that a function defines itself: its parameters, what it assigns, its own functions and their parameters."""
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
    """A function without annotations, with the first line of its docstring, and without what only a trace would ask."""

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
        asks = any(isinstance(part, ast.Name) and part.id == is_traced.__name__ for part in ast.walk(node.test))
        return None if asks else self.generic_visit(node)


class Flat(ast.NodeTransformer):
    """`reductions.mean` as one name, where `reductions` is a module of ours."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name):
            module = self.variables.get(node.value.id)
            if isinstance(module, types.ModuleType) and is_ours(getattr(module, node.attr, None)):
                return ast.Name(f"{node.value.id}{MARK}{node.attr}", ast.Load())
        return self.generic_visit(node)


class Renamed(ast.NodeTransformer):
    """Names as the text knows them."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        new = self.names.get(node.id)
        return node if new is None or new == node.id else ast.parse(new, mode="eval").body
