"""The moment when an answer has to be there. Long work of the debugger's own looks at it, and ends when it is past."""

from __future__ import annotations

import contextlib
import math
import time as clock
from collections.abc import Iterator

end = math.inf  # of the thread's clock


class OutOfTimeError(BaseException):
    """The budget is used up. No `except Exception` may take this for an answer."""


@contextlib.contextmanager
def alarm(until: float) -> Iterator[None]:
    """While this lasts, work ends when the thread's clock shows `until`, or earlier where an outer alarm says so."""
    global end
    before, end = end, min(end, until)
    try:
        yield
    finally:
        end = before


def left() -> float:
    """The seconds before the alarm; never less than none."""
    return max(0.0, end - clock.thread_time())


def look() -> None:
    """Raise OutOfTimeError after the moment of the alarm."""
    if end < math.inf and clock.thread_time() > end:
        raise OutOfTimeError
