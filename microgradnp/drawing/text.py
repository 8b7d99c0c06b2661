"""Text that is safe to draw: one printable line that fits into its room.

Boxes are set in a monospaced font, so their width is known without measuring. A character takes one cell, or two when it is East
Asian or an emoji.
"""

from __future__ import annotations

import unicodedata

SEEN = 2000  # characters of a text that are read; much less is drawn


def clean(text: object) -> str:
    """The text as one line. White space becomes single spaces, and a character that cannot be printed becomes U+FFFD."""
    line = " ".join(str(text)[:SEEN].split())
    return line if line.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in line)


def cells(text: str) -> int:
    """Width of a clean text in a monospaced font, in cells."""
    return len(text) if text.isascii() else sum(cells_of(c) for c in text)


def cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: object, room: int) -> str:
    """Clean text of at most `room` cells. An ellipsis stands for the rest.

    >>> shorten("W_hidden_to_output", 10)
    'W_hidden_…'
    """
    line = clean(text)
    if cells(line) <= room:
        return line
    kept = taken = 0
    for character in line:
        taken += cells_of(character)
        if taken > room - 1:
            break
        kept += 1
    return line[:kept].rstrip() + "…"
