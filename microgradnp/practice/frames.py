"""What a function has in its variables when it ends, also when it ends with an exception."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Seen:
    """The result of a call, its exception, its variables when it ended, and the line that it ended at."""

    result: Any = None
    error: Exception | SystemExit | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    line: int = 0


def variables_after(function: Callable[..., Any], arguments: Sequence[Any]) -> Seen:
    """Call a function, and look at its variables when it ends."""
    seen = Seen()
    code, outer = function.__code__, sys.getprofile()

    def look(frame: Any, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            seen.variables, seen.line = dict(frame.f_locals), frame.f_lineno

    sys.setprofile(look)
    try:
        seen.result = function(*arguments)
    except (Exception, SystemExit) as error:  # a function that calls exit() has not ended well
        seen.error = error
    finally:
        sys.setprofile(outer)
    return seen
