"""One round: the program as it is now, and the change that mends it best.

The suspects are looked at best first: the most likely statement with cheap edits, then what is likelier or cheaper of the rest.
An edit is first evaluated where it stands, then carried on through the record, and run last.
"""

from __future__ import annotations

import ast
import heapq
import time as clock
from types import CodeType
from typing import NamedTuple

from microgradnp.debugger.derive.candidate import Candidate, Mended, penalty
from microgradnp.debugger.derive.candidates import PHASES, Screen
from microgradnp.debugger.derive.carry import Carrier, Names
from microgradnp.debugger.derive.early import weights_first
from microgradnp.debugger.derive.guard import values_of
from microgradnp.debugger.derive.locate import Locator
from microgradnp.debugger.derive.meanings import Meaning
from microgradnp.debugger.derive.needed import Needed
from microgradnp.debugger.derive.proof import Judge
from microgradnp.debugger.derive.scene import Scene
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.derive.statements import value_behind
from microgradnp.debugger.derive.values import compiled
from microgradnp.debugger.judge.common import common_factor
from microgradnp.debugger.judge.recorded import Verdict
from microgradnp.debugger.repair.changes import change_of

EXPLORING = 0.65  # the share of the time that is left, for looking at suspects without running the program
HURRY = 0.25  # the same, once an edit mends all by the record
LATE = 0.1  # the share of what is left then, for a look at what became right
PROVING = 0.65  # the share of what is left then, for runs
MOST_RUNS = 24
MASK = 0.3  # by how much what can only be run must be likelier than what mends all by the record
RECALLING = 0.3  # the share of the time for a look at forgotten gradients
MOST_FORGOTTEN = 3  # edits that add a forgotten gradient and are run before others
MOST_PROMISING = 6  # runs before more suspects are looked at
LATER = 0.3  # how much less is expected of the rest of a statement that takes long
UNKNOWN = 99.0  # the cost of what was not found yet
NAMES = (ast.Name, ast.Attribute, ast.Subscript)
HOPE = 0.2  # by how much less a statement must promise to cost, once a mending edit is known


class Trial(NamedTuple):
    """A candidate to run, the likely and cheap ones first."""

    cost: float
    candidate: Candidate
    hoping: bool = False  # whether it helps even if it makes nothing right yet
    enough: bool = False  # whether nothing else is tried once it is proved


Proof = tuple[Mended, Verdict]
Mark = tuple[int, int, str, str]


