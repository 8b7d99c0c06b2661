"""Colours for reports on a terminal: what is right is green, what is wrong red, what is open yellow, and remarks are dim."""

from __future__ import annotations

import os
import re

import click

STYLES: tuple[tuple[str, dict[str, object]], ...] = (  # what stands at the beginning of a line -> its style
    (r"WRONG\b|First wrong:|SICK\b", {"fg": "red", "bold": True}),
    (r"wrong\b", {"fg": "red"}),
    (r"RIGHT\b|Solved:|HEALTHY\b|AT ITS FLOOR\b|What to do:", {"fg": "green", "bold": True}),
    (r"right\b|agrees\b|fix, (verified|proved)[^:]*:", {"fg": "green"}),
    (r"CANNOT JUDGE\b|NOT CHECKED\b|AGREES TO \d+ DIGITS|Then \(\d+\):|Then:", {"fg": "yellow", "bold": True}),
    (r"cannot judge\b|not checked\b|not judged\b|empty\b|not reached\b", {"fg": "yellow"}),
    (r"(Note|Bound|Called|Levels|Ruled out|Cost):.*|For (a|one more) hint:.*", {"dim": True}),
)


def echo(text: str) -> None:
    """Print a report. A file, a pipe, and a terminal with NO_COLOR set (no-color.org) get plain text."""
    click.echo(painted(text), color=False if os.environ.get("NO_COLOR") else None)


def painted(text: str) -> str:
    """The text with colours."""
    return "\n".join(map(painted_line, text.split("\n")))


def painted_line(line: str) -> str:
    """One line, with its first words in the colour of what they say."""
    indent = line[: len(line) - len(line.lstrip())]
    for pattern, style in STYLES:
        if found := re.match(pattern, line[len(indent) :]):
            return indent + click.style(found[0], **style) + line[len(indent) + found.end() :]  # type: ignore[arg-type]
    return line
