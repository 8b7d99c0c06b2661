"""An edit as a change of the source text: the user's lines stay as they are, but for the part that is exchanged."""

from __future__ import annotations

import ast
import dataclasses
import itertools
from typing import Any

from microgradnp.debugger.repair.edits import Edit


@dataclasses.dataclass(frozen=True)
class Change:
    """One line of a file, before and after. For a moved statement `new` says what to do."""

    file: str
    line: int
    old: str
    new: str
    before: str  # the source before this change
    after: str


def change_of(file: str, text: str, tree: ast.Module, edit: Edit) -> Change | None:
    """The change that an edit makes to a text. None where the result is no program."""
    edit.apply()
    try:
        whole = ast.unparse(tree)
        wanted = ast.dump(ast.parse(whole))
    except (SyntaxError, ValueError, AttributeError, TypeError, RecursionError):
        return None
    finally:
        edit.undo()
    node = edit.node
    made = whole
    for trial in texts(text, edit):
        try:
            if ast.dump(ast.parse(trial)) == wanted:
                made = trial
                break
        except SyntaxError:
            continue
    line = edit.line if isinstance(node, list) else getattr(node, "lineno", edit.line)
    old = text.split("\n")[line - 1].strip()
    if edit.kind == "order":
        new = edit.new
    elif made is whole:
        new = f"{edit.old} -> {edit.new}"
    else:
        new = made.split("\n")[line - 1].strip()
    return Change(file, line, old, new, text, made)


def texts(text: str, edit: Edit) -> list[str]:
    """The text with an edit, written in the ways that may mean what it should."""
    node = edit.node
    if isinstance(node, list):
        return moved(text, node, edit.replacement)
    new = edit.new if not isinstance(node, ast.stmt) else ast.unparse(edit.replacement)
    forms = [new] if isinstance(node, ast.stmt) else [new, f"({new})"]
    lines = [line.encode() for line in text.split("\n")]
    head = b"\n".join([*lines[: node.lineno - 1], lines[node.lineno - 1][: node.col_offset]])
    tail = b"\n".join([lines[node.end_lineno - 1][node.end_col_offset :], *lines[node.end_lineno :]])
    return [(head + form.encode() + tail).decode() for form in forms]


def moved(text: str, block: list[Any], changed: list[Any]) -> list[str]:
    """The text with the statements of a block in another order. Comments above a statement move with it."""
    if any(node not in block for node in changed):
        return []
    lines = text.split("\n")
    if any(a.end_lineno >= b.lineno for a, b in itertools.pairwise(block)):
        return []
    starts = [block[0].lineno, *[a.end_lineno + 1 for a in block[:-1]]]
    parts = {id(node): lines[start - 1 : node.end_lineno] for node, start in zip(block, starts, strict=True)}
    middle = [line for node in changed for line in parts[id(node)]]
    return ["\n".join([*lines[: starts[0] - 1], *middle, *lines[block[-1].end_lineno :]])]
