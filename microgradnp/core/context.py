"""Context-local state: whether calls are recorded, which module makes them, and who watches.

Each thread and each task has its own state. Usually it is None, so that recording asks one question and goes on.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token, copy_context
from typing import Any, NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Mode(NamedTuple):
    """How calls are recorded."""

    recording: bool = True
    scope: str | None = None  # path of the module that is being called
    watchers: tuple[Any, ...] = ()  # each has forward(node, rule, args, values, options) and backward(node, position, g, share)
    tracer: Any = None  # the `Trace` that writes a program; no value may be read meanwhile
    paused: tuple[object, ...] = ()  # the `no_grad` blocks that are open


ORDINARY = Mode()
mode: ContextVar[Mode | None] = ContextVar("mode", default=None)  # None means ORDINARY


def current() -> Mode:
    """Return the state of this thread or task."""
    return mode.get() or ORDINARY


def switch(**changes: Any) -> Token[Mode | None]:
    """Change fields of the state until `mode.reset(token)`."""
    new = current()._replace(**changes)
    return mode.set(None if new == ORDINARY else new)


def confined(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator: each call has a copy of the state. Whatever ends the call, Ctrl-C too, the state is as before."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return copy_context().run(function, *args, **kwargs)

    return call


class no_grad(contextlib.ContextDecorator):
    """Context manager and decorator under which nothing is recorded.

    Raises TypeError as a decorator of a generator.

    >>> import microgradnp as mg
    >>> W = mg.Tensor([1.0], requires_grad=True)
    >>> with mg.no_grad():
    ...     y = 2 * W
    >>> y.requires_grad
    False

    A generator that is suspended inside of the block leaves nothing recorded for whoever runs meanwhile, as in PyTorch. Python
    does not tell a block that it is suspended. Close such a generator, or leave the block before `yield`.
    """

    def __call__(self, function: Any) -> Any:
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            late = f"{function.__name__}, whose body runs after the call has returned"
            raise TypeError(f"no_grad cannot decorate {late}; put `with mg.no_grad():` inside it")
        return super().__call__(function)

    def _recreate_cm(self) -> no_grad:  # called by contextlib: each call of a decorated function has its own
        return no_grad()

    def __enter__(self) -> None:
        before, own = mode.get(), object()
        switch(recording=False, paused=(*current().paused, own))
        self.blocks = [*getattr(self, "blocks", ()), (own, before)]

    def __exit__(self, *exception: object) -> None:
        own, before = self.blocks.pop()
        paused = current().paused
        rest = tuple(block for block in paused if block is not own)
        if (*rest, own) == paused and rest == (before or ORDINARY).paused:
            mode.set(before)
        elif own in paused:  # two generators left their blocks in the order in which they entered them
            switch(paused=rest, recording=not rest)
