"""Try edits, region by region, until one makes every gradient right on the user's input and on two fresh ones."""

from __future__ import annotations

import ast
import contextlib
import time as clock
import types
from dataclasses import dataclass, replace

from microgradnp.debugger.blame.slices import Region
from microgradnp.debugger.capture.bind import mark_of
from microgradnp.debugger.capture.program import Program, functions_of
from microgradnp.debugger.capture.source import Source, collect, source_of
from microgradnp.debugger.capture.step import Step
from microgradnp.debugger.capture.writes import Writes
from microgradnp.debugger.repair.edits import Edit, Editor, changed_line
from microgradnp.debugger.repair.probe import Observation, Plan, observe
from microgradnp.debugger.repair.score import Scorer

FRESH = (1, 2)


@dataclass(eq=False)
class Fix:
    """An edit that was run: it makes `right` right, and breaks nothing."""

    edit: Edit
    file: str
    line: int
    old: str
    new: str
    right: set[str]
    region: Region
    complete: bool
    factor: str = ""  # the factor of a product that was edited
    term: str = ""  # the summand, where there are several


class Search:
    """Runs edited copies of one program."""

    def __init__(
        self,
        program: Program,
        step: Step,
        plan: Plan,
        scorer: Scorer,
        editors: dict[str, Editor],
        known: list[bytes],
        base: int = 0,
    ) -> None:
        self.program = program
        self.plan = plan
        self.scorer = scorer
        self.base = base
        self.known = known  # the parameters as they were given: fresh inputs give them other values
        self.functions: list[types.FunctionType] = functions_of(step.tracer.code_objects)
        self.looping = looping_functions(program.source)
        self.shapes = shapes_seen(step)
        self.editors = editors  # with the edits that are kept
        self.suspects: set[str] = set()
        self.kept = contextlib.ExitStack()
        self.tried = 0
        self.seconds = 1.0
        started = clock.perf_counter()
        first = self.observe(base)
        self.seconds = max(0.25, 20 * (clock.perf_counter() - started))
        self.usable = first is not None
        self.right_before = set(scorer.right(first)) if first else set()
        self.data = {a: mark_of(v) for a, v in first.before.items() if a not in scorer.entries} if first else {}

    @property
    def fresh(self) -> tuple[int, ...]:
        return tuple(seed + self.base for seed in FRESH)

    def editor(self, file: str) -> Editor | None:
        """Edits of a private copy of the file's syntax tree."""
        if file not in self.editors:
            source = source_of(file)
            if source is None:
                return None
            self.editors[file] = fresh_editor(file, source.text, ast.parse(source.text), self.shapes)
        return self.editors[file]

    def observe(self, seed: int, writes: Writes | None = None) -> Observation | None:
        """One quick run of the program as it is."""
        deadline = clock.perf_counter() + (4 if writes else 1) * self.seconds
        return observe(self.program, self.plan, seed, self.known, deadline, self.looping, writes)

    def repeats(self) -> bool:
        """Whether two runs from the same start show the same."""
        first, second = self.observe(self.base), self.observe(self.base)
        if first is None or second is None:
            return True
        return all(
            mark_of(first_part[name]) == mark_of(second_part.get(name))
            for first_part, second_part in ((first.after, second.after), (first.gradients, second.gradients))
            for name in first_part
        )

    def test(self, writes: Writes) -> set[str]:
        """The gradients that are right when these values are put in."""
        seen = self.observe(self.base, writes)
        return set(self.scorer.right(seen)) if seen else set()

    def keep(self, fix: Fix) -> None:
        """Let the program run with this edit from now on, until `kept` is closed."""
        editor = self.editors[fix.file]
        top = top_of(editor, fix.edit)
        fix.edit.apply()
        self.kept.enter_context(self.program.edited(self.functions, top, fix.file))
        self.editors[fix.file] = fresh_editor(fix.file, editor.source.text, editor.source.tree, self.shapes)

    def try_edit(self, editor: Editor, edit: Edit, region: Region) -> Fix | None:
        """Run the edited code; a Fix when more gradients are right than before, on fresh inputs too."""
        self.tried += 1
        top = top_of(editor, edit)
        edit.apply()
        try:
            with self.program.edited(self.functions, top, region.file):
                return self.judge_edit(editor, edit, region)
        except (SyntaxError, ValueError, TypeError, RuntimeError):  # the edit is no program
            return None
        finally:
            edit.undo()

    def judge_edit(self, editor: Editor, edit: Edit, region: Region) -> Fix | None:
        """A Fix when the edited program is right on this input, on two others, and in the next step."""
        seen = self.observe(self.base)
        if seen is None:
            return None
        right = self.scorer.right(seen)
        if not set(right) > self.right_before or not self.same_data(seen):
            return None
        for seed in self.fresh:
            fresh = self.observe(seed)
            if fresh is None or not self.as_right(right, fresh):
                return None
        if not self.right_later(right):
            return None
        complete = set(right) == set(self.scorer.entries)
        line = edit.line if edit.kind == "order" else getattr(edit.node, "lineno", edit.line)
        old = editor.source.line(line).strip()
        edit.undo()  # the parts are those of the text as it stands
        factor, term = ("", "") if edit.kind == "order" else (editor.factor(edit.node), editor.term(edit.node))
        edit.apply()
        new = changed_line(editor.source, edit)
        return Fix(edit, region.file, line, old, new, set(right), region, complete, factor, term)

    def same_data(self, seen: Observation) -> bool:
        """Whether the data are what they were: an edit that gives the model other data mends nothing."""
        return all(mark_of(seen.before.get(a)) == mark for a, mark in self.data.items())

    def right_later(self, right: dict[str, float]) -> bool:
        """Whether the same gradients are right in the next step too, with factors that may have changed together."""
        if self.plan.loop is None:
            return True
        function, line, count = self.plan.loop
        later = replace(self.plan, loop=(function, line, count + 1))
        deadline = clock.perf_counter() + 2 * self.seconds
        seen = observe(self.program, later, self.base, self.known, deadline, self.looping)
        if seen is None or not seen.before:
            return True  # it was the last
        scales, resting = self.scorer.scales(seen) or {}, self.scorer.resting(seen)
        if count == 1 and not set(right) & set(scales):
            return True  # momentum and the like: only the first step is a multiple of the gradient
        ratios = [scales[a] / c if a in scales else 0.0 for a, c in right.items() if a not in resting]
        return all(r > 0 and self.scorer.same(r, ratios[0]) for r in ratios)

    def as_right(self, right: dict[str, float], fresh: Observation) -> bool:
        """Whether the same gradients are right with the same factors on fresh inputs; one that vanishes there has no factor."""
        scales = self.scorer.right(fresh)
        resting = self.scorer.resting(fresh)
        return all(self.scorer.same(scales[a], c) if a in scales else a in resting for a, c in right.items())

    def search(self, regions: list[Region], deadline: float, proved: bool) -> Fix | None:
        """The best fix of the first region that has one; a fix of some gradients only when no region has a complete one.

        When the first region is proved to hold the fault, the others are not looked at for long.
        """
        partial: Fix | None = None
        if not self.usable:
            return None
        for k, region in enumerate(regions):
            fix = self.in_region(region, 9.0 if k < 3 else 2.4 if partial is not None else 1.7, deadline)
            if fix is not None and fix.complete:
                return fix
            if fix is not None and (partial is None or len(fix.right) > len(partial.right)):
                partial = fix
            if clock.perf_counter() > deadline or (proved and (partial is not None or k >= 2)):
                break
        return partial

    def in_region(self, region: Region, most_cost: float, deadline: float) -> Fix | None:
        """The best fix among the edits of a region, the cheapest first."""
        editor = self.editor(region.file)
        if editor is None:
            return None
        editor.suspects = self.suspects
        candidates: list[tuple[float, int, Edit]] = []
        for rank, line in enumerate(region.lines):
            statement = editor.source.by_line.get(line)
            if statement is not None:
                penalty = 0.02 * rank if region.version is not None else 0.05 * rank
                candidates += [(edit.cost + penalty, rank, edit) for edit in editor.edits(statement) if edit.cost <= most_cost]
        candidates.sort(key=lambda c: c[:2])
        best: Fix | None = None
        for _, _, edit in candidates:
            if clock.perf_counter() > deadline:
                break
            fix = self.try_edit(editor, edit, region)
            if fix is None:
                continue
            if fix.complete:
                return fix
            if best is None or len(fix.right) > len(best.right):
                best = fix
        return best


