"""`mg.debug`: capture, judge, blame, repair, and say it."""

from __future__ import annotations

import contextlib
import time as clock
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from microgradnp.core.origin import one_line
from microgradnp.debugger.blame.frontier import Blame, Case, Test, blame
from microgradnp.debugger.capture.bind import BindingError, mark_of
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.roles import data_of, lengths
from microgradnp.debugger.capture.shapes import by_shape
from microgradnp.debugger.capture.step import Step, capture
from microgradnp.debugger.capture.writes import Writes
from microgradnp.debugger.match.index import Index
from microgradnp.debugger.match.references import (
    Evaluation,
    ModelError,
    Reference,
    evaluate,
    model_arguments,
    per_sample,
    references,
)
from microgradnp.debugger.repair.edits import Editor
from microgradnp.debugger.repair.probe import observe, plan_of
from microgradnp.debugger.repair.score import Scorer
from microgradnp.debugger.repair.search import Search
from microgradnp.debugger.report.facts import finding
from microgradnp.debugger.report.reasons import reasons
from microgradnp.debugger.report.report import Report
from microgradnp.debugger.verdict import Verdict, judge

MORE_STEPS = 2  # looked at when the first is right
MOST_FINDINGS = 4
SLOW = 0.12  # seconds for the trace of one step, from which on fewer samples are looked at
FEW = 5

Looked = tuple[Step, Evaluation, list[Reference], Verdict]


def debug(
    train: Callable[..., Any],
    loss: Callable[..., Any],
    args: tuple[Any, ...] = (),
    kwargs: Mapping[str, Any] | None = None,
    bind: Mapping[str, str] | None = None,
    step: int = 0,
    budget: float = 5.0,
) -> Report:
    """Run hand-written backprop unchanged, say which gradients are right, and name the first wrong line.

    Parameters
    ----------
    train : callable
        The hand-written code, called as `train(*args, **kwargs)` on copies. It may return gradients, keep them in variables,
        or only move the parameters; a training loop is stopped when the step asked for is over.
    loss : callable
        The same model as a plain NumPy loss, a scalar: `loss(x, y, W1, ...)`. Its arguments are found in the hand-written
        code by their names.
    args, kwargs :
        The arguments of `train`.
    bind : mapping of str to str
        Argument of `loss` -> expression in a frame of the hand-written code, for what is called otherwise:
        `{"W1": "self.W[0]"}`.
    step : int
        The step to look at, counted from 0.
    budget : float
        Seconds after which the best answer so far is given.

    Returns
    -------
    Report
        `.ok`, `.gradients`, `.first_wrong`, `.findings`, `.suspects`; prints as text, `.save("r.html")` writes a page,
        `.view("graph.html")` one with the graph of the model.

    Raises
    ------
    BindingError
        When an argument of the model cannot be found, or could be several variables.
    ModelError
        When the model fails or does not return a scalar.
    TypeError
        When `train` is no function or a generator, or `args` no tuple.
    """
    started = clock.perf_counter()
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"debug: args must be a tuple of the function's arguments, got {type(args).__name__}; write args=(x,)")
    program = Program(train, tuple(args), dict(kwargs or {}))
    investigation = Investigation(program, loss, dict(bind or {}), step, started, budget)
    return investigation.run()


