"""What must stand there: edits that make a wrong value right, screened by their values and proved by running the program."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import itertools
import time as clock
from collections.abc import Iterator
from types import CodeType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.source import Statement as SourceStatement
from microgradnp.debugger.derive.changes import Change, change_of
from microgradnp.debugger.derive.derivations import derived
from microgradnp.debugger.derive.locate import Blame, Suspect, locate
from microgradnp.debugger.derive.meanings import Meaning
from microgradnp.debugger.derive.proposals import around, matters, proposals
from microgradnp.debugger.derive.scene import Question, Scene, Snapshot, judged, scene_of
from microgradnp.debugger.derive.stage import NotEvaluatedError, Stage, atoms_of, compiled
from microgradnp.debugger.record.judge import Verdict
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.step import argument_values
from microgradnp.debugger.repair.edits import Edit, Editor, holds_itself
from microgradnp.debugger.repair.mistakes import expression

MOST_CHANGES = 4
MOST_COST = 2.4
MOST_OPERAND = 1.45  # of an edit that puts another variable into a place
JUDGED = ("right", "agrees", "wrong", "cannot judge")


@dataclasses.dataclass(eq=False)
class Candidate:
    """An edit of one statement, with what it is worth."""

    cost: float
    edit: Edit
    suspect: Suspect
    root: Any  # the expression that is evaluated
    code: CodeType | None = None  # of that expression with the edit
    means: Meaning | None = None  # what the new value is
    right: set[str] | None = None  # what becomes right, by the record
    text: str = ""  # the new root
    new: bool = False  # whether the old value meant nothing
    odd: bool = False  # whether the new value has a factor that right gradients do not have


@dataclasses.dataclass(eq=False)
class Mended:
    """One change, and what it makes right; `old` and `new` are the expressions."""

    change: Change
    candidate: Candidate
    scene: Scene  # the program before the change
    blame: Blame
    right: set[str]
    old: str = ""
    new: str = ""


@dataclasses.dataclass(eq=False)
class Fix:
    """The changes that mend a program, in the order in which its mistakes are made."""

    changes: list[Mended]
    complete: bool
    verdict: Verdict | None
    blame: Blame  # of the user's program
    scene: Scene
    texts: dict[str, str]
    tried: int = 0


def derive(question: Question, deadline: float) -> Fix | None:
    """The changes that make all gradients right, or some. None where the program cannot be judged or nothing is wrong.

    `deadline` is a moment of the thread's clock, `time.thread_time()`.
    """
    scene = scene_of(question)
    if scene is None or not scene.verdict.wrong:
        return None
    search = Search(question, scene, deadline)
    return search.run()


class Search:
    """Mends one mistake after the other."""

    def __init__(self, question: Question, scene: Scene, deadline: float) -> None:
        self.question, self.first, self.deadline = question, scene, deadline
        self.needed = {a for a, entry in scene.verdict.entries.items() if entry.status in JUDGED and entry.evidence}
        step = scene.verdict.step
        self.state = argument_values(step.before, step.values)
        self.tried = 0

    @property
    def is_over(self) -> bool:
        return clock.thread_time() > self.deadline

    def run(self) -> Fix:
        """Change after change, until all is right."""
        scene = self.first
        done: list[Mended] = []
        texts: dict[str, str] = {}
        first_blame: Blame | None = None
        verdict: Verdict | None = None
        for _ in range(MOST_CHANGES):
            turn = Turn(self, scene)
            first_blame = first_blame or turn.blame
            found = turn.best()
            if found is None:
                break
            mended, verdict = found
            done.append(mended)
            texts = {**texts, mended.change.file: mended.change.after}
            if not verdict.wrong and self.needed <= set(verdict.right):
                break
            if self.is_over:
                break
            try:
                following = scene_of(self.question, texts)
            except Exception:  # an edited program may raise anything
                following = None
            if following is None:
                break
            scene = following
        assert first_blame is not None
        complete = verdict is not None and self.needed <= set(verdict.right) and not verdict.wrong
        if complete and len(done) > 1:
            done, texts = self.shortest(done, texts)
        return Fix(done, complete, verdict, first_blame, self.first, texts, self.tried)

    def shortest(self, done: list[Mended], texts: dict[str, str]) -> tuple[list[Mended], dict[str, str]]:
        """The changes without those that are not needed."""
        for mended in list(done):
            if len(done) < 2:
                break
            others = [m for m in done if m is not mended]
            made = applied(self.first, [m.change for m in others])
            if made is not None and (verdict := self.judge(made)) is not None and self.needed <= set(verdict.right):
                done, texts = others, made
        return done, texts

    def judge(self, texts: dict[str, str], more: int = 0) -> Verdict | None:
        """The verdict on an edited program that starts its step where the user's does; None where it does not."""
        self.tried += 1
        try:
            first, asked = self.first.verdict.number, self.question.number
            verdict = judged(self.question, texts, more if first == asked else 2)
        except Exception:  # an edited program may raise anything
            return None
        if verdict.number != self.first.verdict.number and verdict.wrong:
            return None
        if verdict.number == self.first.verdict.number == 0:
            state = argument_values(verdict.step.before, verdict.step.values)
            if not all(is_equal(state.get(a), value) for a, value in self.state.items()):
                return None
        return verdict


