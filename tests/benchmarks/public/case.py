"""How a public program is described: its files, a small training call, its loss, and the mistakes to put into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

# a module that has every function
ANYTHING = """def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *args, **kwargs: None
"""


@dataclass
class Call:
    """One small training call of a program, and the model as a loss.

    `point` holds the arguments of the loss. `after(result)` returns what the call did to each parameter: its
    hand-written gradient, or how far it moved.
    """

    train: Callable[..., Any]
    loss: Callable[..., Any]
    point: dict[str, Any]
    after: Callable[[Any], dict[str, Any]]
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    bind: Mapping[str, str] | None = None
    step: int = 0
    once: Mapping[str, Any] = field(default_factory=dict)  # keyword arguments with which the call is one step


@dataclass
class Edit:
    """Replaces the first match of the pattern `find` in one line, or moves the line to a comment or empty line `to`."""

    line: int
    find: str = ""
    put: str = ""
    file: str | None = None
    to: int = 0

    def __call__(self, text: str) -> str:
        lines = text.split("\n")
        if self.to:
            if lines[self.to - 1].strip()[:1] not in ("", "#"):
                raise ValueError(f"line {self.to} is neither empty nor a comment")
            lines[self.to - 1], lines[self.line - 1] = lines[self.line - 1], ""
            return "\n".join(lines)
        new, count = re.subn(self.find, lambda match: match.expand(self.put), lines[self.line - 1], count=1)
        if not count or new == lines[self.line - 1]:
            raise ValueError(f"line {self.line} has no {self.find!r}: {lines[self.line - 1]!r}")
        return "\n".join([*lines[: self.line - 1], *new.split("\n"), *lines[self.line :]])


@dataclass
class Mistake:
    """One or more edits that make gradients wrong, the names its cause may be given, and the lines to blame."""

    edits: tuple[Edit, ...]
    causes: tuple[str, ...]
    lines: tuple[int, ...]
    drawn: bool = False  # at random: it may be no program, or no mistake


def mistake(line: int, find: str, put: str, *causes: str, file: str | None = None, blame: tuple[int, ...] = ()) -> Mistake:
    if "gradient_accumulated_across_steps" in causes and (find, put) == (r"\+=", "="):
        causes = (*causes, "gradient_overwritten")  # the debugger's own name for it, which those who described it did not know
    return Mistake((Edit(line, find, put, file),), causes, (line, *blame))


def moved(line: int, to: int, *causes: str, file: str | None = None, blame: tuple[int, ...] = ()) -> Mistake:
    return Mistake((Edit(line, file=file, to=to),), causes, (to, *blame))


def two(first: Mistake, second: Mistake) -> Mistake:
    """Two mistakes at once; either may be named first."""
    return Mistake(first.edits + second.edits, first.causes + second.causes, first.lines + second.lines)


@dataclass
class Program:
    """A program of a public repository.

    keep: the lines of the main file that are used. The others become empty, so that line numbers stay.
    until: the last line of other files.
    head, foot: lines before and after the last kept lines, which then are indented: they make a function of a script.
    harmless: edits, one at a time, that leave a right program right: another form, or one factor for all gradients.
    adaptive: `after` holds steps that are not in proportion to gradients; they are not compared with differences.
    clipped: one norm of all gradients clips them; a wrong one scales the others, so only their directions count.
    always: edits without which the program cannot run.
    mend: edits that make a program right which is published wrong; `published` are the causes, `blame` the lines of that.
    stubs: modules that it imports and does not need.
    backward: the lines of the backward pass by file, for mistakes that are drawn at random.
    group: the set it belongs to. Those of `fresh`, `later`, `last`, `newest`, `eighth`, `ninth`, `tenth` and `eleventh` were
        described by people who had not seen the debugger; those of `last` were chosen and are scored after all others, then
        `newest` to `eleventh`.
    """

    repository: str
    file: str
    build: Callable[[ModuleType, np.random.Generator], Call]
    mistakes: tuple[Mistake, ...]
    harmless: tuple[Edit, ...] = ()
    adaptive: bool = False
    clipped: bool = False
    more: tuple[str, ...] = ()
    keep: tuple[tuple[int, int], ...] = ()
    until: Mapping[str, int] = field(default_factory=dict)
    head: str = ""
    foot: str = ""
    mend: tuple[Edit, ...] = ()
    published: tuple[str, ...] = ()
    blame: tuple[int, ...] = ()
    always: tuple[Edit, ...] = ()
    root: str = ""
    stubs: Mapping[str, str] = field(default_factory=dict)
    backward: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    name: str = ""
    group: str = "unseen"
