"""An edit as a change of the source text. The user's lines stay as they are, but for those that the edit replaces.

The change is written into the text, and the text is parsed again. So what is shown is what was run.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import itertools
import os
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from microgradnp.debugger.repair.edits import Edit


@dataclasses.dataclass(frozen=True)
class Change:
    """A text before and after an edit. `move` says in words where a statement goes that only changes its place."""

    file: str
    before: str
    after: str
    move: str = ""
    moved: int = 0  # the line of that statement

    @property
    def span(self) -> tuple[int, int, int]:
        """(number of lines before the first that differs, end of the differing lines in `before`, end of them in `after`)."""
        old, new = self.before.split("\n"), self.after.split("\n")
        start = next((k for k, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        rest = min(len(old), len(new)) - start
        same = next((k for k in range(rest) if old[-1 - k] != new[-1 - k]), rest)
        return start, len(old) - same, len(new) - same

    @property
    def line(self) -> int:
        """The first line that is replaced, or the line that moves, counted from 1."""
        return self.moved or self.span[0] + 1

    @property
    def fix(self) -> tuple[int, str, str]:
        """(first line, the lines that are replaced, those in their place). Of a moved statement the words."""
        if self.move:
            return self.moved, self.before.split("\n")[self.moved - 1].strip(), self.move
        start, end, new_end = self.span
        old, new = self.before.split("\n")[start:end], self.after.split("\n")[start:new_end]
        both = textwrap.dedent("\n".join([*old, *new])).split("\n")
        return start + 1, "\n".join(both[: len(old)]).rstrip(), "\n".join(both[len(old) :]).rstrip()

    @property
    def diff(self) -> str:
        """The change as a unified diff, which `patch` can apply."""
        name = os.path.basename(self.file)
        old, new = (re.findall(r".*\n|.+$", text) for text in (self.before, self.after))  # a form feed ends no line
        return "".join(difflib.unified_diff(old, new, name, name, n=1))

    def followed_by(self, later: Change) -> Change:
        """This change and one that was made to its result, as one."""
        return dataclasses.replace(self, after=later.after)

    def onto(self, text: str) -> Change | None:
        """The same change of another text. None where that does not have the lines."""
        start, end, new_end = self.span
        old, new = self.before.split("\n")[start:end], self.after.split("\n")[start:new_end]
        lines = text.split("\n")
        places = [k for k in range(len(lines) - len(old) + 1) if lines[k : k + len(old)] == old]
        if not places:
            return None
        k = min(places, key=lambda k: abs(k - start))
        moved = self.moved + k - start if self.moved else 0
        return dataclasses.replace(self, before=text, after="\n".join([*lines[:k], *new, *lines[k + len(old) :]]), moved=moved)


def change_of(file: str, text: str, tree: ast.Module, edit: Edit) -> Change | None:
    """The change that an edit of a text's syntax tree makes to the text. None where it cannot be written into the text."""
    whole = isinstance(edit.node, list)
    path = path_to(tree, edit.parent)
    edit.apply()
    try:
        wanted = ast.dump(ast.parse(ast.unparse(tree)))
    except (SyntaxError, ValueError, AttributeError, TypeError, RecursionError):
        return None
    finally:
        edit.undo()
    parent = followed(ast.parse(text), path) if path is not None else None
    if parent is None:
        return None
    place = getattr(parent, edit.field)
    trials = moved(text, place, edit) if whole else replaced(text, place if edit.index is None else place[edit.index], edit)
    for trial in trials:
        try:
            if ast.dump(ast.parse(trial)) == wanted:
                return Change(file, text, trial, edit.new if edit.kind == "order" else "", edit.line if whole else 0)
        except SyntaxError:
            continue
    return None


Path = list[tuple[str, int | None]]  # field and position, from the root of a tree to a node


def path_to(tree: ast.AST, node: Any) -> Path | None:
    """The way from the root of a tree to one of its nodes. None where it is not there."""
    todo: list[tuple[Any, Path]] = [(tree, [])]
    while todo:
        current, path = todo.pop()
        if current is node:
            return path
        for name, value in ast.iter_fields(current):
            if isinstance(value, ast.AST):
                todo.append((value, [*path, (name, None)]))
            elif isinstance(value, list):
                todo += [(item, [*path, (name, k)]) for k, item in enumerate(value) if isinstance(item, ast.AST)]
    return None


def followed(tree: Any, path: Path) -> Any:
    """The node at the end of a path. None where the tree has none."""
    node = tree
    for name, k in path:
        node = getattr(node, name, None)
        if k is not None:
            node = node[k] if isinstance(node, list) and k < len(node) else None
    return node


def replaced(text: str, node: Any, edit: Edit) -> Iterator[str]:
    """The text with another expression or statement in the place of a node, with parentheses where they are needed."""
    new = ast.unparse(edit.replacement)
    lines = [line.encode() for line in text.split("\n")]
    first, last = lines[node.lineno - 1], lines[node.end_lineno - 1]
    head = b"\n".join([*lines[: node.lineno - 1], first[: node.col_offset]]).decode()
    tail = b"\n".join([last[node.end_col_offset :], *lines[node.end_lineno :]]).decode()
    if isinstance(node, ast.stmt):
        indent = first[: node.col_offset].decode()
        yield head + new.replace("\n", "\n" + indent) + tail
    else:
        if head.endswith("(") and tail.startswith(")"):
            yield f"{head[:-1]}{new}{tail[1:]}"
        yield head + new + tail
        yield f"{head}({new}){tail}"


def moved(text: str, block: list[Any], edit: Edit) -> Iterator[str]:
    """The text with the statements of a block in another order, or with one that leaves a loop of the block."""
    old, new = edit.node, edit.replacement
    lines = text.split("\n")
    if any(a.end_lineno >= b.lineno for a, b in itertools.pairwise(block)):
        return
    twin = {id(node): other for node, other in zip(old, block, strict=True)}
    coming = [node for node in new if id(node) not in twin]
    if not coming:
        starts = [block[0].lineno, *[a.end_lineno + 1 for a in block[:-1]]]  # comments above a statement move with it
        spans = zip(old, starts, (node.end_lineno for node in block), strict=True)
        parts = {id(node): lines[start - 1 : end] for node, start, end in spans}
        middle = [line for node in new for line in parts[id(node)]]
        yield "\n".join([*lines[: starts[0] - 1], *middle, *lines[block[-1].end_lineno :]])
        return
    shorter = next((node for node in coming if isinstance(node, (ast.For, ast.While))), None)
    loop = next((node for node in old if id(node) not in set(map(id, new))), None)
    if shorter is None or loop is None:
        return
    inner = next((node for node in coming if node is not shorter), None)
    if inner is None or inner not in loop.body:
        return
    held = twin[id(loop)]
    here = held.body[loop.body.index(inner)]
    own = lines[here.lineno - 1 : here.end_lineno]
    inside = [*lines[held.lineno - 1 : here.lineno - 1], *lines[here.end_lineno : held.end_lineno]]
    out = [line[here.col_offset - held.col_offset :] for line in own]
    middle = [*out, *inside] if new.index(inner) < new.index(shorter) else [*inside, *out]
    yield "\n".join([*lines[: held.lineno - 1], *middle, *lines[held.end_lineno :]])
