"""Try edits, region by region, until one makes every gradient right on the user's input and on two fresh ones."""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from dataclasses import dataclass

from microgradnp.debugger.blame.blame import Blame
from microgradnp.debugger.blame.slices import Region
from microgradnp.debugger.capture.bind import mark_of
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.judge.probe import Observation
from microgradnp.debugger.judge.rerun import Rerun
from microgradnp.debugger.repair.changes import Change, change_of
from microgradnp.debugger.repair.edits import Edit, Editor
from microgradnp.debugger.repair.workshop import Workshop

FRESH = (1, 2)  # the inputs beside the user's own for which a fix has to be right


@dataclass(eq=False)
class Fix:
    """An edit that was run: it makes `right` right, and breaks nothing."""

    edit: Edit
    change: Change
    right: set[str]
    region: Region
    complete: bool
    factor: str = ""  # the factor of a product that was edited
    term: str = ""  # the summand, where there are several

    @property
    def file(self) -> str:
        """The file that is edited."""
        return self.change.file

    @property
    def line(self) -> int:
        """The line that is edited."""
        return self.change.line

    @property
    def old(self) -> str:
        """The text before the edit."""
        return self.change.fix[1]

    @property
    def new(self) -> str:
        """The text after the edit."""
        return self.change.fix[2]

    @property
    def shortens(self) -> bool:
        """Whether the fix takes a term away, which may be one that carries on from step to step."""
        return self.edit.kind == "term" and len(self.edit.new) < len(self.edit.old)


Confirm = Callable[[set[str]], bool]  # do these gradients stand before the gate, with the edits that are in place?


def repair(
    trace: Trace, blamed: Blame, rerun: Rerun, workshop: Workshop, deadline: float, confirm: Confirm = lambda _: True
) -> Fix | None:
    """The best fix among the edits of the suspected lines; None when none was found until the deadline."""
    workshop.look_at(trace)
    return Search(trace, blamed, rerun, workshop, confirm).search(deadline)