class Turn:
    """The search for one change of one program."""

    def __init__(self, judge: Judge, scene: Scene, before: Mended | None = None) -> None:
        self.judge, self.scene = judge, scene
        self.derives_first = before is not None and before.candidate.edit.kind == "derived"  # mistakes come in kinds
        self.locator = Locator(scene)
        self.blame = self.locator.blame()
        self.stage = Stage(scene)
        self.carrier = Carrier(scene, self.stage)
        self.right = set(scene.verdict.right)
        self.until = self.soon(EXPLORING)
        costs = {**PHASES, "solved": 0.45, "derived": 0.5} if self.derives_first else PHASES
        self.todo = [(penalty(s) + cost, k, phase) for k, s in enumerate(self.blame.suspects) for phase, cost in costs.items()]
        heapq.heapify(self.todo)
        self.tried: set[Mark] = set()  # the candidates that were run
        needed = Needed(self.stage, self.carrier, self.blame.wrong, self.until)
        self.screen = Screen(self.stage, self.blame, needed, self.until)
        self.pool: list[Candidate] = []  # edits whose values mean something
        self.unscreened: list[Candidate] = []
        self.too_early: list[Candidate] = []

    def best(self) -> Proof | None:
        """The cheapest change that makes all right; else the one that makes most right; else a first value that becomes right."""
        partial: list[Proof] = []
        scaled: Proof | None = None  # makes all right but for a factor that all share
        is_last = False
        for candidate in self.forgotten():
            found = self.proved(candidate)
            if found is not None and self.completes(set(found[1].right)) and common_factor(self.judge.first, found[1]) == 1:
                return found
        while not is_last:
            self.explore()
            is_last = not self.todo or clock.thread_time() > self.until
            until = self.soon(PROVING)
            for trial in self.trials() if is_last else self.promising()[:MOST_PROMISING]:
                if clock.thread_time() > until:
                    break
                self.tried.add(mark_of(trial.candidate))
                if scaled is not None and trial.candidate.suspect is scaled[0].candidate.suspect:
                    continue  # it would only choose the factor
                found = self.proved(trial.candidate, trial.hoping)
                if found is not None and self.judge.is_complete(found[1]):
                    if common_factor(self.judge.first, found[1]) == 1:
                        return found
                    scaled = scaled or found
                elif found is not None and trial.enough:
                    return scaled or found
                elif found is not None:
                    partial.append(found)
        if scaled is not None:
            return scaled
        partial = [p for p in partial if set(p[1].right) > self.right]
        if partial:
            return max(partial, key=lambda p: (len(p[1].right), len(p[0].candidate.suspect.reach), -p[0].candidate.cost))
        return self.hypothesis()

    def soon(self, share: float) -> float:
        """The moment when a share of the time that is left will be used up."""
        now = clock.thread_time()
        return now + share * (self.judge.deadline - now)

    def completes(self, right: set[str] | None) -> bool:
        return right is not None and self.judge.needed <= right

    # ------------------------------------------------------------------------------------------------ without a run

    def explore(self) -> None:
        """Screen the edits of the suspects, best first, until one mends all and no cheaper one can be expected."""
        best, todo, until = UNKNOWN, self.todo, self.until
        late = self.until + LATE * (self.judge.deadline - self.until)  # what was screened is worth a look
        while todo and best > todo[0][0] + HOPE * (best < UNKNOWN) and clock.thread_time() < until:
            cost, k, phase = heapq.heappop(todo)
            found = self.screen.screened(self.blame.suspects[k], phase)
            if found.has_more:
                heapq.heappush(todo, (cost + LATER, k, phase))
            self.unscreened += found.unscreened
            self.too_early += found.too_early
            for candidate in [*found, *found.nameless]:
                if clock.thread_time() > late:
                    break
                self.replay(candidate, late)
                if self.completes(candidate.right):
                    until = self.soon(HURRY) if best == UNKNOWN else until
                    best = min(best, candidate.cost)
            self.pool += found
            self.pool += [c for c in found.nameless if c.right is not None and c.right > self.right]
        self.pool.sort(key=lambda c: c.cost)

    def forgotten(self) -> list[Candidate]:
        """What adds a gradient that is stored and that nothing reads: first what mends all by the record, then what may."""
        if not self.blame.stores:
            return []
        until = self.soon(RECALLING)
        found: list[Candidate] = []
        for suspect in self.blame.suspects:
            if clock.thread_time() > until:
                break
            found += self.screen.screened(suspect, "forgotten")
        for candidate in found:
            self.replay(candidate, self.until)
        found = [candidate for candidate in found if candidate.right is None or self.completes(candidate.right)]
        return sorted(found, key=lambda c: (c.right is None, c.cost))[:MOST_FORGOTTEN]

    def replay(self, candidate: Candidate, until: float) -> None:
        """What becomes right with an edit, by the record."""
        if candidate.code is None:
            return
        statement, code, root = candidate.suspect.statement, candidate.code, candidate.root
        made = self.stage.executions(statement.file, root) or self.stage.stores(statement, root)
        names: Names = ()
        if not made and isinstance(tree := self.stage.tree(statement), ast.AugAssign):
            made, code = self.stage.executions(statement.file, tree), code_behind(tree, candidate) or code
        elif not made and isinstance(root, NAMES):
            names = [(node, code, snapshot) for node, snapshot in self.stage.named(statement, root)]
        edits = {node: (code, at) for node in made if (at := self.stage.snapshot(statement, node)) is not None}
        if edits or names:
            candidate.right = self.carrier.right_after(edits, until, names)
            candidate.cost += 0.6 * (self.carrier.is_unusual and not self.blame.usual)

    # ------------------------------------------------------------------------------------------------ runs

    def trials(self) -> list[Trial]:
        """What to run, in order: what mends all by the record, what the record cannot tell, and what mends a part."""
        whole = self.promising()
        gaining = self.gaining()
        known = bool(whole or gaining)  # there is something that the record shows to help
        unknown = [c for c in self.pool if c.right is None and c.means is not None and is_made(c.means) and c.cost < 4]
        moves = self.moves()
        likely = [c for c in moves if is_likely(c)]
        found = [Trial(c.cost + 0.3, c, True, True) for c in sorted(self.too_early, key=lambda c: c.cost)[:1]]
        found += [Trial(c.cost + 0.6, c) for c in unknown[: 2 if known else MOST_RUNS // 2]]
        found += [Trial(c.cost + 0.5, c) for c in likely[: MOST_RUNS // 6 if known else MOST_RUNS // 2]]
        found += [Trial(c.cost + 0.8, c) for c in moves if c not in likely][: 0 if known else MOST_RUNS]
        found = sorted([*whole, *found], key=lambda trial: trial.cost)
        parts = [Trial(UNKNOWN, c, enough=True) for c in gaining[:3]]
        found = [*found[:MOST_PROMISING], *parts[:1], *found[MOST_PROMISING:], *parts[1:]]
        return [trial for trial in found if mark_of(trial.candidate) not in self.tried]

    def promising(self) -> list[Trial]:
        """What mends all by the record and was not run, each edit once, the cheapest first."""
        whole = sorted((c for c in self.pool if self.completes(c.right)), key=lambda c: c.cost + 0.05 * c.suspect.near)
        found: dict[Mark, Trial] = {}
        most = whole[0].cost - MASK if whole else 0.0
        for c in (c for c in self.moves() if c.cost < most and is_change(c)):
            if c.edit.kind == "compare" or (c.edit.kind == "order" and c.suspect.is_early_or_late):
                found[mark_of(c)] = Trial(c.cost, c)  # masks on a left side, and an update that is too early
        for c in whole:
            found.setdefault(mark_of(c), Trial(c.cost + 0.05 * c.suspect.near, c))
        return [trial for mark, trial in found.items() if mark not in self.tried]

    def moves(self) -> list[Candidate]:
        """The edits that can only be run, each once, the cheapest first."""
        found: dict[Mark, Candidate] = {}
        for candidate in sorted(self.unscreened, key=lambda c: c.cost):
            found.setdefault(mark_of(candidate), candidate)
        return list(found.values())

    def gaining(self) -> list[Candidate]:
        """The edits that make more right than before, but not all: the most and the surest first."""
        found = [c for c in self.pool if c.right is not None and c.right > self.right and not self.completes(c.right)]
        return sorted(found, key=lambda c: (-len(c.right or ()), c.odd, -len(c.suspect.reach), c.cost))

    def hypothesis(self) -> Proof | None:
        """The first wrong value made right, though no gradient is right with it yet."""
        makes = [c for c in self.pool if c.means is not None and c.means.is_gradient and c.suspect.near < 1 and c.new]
        for candidate in [c for c in makes if not c.suspect.updates][:2]:
            if (found := self.proved(candidate, hoping=True)) is not None:
                return found
        return None

    def proved(self, candidate: Candidate, hoping: bool = False) -> Proof | None:
        """The change that an edit makes, when the edited program has more right gradients and loses none."""
        file, edit = candidate.suspect.statement.file, candidate.edit
        if self.spoils_forward(candidate):
            return None
        if not edit.old and not isinstance(edit.node, list):
            edit.old, edit.new = ast.unparse(edit.node), ast.unparse(edit.replacement)
        change = change_of(file, self.scene.text(file), self.stage.editor(file).source.tree, edit)
        if change is None:
            return None
        old, new = expressions(candidate)
        mended = Mended(change, candidate, self.scene, self.blame, set(), old, new)
        two = weights_first(self.stage, mended) if self.completes(candidate.right) else ()
        return next(filter(None, (self.proof(trial, hoping) for trial in (*two, mended))), None)

    def proof(self, mended: Mended, hoping: bool) -> Proof | None:
        """A change with the verdict on the program that has it, when more gradients are right in it and none is lost."""
        change = mended.whole[-1].change
        texts = {**self.scene.texts, change.file: change.after}
        verdict = self.judge.verdict(texts, 2)  # and in the next steps, where this one is right
        if verdict is None or (self.completes(set(verdict.right)) and not self.judge.holds_elsewhere(texts)):
            return None
        right = set(verdict.right)
        if not (right > self.right or (hoping and right >= self.right)):
            return None
        mended.right, mended.asleep = right - self.right, frozenset(self.judge.asleep)
        return mended, verdict

    def spoils_forward(self, candidate: Candidate) -> bool:
        """Whether an edit puts something else in the place of a value of the forward pass that is made nowhere else.

        Where a gradient or a slope takes its place, or all is made after its end, the statement belongs to the backward pass.
        """
        means = candidate.means
        if candidate.root is None or (means is not None and (means.is_gradient or means.quantity.kind == "slope")):
            return False
        made = self.stage.executions(candidate.suspect.statement.file, candidate.root)
        end = max((node.number for node in self.stage.step.outputs), default=0)
        if made and all(node.number > end for node in made):
            return False
        for node in made:
            pair = self.locator.pair(node)
            if pair is None or not any(
                m.quantity.kind == "value" and not m.quantity.argument for m in self.blame.meanings.of(pair)
            ):
                continue
            before = (n for n in self.stage.record.nodes[: node.number] if n not in made)
            if not values_of([node]) & values_of(before):
                return True
        return False


def mark_of(candidate: Candidate) -> Mark:
    """The same for two candidates that make the same edit."""
    edit = candidate.edit
    what = edit.new if isinstance(edit.node, list) else ast.unparse(edit.replacement)
    return id(edit.node), id(edit.parent), edit.field, what


def is_change(candidate: Candidate) -> bool:
    """Whether an edit changes the text."""
    return isinstance(candidate.edit.node, list) or ast.unparse(candidate.edit.node) != ast.unparse(candidate.edit.replacement)


def code_behind(statement: ast.AugAssign, candidate: Candidate) -> CodeType | None:
    """The code of `a + b` for `a += b`, with an edit in `b`."""
    candidate.edit.apply()
    try:
        return compiled(value_behind(statement))
    finally:
        candidate.edit.undo()


def is_made(means: Meaning) -> bool:
    """Whether a value is no argument of the model, which every program holds anyway."""
    return means.is_gradient or not means.quantity.argument


def is_likely(candidate: Candidate) -> bool:
    """Whether a statement that reads a moved parameter moves, `=` and `+=` are exchanged, or another name is assigned to."""
    kind = candidate.edit.kind
    return (kind == "order" and candidate.suspect.is_early_or_late) or kind in ("accumulate", "sign", "target", "add.at")


def expressions(candidate: Candidate) -> tuple[str, str]:
    """The expression before and after an edit; two empty texts where it is no expression."""
    edit, root = candidate.edit, candidate.root
    if root is None or isinstance(root, ast.stmt) or isinstance(edit.node, ast.stmt):
        return "", ""
    old = ast.unparse(root)
    edit.apply()
    new = ast.unparse(root) if edit.node is not root else edit.new
    edit.undo()
    return old, new
