"""The page of a graph as one file: markup, style, script and data together."""

from __future__ import annotations

import json
from typing import Any

from microgradnp.viewer.contents import Json
from microgradnp.viewer.document import document

SCRIPTS = (
    *("state", "visible", "layered", "rooms", "rows", "heat", "scene", "lane", "marks", "panel", "cells", "replay", "table"),
    "main",
)


def html_of(data: Json) -> str:
    """The page. The user's text is in the JSON alone, and the script shows it as text."""
    from markupsafe import Markup

    title = f"{data['title'][:80]}: computation graph"
    return document("page.html", [f"{name}.js" for name in SCRIPTS], title=title, data=Markup(safe_json(data)))


def safe_json(data: Any) -> str:
    """JSON for a script element: its text closes no element, opens no comment, and ends no line of a script."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
