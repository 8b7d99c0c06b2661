"""Our script without what only its readers need: comments, indentation, and spaces beside signs.

Minifiers that work on white space alone take template literals in each other for code, and change the words in them; those that
parse need Node. This one knows strings and templates, leaves both as they are, and keeps the ends of lines. The script has no
regular expressions as literals, which look like divisions: a test holds that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

STRING = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
COMMENT = re.compile(r" *//.*")
SIGN = re.compile(r" *([{}()\[\];,<>=!?:&|*%/]) *")


def dense(script: str) -> str:
    """The same script, shorter.

    >>> dense("f(a, 'b, c');  // says")
    "f(a,'b, c');"
    """
    text = "".join(part if literal else SIGN.sub(r"\1", COMMENT.sub("", part)) for part, literal in parts(script))
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def parts(script: str) -> Iterator[tuple[str, bool]]:
    """(text, is it a literal?) from beginning to end."""
    start = i = 0
    while i < len(script):
        if script.startswith("//", i):
            end = script.find("\n", i)
            i = end if end >= 0 else len(script)
        elif script[i] in "\"'`":
            end = end_of_template(script, i) if script[i] == "`" else end_of_string(script, i)
            yield script[start:i], False
            yield script[i:end], True
            start = i = end
        else:
            i += 1
    yield script[start:], False


def end_of_string(script: str, start: int) -> int:
    found = STRING.match(script, start)
    if found is None:
        raise ValueError(f"a string does not end: {script[start : start + 40]!r}")
    return found.end()


def end_of_template(script: str, start: int) -> int:
    """Behind a template literal, with whatever templates and code stand in it."""
    inside, i = ["`"], start + 1
    while inside:
        if script[i] == "\\":
            i += 1
        elif script[i] == "`":
            inside.pop() if inside[-1] == "`" else inside.append("`")
        elif inside[-1] == "`":
            if script.startswith("${", i):
                inside.append("{")
                i += 1
        elif script[i] in "\"'":
            i = end_of_string(script, i) - 1
        elif script[i] == "{":
            inside.append("{")
        elif script[i] == "}":
            inside.pop()
        i += 1
    return i
