"""Python source with quiet colours for keywords, text and comments. Source that cannot be parsed stays plain."""

from __future__ import annotations

import io
import keyword
import tokenize

TEXT = {tokenize.STRING} | {
    getattr(tokenize, name) for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END") if hasattr(tokenize, name)
}

Span = tuple[int, int, str]  # first and last column, class
Piece = tuple[str, str]  # text, and its class: "k", "s", "c" or none


def highlight(text: str) -> list[list[Piece]]:
    """The lines of a file in pieces with a class each."""
    lines = text.split("\n")  # as Python counts lines: a form feed ends none
    spans: dict[int, list[Span]] = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = kind_of(token)
            for number in range(token.start[0], token.end[0] + 1) if kind else ():
                start = token.start[1] if number == token.start[0] else 0
                end = token.end[1] if number == token.end[0] else len(lines[number - 1])
                spans.setdefault(number, []).append((start, end, kind))
    except (tokenize.TokenError, SyntaxError, IndexError):
        spans.clear()
    return [pieces(line, spans.get(number, [])) for number, line in enumerate(lines, 1)]


def kind_of(token: tokenize.TokenInfo) -> str:
    """A letter for the class of a token; empty for what is left plain."""
    if token.type == tokenize.COMMENT:
        return "c"
    if token.type in TEXT:
        return "s"
    return "k" if token.type == tokenize.NAME and keyword.iskeyword(token.string) else ""


def pieces(line: str, spans: list[Span]) -> list[Piece]:
    found, at = [], 0
    for start, end, kind in sorted(spans):
        if start < at:  # the columns of an f-string's parts are off where it has doubled braces
            continue
        found += [(line[at:start], ""), (line[start:end], kind)]
        at = end
    found.append((line[at:], ""))
    return [(text, kind) for text, kind in found if text]
