"""The edits of one statement: made, evaluated where the statement stands, and kept if the value means something."""

from __future__ import annotations

import ast
import itertools
import time as clock
from collections import Counter, deque
from collections.abc import Iterator
from types import CodeType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.source import Statement as SourceStatement
from microgradnp.debugger.derive.candidate import Candidate, Found, code_of
from microgradnp.debugger.derive.derivations import derived
from microgradnp.debugger.derive.guard import is_equal
from microgradnp.debugger.derive.locate import Blame, Suspect
from microgradnp.debugger.derive.meanings import GRADIENTS, Meaning
from microgradnp.debugger.derive.needed import Needed, is_needed
from microgradnp.debugger.derive.proposals import around, proposals
from microgradnp.debugger.derive.scene import Snapshot
from microgradnp.debugger.derive.solve import Solver
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.derive.statements import catalogue, is_numbers, items_of, leaves
from microgradnp.debugger.derive.values import NotEvaluatedError, atoms_of, compiled
from microgradnp.debugger.derive.view import View
from microgradnp.debugger.record.structure import parts_in
from microgradnp.debugger.repair.edits import Edit, Editor
from microgradnp.debugger.repair.mistakes import expression

MOST_OPERAND = 1.45  # of an edit that puts another variable into a place
MOST_KEPT = 60  # edits of one statement
MOST_UNNAMED = 40  # of one statement, whose values mean nothing
MOST_ALIKE = 3  # of one value: in other executions they may differ
LACKING = 0.6  # how much rarer a value is that is no quantity of the model, but what a wrong gradient lacks
MOVED = 1.0  # how much worse than moving a statement it is to undo in it what an update has done
RETURNED, MOST_TARGETS = 0.6, 6  # how much rarer a mistake is in `return x` than in what made x; gradients to solve for
SLICE, MOST_SECONDS = 400, 0.4  # edits of one statement that are screened before others are looked at, and for how long
SAME = 1e-9
OTHER_SCALE = 1.0  # how much rarer another factor is where no right gradient tells which one is meant
UNNAMED = frozenset(["factor", "extra factor", "operand", "updated", "sign", "transpose", "constant", "term", "scale"])
PHASES = {  # how edits are made, and their least cost
    "usual": 0.95,
    "solved": 1.25,
    "likely": 1.3,
    "derived": 1.6,
    "rest": 1.75,
    "unnamed": 2.0,
}
BANDS = {"usual": (0.0, 1.3), "likely": (1.3, 1.75), "rest": (1.75, np.inf)}  # the costs of those out of the catalogue