class Search:
    """Runs edited copies of one program, most suspected lines first."""

    def __init__(self, trace: Trace, blamed: Blame, rerun: Rerun, workshop: Workshop, confirm: Confirm) -> None:
        self.confirm = confirm
        self.blamed = blamed
        self.rerun = rerun
        self.scorer = rerun.scorer
        self.workshop = workshop
        self.suspects = gradient_names(trace, blamed)
        first = rerun.first
        self.right_before = set(self.scorer.right(first)) if first else set()
        self.starts: dict[int, dict[str, bytes]] = {number: self.start(number) for number in (0, *FRESH)}  # of the unedited code

    def try_edit(self, editor: Editor, edit: Edit, region: Region) -> Fix | None:
        """Run the edited code; a Fix when more gradients are right than before, on fresh inputs too."""
        try:
            with self.workshop.trying(edit, region.file):
                return self.judge_edit(editor, edit, region)
        except (SyntaxError, ValueError, TypeError, RuntimeError):  # the edit is no program
            return None

    def judge_edit(self, editor: Editor, edit: Edit, region: Region) -> Fix | None:
        """A Fix when the edited program is right on this input, on two others, and in the next step."""
        right = self.proved()
        if right is None:
            return None
        complete = set(right) == set(self.scorer.entries)
        edit.undo()  # the parts are those of the text as it stands
        factor, term = ("", "") if edit.kind == "order" else (editor.factor(edit.node), editor.term(edit.node))
        change = change_of(region.file, self.workshop.text(region.file), editor.source.tree, edit)
        edit.apply()
        if change is None:  # what cannot be written down cannot be shown
            return None
        return Fix(edit, change, set(right), region, complete, factor, term)

    def proved(self) -> dict[str, float] | None:
        """The right gradients and their factors, when the program as it is now mends something, everywhere that it is tried."""
        seen = self.rerun.observe()
        if seen is None:
            return None
        right = self.scorer.right(seen)
        if not set(right) > self.right_before or self.start(0) != self.starts[0]:
            return None
        for number in FRESH:
            fresh = self.rerun.observe(self.rerun.run.inputs.fresh(number))
            if fresh is None or not self.as_right(right, fresh) or self.start(number) != self.starts[number]:
                return None
        return right if self.right_later(right) and self.confirm(set(right)) else None

    def start(self, number: int) -> dict[str, bytes]:
        """What the first step starts from, on the user's inputs or on fresh ones. An edit that changes it mends nothing."""
        inputs, loop = self.rerun.run.inputs, self.rerun.plan.loop
        back = 0 if loop is None else 1 - loop.iteration
        seen = self.rerun.observe(inputs.fresh(number) if number else inputs, later=back)
        return {} if seen is None else {argument: mark_of(value) for argument, value in seen.before.items()}

    def right_later(self, right: dict[str, float]) -> bool:
        """Whether the same gradients are right in the next step too, with factors that may have changed together."""
        loop = self.rerun.plan.loop
        if loop is None:
            return True
        seen = self.rerun.observe(later=1)
        if seen is None or not seen.before:
            return True  # it was the last
        scales, resting = self.scorer.scales(seen) or {}, self.scorer.resting(seen)
        if loop.iteration == 1 and not set(right) & set(scales):
            return True  # momentum and the like: only the first step is a multiple of the gradient
        ratios = [scales[a] / c if a in scales else 0.0 for a, c in right.items() if a not in resting]
        return all(r > 0 and self.scorer.same(r, ratios[0]) for r in ratios)

    def as_right(self, right: dict[str, float], fresh: Observation) -> bool:
        """Whether the same gradients are right with the same factors on fresh inputs; one that vanishes there has no factor."""
        scales = self.scorer.right(fresh)
        resting = self.scorer.resting(fresh)
        return all(self.scorer.same(scales[a], c) if a in scales else a in resting for a, c in right.items())

    def search(self, deadline: float) -> Fix | None:
        """The best fix of the first region that has one; a fix of some gradients only when no region has a complete one.

        When the first region is proved to hold the fault, the others are not looked at for long.
        """
        if self.rerun.first is None:
            return None
        partial: Fix | None = None
        proved = self.blamed.certain or self.blamed.proof is not None
        for k, region in enumerate(self.blamed.regions):
            fix = self.in_region(region, 9.0 if k < 3 else 2.4 if partial is not None else 1.7, deadline)
            if fix is not None and fix.complete:
                return fix
            if fix is not None and (partial is None or len(fix.right) > len(partial.right)):
                partial = fix
            if self.workshop.out_of_time or (proved and (partial is not None or k >= 2)):
                break
        return partial

    def in_region(self, region: Region, most_cost: float, deadline: float) -> Fix | None:
        """The best fix among the edits of a region, the cheapest first."""
        editor = self.workshop.editor(region.file)
        if editor is None:
            return None
        editor.suspects = self.suspects
        candidates: list[tuple[float, int, Edit]] = []
        listing = (clock.thread_time() + deadline) / 2  # half of the time may pass before the first edit is tried
        for rank, line in enumerate(region.lines):
            if clock.thread_time() > listing:
                self.workshop.out_of_time = True
                break
            statement = editor.source.by_line.get(line)
            if statement is not None:
                penalty = 0.02 * rank if region.version is not None else 0.05 * rank
                candidates += [(edit.cost + penalty, rank, edit) for edit in editor.edits(statement) if edit.cost <= most_cost]
        candidates.sort(key=lambda c: c[:2])
        best: Fix | None = None
        for _, _, edit in candidates:
            if clock.thread_time() > deadline:
                self.workshop.out_of_time = True
                break
            fix = self.try_edit(editor, edit, region)
            if fix is None:
                continue
            if fix.complete:
                return fix
            if best is None or len(fix.right) > len(best.right):
                best = fix
        return best


def gradient_names(trace: Trace, blamed: Blame) -> set[str]:
    """What the code calls gradients and updates of weights."""
    found: set[str] = set()
    for version in trace.versions:
        match = blamed.matches.of(version)
        reference = match.reference if match is not None else None
        if reference is not None and reference.kind == "adjoint" and reference.argument and reference.array.ndim > 1:
            found |= {name.partition("[")[0] for name in version.names}
    return found