class Investigation:
    """One call of `debug`."""

    def __init__(
        self, program: Program, model: Callable[..., Any], bind: dict[str, str], step: int, started: float, budget: float
    ) -> None:
        self.program = program
        self.model = model
        self.arguments, self.optional = model_arguments(model)
        self.bind = bind
        self.number = step
        self.started = started
        self.budget = budget
        self.notes: list[str] = []
        self.known: list[bytes] = []  # the parameters as they were given

    @property
    def left(self) -> float:
        return self.budget - (clock.perf_counter() - self.started)

    def look(self, number: int, seed: int = 0) -> Looked:
        """Trace one step and judge it."""
        seconds = max(0.5, 0.6 * self.left)
        try:
            step = capture(self.program, self.arguments, self.optional, self.bind, number, seconds, seed)
        except BindingError as error:
            self.bind_by_shape(error)
            step = capture(self.program, self.arguments, self.optional, self.bind, number, seconds, seed)
        evaluation = evaluate(self.model, step.before)
        found = references(evaluation) + per_sample(self.model, step.before, evaluation, step.changed)
        return step, evaluation, found, judge(step, evaluation, Index(found, single=step.single))

    def bind_by_shape(self, error: BindingError) -> None:
        """Bind what has no name of its own by its shape, when there is one way only; else raise the error again."""
        ways = by_shape(list(error.missing), error.present, error.bound, self.model_runs) if error.missing else []
        if len(ways) == 1:
            self.bind.update(ways[0])
            said = ", ".join(f"{argument} = {expression}" for argument, expression in ways[0].items())
            self.notes.append(f"{said}: bound by shape, because nothing has these names and no other way fits")
            return
        if len(ways) > 1:
            could = "; or ".join(", ".join(f"{a} = {e}" for a, e in way.items()) for way in ways[:4])
            raise BindingError(f"{error}. By their shapes it could be {could}") from None
        raise error

    def model_runs(self, values: dict[str, Any]) -> bool:
        """Whether the model can be evaluated and differentiated at these values."""
        try:
            evaluate(self.model, values)
        except ModelError:
            return False
        return True

    def run(self) -> Report:
        """Look, judge, look further when all is right, and explain what is wrong."""
        began = clock.perf_counter()
        step, evaluation, found, verdict = self.look(self.number)
        self.known = [mark_of(step.before[a]) for a in verdict.entries if a in step.before]
        whole, notes = self.program, list(self.notes)
        if not verdict.ok and (clock.perf_counter() - began > SLOW or step.tracer.out_of_time):
            step, evaluation, found, verdict = self.look_at_fewer_samples(step, evaluation, found, verdict)
        if step.error is not None and not verdict.entries:
            raise step.error
        if not verdict.entries:
            self.notes.append(
                "no gradient was found: no parameter moves, and no variable or returned array is one; see what was bound to what"
            )
        looked = (step, evaluation, found, verdict)
        if not verdict.ok and self.number and verdict.entries:
            before = self.again(self.number - 1, 0, self.known)
            report = self.later_step(self.number, looked, before) or self.first_step(whole, notes)
        elif verdict.ok and verdict.entries:
            report = self.look_further(step, verdict, looked) or self.report_on(looked, self.number, 0)
        else:
            report = self.report_on(looked, self.number, 0)
        report.reasons = reasons(report.step, report.index)
        report.seconds = clock.perf_counter() - self.started
        return report

    def report_on(self, looked: Looked, number: int, seed: int, accumulated: bool = False) -> Report:
        """The report on one look at the program, with what is wrong in it explained."""
        step, evaluation, found, verdict = looked
        report = Report(self.program, step, evaluation, verdict, Index(found, single=step.single), number, list(self.notes))
        if step.single:
            report.notes.append("the code works in single precision: three digits count as equal")
        if step.error is not None:
            report.notes.append(f"the code stopped with {one_line(step.error)}; only what it did before that was judged")
        if step.tracer.out_of_time:
            report.notes.append("the budget was used up before the step was over; give fewer samples or a larger budget")
        if not verdict.ok and verdict.entries and self.program.source is None:
            report.notes.append("the source of the code cannot be read, so no line can be named; put it into a file")
        if not verdict.ok and verdict.entries:
            self.explain(report, step, evaluation, found, verdict, seed, accumulated)
        return report

    def look_at_fewer_samples(self, step: Step, evaluation: Evaluation, found: list[Reference], verdict: Verdict) -> Looked:
        """The same step on a few samples, when that shows the same faults: code with loops over elements is slow to trace."""
        counts = lengths(step.before, data_of(step.before, verdict.entries))
        length = counts.pop() if len(counts) == 1 else 0
        if length > FEW:
            whole = self.program
            self.program = whole.with_fewer_samples(length, FEW, self.known)
            fewer = self.again(self.number, 0, [])
            if fewer is not None and fewer[3].wrong == verdict.wrong and set(fewer[3].entries) == set(verdict.entries):
                self.notes.append(f"the fault was looked for on the first {FEW} of {length} samples, where it shows as well")
                return fewer
            self.program = whole
        return step, evaluation, found, verdict

    def look_further(self, step: Step, verdict: Verdict, looked: Looked) -> Report | None:
        """Later steps, and generic parameters: some bugs sleep while a bias is zero, or wake in the second step."""
        plan = plan_of(step, verdict.entries)
        scorer = Scorer(self.model, plan, verdict.entries)
        for seed in (1, 2):
            if self.left < 0.5 * self.budget:
                break
            seen = observe(self.program, plan, seed, self.known, clock.perf_counter() + 1, set())
            if seen is None or scorer.gradients_at(seen) is None:
                continue
            right = scorer.right(seen)
            if set(right) != set(verdict.entries):
                again = self.again(self.number, seed, self.known)
                if again is not None and not again[3].ok:
                    self.notes.append("the gradients are right for the values given, and wrong for generic ones")
                    return self.report_on(again, self.number, seed)
        before = looked
        for number in range(self.number + 1, self.number + 1 + MORE_STEPS) if step.loop is not None else ():
            again = self.again(number, 0, self.known) if self.left >= 0.5 * self.budget else None
            if again is None or again[0].start == before[0].start:
                break
            if not again[3].ok and again[3].entries:
                return self.later_step(number, again, before)
            before = again
        return None

    def later_step(self, number: int, looked: Looked, before: Looked | None) -> Report | None:
        """What is wrong in a step that is not the first; None where it is, or may be, a rule of its own such as momentum.

        Momentum moves by a * gradient + b * (the movement before), the same for all. b = 1 is no momentum: the gradients of the
        step before are still there. Anything else is called wrong only when a fix or an intervention proves it.
        """
        kept = carried_on(before[3], looked[3]) if before is not None else None
        if kept is not None and abs(kept - 1) > 1e-4:
            self.notes.append(
                f"step {number} moves on with {kept:.6g} times the step before: momentum; only the first was judged"
            )
            return None
        notes = list(self.notes)
        self.notes.append(
            f"the gradients of step {number - 1} are still in those of step {number}"
            if kept is not None
            else f"the first step is right; step {number} is not"
        )
        report = self.report_on(looked, number, 0, kept is not None)
        if kept is not None or any(f.certainty == "consistent" or (f.fix and not f.shortens) for f in report.findings):
            return report
        self.notes = [
            *notes,
            f"step {number} does not go along its gradient, as with rules that look ahead or back; only the first was judged",
        ]
        return None

    def first_step(self, whole: Program, notes: list[str]) -> Report:
        """The first step, where nothing can be said about the one that was asked for; the last note says why."""
        self.program, self.notes = whole, [*notes, self.notes[-1]]
        return self.report_on(self.look(0), 0, 0)

    def again(self, number: int, seed: int, known: list[bytes], writes: Writes | None = None) -> Looked | None:
        """Look at another step, other inputs, or with values put in; None when that fails."""
        try:
            seconds = max(0.3, 0.5 * self.left)
            step = capture(self.program, self.arguments, self.optional, self.bind, number, seconds, seed, known, writes)
            evaluation = evaluate(self.model, step.before)
            found = references(evaluation) + per_sample(self.model, step.before, evaluation, step.changed)
            return step, evaluation, found, judge(step, evaluation, Index(found, single=step.single))
        except Exception:  # what fails on other values than the user's says nothing about the user's code
            return None

    # ------------------------------------------------------------------------------------- explain

    def explain(
        self,
        report: Report,
        step: Step,
        evaluation: Evaluation,
        found: list[Reference],
        verdict: Verdict,
        seed: int,
        accumulated: bool = False,
    ) -> None:
        """Name the faults one after the other: mend or overwrite the first, run again, and look at what is left."""
        writes: Writes = {}
        editors: dict[str, Editor] = {}
        with contextlib.ExitStack() as kept:
            for number in range(MOST_FINDINGS):
                index = Index([*found, *updates(step, verdict)], gauges_of(verdict), step.single)
                scorer = Scorer(self.model, plan_of(step, verdict.entries), verdict.entries)
                search = Search(self.program, step, scorer.plan, scorer, editors, self.known, seed)
                kept.enter_context(search.kept)
                case = Case(step, evaluation, verdict, index, test_with(search, dict(writes)), self.until(0.4))
                blamed = blame(case)
                blamed.accumulated = accumulated
                search.suspects = gradient_names(step, blamed)
                fix = None
                if number == 0 and not search.repeats():
                    report.notes.append(
                        "two runs of the code differ, though its random numbers were seeded: no fix can be proved. "
                        "Seed what it draws from, or pass the numbers in"
                    )
                    search.usable = False
                if not writes and self.left > 0:
                    fix = search.search(
                        blamed.regions, self.until(0.7 if blamed.proof else 0.55), blamed.certain or blamed.proof is not None
                    )
                if fix is not None and not fix.complete and not blamed.forward_ok:
                    fix = None  # as long as the forward pass differs, nothing is said about the backward pass
                if number == 0:
                    report.index, report.blame = index, blamed
                report.tried += search.tried
                if fix is None and number and not (blamed.certain or blamed.proof):
                    return
                if fix or blamed.regions:
                    report.findings.append(finding(fix, blamed, step, verdict))
                    report.forward_ok = report.findings[0].cause != "forward_differs"
                if ((fix is None or fix.complete) and blamed.proof is None) or self.left < 0.3 * self.budget:
                    return
                if fix is not None:
                    if fix.complete:
                        return
                    search.keep(fix)
                elif blamed.proof is not None:
                    if blamed.proof.mends == set(verdict.entries):
                        return
                    writes.update(blamed.proof.writes)
                again = self.again(report.number, seed, self.known, writes)
                if again is None or again[3].ok or len(again[3].wrong) >= len(verdict.wrong):
                    return
                step, evaluation, found, verdict = again

    def until(self, share: float) -> float:
        """The moment when this share of the budget is used up; a little later than now in any case."""
        return max(self.started + share * self.budget, clock.perf_counter() + 0.05 * self.budget)


