"""The one file: markup, style, script and data together. It loads nothing, and the browser is told to let it load nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from importlib import resources
from typing import Any

from microgradnp.drawing.svg import DARK, DARK_KINDS, LIGHT, LIGHT_KINDS
from microgradnp.viewer.contents import Json
from microgradnp.viewer.dense import dense

SCRIPTS = ("state", "visible", "layered", "rooms", "heat", "scene", "lane", "marks", "panel", "replay", "table", "main")
FOLDER = resources.files(__package__).joinpath("page")


def html_of(data: Json) -> str:
    """The page. Text of the user's stands in JSON only, where `<` is written `\\u003c`, and reaches the screen as text."""
    script = "\n".join(dense(asset(f"{name}.js")) for name in SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}\n}})();\n'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data: blob:"
    parts = {
        "policy": escape(policy),
        "title": escape(f"{data['title'][:80]}: computation graph"),
        "style": style(),
        "data": safe_json(data),
        "script": script,
    }
    page = asset("page.html")
    for name in ("policy", "title", "style", "script", "data"):  # the user's text last: what stands in it is not filled in
        before, after = page.split(f"<!--{name}-->", 1)
        page = before + parts[name] + after
    return page


def asset(name: str) -> str:
    return FOLDER.joinpath(name).read_text(encoding="utf-8")


def safe_json(data: Any) -> str:
    """JSON that ends no element, opens no comment, and ends no line of a script."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "replace").decode()  # a lone surrogate has no place in a file


def style() -> str:
    """The colours of the graph's pictures, of both themes at once, and the rules of the page."""
    pairs = {name: (color, DARK[name]) for name, color in LIGHT.items()}
    for kind, (fill, line) in LIGHT_KINDS.items():
        pairs[f"{kind}-fill"], pairs[f"{kind}-line"] = (fill, DARK_KINDS[kind][0]), (line, DARK_KINDS[kind][1])
    variables = "".join(f"--{name}:light-dark({light},{dark});" for name, (light, dark) in pairs.items())
    return f":root{{{variables}}}\n" + re.sub(r"\s*([{};,])\s*|\s+(?=\s)", r"\1", asset("page.css"))
