"""Edited copies of one program: an edit is tried for a moment, or kept until the workshop closes."""

from __future__ import annotations

import ast
import contextlib
import types
from collections.abc import Iterator

from microgradnp.debugger.capture.program import Program, functions_of
from microgradnp.debugger.capture.source import Source, collect, source_of
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.repair.edits import Edit, Editor

Shapes = dict[str, dict[str, tuple[int, ...] | None]]  # function -> expression -> shape


class Workshop(contextlib.ExitStack):
    """Runs a program with edits. Close it, or leave its `with` block, to have the program as it was."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program
        self.editors: dict[str, Editor] = {}  # by file; their trees hold the edits that are kept
        self.texts: dict[str, str] = {}  # the sources with the edits that are kept
        self.functions: list[types.FunctionType] = []
        self.shapes: Shapes = {}
        self.tried = 0
        self.out_of_time = False  # whether a search ended before all edits were tried

    def look_at(self, trace: Trace) -> None:
        """Take from a trace which functions run, and what shapes their variables have."""
        self.functions = functions_of(trace.tracer.code_objects)
        self.shapes = shapes_seen(trace)

    def editor(self, file: str) -> Editor | None:
        """Makes edits in a private copy of the file's syntax tree."""
        if file not in self.editors:
            source = source_of(file)
            if source is None:
                return None
            self.editors[file] = fresh_editor(file, source.text, ast.parse(source.text), self.shapes)
        return self.editors[file]

    @property
    def trees(self) -> dict[str, ast.Module]:
        """The syntax trees of the files, with the edits that are in place now."""
        return {file: editor.source.tree for file, editor in self.editors.items()}

    @contextlib.contextmanager
    def trying(self, edit: Edit, file: str) -> Iterator[None]:
        """While this lasts, the program runs with the edit."""
        self.tried += 1
        changed = self.changed_by(edit, file)
        edit.apply()
        try:
            with self.program.edited(self.functions, changed, file):
                yield
        finally:
            edit.undo()

    def text(self, file: str) -> str:
        """The source of a file, with the edits that are kept."""
        return self.texts.get(file, self.editors[file].source.text)

    def keep(self, edit: Edit, file: str, text: str) -> None:
        """Let the program run with this edit from now on, until the workshop closes; `text` is the source with it."""
        editor = self.editors[file]
        changed = self.changed_by(edit, file)
        edit.apply()
        self.enter_context(self.program.edited(self.functions, changed, file))
        self.editors[file] = fresh_editor(file, editor.source.text, editor.source.tree, self.shapes)
        self.texts[file] = text

    def changed_by(self, edit: Edit, file: str) -> ast.Module:
        """The part of a file that an edit changes: a statement of the module, or the whole of a script."""
        editor = self.editors[file]
        if self.program.is_script and file == self.program.file:
            return editor.source.tree
        node = edit.parent if isinstance(edit.node, list) else edit.node
        return editor.source.tree if isinstance(node, ast.Module) else ast.Module([editor.top(node)], [])


def fresh_editor(file: str, text: str, tree: ast.Module, shapes: Shapes) -> Editor:
    """An editor of a tree of its own."""
    private = Source(file, text, tree)
    collect(private, tree.body, "<module>", ())
    return Editor(private, shapes)


def shapes_seen(trace: Trace) -> Shapes:
    """The shapes of everything that the trace saw in each function."""
    found: Shapes = {}
    for version in trace.tracer.versions:
        if version.array.dtype.kind != "f":
            continue
        for function, name in sorted(version.known_as):  # in an order that does not depend on the hash seed
            if "()" not in name:
                names = found.setdefault(function, {})
                names[name] = version.array.shape
                holder = name.partition("[")[0]
                if holder != name:
                    names.setdefault(holder, None)
    return found
