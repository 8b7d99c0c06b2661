"""Where in the source a recorded operation stands: its expression, with line and column, and the statement around it."""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from typing import Any


@dataclass(eq=False, frozen=True, slots=True)
class Statement:
    """One statement of the user's source. `target` is the text that it assigns to, `position` its place among those of a line."""

    file: str
    function: str
    line: int
    column: int
    end_line: int
    end_column: int
    position: int
    target: str | None

    @property
    def text(self) -> str:
        return segment(self.file, self.line, self.column, self.end_line, self.end_column)


@dataclass(eq=False, slots=True)
class Site:
    """One expression of the user's source that is recorded. Columns count UTF-8 bytes, as in the `ast` module."""

    kind: str  # "binary", "call", "item", ...: how the expression is recorded
    statement: Statement
    line: int
    column: int
    end_line: int
    end_column: int
    function: Any = None  # the operator, or what else the kind needs
    target: str | None = None  # the variable, attribute or key that the value is stored in
    inner: tuple[Site | None, ...] = ()  # the operands that are recorded expressions themselves
    outer: Site | None = None  # the operation that reads the value

    @property
    def file(self) -> str:
        return self.statement.file

    @property
    def text(self) -> str:
        return segment(self.file, self.line, self.column, self.end_line, self.end_column)

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column + 1}: {self.text}"


def segment(file: str, line: int, column: int, end_line: int, end_column: int) -> str:
    """The source text between two positions."""
    lines = [linecache.getline(file, number).encode() for number in range(line, end_line + 1)]
    if not lines:
        return ""
    lines[-1] = lines[-1][:end_column]
    lines[0] = lines[0][column:]
    return b"".join(lines).decode(errors="replace").strip()
