"""Changes of a source text, piece by piece: the user's own words stay where nothing is wrong."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from microgradnp.debugger.record.sites import Site


class Splice(NamedTuple):
    """Bytes of the text from `start` to `end`, and what stands in their place."""

    start: int
    end: int
    new: str


Option = tuple[Splice, ...]  # the pieces of one way to mend a mistake


class Text:
    """A source text with its tree, in which nodes are exchanged, moved and removed."""

    def __init__(self, text: str) -> None:
        self.bytes = text.encode()
        self.tree = ast.parse(text)
        lengths = (len(line) for line in self.bytes.split(b"\n"))
        self.starts = [0, *itertools.accumulate(length + 1 for length in lengths)]
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    # ------------------------------------------------------------------------------------------------ what stands where

    def span(self, node: Any) -> tuple[int, int]:
        """The first byte of a node, and the one behind it."""
        return self.starts[node.lineno - 1] + node.col_offset, self.starts[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: Any) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.bytes[start:end].decode()

    def outer(self, node: Any) -> tuple[int, int]:
        """The span of a node with the parentheses around it."""
        start, end = self.span(node)
        while self.bytes[:start].rstrip().endswith(b"(") and self.bytes[end:].lstrip().startswith(b")"):
            start, end = self.bytes[:start].rindex(b"("), end + self.bytes[end:].index(b")") + 1
        return start, end

    def of_outer(self, node: Any) -> str:
        """The text of a node with the parentheses around it."""
        start, end = self.outer(node)
        return self.bytes[start:end].decode()

    def lines(self, statement: Any) -> tuple[int, int]:
        """The bytes of the whole lines of a statement."""
        return self.starts[statement.lineno - 1], self.starts[statement.end_lineno]

    def indent(self, statement: Any) -> str:
        """What stands before a statement on its line: spaces, where it stands alone."""
        return self.bytes[self.starts[statement.lineno - 1] : self.span(statement)[0]].decode()

    def statement(self, site: Site) -> Any:
        """The statement of a place in the source."""
        here = site.statement
        found = (
            n for n in ast.walk(self.tree) if isinstance(n, ast.stmt) and (n.lineno, n.col_offset) == (here.line, here.column)
        )
        return next(found, None)

    def expression(self, site: Site) -> Any:
        """The expression of a place in the source."""
        span = (site.line, site.column, site.end_line, site.end_column)
        nodes = (n for n in ast.walk(self.tree) if isinstance(n, (ast.expr, ast.stmt)))
        return next((n for n in nodes if (n.lineno, n.col_offset, n.end_lineno, n.end_col_offset) == span), None)

    def around(self, statement: Any) -> Iterator[Any]:
        """A statement and the statements that hold it, up to its function."""
        node = statement
        while node is not None and not isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)):
            if isinstance(node, ast.stmt):
                yield node
            node = self.parents.get(node)

    def function(self, node: Any) -> Any:
        """The function or module that holds a node."""
        while node in self.parents and not isinstance(node, ast.FunctionDef):
            node = self.parents[node]
        return node

    def behind(self, statement: Any) -> list[Any]:
        """The statements of the same block that come later."""
        holder = self.parents[statement]
        for name in ("body", "orelse", "finalbody"):
            block = getattr(holder, name, [])
            if isinstance(block, list) and statement in block:
                return block[block.index(statement) + 1 :]
        return []

    # ------------------------------------------------------------------------------------------------ pieces

    def put(self, node: Any, new: str) -> Splice:
        """Another text in the place of a node."""
        return Splice(*self.span(node), new)

    def removed(self, statement: Any) -> Splice:
        """The lines of a statement taken away."""
        return Splice(*self.lines(statement), "")

    def before(self, statement: Any, new: str) -> Splice:
        """A line above a statement, as far to the right."""
        start = self.lines(statement)[0]
        return Splice(start, start, f"{self.indent(statement)}{new}\n")

    def after(self, statement: Any, new: str) -> Splice:
        """A line below a statement, as far to the right."""
        end = self.lines(statement)[1]
        return Splice(end, end, f"{self.indent(statement)}{new}\n")

    def moved(self, statement: Any, target: Any) -> Option:
        """A statement moved behind another one of the same block."""
        start, end = self.lines(statement)
        goal = self.lines(target)[1]
        return (self.removed(statement), Splice(goal, goal, self.bytes[start:end].decode()))

    def stands_alone(self, statement: Any) -> bool:
        """Whether no other statement shares the lines of this one."""
        end = self.lines(statement)[1]
        rest = self.bytes[self.span(statement)[1] : end].strip()
        return not self.indent(statement).strip() and (not rest or rest.startswith(b"#"))

    def changed(self, pieces: Iterable[Splice]) -> str | None:
        """The text with all pieces in place. None where two of them overlap, or what comes out is no program."""
        found = sorted(set(pieces))
        if any(b.start < a.end for a, b in itertools.pairwise(found)):
            return None
        text, at = b"", 0
        for piece in found:
            text += self.bytes[at : piece.start] + piece.new.encode()
            at = piece.end
        made = (text + self.bytes[at:]).decode()
        try:
            ast.parse(made)
        except SyntaxError:
            return None
        return made
