"""One offline HTML document: templates that escape what they are given, the colours of both themes, and a strict policy."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from microgradnp.drawing.svg import DARK, DARK_KINDS, LIGHT, LIGHT_KINDS
from microgradnp.viewer.heat import level_colors

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = "page"  # of templates, styles and scripts, in this package and in those that add to it


def document(template: str, scripts: Iterable[str], *packages: str, before: Iterable[str] = (), **values: Any) -> str:
    """A whole document, filled in from a template that extends `base.html`. The texts of `before` stand before its scripts.

    The policy in its head tells the browser to load nothing, and to run these scripts and no other.
    """
    from markupsafe import Markup

    asset: Any = templates(*packages).globals["asset"]
    script = squeezed('"use strict";\n(() => {\n' + "\n".join([*before, *map(asset, scripts)]) + "})();\n")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data: blob:"
    return filled(template, *packages, policy=policy, script=Markup(script), **values)


def shortened(name: str, text: str) -> str:
    """A style without needless spaces; anything else as it is."""
    return re.sub(r"(\s*([{};,])|(:))\s+|\s+([{};,])", r"\2\3\4", text) if name.endswith(".css") else text


COMMENT = re.compile(r"^// .*|\s+// [^'\"`]*$")
QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)""")
SUM = re.compile(r"(?<![+-]) ([+/%-]) (?![+-])")  # not `a - -b`
LEFT_AS_IT_IS = re.compile(r"/[^\s/]|`.*`.*`")  # perhaps a regular expression; templates that may stand in each other


def squeezed(script: str) -> str:
    """A script without indentation, empty lines, comments and needless spaces. No text in it goes over several lines."""
    lines = (tight(COMMENT.sub("", line).strip()) for line in script.splitlines())
    return "".join(f"{line}\n" for line in lines if line)


def tight(line: str) -> str:
    """A line without spaces around signs.

    >>> tight('const f = (a, b) => { return a + " = " + b; };')
    'const f=(a,b)=>{return a+" = "+b;};'
    """
    if LEFT_AS_IT_IS.search(line):
        return line
    parts = QUOTED.split(line)
    parts[::2] = [SUM.sub(r"\1", re.sub(r"\s*([{}()\[\];,=<>?:&|!*])\s*", r"\1", part)) for part in parts[::2]]
    return "".join(parts)


def filled(template: str, *packages: str, **values: Any) -> str:
    """A template of these packages or of this one, with values filled in. Jinja escapes every value."""
    text = templates(*packages).get_template(template).render(values)
    return text.encode("utf-8", "replace").decode()  # a lone surrogate cannot be written to a file


@functools.cache
def templates(*packages: str) -> Environment:
    """The environment of Jinja. Templates call `asset(name)` for a style or a script as it stands in its file."""
    import jinja2
    from markupsafe import Markup

    loader = jinja2.ChoiceLoader([jinja2.PackageLoader(package, FOLDER) for package in (*packages, __package__)])
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {
        "asset": lambda name: Markup(shortened(name, loader.get_source(environment, name)[0])),
        "theme_colors": theme_colors(),
        "level_colors": level_colors(),
    }
    return environment


def theme_colors() -> dict[str, tuple[str, str]]:
    """Name -> (colour on a light page, colour on a dark one). These are the colours of the graph's pictures."""
    colors = {name: (light, DARK[name]) for name, light in LIGHT.items()}
    for kind, (fill, line) in LIGHT_KINDS.items():
        dark_fill, dark_line = DARK_KINDS[kind]
        colors |= {f"{kind}-fill": (fill, dark_fill), f"{kind}-line": (line, dark_line)}
    return colors
