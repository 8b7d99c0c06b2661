"""Weights that move before they are read, and their update in the place where they belong: two mistakes, told as two.

One expression mends both, the moved weights less their update. Nobody would write that. Where the weights may stand in that place
and their update behind it, these two changes are told.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

from microgradnp.debugger.capture.source import base_of
from microgradnp.debugger.derive.candidate import Mended
from microgradnp.debugger.derive.cause import cause_of
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.repair.changes import Change, change_of
from microgradnp.debugger.repair.edits import lines_of

PATHS = (ast.Name, ast.Attribute, ast.Subscript)


class Update(NamedTuple):
    """A statement that moves some weights, what stands in one block with a reader of them, and that reader."""

    statement: Any
    outer: Any  # the statement itself, or the outermost loop around it
    reader: Any


def weights_first(stage: Stage, mended: Mended) -> Iterator[Mended]:
    """The changes by which the weights stand where they belong, and move after that: one for each update that may wait."""
    edit, suspect = mended.candidate.edit, mended.candidate.suspect
    file = suspect.statement.file
    found = without_update(stage, mended)
    if found is None:
        return
    new, weights = found
    text, first = stage.scene.text(file), None
    if ast.unparse(new) != ast.unparse(edit.node):
        placed = dataclasses.replace(edit, kind="operand", new=ast.unparse(new), given=new)
        change = change_of(file, text, stage.editor(file).source.tree, placed)
        if change is None:
            return
        candidate = dataclasses.replace(mended.candidate, edit=placed)
        whole = mended.new.replace(ast.unparse(edit.replacement), placed.new)
        first = dataclasses.replace(mended, change=change, candidate=candidate, new=whole, cause=cause_of(mended))
        text = change.after
    for update in updates(ast.parse(text), ast.unparse(base_of(weights)), suspect.statement.line):
        change = behind(file, text, update)
        if change is not None:
            early = next((s for s in mended.blame.suspects if s.statement.line == update.statement.lineno), suspect)
            order = dataclasses.replace(edit, kind="order", old="", new=change.move, node=[], given=[])
            candidate = dataclasses.replace(mended.candidate, edit=order, suspect=early, means=None)
            second = dataclasses.replace(mended, change=change, candidate=candidate, old="", new="")
            yield second if first is None else dataclasses.replace(first, then=second)


def without_update(stage: Stage, mended: Mended) -> tuple[Any, Any] | None:
    """(what the change puts there, with weights in the place of `weights - update`; those weights). None without such a part."""
    edit, suspect = mended.candidate.edit, mended.candidate.suspect
    snapshot = stage.snapshot(suspect.statement, suspect.node)
    if snapshot is None or isinstance(edit.node, list) or not isinstance(edit.replacement, ast.expr):
        return None
    new = copy.deepcopy(edit.replacement)
    for part in (node for node in ast.walk(new) if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub))):
        for path in (node for node in ast.walk(part) if isinstance(node, PATHS)):
            if stage.is_at_rest(part, path, snapshot):
                return with_part(new, part, path), path
    return None


def with_part(tree: Any, old: Any, new: Any) -> Any:
    """The expression with another part in the place of one."""

    class Exchange(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is old else super().visit(node)

    return Exchange().visit(tree)


def updates(tree: ast.Module, weights: str, line: int) -> Iterator[Update]:
    """The statements that write some weights before a line, in one block with the line, the last one first."""
    for block in sorted(blocks_of(tree), key=lambda block: -block[0].lineno):
        reader = next((node for node in block if node.lineno <= line <= (node.end_lineno or line)), None)
        for outer in reversed([] if reader is None else block[: block.index(reader)]):
            for node in ast.walk(outer):
                targets = (
                    node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
                )
                if any(ast.unparse(base_of(target)) == weights for target in targets):
                    yield Update(node, outer, reader)


def blocks_of(tree: ast.AST) -> Iterator[list[Any]]:
    """All lists of statements."""
    for node in ast.walk(tree):
        yield from (block for name in ("body", "orelse") if isinstance(block := getattr(node, name, None), list) and block)


def behind(file: str, text: str, update: Update) -> Change | None:
    """The update moved behind what reads the weights, in loops of its own where its loops hold more than it."""
    loops, node = [], update.outer
    while node is not update.statement:
        inner = [child for child in getattr(node, "body", []) if update.statement in ast.walk(child)]
        if not isinstance(node, ast.For) or not inner:
            return None
        loops.append(node)
        node = inner[0]
    lines = text.split("\n")
    while loops and len(loops[-1].body) == 1 and not loops[-1].orelse:  # it moves with the loops that hold nothing else
        node = loops.pop()
    own = lines[node.lineno - 1 : node.end_lineno]
    heads = [textwrap.dedent("\n".join(lines[loop.lineno - 1 : loop.body[0].lineno - 1])).split("\n")[0] for loop in loops]
    if any(loop.body[0].lineno == loop.lineno for loop in loops):
        return None
    indent = lines[update.outer.lineno - 1][: update.outer.col_offset]
    step = " " * 4
    moved = [indent + step * k + head for k, head in enumerate(heads)]
    moved += textwrap.indent(textwrap.dedent("\n".join(own)), indent + step * len(heads)).split("\n")
    end = update.reader.end_lineno
    after = [*lines[: node.lineno - 1], *lines[node.end_lineno : end], *moved, *lines[end:]]
    words = f"move {lines_of(node)} after line {end}" + (", into loops of its own" if heads else "")
    return Change(file, text, "\n".join(after), words, node.lineno)
