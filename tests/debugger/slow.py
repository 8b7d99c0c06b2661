"""Work that takes processor time: for tests of what is done where there is too little of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def slow_at_first(function: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    """The function, which takes so much more processor time when it is called first."""
    calls: list[int] = []

    def slow(*args: Any) -> Any:
        calls.append(1)
        end = time.process_time() + (seconds if len(calls) == 1 else 0)
        while time.process_time() < end:
            pass
        return function(*args)

    return slow
