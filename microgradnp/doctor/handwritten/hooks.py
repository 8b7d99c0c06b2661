"""The user's loops with a hook at the head of each iteration. Everything else runs at its own speed."""

from __future__ import annotations

import ast
import contextlib
import copy
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.capture.bind import Binder, Readers, Wanted
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.values import as_array
from microgradnp.debugger.record import world
from microgradnp.debugger.record.calls import is_user_file

HOOK, SEE = "__doctor_looks__", "__doctor_sees__"
RETURNED = 10**6  # the number with which the end of a function calls `look`
Look = Callable[[int, FrameType], None]
See = Callable[[Any], Any]


class Loop(NamedTuple):
    """A loop of the user's code."""

    file: str
    line: int


class EnoughError(BaseException):
    """Raised by a hook to end the user's run. `except Exception` of the user does not catch it."""


def loops_of(program: Program) -> list[Loop]:
    """All loops in the files of the functions that the program reaches, in order."""
    found = []
    for file in files_of(program):
        source = source_of(file)
        lines = [n.lineno for n in ast.walk(source.tree) if isinstance(n, (ast.For, ast.While))] if source else []
        found += [Loop(file, line) for line in sorted(set(lines))]
    return found


def around(loop: Loop) -> Loop:
    """The outermost loop of the same function that a loop stands in; the loop itself where it stands in none."""
    source = source_of(loop.file)
    for top in ast.walk(source.tree) if source else []:
        if (
            isinstance(top, (ast.For, ast.While))
            and top.lineno < loop.line
            and any(isinstance(n, (ast.For, ast.While)) and n.lineno == loop.line for n in within(top))
        ):
            return Loop(loop.file, top.lineno)
    return loop


def within(node: ast.AST) -> Iterator[ast.AST]:
    """All that stands inside of a statement, but for functions that are defined there."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield child
            yield from within(child)


def counts(loop: Loop, variables: dict[str, Any]) -> bool:
    """Whether a loop ends after a number of turns: a `for`, or a `while` whose condition compares whole numbers."""
    source = source_of(loop.file)
    for node in ast.walk(source.tree) if source else []:
        if isinstance(node, ast.While) and node.lineno == loop.line:
            names = [n.id for n in ast.walk(node.test) if isinstance(n, ast.Name)]
            return all(isinstance(variables.get(name, 0), int) for name in names)
    return True


def files_of(program: Program) -> list[str]:
    """The files of the user's functions, the program's own first."""
    others = {f.__code__.co_filename for f in program.reached.functions.values()} - {program.file}
    return [program.file, *sorted(others)]


@contextlib.contextmanager
def hooked(
    program: Program, look: Look, only: set[Loop] | None = None, see: See | None = None, inside: bool = False
) -> Iterator[None]:
    """While this lasts, each turn of the loops, of all or of these, calls `look(number of the loop, frame)`.

    A loop that was used up, and not left by `break` or `return`, calls `look(-1 - number, frame)`. Where `see` is given, it
    gets every value that the code reads. With `inside`, each function that ends calls `look(RETURNED, frame)`.
    """
    loops = loops_of(program)
    numbers = {loop: k for k, loop in enumerate(loops) if only is None or loop in only}

    def hook(number: int) -> None:
        look(number, sys._getframe(1))

    with contextlib.ExitStack() as stack:
        for file in files_of(program):
            source = source_of(file)
            if source is None or not (see or inside or any(loop.file == file for loop in numbers)):
                continue
            tree = copy.deepcopy(source.tree)
            tree = Hooking(file, numbers, inside).visit(Seeing().visit(tree) if see else tree)
            functions = [f for f in program.reached.functions.values() if f.__code__.co_filename == file]
            stack.enter_context(program.edited(functions, ast.fix_missing_locations(tree), file))
        for variables in [program.plain.__globals__, *program.reached.modules.values()]:
            for name, own in ((HOOK, hook), (SEE, see)):
                if own is not None and name not in variables:
                    variables[name] = own
                    stack.callback(variables.pop, name, None)
        yield


class Hooking(ast.NodeTransformer):
    """Puts a call of the hook at the head of the body of each loop."""

    def __init__(self, file: str, numbers: dict[Loop, int], inside: bool) -> None:
        self.file, self.numbers, self.inside = file, numbers, inside

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        if self.inside:
            call = ast.Expr(ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(RETURNED)], []))
            node.body = [ast.copy_location(ast.Try(node.body, [], [], [ast.copy_location(call, node)]), node)]
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        return self.with_hook(node)

    def visit_While(self, node: ast.While) -> ast.While:
        return self.with_hook(node)

    def with_hook(self, node: Any) -> Any:
        self.generic_visit(node)
        number = self.numbers.get(Loop(self.file, node.lineno))
        if number is not None:
            call = ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(number)], [])
            node.body.insert(0, ast.copy_location(ast.Expr(call), node.body[0]))
            used_up = ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(-1 - number)], [])
            node.orelse.insert(0, ast.copy_location(ast.Expr(used_up), node))
        return node


class Seeing(ast.NodeTransformer):
    """Puts a call around every name, item, attribute and result that the code reads."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def seen(self, node: Any) -> Any:
        self.generic_visit(node)
        if isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return ast.copy_location(ast.Call(ast.Name(SEE, ast.Load()), [node], []), node)
        return node

    visit_Name = visit_Subscript = visit_Attribute = seen  # noqa: N815  # the names that ast calls

    def visit_Call(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        return ast.copy_location(ast.Call(ast.Name(SEE, ast.Load()), [node], []), node)

    def visit_match_case(self, node: ast.match_case) -> ast.match_case:
        node.body = [self.visit(statement) for statement in node.body]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node


class Reader:
    """Reads the arguments of the model from the user's frames. Outer frames win over inner ones, as in `mg.debug`."""

    def __init__(self, wanted: Wanted) -> None:
        self.binder = Binder(wanted)
        self.readers: dict[CodeType, Readers] = {}
        self.sizes: dict[CodeType, set[int]] = {}

    def values(self, frame: FrameType | None) -> dict[str, Any]:
        """The arguments that the frames around an event hold now, as copies."""
        chain: list[FrameType] = []
        while frame is not None and len(chain) < 30 and frame.f_code.co_filename != world.__file__:  # the program begins there
            if is_user_file(frame.f_code.co_filename):
                chain.append(frame)
            frame = frame.f_back
        best: dict[str, tuple[tuple[int, ...], Any]] = {}
        for depth, here in enumerate(reversed(chain)):
            code, variables = here.f_code, here.f_locals
            if len(variables) not in self.sizes.setdefault(code, set()):
                self.sizes[code].add(len(variables))
                self.readers[code] = self.binder.resolve(here, depth, self.readers.get(code, []))
            for variable, read in self.readers[code]:
                value = read(variables)
                held = None if value is None else plain(value)
                if held is not None and (variable.argument not in best or variable.rank < best[variable.argument][0]):
                    best[variable.argument] = variable.rank, held
        return {argument: value for argument, (_, value) in best.items()}


def plain(value: Any) -> Any:
    """A copy of an array, of nested lists of numbers, or a number; None for anything else."""
    array = as_array(value)
    if array is None:
        return None
    return value if isinstance(value, (bool, int, float)) else np.array(array)