def carried_on(before: Verdict, later: Verdict) -> float | None:
    """b of: later movement = a * gradient + b * earlier movement, with the same a and b for all parameters; None without."""
    movements, gradients, ones_before = [], [], []
    for name, entry in later.entries.items():
        one_before = before.entries.get(name)
        if one_before is None or not entry.kind == one_before.kind == "update":
            return None
        if entry.found is None or entry.expected is None or one_before.found is None:
            return None
        movements.append(entry.found.ravel())
        gradients.append(entry.expected.ravel())
        ones_before.append(one_before.found.ravel())
    movement, gradient, earlier = (np.concatenate(parts) for parts in (movements, gradients, ones_before))
    if not (movement.shape == gradient.shape == earlier.shape and np.isfinite(movement).all()) or movement.size < 3:
        return None
    columns = np.stack([gradient, earlier], axis=1)
    factors, *_ = np.linalg.lstsq(columns, movement, rcond=None)
    rest = np.max(np.abs(columns @ factors - movement))
    return float(factors[1]) if rest < 1e-5 * np.max(np.abs(movement), initial=1e-300) and factors[0] < 0 else None


def test_with(search: Search, base: Writes) -> Test:
    """A test that keeps the writes of earlier findings."""
    return lambda writes: search.test({**base, **writes})


def gradient_names(step: Step, blamed: Blame) -> set[str]:
    """What the code calls gradients and updates of weights."""
    found: set[str] = set()
    for version in step.versions:
        match = blamed.matches.get(id(version))
        if (
            match is not None
            and match.reference.kind == "adjoint"
            and match.reference.argument
            and match.reference.array.ndim > 1
        ):
            found |= {name.partition("[")[0] for name in version.names}
    return found


def updates(step: Step, verdict: Verdict) -> list[Reference]:
    """Parameters after their right step: what they are when they are read too late."""
    found = []
    for argument, entry in verdict.entries.items():
        if entry.ok and argument in step.after:
            found.append(
                Reference("update", f"{argument} after its update", np.asarray(step.after[argument], float), -1, argument)
            )
    return found


def gauges_of(verdict: Verdict) -> list[float]:
    """Factors that adjoints are known to carry in this code."""
    scales = [e.scale for e in verdict.entries.values() if e.ok and e.scale]
    return [*scales, *(-s for s in scales)]
