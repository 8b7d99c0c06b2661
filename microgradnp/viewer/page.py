"""The page of a graph as one file: markup, style, script and data together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from microgradnp.viewer.contents import Json
from microgradnp.viewer.document import document

SCRIPTS = (
    *("state", "visible", "layered", "rooms", "rows", "heat", "scene", "lane", "marks", "panel", "cells", "play", "table"),
)
LIVE_SCRIPTS = ("live", "train", "charts", "layerwise")


def html_of(data: Json, programs: Sequence[str] = (), others: Sequence[Json] = (), by_hand: str = "") -> str:
    """The page. The user's text is in the JSON alone, and the script shows it as text.

    With the programs of its graphs the page computes. `others` are the data of further graphs. `by_hand` is the JavaScript of a
    training step that was written by hand.
    """
    from markupsafe import Markup

    by_line = bool(data.get("code_by_hand"))  # with the hand-written code beside the graph
    title = f"{data['title'][:80]}: {'live ' if programs else ''}computation graph"
    parts = {"replay": "replay" in data, "code": by_line, "beside": by_line}
    names = [*SCRIPTS, *(LIVE_SCRIPTS if programs else ()), *(name for name, is_used in parts.items() if is_used), "main"]
    rows = {"data": Markup(safe_json(data)), "others": [Markup(safe_json(other)) for other in others]}
    return document(
        "page.html",
        [f"{name}.js" for name in names],
        before=[of_programs(programs), by_hand],
        title=title,
        live=bool(programs),
        by_line=by_line,
        **rows,
    )


def of_programs(programs: Sequence[str]) -> str:
    """JavaScript of a list: for each program a function that makes it, for so many samples where it is one for any number."""
    made = ["(rows_) => {\n" + text + "\nreturn run;\n}" for text in programs]
    return f"const PROGRAMS = [{', '.join(made)}];\n" if made else ""


def safe_json(data: Any) -> str:
    """JSON for a script element: its text closes no element, opens no comment, and ends no line of a script."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
