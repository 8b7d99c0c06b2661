"""`with mg.watch(loss):` checks the hand-written code of a script or a notebook cell that is no function."""

from __future__ import annotations

import ast
import contextlib
import copy
import sys
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from types import CodeType, FrameType, TracebackType
from typing import Any

from microgradnp.debugger.capture.fresh import Fresh, Inputs
from microgradnp.debugger.capture.program import Program, seeded
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.debug import ask
from microgradnp.debugger.record.outside import aside
from microgradnp.debugger.record.world import Call, copies
from microgradnp.debugger.report.report import Report


def watch(loss: Callable[..., Any], bind: Mapping[str, str] | None = None, step: int = 0, budget: float = 5.0) -> Watch:
    """Check the backprop inside a `with` block: `with mg.watch(loss) as w: ...`, then `print(w.report)`.

    The block runs as it stands. When it is over, its source is run again, as often as needed, on copies of the variables that
    it started with, just as `debug` runs a function. Files that it writes are written again; variables, arrays and random
    state are put back.

    Parameters
    ----------
    loss : callable
        The same model as a plain NumPy loss, a scalar: `loss(x, y, W1, ...)`.
    bind : mapping of str to str
        Argument of `loss` -> expression in the block or in a function that it calls, for what is called otherwise.
    step : int
        The optimisation step to look at, counted from 0.
    budget : float
        Seconds after which the best answer so far is given.

    Raises
    ------
    RuntimeError
        On entry when the block's source cannot be read (a plain interactive prompt), or holds `return`, `yield` or a `break`
        that leaves it: move the code to a function then, and use `debug`.
    BindingError, ModelError
        On leaving the block, as `debug` raises them.

    The block's arrays may have any shape.

    >>> with mg.watch(lambda x, W: np.sum((x @ W) ** 2)) as w:  # doctest: +SKIP
    ...     dW = 2 * x.T @ (x @ W)
    >>> print(w.report)  # doctest: +SKIP
    """
    return Watch(loss, dict(bind or {}), step, budget, sys._getframe(1))


class Watch:
    """The block that is watched; `report` is there when it is over. Shows as the report."""

    def __init__(self, loss: Callable[..., Any], bind: dict[str, str], step: int, budget: float, frame: FrameType) -> None:
        self.loss = loss
        self.bind = bind
        self.step = step
        self.budget = budget
        self.frame: FrameType | None = frame
        self.report: Report | None = None

    def __enter__(self) -> Watch:
        assert self.frame is not None
        self.block = Block(self.frame)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.frame = None
        if kind is None:
            self.report = ask(self.block, self.loss, self.bind, self.step, self.budget)

    def __str__(self) -> str:
        return str(self.report) if self.report else "watch: the block is not over, or ended with an error"

    def _repr_html_(self) -> str:
        return self.report._repr_html_() if self.report else str(self)


class Block(Program):
    """The body of a `with` statement, run again on copies of the variables that it started with."""

    def __init__(self, frame: FrameType) -> None:
        self.name = "the watched block"
        self.filename = frame.f_code.co_filename
        self.line, body = body_of(frame)
        self.code = compile_body(body, self.filename)
        self.globals = frame.f_globals
        local = {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)
        self.inside = bool(local) or frame.f_locals is not frame.f_globals
        self.start = copies((data_of(frame.f_globals), data_of(local)))
        self.known = set(frame.f_globals)
        self.local = local
        self.args, self.kwargs = (), {}

    @property
    def file(self) -> str:
        """The file that the block is written in."""
        return self.filename

    @property
    def is_script(self) -> bool:
        """False: a block is never a whole file."""
        return False

    def with_fewer_samples(self, length: int, count: int, known: Collection[bytes]) -> Program:  # noqa: ARG002
        """A block makes its own data; it is run as it is."""
        return self

    @contextlib.contextmanager
    def world(self, inputs: Inputs) -> Iterator[Call]:
        """A call of the block on copies of its variables."""
        fresh_globals, fresh_locals = copies(self.start)
        if inputs.seed:
            fresh = Fresh(inputs)
            fresh_globals, fresh_locals = (
                {name: fresh.of(v) for name, v in part.items()} for part in (fresh_globals, fresh_locals)
            )
        with self.as_it_began(fresh_globals, fresh_locals) as namespace, aside() as kept_back, seeded(inputs.seed):
            yield Call(lambda: exec(self.code, namespace), {}, kept_back)

    @contextlib.contextmanager
    def recordable(self) -> Iterator[tuple[Callable[..., Any], int]]:
        """The block as a function, and its first line."""
        with self.as_it_began(*copies(self.start)) as namespace:
            yield types.FunctionType(self.code, namespace, "block"), self.line

    @contextlib.contextmanager
    def as_it_began(self, fresh_globals: dict[str, Any], fresh_locals: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """While this lasts, the variables are as they were before the block: what it has made is gone, and comes back."""
        saved = dict(self.globals)
        for name in self.globals.keys() - self.known:
            del self.globals[name]
        self.globals.update(fresh_globals)
        try:
            yield {**self.globals, **self.local, **fresh_locals} if self.inside else self.globals
        finally:
            self.globals.clear()
            self.globals.update(saved)

    @contextlib.contextmanager
    def edited(self, functions: list[types.FunctionType], changed: ast.Module, file: str) -> Iterator[None]:
        """While this lasts, the block runs the changed code."""
        own = next((n for n in ast.walk(changed) if isinstance(n, ast.With) and n.lineno == self.line), None)
        if own is None or file != self.filename:
            with super().edited(functions, changed, file):
                yield
            return
        earlier = self.code
        self.code = compile_body(own.body, file)
        try:
            yield
        finally:
            self.code = earlier


def data_of(variables: dict[str, Any]) -> dict[str, Any]:
    """What a block may change: everything but modules, functions, classes and names that begin with two underscores."""
    skip = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type, Watch, types.FrameType)
    found = {}
    for name, value in variables.items():
        if name.startswith("__") or isinstance(value, skip):
            continue
        with contextlib.suppress(Exception):  # what cannot be copied is shared
            copy.deepcopy(value)
            found[name] = value
    return found


def body_of(frame: FrameType) -> tuple[int, list[ast.stmt]]:
    """(line, statements) of the `with` statement that a frame is entering."""
    source = source_of(frame.f_code.co_filename)
    if source is None:
        raise RuntimeError(
            "watch: the source of this block cannot be read. Put the code into a file or a notebook cell, "
            "or into a function for mg.debug"
        )
    around = [n for n in ast.walk(source.tree) if isinstance(n, ast.With) and n.lineno <= frame.f_lineno < n.body[0].lineno + 1]
    if not around:
        raise RuntimeError("watch: use it as `with mg.watch(loss) as w:` around the hand-written code")
    own = max(around, key=lambda n: n.lineno)
    return own.lineno, own.body


def compile_body(body: list[ast.stmt], file: str) -> CodeType:
    try:
        return compile(ast.Module(body, []), file, "exec")
    except SyntaxError as error:
        raise RuntimeError(
            f"watch: line {error.lineno}: {error.msg}: the block cannot be run again by itself. "
            "Move it into a function, and use mg.debug"
        ) from None
