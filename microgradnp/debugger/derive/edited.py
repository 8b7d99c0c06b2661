"""The code with hooks of an edited file. Only the functions that the edits change are made anew: a search runs many versions."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from types import CodeType
from typing import Any

from microgradnp.debugger.record import instrument, syntax
from microgradnp.debugger.record.instrument import Instrumented, Instrumenter

Scope = tuple[ast.ClassDef, ...]  # the classes around a function


class Lookouts(Instrumenter):
    """An instrumenter that also looks at the variables before each statement of a function."""

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The statements of a block with hooks, a look at the variables before each, and one behind each assignment."""
        made: list[ast.stmt] = []
        for statement in body:
            if len(self.function) > 1 and not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                counted = dict(self.lines)
                self.statement = self.describe(statement)
                self.lines = counted
                made.append(syntax.place(ast.Expr(self.call("watch", statement, None, inner=())), statement))
            new = self.visit(statement)
            made += new if isinstance(new, list) else [new]
            if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and len(self.function) > 1:
                made += self.look(statement)
        return made


def instrumented(file: str, text: str, original: str, watching: bool, is_script: bool) -> Instrumented:
    """A text with hooks, in the place of the original text of a file. Raises SyntaxError.

    A script makes its functions when it runs, so that all of it is made anew.
    """
    if text == original:
        return whole(file, text, watching)
    changed = None if is_script else changed_functions(text, original)
    if changed is None:
        hooked = kind(watching)(file, True)
        tree = ast.fix_missing_locations(hooked.visit(ast.parse(text, file)))
        return Instrumented(plain_code(file, original), code_of(tree, file), hooked.hooks, hooked.literals)
    base = whole(file, original, watching)
    hooked = kind(watching)(file, True)
    hooked.hooks, hooked.literals = list(base.hooks), dict(base.literals)
    old, new = changed
    tree = ast.fix_missing_locations(hooked.visit(new))
    return Instrumented(code_of(old, file), code_of(tree, file), hooked.hooks, hooked.literals, base=base)


def kind(watching: bool) -> type[Instrumenter]:
    return Lookouts if watching else Instrumenter


@functools.lru_cache(maxsize=32)
def whole(file: str, text: str, watching: bool) -> Instrumented:
    """A whole file with hooks: without lookouts it is made once, with the arguments of the first record."""
    if not watching:
        return instrument.instrument(file, text, True, 0)._replace(plain=plain_code(file, text))
    hooked = Lookouts(file, True)
    tree = ast.fix_missing_locations(hooked.visit(ast.parse(text, file)))
    return Instrumented(plain_code(file, text), code_of(tree, file), hooked.hooks, hooked.literals)


@functools.lru_cache(maxsize=16)
def plain_code(file: str, text: str) -> CodeType:
    """The code of a file without hooks."""
    return code_of(ast.parse(text, file), file)


def code_of(tree: ast.Module, file: str) -> CodeType:
    return compile(tree, file, "exec", dont_inherit=True)


# ------------------------------------------------------------------------------------------------ what an edit changes


def changed_functions(text: str, original: str) -> tuple[ast.Module, ast.Module] | None:
    """The functions in which two texts differ, each in the classes around it, as in the original and as they are now.

    None where they differ elsewhere, or where a line has moved.
    """
    before, after = original.split("\n"), text.split("\n")
    if len(before) != len(after):
        return None
    lines = {number for number, (old, new) in enumerate(zip(before, after, strict=True), 1) if old != new}
    old, new = ast.parse(original), ast.parse(text)
    found = [(a, b) for a, b in zip(functions_in(old), functions_in(new), strict=False) if lines & set(lines_of(a[0]))]
    if any(place_of(*a) != place_of(*b) for a, b in found) or not lines <= {n for (f, _), _ in found for n in lines_of(f)}:
        return None
    return reduced(old, [a for a, _ in found]), reduced(new, [b for _, b in found])


def functions_in(tree: Any, scope: Scope = ()) -> Iterator[tuple[ast.FunctionDef, Scope]]:
    """The functions of a module and of its classes, but for those inside of functions, with the classes around each."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node, scope
        elif isinstance(node, ast.ClassDef):
            yield from functions_in(node, (*scope, node))


def lines_of(function: ast.FunctionDef) -> range:
    """The lines of a function, without those of its decorators."""
    return range(function.lineno, (function.end_lineno or function.lineno) + 1)


def place_of(function: ast.FunctionDef, scope: Scope) -> tuple[Any, ...]:
    """Where a function stands, and under which name."""
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    return function.name, lines_of(function), decorators, ast.unparse(function.args), [holder.name for holder in scope]


def reduced(tree: ast.Module, functions: list[tuple[ast.FunctionDef, Scope]]) -> ast.Module:
    """A module with these functions only. It is compiled and never run, so that a class needs no more than its name."""
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    body: list[ast.stmt] = [*future]
    for function, scope in functions:
        held: ast.stmt = function
        for holder in reversed(scope):
            bare = {**syntax.fields(holder), "bases": [], "keywords": [], "decorator_list": [], "body": [held]}
            held = syntax.place(ast.ClassDef(**bare), holder)
        body.append(held)
    return ast.Module(body, [])