def is_equal(first: Any, second: Any) -> bool:
    try:
        return bool(np.array_equal(np.asarray(first), np.asarray(second)))
    except (TypeError, ValueError):
        return first is second


def applied(scene: Scene, changes: list[Change]) -> dict[str, str] | None:
    """The user's sources with some changes of single lines."""
    texts: dict[str, list[str]] = {}
    for change in changes:
        lines = texts.setdefault(change.file, scene.text(change.file).split("\n"))
        old = change.before.split("\n")
        new = change.after.split("\n")
        if len(old) != len(new) or len(old) != len(lines):
            return None
        for k, (a, b) in enumerate(zip(old, new, strict=True)):
            if a != b:
                if lines[k] != a:
                    return None
                lines[k] = b
    return {file: "\n".join(lines) for file, lines in texts.items()}


class Turn:
    """One round: the program as it is now, and the best change for it."""

    def __init__(self, search: Search, scene: Scene) -> None:
        self.search, self.scene = search, scene
        self.blame = locate(scene)
        self.stage = Stage(scene)
        self.right = set(scene.verdict.right)
        self.too_early: list[Candidate] = []  # edits that would be right if a parameter had not moved yet
        self.held: dict[int, set[Any]] = {}  # the directions of what variables hold, by snapshot
        self.start = min((node.number for node in scene.verdict.step.outputs), default=0)

    def best(self) -> tuple[Mended, Verdict] | None:
        """The cheapest change that makes all right; else the one that makes most right; else a first value that becomes right."""
        pool: list[Candidate] = []
        moves: list[Candidate] = []
        began = clock.thread_time()
        allowed = 0.45 * (self.search.deadline - began)
        for deriving in (False, True):  # the catalogue of mistakes first, then what can be derived
            if any(self.completes(c.right) for c in pool):
                break
            for k, suspect in enumerate(self.blame.suspects):
                if clock.thread_time() - began > allowed * (0.5 + 0.5 * deriving):
                    break
                screened, unscreened = self.screened(suspect, deriving)
                moves += unscreened
                for candidate in screened:
                    self.replay(candidate)
                    if self.search.is_over:
                        break
                pool += screened
                best = min((c for c in pool if self.completes(c.right)), default=None, key=lambda c: c.cost)
                following = self.blame.suspects[k + 1].near if k + 1 < len(self.blame.suspects) else 9.0
                if best is not None and (best.cost < 0.9 + 0.25 * following or following >= best.suspect.near + 1.5):
                    break
        pool.sort(key=lambda c: c.cost)
        partial: list[tuple[Mended, Verdict]] = []
        gaining = [c for c in pool if c.right is not None and c.right > self.right and not self.completes(c.right)]
        promising = [c for c in pool if self.completes(c.right)]
        promising += [c for c in pool if c.right is None and c.means is not None and c.cost < 4][: 6 if gaining else 12]
        moves.sort(key=lambda c: c.cost)
        promising += [c for c in moves if c.suspect.reads_updated and c.edit.kind == "order"][:8]
        cheapest = min((c.cost for c in promising if self.completes(c.right)), default=9.0)
        for candidate in sorted(self.too_early, key=lambda c: c.cost)[:1]:
            if candidate.cost < cheapest - 0.3 and (found := self.proved(candidate, hoping=True)) is not None:
                return found
        for candidate in sorted(promising, key=lambda c: c.cost)[:25]:
            found = self.proved(candidate)
            if found is not None and self.search.needed <= set(found[1].right):
                return found
            if found is not None:
                partial.append(found)
            if self.search.is_over:
                break
        half = clock.thread_time() + 0.5 * (self.search.deadline - clock.thread_time())
        for candidate in [c for c in moves if c not in promising][: 12 if gaining else 40]:
            if clock.thread_time() > (half if gaining or partial else self.search.deadline - 0.5):
                break
            found = self.proved(candidate)
            if found is not None and self.search.needed <= set(found[1].right):
                return found
            if found is not None:
                partial.append(found)
        for candidate in sorted(gaining, key=lambda c: (-len(c.right or ()), c.odd, -len(c.suspect.reach), c.cost))[:3]:
            if (found := self.proved(candidate)) is not None:
                partial.append(found)
                break
        partial = [p for p in partial if set(p[1].right) > self.right]
        if partial:
            return max(partial, key=lambda p: (len(p[1].right), len(p[0].candidate.suspect.reach), -p[0].candidate.cost))
        return self.hypothesis(pool)

    def hypothesis(self, pool: list[Candidate]) -> tuple[Mended, Verdict] | None:
        """The first wrong value made right, though no gradient is right with it yet."""
        makes = [
            c
            for c in pool
            if c.means is not None and c.means.is_gradient and c.suspect.near < 1 and c.new and not c.suspect.updates
        ]
        for candidate in sorted(makes, key=lambda c: c.cost)[:2]:
            found = self.proved(candidate, hoping=True)
            if found is not None:
                return found
        return None

    def completes(self, right: set[str] | None) -> bool:
        return right is not None and self.search.needed <= right

    # ------------------------------------------------------------------------------------------------ candidates

    def screened(self, suspect: Suspect, deriving: bool) -> tuple[list[Candidate], list[Candidate]]:
        """The edits of a statement that give a quantity of the model, and those that can only be run."""
        stage, statement = self.stage, suspect.statement
        tree = stage.tree(statement)
        snapshot = stage.snapshot(statement, suspect.node)
        if tree is None:
            return [], []
        editor = stage.editor(statement.file)
        inside: dict[int, Any] = {}
        roots = list(roots_of(tree))
        for root in roots:
            for node in ast.walk(root):
                inside.setdefault(id(node), root)
        old = {id(root): self.value(root, snapshot) for root in roots} if snapshot is not None else {}
        source = SourceStatement(tree, tree.lineno, tree.end_lineno or tree.lineno, statement.function, ())
        found: list[Candidate] = []
        moves: list[Candidate] = []
        penalty = 0.25 * min(suspect.near, 2) + 0.1 * max(0.0, min(suspect.near, 6) - 2) + 0.3 * suspect.updates
        values: set[tuple[int, bytes]] = set()
        moved = snapshot is not None and suspect.near < 1 and not deriving and self.stage.has_moved(snapshot)
        moved = moved and not any(self.right_at_rest(compiled(root), snapshot) for root in roots)
        edits = self.derived(editor, source, roots, snapshot) if deriving else self.edits(editor, source)
        every = sorted(edits, key=lambda e: e.cost)
        for edit in every:
            root = inside.get(id(edit.node)) if not isinstance(edit.node, list) else None
            candidate = Candidate(edit.cost + penalty, edit, suspect, root)
            if edit.kind == "order" and "out of the loop" not in edit.new:
                candidate.cost += -0.4 if suspect.reads_updated else 0.8
            if root is None or snapshot is None or edit.kind in ("copy", "word"):
                if matters(edit) and (suspect.near < 3 or edit.kind in ("order", "copy", "target")):
                    moves.append(candidate)
                continue
            value = self.screen(candidate, snapshot, old.get(id(root)))
            if candidate.means is None and moved and edit.cost < MOST_OPERAND and self.would_be_right(candidate, snapshot):
                self.too_early.append(candidate)
            if candidate.means is not None and (id(root), value) not in values:
                values.add((id(root), value))
                edit.old, edit.new = edit.old or ast.unparse(edit.node), edit.new or ast.unparse(edit.replacement)
                found.append(candidate)
            if self.search.is_over:
                break
        found.sort(key=lambda c: c.cost)
        return found[:60], moves

    def edits(self, editor: Editor, source: SourceStatement) -> Iterator[Edit]:
        """The mistakes that people make in a statement, undone, and the statement and its loops in other places."""
        yield from catalogue(editor, source)
        for loop in itertools.islice(around(editor, source.node), 2):
            header = SourceStatement(loop, loop.lineno, loop.lineno, source.function, ())
            yield from (edit for edit in catalogue(editor, header) if edit.kind == "range")
        yield from proposals(editor, source.node, source.line)
        yield from editor.moves(source)
        for loop in around(editor, source.node):
            yield from editor.moves(SourceStatement(loop, loop.lineno, loop.end_lineno, source.function, ()))

    def derived(self, editor: Editor, source: SourceStatement, roots: list[Any], snapshot: Snapshot | None) -> Iterator[Edit]:
        """The derived expressions for the right sides of a statement."""
        function = editor.function_of(source.node)
        for root in roots:
            if self.search.is_over or snapshot is None:
                return
            text = ast.unparse(root)
            for cost, new in derived(self.stage, self.blame.meanings, snapshot, function, text):
                parent, name, index = editor.place[id(root)]
                replacement = expression(new)
                for node in ast.walk(replacement):
                    if "lineno" in node._attributes:
                        ast.copy_location(node, root)
                yield Edit(cost, "derived", source.line, text, new, parent, name, index, root, replacement)

    def value(self, root: Any, snapshot: Snapshot) -> Any:
        code = compiled(root)
        try:
            return self.stage.evaluate(code, snapshot) if code is not None else None
        except NotEvaluatedError:
            return None

    def screen(self, candidate: Candidate, snapshot: Snapshot, old: Any) -> bytes:
        """Evaluate an edit where its statement stands; keep what it means when all that it changes means something."""
        edit, root = candidate.edit, candidate.root
        if edit.node is root:
            code, text = compiled(edit.replacement), ""
        else:
            edit.apply()
            try:
                code = compiled(root)
            finally:
                edit.undo()
            text = ""
        if code is None:
            return b""
        try:
            new = self.stage.evaluate(code, snapshot)
        except NotEvaluatedError:
            return b""
        before = leaves(old[0]) if old is not None else []
        pairs = list(zip(leaves(new[0]), leaves(new[1]), strict=False))
        means, odd, target = None, False, candidate.suspect.target
        moves = bool(pairs) and len(before) == 1 and self.blame.meanings.update((before[0], leaves(old[1])[0])) is not None
        moves = moves or (candidate.suspect.updates and isinstance(self.stage.tree(candidate.suspect.statement), ast.Assign))
        for k, pair in enumerate(pairs):
            if k < len(before) and len(before) == len(pairs) and is_equal(pair[0], before[k]):
                continue
            found = self.blame.meanings.of(pair) if not moves else []
            meaning = found[0] if found else self.blame.meanings.update(pair)
            if meaning is None:
                return b""
            wanted = [m for m in found if m.is_gradient and (not target or m.quantity.argument in target)]
            means = next(iter(wanted), meaning)
            odd = odd or (bool(target) and not wanted) or (means.is_gradient and not self.is_usual(means))
        if means is None:
            return b""
        candidate.code, candidate.means, candidate.text, candidate.odd = code, means, text, odd
        candidate.cost += (0.1 if means.quantity.kind == "value" else 0.0) + (0.8 if odd else 0.0)
        candidate.new = (
            not odd and not any(self.blame.meanings.of(p) for p in zip(leaves(old[0]), leaves(old[1]), strict=False))
            if old
            else True
        )
        candidate.new = candidate.new and not self.is_held(pairs[0], snapshot)
        return b"".join(np.asarray(p[0]).tobytes() for p in pairs)

    def would_be_right(self, candidate: Candidate, snapshot: Snapshot) -> bool:
        """Whether an edit gives an adjoint if the parameters that it reads had not moved yet."""
        edit = candidate.edit
        edit.apply()
        code = compiled(candidate.root if edit.node is not candidate.root else edit.replacement)
        edit.undo()
        return self.right_at_rest(code, snapshot)

    def right_at_rest(self, code: CodeType | None, snapshot: Snapshot | None) -> bool:
        """Whether an expression is an adjoint while no parameter has moved."""
        try:
            pair = self.stage.evaluate_unmoved(code, snapshot) if code is not None and snapshot is not None else None
        except NotEvaluatedError:
            return False
        if pair is None or not all(isinstance(p, (np.ndarray, float, np.floating)) for p in pair):
            return False
        found = self.blame.meanings.gradients(pair)
        return bool(found) and self.is_usual(found[0])

    def is_held(self, pair: Any, snapshot: Snapshot) -> bool:
        """Whether a variable holds this value already, or a multiple of it."""
        key = self.blame.meanings.key(pair)
        if id(snapshot) not in self.held:
            values = self.held[id(snapshot)] = set()
            for _, node in atoms_of(snapshot.names)[:200]:
                with contextlib.suppress(KeyError):
                    both = (self.stage.step.values[node], self.stage.point.values[node])
                    if all(isinstance(v, (np.ndarray, float, np.floating)) for v in both):
                        values.add(self.blame.meanings.key(both))
        return key is not None and key in self.held[id(snapshot)]

    def is_usual(self, meaning: Meaning) -> bool:
        usual = self.blame.usual
        return not usual or any(abs(meaning.scale - scale) <= 1e-6 * abs(scale) for scale in usual)

    def replay(self, candidate: Candidate) -> None:
        """What becomes right with an edit, by the record."""
        file = candidate.suspect.statement.file
        if candidate.code is None:
            return
        edits: dict[Node, tuple[CodeType, Snapshot]] = {}
        for node in self.stage.executions(file, candidate.root):
            snapshot = self.stage.snapshot(candidate.suspect.statement, node)
            if snapshot is not None:
                edits[node] = (candidate.code, snapshot)
        if edits:
            candidate.right = self.stage.right_after(edits)

    def proved(self, candidate: Candidate, hoping: bool = False) -> tuple[Mended, Verdict] | None:
        """The change that an edit makes, when the edited program has more right gradients and loses none."""
        file = candidate.suspect.statement.file
        editor, edit = self.stage.editor(file), candidate.edit
        if not edit.old and not isinstance(edit.node, list):
            edit.old, edit.new = ast.unparse(edit.node), ast.unparse(edit.replacement)
        change = change_of(file, self.scene.text(file), editor.source.tree, candidate.edit)
        if change is None:
            return None
        texts = {**self.scene.texts, file: change.after}
        verdict = self.search.judge(texts)
        if verdict is not None and self.search.needed <= set(verdict.right):
            verdict = self.search.judge(texts, 2)  # and in the next steps
        if verdict is None:
            return None
        right = set(verdict.right)
        if not (right > self.right or (hoping and right >= self.right)):
            return None
        old, new = "", ""
        if candidate.root is not None:
            old = ast.unparse(candidate.root)
            candidate.edit.apply()
            new = ast.unparse(candidate.root) if candidate.edit.node is not candidate.root else candidate.edit.new
            candidate.edit.undo()
        return Mended(change, candidate, self.scene, self.blame, right - self.right, old, new), verdict


