"""Ctrl-C during a training. It is heard at any time, and ends the training where no step is half done."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from microgradnp.training.result import Fit


class Interrupts:
    """While the `with` block lasts, Ctrl-C raises KeyboardInterrupt only inside of `allowed`; elsewhere it is noted in `heard`.

    Signals belong to the main thread, and to those who set a handler of their own: there, nothing is changed.
    """

    def __init__(self) -> None:
        self.heard = False
        self.open = False
        self.before: Any = None

    def __enter__(self) -> Interrupts:
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self.before = signal.signal(signal.SIGINT, self.note)
        return self

    def __exit__(self, *_error: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)

    def note(self, _number: int, _frame: FrameType | None) -> None:
        self.heard = True
        if self.open:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def end(self, result: Fit) -> Iterator[None]:
        """Code that Ctrl-C may end. The result says so."""
        try:
            yield
        except KeyboardInterrupt:
            self.open = False
            result.interrupted, result.reason = True, "interrupted"

    @contextlib.contextmanager
    def allowed(self) -> Iterator[None]:
        """Code that may be interrupted anywhere: it changes nothing that the result of the training consists of."""
        try:
            self.open = True
            if self.heard:
                raise KeyboardInterrupt
            yield
        finally:
            self.open = False