def top_of(editor: Editor, edit: Edit) -> ast.stmt:
    """The statement of the module that holds an edit."""
    moved = edit.index is None and edit.kind == "order"
    top: ast.stmt = editor.top(edit.parent if moved and id(edit.parent) in editor.place else edit.node)
    return top


def fresh_editor(file: str, text: str, tree: ast.Module, shapes: dict[str, dict[str, tuple[int, ...] | None]]) -> Editor:
    """An editor of a tree of its own."""
    private = Source(file, text, tree)
    collect(private, tree.body, "<module>", ())
    return Editor(private, shapes)


def shapes_seen(step: Step) -> dict[str, dict[str, tuple[int, ...] | None]]:
    """function -> expression -> shape, of everything that the trace saw there."""
    found: dict[str, dict[str, tuple[int, ...] | None]] = {}
    for version in step.tracer.versions:
        if version.array.dtype.kind != "f":
            continue
        for function, name in version.known_as:
            if "()" not in name:
                names = found.setdefault(function, {})
                names[name] = version.array.shape
                holder = name.partition("[")[0]
                if holder != name:
                    names.setdefault(holder, None)
    return found


def looping_functions(source: Source | None) -> set[str]:
    """Functions with a `while`: an edit may keep it from ending."""
    if source is None:
        return set()
    return {s.function for s in source.by_line.values() if isinstance(s.node, ast.While)}