def catalogue(editor: Editor, source: SourceStatement) -> Iterator[Edit]:
    """The catalogue of common mistakes in one statement, undone."""
    scope = editor.scope(source)
    stores = any(isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) for n in ast.walk(source.node))
    for node in editor.nodes(source):
        if not isinstance(node, (ast.expr, ast.stmt, ast.Slice)):
            continue
        for cost, kind, new in editor.of_node(node, source, scope):
            if cost > MOST_COST or (stores and holds_itself(source.node, new, scope)):
                continue
            for inner in ast.walk(new):
                if "lineno" in inner._attributes and id(inner) not in editor.place:
                    ast.copy_location(inner, node)
            parent, name, index = editor.place[id(node)]
            yield Edit(cost, kind, source.line, "", "", parent, name, index, node, new)


def roots_of(tree: ast.stmt) -> Iterator[Any]:
    """The right sides of a statement: the items of a tuple each by itself, and what is appended."""
    value = getattr(tree, "value", None)
    todo = [value] if value is not None else []
    while todo:
        node = todo.pop(0)
        if isinstance(node, (ast.Tuple, ast.List)):
            todo += node.elts
        elif isinstance(node, ast.Dict):
            todo += node.values
        elif isinstance(tree, ast.Expr) and node is value and isinstance(node, ast.Call):
            todo += node.args
        elif isinstance(node, ast.expr) and not isinstance(node, ast.Starred):
            yield node


def leaves(value: Any) -> list[Any]:
    """The arrays and numbers inside of a value."""
    if isinstance(value, (np.ndarray, float, np.number)):
        return [value]
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, (float, np.floating)) for item in value):
        return [np.asarray(value)]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    return []
