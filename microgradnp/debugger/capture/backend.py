"""Line events of the user's frames: `sys.monitoring` on Python 3.12 and later, `sys.settrace` on 3.11. Chosen here only."""

from __future__ import annotations

import ast
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any, Protocol

from microgradnp.core import origin

STANDARD_LIBRARY = (os.path.dirname(str(ast.__file__)) + os.sep,)
HIDDEN = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<lambda>")  # part of the statement that holds them

running: ContextVar[bool] = ContextVar("running", default=False)  # whether the user's code is run by the debugger just now


class Listener(Protocol):
    """What wants to hear of line events."""

    def wants(self, code: CodeType) -> bool: ...

    def on_call(self, frame: FrameType) -> None: ...

    def on_line(self, frame: FrameType, line: int) -> None: ...

    def on_return(self, frame: FrameType, value: Any) -> None: ...


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Deliver the events of this thread to `listener`; whatever was tracing before traces again afterwards."""
    use = monitoring if sys.version_info >= (3, 12) else settrace
    token = running.set(True)
    try:
        with use(listener):
            yield
    finally:
        running.reset(token)


@contextlib.contextmanager
def settrace(listener: Listener) -> Iterator[None]:
    """Deliver the events by a trace function of Python 3.11; the one before is put back."""
    earlier = sys.gettrace()

    def local(frame: FrameType, event: str, value: Any) -> Callable[..., Any]:
        if event == "line":
            listener.on_line(frame, frame.f_lineno)
        elif event == "return":
            listener.on_return(frame, value)
        return local

    def entered(frame: FrameType, event: str, _value: Any) -> Callable[..., Any] | None:
        if event != "call" or not listener.wants(frame.f_code):
            return None
        listener.on_call(frame)
        return local

    sys.settrace(entered)
    try:
        yield
    finally:
        sys.settrace(earlier)


@contextlib.contextmanager
def monitoring(listener: Listener) -> Iterator[None]:
    """The same through PEP 669, under a tool id of our own, so that coverage tools and debuggers stay undisturbed.

    Lines and returns are heard of in the wanted code objects only; the start of all others is switched off on first sight.
    """
    events: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    tool = next(number for number in (3, 4, 1, 0, 2, 5) if events.get_tool(number) is None)
    kinds = events.events
    frames: list[FrameType] = []
    touched: set[CodeType] = set()
    thread = threading.get_ident()

    def started(code: CodeType, _offset: int) -> Any:
        if not is_user_code(code):
            return events.DISABLE
        if threading.get_ident() != thread or not listener.wants(code):
            return None
        if code not in touched:
            touched.add(code)
            events.set_local_events(tool, code, kinds.LINE | kinds.PY_RETURN)
        frame = sys._getframe(1)
        frames.append(frame)
        listener.on_call(frame)
        return None

    def line(_code: CodeType, number: int) -> None:
        frame = sys._getframe(1)
        if frames and frames[-1] is frame:
            listener.on_line(frame, number)

    def returned(_code: CodeType, _offset: int, value: Any) -> None:
        frame = sys._getframe(1)
        if frames and frames[-1] is frame:
            frames.pop()
            listener.on_return(frame, value)

    def unwound(_code: CodeType, _offset: int, _error: BaseException) -> None:
        if frames and frames[-1] is sys._getframe(1):
            listener.on_return(frames.pop(), None)

    calls = {kinds.PY_START: started, kinds.LINE: line, kinds.PY_RETURN: returned, kinds.PY_UNWIND: unwound}
    events.use_tool_id(tool, "microgradnp.debugger")
    try:
        for kind, call in calls.items():
            events.register_callback(tool, kind, call)
        events.set_events(tool, kinds.PY_START | kinds.PY_UNWIND)
        yield
    finally:
        events.set_events(tool, 0)
        for code in touched:
            events.set_local_events(tool, code, 0)
        for kind in calls:
            events.register_callback(tool, kind, None)
        events.free_tool_id(tool)


def is_user_code(code: CodeType) -> bool:
    """The user's files only: not this package, NumPy, site-packages, the standard library or frozen modules."""
    file = code.co_filename
    if code.co_name in HIDDEN or origin.internal[file] or file.startswith("<frozen"):
        return False
    if file.startswith(origin.STORY):  # hand-written code that happens to be installed with this package
        return True
    return "site-packages" not in file and "dist-packages" not in file and not file.startswith(STANDARD_LIBRARY)
