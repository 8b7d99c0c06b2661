"""The hand-written function with its arguments: run again and again from the same start, or from fresh inputs, or edited.

Nothing of the user's is changed: every run works on copies of all data that the function reaches. Edited code is tried by
exchanging the `__code__` of the functions for the time of a run.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import os
import random
import types
from collections.abc import Callable, Collection, Iterator
from types import CodeType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.fresh import Inputs, varied
from microgradnp.debugger.capture.script import is_script
from microgradnp.debugger.capture.source import Source, source_of
from microgradnp.debugger.capture.values import as_array
from microgradnp.debugger.record import census
from microgradnp.debugger.record.world import Call, World


class Program:
    """A call of the user's function that can be repeated."""

    record_at_once = 0  # so many operations: a shorter record of it said too little
    record_seconds = 0.0  # that the longest record of it took
    other: Program | None = None  # the same call on another number of samples, where they were made fewer

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not callable(function):
            raise TypeError(f"debug: the hand-written code must be a function, got {type(function).__name__}")
        if inspect.isgeneratorfunction(function):
            raise TypeError(
                f"debug: {function.__name__} is a generator, which does nothing when it is called; "
                f"pass a function that runs it: lambda *args: list({function.__name__}(*args))"
            )
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.owner = getattr(function, "__self__", None)
        self.plain = inspect.unwrap(function.__func__ if isinstance(function, types.MethodType) else function)
        if not hasattr(self.plain, "__code__"):
            self.plain = type(function).__call__
            self.owner = function
        self.reached = World(function, args, kwargs)
        self.name = os.path.basename(self.file) if self.is_script else str(getattr(self.plain, "__qualname__", "the code"))

    @property
    def file(self) -> str:
        """The file that the function is written in."""
        return str(self.plain.__code__.co_filename)

    @property
    def is_script(self) -> bool:
        """Whether it is the code of a whole file."""
        return is_script(self.function)

    @property
    def source(self) -> Source | None:
        """The source of that file; None where it cannot be read."""
        return source_of(self.file)

    @contextlib.contextmanager
    def recordable(self) -> Iterator[tuple[Callable[..., Any], int]]:
        """The function for a recorder, and the line of the `with` where it is a watched block, else 0."""
        yield self.function, 0

    def with_fewer_samples(self, length: int, count: int, known: Collection[bytes]) -> Program:
        """The same call on the first `count` of `length` samples. The known parameters stay whole."""
        fewer, fewest = (
            Program(self.function, cut(self.args, length, number, known), cut(self.kwargs, length, number, known))
            for number in (count, count - 1)
        )
        fewer.record_at_once, fewer.record_seconds, fewer.other = self.record_at_once, self.record_seconds, fewest
        return fewer

    @contextlib.contextmanager
    def world(self, inputs: Inputs) -> Iterator[Call]:
        """A call on copies of everything. What the run changes outside of the call is put back afterwards."""
        with self.reached.copied(varied(inputs) if inputs.seed else None) as call, seeded(inputs.seed):
            yield call

    @contextlib.contextmanager
    def edited(self, functions: list[types.FunctionType], changed: ast.Module, file: str) -> Iterator[None]:
        """While this lasts, the program runs with the changed statements of `file`: one of its statements, or a whole script."""
        code = compile(changed, file, "exec")
        if not self.is_script or file != self.file:
            with exchanged(functions, code):
                yield
            return
        earlier, self.plain.__code__ = self.plain.__code__, code
        try:
            yield
        finally:
            self.plain.__code__ = earlier


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Random numbers that are the same in every run with this seed. `aside` puts the user's own random state back."""
    make_rng, set_seed = np.random.default_rng, np.random.seed

    def seeded_rng(given: Any = None, *rest: Any, **options: Any) -> Any:
        return make_rng(shifted(given, seed), *rest, **options)

    def seeded_global(given: Any = None) -> None:
        set_seed(shifted(given, seed))

    try:
        np.random.seed(1234 + seed)  # noqa: NPY002  # the user's code may draw from the global generator
        random.seed(1234 + seed)
        np.random.default_rng, np.random.seed = seeded_rng, seeded_global  # type: ignore[assignment]
        yield
    finally:
        np.random.default_rng, np.random.seed = make_rng, set_seed


def shifted(given: Any, seed: int) -> Any:
    """The seed that the user gave, moved for fresh inputs; a fixed one where none was given."""
    return (given or 0) + 1009 * seed if given is None or isinstance(given, int) else given


def cut(value: Any, length: int, count: int, known: Collection[bytes]) -> Any:
    """The first `count` samples of everything that holds `length` of them and is no parameter; containers are looked into."""
    array = as_array(value)
    if array is not None:
        if not array.ndim or len(array) != length or array.tobytes() in known:
            return value
        return value[:count]
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(cut(item, length, count, known) for item in value)
    if isinstance(value, dict):
        return {name: cut(item, length, count, known) for name, item in value.items()}
    if isinstance(value, list) and len(value) == length:
        return value[:count]
    return value


# --------------------------------------------------------------------------------------------- edited code


def functions_of(codes: set[CodeType]) -> list[types.FunctionType]:
    """The function objects that run these code objects."""
    return [f for f in census.functions_of({code.co_filename for code in codes}) if f.__code__ in codes]


def code_table(code: CodeType, table: dict[tuple[str, int], CodeType]) -> dict[tuple[str, int], CodeType]:
    """(qualified name, first line) -> code object, of everything inside a compiled module."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            table.setdefault((constant.co_qualname, constant.co_firstlineno), constant)
            code_table(constant, table)
    return table


@contextlib.contextmanager
def exchanged(functions: list[types.FunctionType], module: CodeType) -> Iterator[None]:
    """While this lasts, the functions run the code that a changed module has for them."""
    table = code_table(module, {})
    earlier = [(f, f.__code__) for f in functions]
    try:
        for f, code in earlier:
            new = table.get((code.co_qualname, code.co_firstlineno))
            if new is not None and new.co_freevars == code.co_freevars and f.__code__.co_filename == new.co_filename:
                f.__code__ = new
        yield
    finally:
        for f, code in earlier:
            f.__code__ = code
