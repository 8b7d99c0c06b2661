"""What holds for all calls of one thread or task: are they recorded, and by which module were they made?"""

from __future__ import annotations

import contextlib
import inspect
from contextvars import ContextVar
from typing import Any

recording: ContextVar[bool] = ContextVar("recording", default=True)
scope: ContextVar[str | None] = ContextVar("scope", default=None)  # path of the module that is being called
tracing: ContextVar[Any] = ContextVar("tracing", default=None)  # who writes a program down, of which no number may be read
watchers: list[Any] = []  # who looks at every result and every gradient, of all threads; empty but while debugging or tracing


class no_grad(contextlib.ContextDecorator):
    """Context manager and decorator under which nothing is recorded.

    >>> import microgradnp as mg
    >>> W = mg.Tensor([1.0], requires_grad=True)
    >>> with mg.no_grad():
    ...     y = 2 * W
    >>> y.requires_grad
    False
    """

    def __call__(self, function: Any) -> Any:
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                f"no_grad cannot decorate {function.__name__}, whose body runs after the call has returned; "
                "put `with mg.no_grad():` inside it"
            )
        return super().__call__(function)

    def _recreate_cm(self) -> no_grad:  # contextlib's hook: each call of a decorated function has its own, also in threads
        return no_grad()

    def __enter__(self) -> None:
        self.tokens = [*getattr(self, "tokens", ()), recording.set(False)]

    def __exit__(self, *exception: object) -> None:
        recording.reset(self.tokens.pop())