class Screen:
    """Makes and screens the edits of the statements of one scene."""

    def __init__(self, stage: Stage, blame: Blame, needed: Needed, deadline: float) -> None:
        self.stage, self.blame, self.meanings, self.needed = stage, blame, blame.meanings, needed
        self.deadline = deadline
        self.held: dict[int, set[Any]] = {}  # the directions of what variables hold, by snapshot
        self.views: dict[int, View] = {}  # by suspect

    @property
    def is_over(self) -> bool:
        return clock.thread_time() > self.deadline

    def screened(self, suspect: Suspect, phase: str) -> Found:
        """The edits of a statement that give a quantity of the model, the cheapest first: those of one phase."""
        found, statement = Found(), suspect.statement
        tree = self.stage.tree(statement)
        if tree is None:
            return found
        if id(suspect) not in self.views:
            self.views[id(suspect)] = View(self, suspect, tree)
        view = self.views[id(suspect)]
        if phase == "unnamed":
            found.nameless += sorted(view.unnamed, key=lambda c: c.cost)[: MOST_UNNAMED if suspect.near <= 0.5 else 0]
            return found
        values: Counter[tuple[int, bytes]] = Counter()
        texts: set[tuple[int, str]] = set()
        moved = phase in BANDS and suspect.near < 1 and view.reads_moved
        until = clock.thread_time() + MOST_SECONDS
        if phase not in view.todo:
            view.todo[phase] = deque(self.of_phase(view, phase))
        todo = view.todo[phase]
        least = max(0, len(todo) - SLICE) if phase in PHASES else 0
        while len(todo) > least:
            edit = todo.popleft()
            candidate = view.candidate(edit)
            if candidate.root is None or view.snapshot is None:
                view.keep_unscreened(candidate, found)
                continue
            value = self.screen(candidate, view)
            if candidate.means is None and value and self.is_whole(edit, view.snapshot):
                candidate.code = code_of(candidate)
                found.nameless.append(candidate)
            elif candidate.means is None and value and edit.kind in UNNAMED:
                candidate.code = code_of(candidate)
                view.unnamed.append(candidate)
            if candidate.means is None and moved and edit.cost < MOST_OPERAND and self.would_be_right(candidate, view.snapshot):
                found.too_early.append(candidate)
            same = (id(candidate.root), value)
            if candidate.means is not None and values[same] < MOST_ALIKE and not view.holds_itself(edit):
                edit.old, edit.new = edit.old or ast.unparse(edit.node), edit.new or ast.unparse(edit.replacement)
                if (id(edit.node), edit.new) not in texts:
                    texts.add((id(edit.node), edit.new))
                    values[same] += 1
                    found.append(candidate)
            if self.is_over or (phase in PHASES and clock.thread_time() > until):
                break
        found.has_more = bool(todo) and not self.is_over
        places = {key: k for k, key in reversed(list(enumerate(id(c.edit.node) for c in found)))}
        found.sort(key=lambda c: (c.cost, places[id(c.edit.node)], len(c.edit.new)))
        del found[MOST_KEPT:]
        return found

    def is_whole(self, edit: Edit, snapshot: Snapshot) -> bool:
        """Whether what an edit gives need not mean anything where the statement runs once: a running sum, a mask, a share."""
        new = edit.replacement
        takes_off = edit.kind == "updated" and isinstance(new, ast.BinOp) and self.stage.is_at_rest(new, new.left, snapshot)
        return isinstance(edit.node, ast.stmt) or edit.kind == "compare" or takes_off

    # ------------------------------------------------------------------------------------------------ edits

    def of_phase(self, view: View, phase: str) -> list[Edit]:
        """The edits of one phase, the cheapest first."""
        if phase == "derived":
            return sorted(self.derived(view), key=lambda e: e.cost)
        if phase == "solved":
            roots = (*view.roots, *view.steps, *view.factors)
            return sorted((edit for root in roots for edit in self.solved(view, root)), key=lambda e: e.cost)
        if not view.edits:
            edits = itertools.chain(self.edits(view.editor, view.source), view.forgotten_summands())
            view.edits = sorted(edits, key=view.worth)
        if phase == "forgotten":
            return [edit for edit in view.edits if view.adds_forgotten(edit)]
        least, most = BANDS[phase]
        return [edit for edit in view.edits if least <= view.worth(edit) < most]

    def edits(self, editor: Editor, source: SourceStatement) -> Iterator[Edit]:
        """The mistakes that people make in a statement, undone, and the statement and its loops in other places."""
        yield from catalogue(editor, source)
        loops = [loop for loop in around(editor, source.node) if not self.is_training(loop, editor.source.file)]
        for loop in itertools.islice(loops, 2):
            header = SourceStatement(loop, loop.lineno, loop.lineno, source.function, ())
            yield from (edit for edit in catalogue(editor, header) if edit.kind == "range")
        yield from proposals(editor, source.node, source.line)
        trains = any(self.is_training(loop, editor.source.file) for loop in itertools.islice(around(editor, source.node), 1))
        yield from (edit for edit in editor.moves(source) if not (trains and "out of the loop" in edit.new))
        for loop in loops:
            yield from editor.moves(SourceStatement(loop, loop.lineno, loop.end_lineno, source.function, ()))

    def is_training(self, loop: Any, file: str) -> bool:
        """Whether a loop holds the forward pass and all updates: it repeats the step."""
        step = self.stage.step
        ends = [part.node for held in step.after.values() for part in parts_in(held)]
        sites = [node.site for node in (*step.outputs[:1], *ends)]
        return bool(ends) and all(s is not None and s.file == file and loop.lineno <= s.line <= loop.end_lineno for s in sites)

    def derived(self, view: View) -> Iterator[Edit]:
        """The derived expressions for the right sides of a statement."""
        function = view.editor.function_of(view.tree)
        for root in (*view.roots, *view.steps):
            if self.is_over or view.snapshot is None:
                return
            text = ast.unparse(root)
            for cost, new in derived(self.stage, self.meanings, view.snapshot, function, text):
                parent, name, index = view.editor.place[id(root)]
                replacement = expression(new)
                yield Edit(cost, "derived", view.source.line, text, new, parent, name, index, root, replacement)

    def solved(self, view: View, root: Any) -> Iterator[Edit]:
        """The parts of an expression solved for, from what the whole must be; and the whole with a penalty that it lacks."""
        old, function = view.old(root), view.editor.function_of(view.tree)
        if old is None or view.snapshot is None or not all(map(is_numbers, old)):
            return
        targets = [m.quantity.pair for m in view.needed(root)] if root not in view.factors else []
        targets = targets or self.targets(view, old, root)
        more = RETURNED * (isinstance(view.tree, ast.Return) and not isinstance(root, (ast.BinOp, ast.Call)))
        more += MOVED * any(suspect.reads_updated for suspect in self.blame.suspects)
        whole = view.inside.get(id(root), root)
        if id(whole) not in view.solvers:
            view.solvers[id(whole)] = Solver(self.stage, self.meanings, view.snapshot, function, ast.unparse(whole))
        solver = view.solvers[id(whole)]
        found = [(cost + more, part, text) for cost, part, text in solver.solutions(root, targets)]
        if root is whole:
            found += [(cost, root, text) for cost, text in solver.penalties(root)]
        if not self.blame.usual:
            meant = [q.pair for q in self.meanings.quantities if q.kind in GRADIENTS and q.kind != "lack"]
            found += [(cost + more, part, text) for cost, part, text in solver.summands(root, meant)]
        for cost, part, text in found:
            parent, name, index = view.editor.place[id(part)]
            yield Edit(cost, "derived", view.source.line, ast.unparse(part), text, parent, name, index, part, text)

    def targets(self, view: View, old: Any, root: Any) -> list[Any]:
        """The gradients and slopes that an expression may be meant to make, the likest first; gradients with the usual factor."""
        fit, target = [q for q in self.meanings.quantities if np.shape(q.pair[0]) == np.shape(old[0])], view.suspect.target
        if root not in view.factors:
            fit = [q for q in fit if not target or q.argument in target or self.meanings.sums_to(q, target)]
        fit = [q for q in fit if q.kind in (*GRADIENTS, "slope")]
        alike = {id(q): likeness(old, q.pair) for q in fit}
        fit = sorted((q for q in fit if alike[id(q)] < 1 - SAME), key=lambda q: -alike[id(q)])  # what it is, it need not become
        shares = [q for q in fit if q.kind == "share"]
        fit = [q for q in fit if q.kind != "share"][:MOST_TARGETS] + shares[:MOST_TARGETS]
        usual = self.blame.usual[:2] or [1.0]
        scaled = [(q.pair, scale) for q in fit for scale in (usual if q.kind != "slope" else [1.0])]
        return [(scale * np.asarray(pair[0], float), scale * np.asarray(pair[1], float)) for pair, scale in scaled]

    # ------------------------------------------------------------------------------------------------ values

    def value(self, root: Any, snapshot: Snapshot) -> Any:
        """What an expression is at both inputs. None where it cannot be evaluated."""
        code = compiled(root)
        try:
            return self.stage.evaluate(code, snapshot) if code is not None else None
        except NotEvaluatedError:
            return None

    def screen(self, candidate: Candidate, view: View) -> bytes:
        """Evaluate an edit where its statement stands; keep what it means when all that it changes means something.

        Returns the value as bytes; nothing where it cannot be evaluated.
        """
        code = code_of(candidate)
        if code is None or view.snapshot is None:
            return b""
        try:
            new = self.stage.evaluate(code, view.snapshot)
        except NotEvaluatedError:
            return b""
        old = view.old(candidate.root)
        before = list(zip(leaves(old[0]), leaves(old[1]), strict=False)) if old is not None else []
        pairs = list(zip(leaves(new[0]), leaves(new[1]), strict=False))
        changed = [p for k, p in enumerate(pairs) if len(before) != len(pairs) or not is_equal(p[0], before[k][0])]
        value = b"".join(np.asarray(p[0]).tobytes() for p in pairs)
        means, odd = self.meaning(changed, candidate, moves=self.moves(candidate, before))
        if (means is None or odd) and len(pairs) == 1 and not isinstance(candidate.root, ast.stmt):
            needed = is_needed(pairs[0], view.needed(candidate.root))
            if needed is not None:
                means, odd = needed, False
                candidate.cost += LACKING
        if means is None:
            return value
        candidate.code, candidate.means, candidate.odd = code, means, odd
        candidate.cost += (0.1 if means.quantity.kind == "value" else 0.0) + (0.8 if odd else 0.0)
        candidate.cost += OTHER_SCALE * (not self.blame.usual and view.changes_scale(candidate.edit))
        candidate.cost += 0.8 * self.is_against(means) + 0.3 * (means.transposed and bool(candidate.suspect.target))
        candidate.new = not odd and not any(self.meanings.of(p) for p in before) and not self.is_held(pairs[0], view.snapshot)
        return value

    def moves(self, candidate: Candidate, before: list[Any]) -> bool:
        """Whether the statement moves a parameter, so that its value is one after a step."""
        is_update = len(before) == 1 and self.meanings.update(before[0]) is not None
        statement = self.stage.tree(candidate.suspect.statement)
        return is_update or (candidate.suspect.updates and isinstance(statement, ast.Assign))

    def meaning(self, pairs: list[Any], candidate: Candidate, moves: bool) -> tuple[Meaning | None, bool]:
        """(what the changed values are, whether in an unusual way). None where one of them is nothing."""
        means, odd, target = None, False, candidate.suspect.target
        for pair in pairs:
            found = self.meanings.of(pair) if not moves else []
            meaning = found[0] if found else self.meanings.update(pair)
            if meaning is None:
                return None, False
            wanted = [m for m in found if m.is_gradient and (not target or self.meanings.sums_to(m.quantity, target))]
            means = next(iter(wanted), meaning)
            odd = odd or (bool(target) and not wanted) or (means.is_gradient and not self.is_usual(means))
        return means, odd

    def is_usual(self, meaning: Meaning) -> bool:
        usual = self.blame.usual
        return not usual or any(abs(meaning.scale - scale) <= 1e-6 * abs(scale) for scale in usual)

    def is_against(self, meaning: Meaning) -> bool:
        """Whether a gradient that is only returned would have the other sign."""
        return not self.blame.usual and not self.stage.step.after and meaning.is_gradient and meaning.scale < 0

    def would_be_right(self, candidate: Candidate, snapshot: Snapshot) -> bool:
        """Whether an edit gives an adjoint if the parameters that it reads had not moved yet."""
        return self.right_at_rest(code_of(candidate), snapshot)

    def right_at_rest(self, code: CodeType | None, snapshot: Snapshot | None) -> bool:
        """Whether an expression is an adjoint while no parameter has moved."""
        try:
            pair = self.stage.evaluate_unmoved(code, snapshot) if code is not None and snapshot is not None else None
        except NotEvaluatedError:
            return False
        if pair is None or not all(is_numbers(p) for p in pair):
            return False
        found = self.meanings.gradients(pair)
        return bool(found) and self.is_usual(found[0])

    def unread(self, snapshot: Snapshot | None, function: Any) -> set[str]:
        """The variables whose gradient or slope nothing reads in this step, and items of arrays that store such gradients.

        The items are those that the function reads of other arrays: beside `dx[:, :, t]` there may be a `da[:, :, t]`.
        """
        if snapshot is None:
            return set(self.blame.unread)
        atoms = atoms_of(snapshot.names)
        found = {text for text, node in atoms if node in self.blame.unused}
        stores = [(text, np.ndim(node.value)) for text, node in atoms if node.memory in self.blame.stores]
        found |= {item for text, axes in stores[:4] for item in items_of(text, axes, function)[:4]}
        counters = [(f"[{value}]", f"[{name}]") for name, value in snapshot.names.items() if type(value) is int]
        return found.union(self.blame.unread, (text.replace(*counter) for text in found for counter in counters))

    def is_held(self, pair: Any, snapshot: Snapshot) -> bool:
        """Whether a variable holds this value already, or a multiple of it."""
        key = self.meanings.key(pair)
        if id(snapshot) not in self.held:
            values = self.held[id(snapshot)] = set()
            for _, node in atoms_of(snapshot.names)[:200]:
                both = self.stage.pair(node)
                if both is not None and all(is_numbers(v) for v in both):
                    values.add(self.meanings.key(both))
        return key is not None and key in self.held[id(snapshot)]


def likeness(pair: Any, other: Any) -> float:
    """How near the directions of two values are, at both inputs: 1 for the same, 0 for those that have nothing in common."""
    found = 1.0
    for a, b in zip(pair, other, strict=True):
        size = float(np.linalg.norm(a) * np.linalg.norm(b))
        found = min(found, abs(float(np.vdot(a, b))) / size if size else 0.0)
    return found
