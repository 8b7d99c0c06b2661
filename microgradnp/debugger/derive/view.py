"""One suspected statement: what it holds where it was first wrong, and how likely an edit of it is."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from types import CodeType
from typing import Any, Protocol

import numpy as np

from microgradnp.debugger.capture.source import Statement as SourceStatement
from microgradnp.debugger.derive.candidate import Candidate, Found, penalty
from microgradnp.debugger.derive.derivations import helpers_of
from microgradnp.debugger.derive.locate import Suspect
from microgradnp.debugger.derive.meanings import Meaning, Meanings
from microgradnp.debugger.derive.needed import Needed
from microgradnp.debugger.derive.proposals import matters
from microgradnp.debugger.derive.scene import Snapshot
from microgradnp.debugger.derive.solve import Solver
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.derive.statements import (
    factors_of,
    is_arithmetic,
    is_numbers,
    multiplied,
    names_in,
    roots_of,
    steps_of,
    value_behind,
)
from microgradnp.debugger.derive.values import compiled
from microgradnp.debugger.repair.edits import Edit, holds_itself
from microgradnp.debugger.repair.places import unique

FORGOTTEN = 0.9  # how much likelier a summand is that was computed and is read nowhere


class Screen(Protocol):
    """What a view asks of the screen that it is a part of."""

    stage: Stage
    meanings: Meanings
    needed: Needed

    def value(self, root: Any, snapshot: Snapshot) -> Any: ...

    def unread(self, snapshot: Snapshot | None, function: Any) -> set[str]: ...

    def is_usual(self, meaning: Meaning) -> bool: ...

    def right_at_rest(self, code: CodeType | None, snapshot: Snapshot | None) -> bool: ...


class View:
    """One suspected statement: its syntax, its variables where it was first wrong, and the expressions that are exchanged."""

    def __init__(self, screen: Screen, suspect: Suspect, tree: ast.stmt) -> None:
        self.screen, self.suspect, self.tree = screen, suspect, tree
        self.editor = screen.stage.editor(suspect.statement.file)
        self.snapshot = screen.stage.snapshot(suspect.statement, suspect.node)
        self.roots = list(roots_of(tree))
        self.steps = list(steps_of(self.roots)) if suspect.updates else []
        self.factors = list(factors_of(self.roots))
        self.inside: dict[int, Any] = {}
        for root in self.roots:
            for node in ast.walk(root):
                self.inside.setdefault(id(node), root)
        self.values: dict[int, Any] = {}
        self.solvers: dict[int, Solver] = {}  # by right side
        self.multiplies: dict[int, list[str]] = {}  # the numbers in a part of the statement
        self.are_numbers: dict[str, bool] = {}  # whether an expression is a single number
        self.unnamed: list[Candidate] = []  # whose values mean nothing: the model may take other steps
        self.edits: list[Edit] = []  # of the catalogue, the cheapest first
        self.todo: dict[str, deque[Edit]] = {}  # the edits of each phase that were not screened yet
        self.worths: dict[int, tuple[Edit, float]] = {}  # the edits and their costs
        self.unread = screen.unread(self.snapshot, self.editor.function_of(tree)) - {suspect.statement.target or ""}
        targets = getattr(tree, "targets", None) or [getattr(tree, "target", None)]
        parts = [n for target in targets if target is not None for n in ast.walk(target)]
        places = [n for n in parts if isinstance(n, (ast.Subscript, ast.Attribute)) and isinstance(n.ctx, ast.Store)]
        self.stored = {id(n) for t in places for n in ast.walk(t.value)}  # the containers that the statement stores in
        line, end = tree.lineno, tree.end_lineno or tree.lineno
        self.source = SourceStatement(tree, line, end, suspect.statement.function.rpartition(".")[2], ())
        scope = self.editor.scope(self.source)
        scope.operands[:0] = [name for name in sorted(self.unread) if name not in scope.operands]
        self.helpers = helpers_of(self.snapshot) if self.snapshot is not None else []
        scope.functions[:] = unique([*self.helpers, *scope.functions])

    @property
    def reads_moved(self) -> bool:
        """Whether the statement reads a parameter that has moved, and would be right if it had not."""
        stage, snapshot = self.screen.stage, self.snapshot
        if snapshot is None or not stage.has_moved(snapshot):
            return False
        return not any(self.screen.right_at_rest(compiled(root), snapshot) for root in self.roots)

    def old(self, root: Any) -> Any:
        """The value of an expression of the statement as it stands, or of `a` behind `a += b`."""
        if id(root) not in self.values and self.snapshot is not None:
            held = value_behind(root) if isinstance(root, ast.stmt) else root
            self.values[id(root)] = self.screen.value(held, self.snapshot)
        return self.values.get(id(root))

    def needed(self, root: Any) -> list[Meaning]:
        """What an expression must be for a wrong gradient to be right; nothing where it is a right gradient itself."""
        old, screen = self.old(root), self.screen
        if old is not None and all(map(is_numbers, old)) and any(map(screen.is_usual, screen.meanings.gradients(old))):
            return []
        return screen.needed.of(self.suspect, root, old, self.snapshot)

    def candidate(self, edit: Edit) -> Candidate:
        """The edit, with the expression of the statement in which it lies."""
        root = None
        if isinstance(edit.node, ast.stmt) and edit.node is self.tree and is_arithmetic(edit):
            is_sum = isinstance(self.tree, ast.AugAssign)
            root = self.tree if is_sum else self.tree.value if isinstance(self.tree, ast.Assign) else None
        elif not isinstance(edit.node, list) and edit.kind not in ("copy", "word"):
            root = self.inside.get(id(edit.node))
        candidate = Candidate(self.worth(edit) + penalty(self.suspect), edit, self.suspect, root)
        candidate.cost += 0.4 * self.passes_nothing(edit) + 0.3 * (edit.kind == "mask" and self.masks_a_mask(edit))
        if edit.kind == "add.at" and self.repeats_index():
            candidate.cost -= FORGOTTEN
        candidate.cost += 0.4 * (edit.kind == "range") + 0.5 * (edit.kind == "target" and not self.fits(edit.replacement))
        if edit.kind == "order" and "out of the loop" not in edit.new:
            candidate.cost += -0.4 if self.suspect.is_early_or_late else 0.8
        return candidate

    def worth(self, edit: Edit) -> float:
        """The cost of an edit; less where it uses what was computed and forgotten, or where an update lacks its rate."""
        if id(edit) not in self.worths:
            is_likely = self.adds_forgotten(edit) or (edit.kind == "factor" and self.lacks_rate(edit))
            self.worths[id(edit)] = edit, edit.cost - FORGOTTEN * is_likely
        return self.worths[id(edit)][1]

    def adds_forgotten(self, edit: Edit) -> bool:
        """Whether an edit adds, or multiplies by, what holds a gradient or slope that nothing reads."""
        if edit.kind not in ("term", "factor") or not self.unread:
            return False
        if isinstance(edit.given, str) and not any(name in edit.given for name in self.unread):
            return False  # most texts of edits are never parsed
        return not self.unread.isdisjoint(names_in(edit.replacement))

    def forgotten_summands(self) -> Iterator[Edit]:
        """A gradient that nothing reads, added to what is multiplied by a slope."""
        for part in multiplied(self.roots):
            old, place = ast.unparse(part), self.editor.place[id(part)]
            for name in sorted(self.unread):
                yield Edit(2.2, "term", self.source.line, old, f"{old} + {name}", *place, part, f"({old} + {name})")

    def masks_a_mask(self, edit: Edit) -> bool:
        """Whether `m > 0` is put for an `m` that holds zeros and ones only."""
        compared = [n.left for n in ast.walk(edit.replacement) if isinstance(n, ast.Compare)]
        values = [self.screen.value(part, self.snapshot) for part in compared] if self.snapshot is not None else []
        return any(v is not None and all(is_numbers(p) and np.all((p == 0) | (p == 1)) for p in v) for v in values)

    def lacks_rate(self, edit: Edit) -> bool:
        """Whether an edit multiplies the bare gradient by which a parameter moves by a number."""
        if not self.suspect.updates or not isinstance(self.tree, (ast.Assign, ast.AugAssign)):
            return False
        multiplies = isinstance(edit.replacement, ast.BinOp) and isinstance(edit.replacement.op, ast.Mult)
        held = self.old(edit.node) if multiplies and isinstance(edit.node, ast.expr) else None
        snapshot = self.snapshot
        if held is None or snapshot is None or not all(map(is_numbers, held)) or not self.screen.meanings.gradients(held):
            return False
        return any(map(self.is_number, (edit.replacement.left, edit.replacement.right)))

    def changes_scale(self, edit: Edit) -> bool:
        """Whether a new expression has another number as a factor than the old one: 2 for none, or N."""
        if edit.kind != "derived" or self.snapshot is None:
            return False
        if id(edit.node) not in self.multiplies:
            self.multiplies[id(edit.node)] = self.numbers_in(edit.node)
        return self.multiplies[id(edit.node)] != self.numbers_in(edit.replacement)

    def numbers_in(self, tree: Any) -> list[str]:
        """The numbers that an expression multiplies by or divides by."""
        products = (n for n in ast.walk(tree) if isinstance(n, ast.BinOp) and isinstance(n.op, (ast.Mult, ast.Div)))
        parts = (part for node in products for part in (node.left, node.right) if not isinstance(part, ast.BinOp))
        return sorted(ast.unparse(part) for part in parts if self.is_number(part))

    def is_number(self, part: Any) -> bool:
        """Whether an expression is a single number where the statement stands."""
        if isinstance(part, ast.Constant):
            return isinstance(part.value, (int, float))
        text = ast.unparse(part)
        if text not in self.are_numbers:
            pair = self.screen.value(part, self.snapshot) if self.snapshot is not None else None
            held = pair[0] if pair is not None else None
            self.are_numbers[text] = held is not None and not isinstance(held, (list, tuple, dict)) and np.ndim(held) == 0
        return self.are_numbers[text]

    def repeats_index(self) -> bool:
        """Whether the statement adds to some entries of an array more than once: `a[rows] += b` keeps the last sum only."""
        target = getattr(self.tree, "target", None)
        if not isinstance(target, ast.Subscript) or self.snapshot is None:
            return False
        pair = self.screen.value(target.slice, self.snapshot)
        rows = np.asarray(pair[0]) if pair is not None and isinstance(pair[0], (list, np.ndarray)) else np.zeros(0)
        return rows.dtype.kind in "iu" and len(np.unique(rows)) < rows.size

    def passes_nothing(self, edit: Edit) -> bool:
        """Whether a function of the program would get what is no quantity of the model, in the place of one that is.

        Then the fault is rather in the function: `slope(h ** 2)` mends `return 1 - h`, and is no better for it.
        """
        call = edit.parent
        if not isinstance(call, ast.Call) or edit.field != "args" or ast.unparse(call.func) not in self.helpers:
            return False
        if self.snapshot is None:
            return False
        old, new = self.screen.value(edit.node, self.snapshot), self.screen.value(edit.replacement, self.snapshot)
        numbers = [pair for pair in (old, new) if pair is not None and all(map(is_numbers, pair))]
        return len(numbers) == 2 and bool(self.screen.meanings.of(old)) and not self.screen.meanings.of(new)

    def fits(self, target: Any) -> bool:
        """Whether a variable holds an array of the shape that the statement makes."""
        shapes = self.editor.scope(self.source).shapes
        own = self.old(self.roots[0])[0] if self.roots and self.old(self.roots[0]) is not None else None
        return own is not None and shapes.get(ast.unparse(target)) == np.shape(own)

    def keep_unscreened(self, candidate: Candidate, found: Found) -> None:
        """Keep an edit that can only be run, where it matters."""
        edit = candidate.edit
        is_container = edit.kind == "operand" and id(edit.node) in self.stored
        is_container = is_container or (edit.kind == "operand" and isinstance(edit.parent, ast.For))
        near = self.suspect.near < 3 or edit.kind in ("order", "copy", "target")
        if not isinstance(edit.node, list) and ast.unparse(edit.node) == ast.unparse(edit.replacement):
            return
        if near and not is_container and matters(edit) and not self.holds_itself(edit) and not self.decides_alike(edit):
            found.unscreened.append(candidate)

    def decides_alike(self, edit: Edit) -> bool:
        """Whether an edit of a condition leaves every decision of the run as it was."""
        if not isinstance(self.tree, ast.If) or not isinstance(edit.node, ast.expr):
            return False
        stage, statement = self.screen.stage, self.suspect.statement
        seen = stage.scene.snapshots.get((statement.file, (statement.line, statement.column)), [])
        before = [self.screen.value(self.tree.test, snapshot) for snapshot in seen]
        edit.apply()
        try:
            after = [self.screen.value(self.tree.test, snapshot) for snapshot in seen]
        finally:
            edit.undo()
        return bool(seen) and all(
            a is not None and b is not None and is_flag(a[0]) and is_flag(b[0]) and bool(a[0]) == bool(b[0])
            for a, b in zip(before, after, strict=True)
        )

    def holds_itself(self, edit: Edit) -> bool:
        """Whether the statement would put a container into itself."""
        if not self.stored or isinstance(edit.node, list):
            return False
        return holds_itself(self.tree, edit.replacement, self.editor.scope(self.source))


def is_flag(value: Any) -> bool:
    """Whether a value is one flag or number, which decides alone."""
    return isinstance(value, (bool, int, float, np.generic)) or (isinstance(value, np.ndarray) and value.ndim == 0)
