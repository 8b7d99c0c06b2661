"""Functions of this package or of the user, quoted in a text that runs with NumPy alone: their source and all it refers to."""

from __future__ import annotations

import ast
import builtins
import functools
import re
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core.signatures import name_of
from microgradnp.emitter.syntax import MARK, Flat, Plain, Renamed, bound_names, parsed
from microgradnp.program.identifiers import identifier
from microgradnp.rules.values import value_of

STANDARD = ("math", "operator", "itertools", "functools")  # modules of Python that a text may import

PUBLIC = {  # name in a text -> module of NumPy
    "np": np,
    "np.linalg": np.linalg,
    "np.fft": np.fft,
    "np.emath": np.emath,
    "np.lib.stride_tricks": np.lib.stride_tricks,
    "np.polynomial.polynomial": np.polynomial.polynomial,
}


def public_name(function: Any) -> str | None:
    """The public name of a function of NumPy, SciPy or Python, such as `np.linalg.norm`; None for any other function."""
    name = name_of(function)
    for path, module in PUBLIC.items():
        if getattr(module, name, None) is function:
            return f"{path}.{name}"
    module_name = str(getattr(function, "__module__", None))
    if isinstance(function, np.ufunc) or module_name.startswith("scipy.special"):
        special = sys.modules.get("scipy.special")
        for shown, holder in (("special", special), ("special._ufuncs", getattr(special, "_ufuncs", None))):
            if getattr(holder, name, None) is function:
                return f"{shown}.{name}"
        return None
    return f"{module_name.strip('_')}.{name}" if module_name.strip("_") in STANDARD else None


class Quotes:
    """The definitions that stand above a text."""

    def __init__(self) -> None:
        self.definitions: dict[str, str] = {}  # name -> text; a definition stands below those that it refers to
        self.names: dict[int, str] = {}  # id of an object -> its name
        self.taken: set[str] = set()  # names of arguments and variables
        self.kept: list[Any] = []  # so that no id is given twice
        self.imports: set[str] = set()

    def name(self, function: Callable[..., Any], wish: str | None = None) -> str:
        """The name of a function in the text. A function that no library has is defined above the text.

        Raises ValueError when its source cannot be found or refers to something that has no source.
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
            self.definitions[name] = text  # below those that it refers to
        return self.names[id(function)]

    def spelled(self, function: Callable[..., Any], text: str) -> str:
        """The name of a function, with its definition."""
        if id(function) not in self.names:
            name = self.names[id(function)] = self.free(name_of(function))
            self.definitions[name] = text.strip().replace(f"def {name_of(function)}(", f"def {name}(", 1)
        return self.names[id(function)]

    def free(self, wish: str) -> str:
        """An identifier like `wish` that nothing else has."""
        return identifier(wish, self.is_used, "formula")

    def is_used(self, name: str) -> bool:
        known = name in self.definitions or name in self.taken or name in ("np", "special", *STANDARD)
        return known or hasattr(builtins, name)

    def definition(self, function: Callable[..., Any], name: str) -> str:
        """The source of a function, under another name and with the names that this text gives to what it refers to."""
        if isinstance(function, functools.partial):
            given = [*map(repr, function.args), *(f"{k}={v!r}" for k, v in function.keywords.items())]
            return (
                f"def {name}(*args, **options):\n    return {self.name(function.func)}({', '.join([*given, '*args, **options'])})"
            )
        plain: Any = function
        if getattr(function, "primitive", False):  # of decorators only ours is undone
            plain = plain.__wrapped__
        if not isinstance(plain, types.FunctionType):
            raise ValueError(f"cannot print {name_of(function)}: it is a {type(function).__name__}, which has no source")
        tree = parsed(plain)
        tree.name = name
        tree.decorator_list = []
        tree = Plain().visit(tree)
        tree = Flat(plain.__globals__).visit(tree)
        outside = self.outside(plain, tree)
        tree = Renamed({old: self.reference(plain, old, value) for old, value in outside.items()}).visit(tree)
        return ast.unparse(ast.fix_missing_locations(tree))

    def outside(self, function: types.FunctionType, tree: ast.FunctionDef) -> dict[str, Any]:
        """The variables that a function reads from its module and from the functions around it, by name."""
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
        """The expression in the text for an object that a quoted function calls `name`."""
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
        """A constant as an expression. Functions in a container are quoted too."""
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
        """The name of a constant that is defined above the text."""
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
