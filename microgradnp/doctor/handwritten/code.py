"""From an unchanged training to a diagnosis: what is wrong in the code, and what is left once that is mended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.capture.bind import Wanted
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.script import script
from microgradnp.debugger.debug import debug
from microgradnp.debugger.match.references import ModelError, model_arguments
from microgradnp.debugger.record.outside import aside
from microgradnp.derivatives.gradients import gradients
from microgradnp.doctor.chart import Chart
from microgradnp.doctor.diagnosis import Diagnosis
from microgradnp.doctor.examine import examine, summary_of
from microgradnp.doctor.facts import EXACT, Cause
from microgradnp.doctor.handwritten.course import Course, recorded
from microgradnp.doctor.handwritten.pace import pace_of
from microgradnp.doctor.handwritten.rule import Rule, described, optimizer_of, rule_of
from microgradnp.doctor.lab import Lab, norm_of
from microgradnp.doctor.patient import Array, Patient, Weights

QUICK = 5.0  # seconds for the first question to `mg.debug`


class Asked(NamedTuple):
    """The question: a function that trains, the same model as a loss, and what the function is called with."""

    train: Any
    loss: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    bind: dict[str, str]


def diagnose_code(
    asked: Asked, predict: Callable[..., Any] | None, validation: Sequence[Any] | None, budget: float, seed: int
) -> Diagnosis:
    """Record the training, judge its gradients, and examine a twin. Raises BindingError and ModelError."""
    until = time.process_time() + budget
    train = script(asked.train) if isinstance(asked.train, (str, bytes)) or hasattr(asked.train, "__fspath__") else asked.train
    program = Program(train, asked.args, asked.kwargs)
    arguments, optional = model_arguments(asked.loss)
    with aside():
        course = recorded(program, Wanted(arguments, optional, asked.bind), time.process_time() + 0.4 * budget)
    others = None if validation is None else tuple(map(np.asarray, validation))
    with np.errstate(all="ignore"):
        twin = Twin(course, asked.loss, program.name)
        return twin.examined(predict, others, until, budget, seed, lambda: bug_of(asked, train, 0.5 * budget))


def bug_of(asked: Asked, train: Any, budget: float) -> Any:
    """What `mg.debug` says of the code. It gets more time where it neither proves a fix nor finds all gradients right."""
    found = debug(train, asked.loss, asked.args, asked.kwargs, asked.bind, budget=min(budget, QUICK))
    proved = found.first_wrong is not None and found.first_wrong.fix is not None
    if budget > QUICK and not proved and not is_right(found):
        found = debug(train, asked.loss, asked.args, asked.kwargs, asked.bind, budget=budget)
    return found


def is_right(report: Any) -> bool:
    """Whether `mg.debug` found all gradients right, and had the time for all that it wanted to look at."""
    return bool(report.verdict.word.startswith(("RIGHT", "AGREES"))) and not report.hurried


def is_odd(rule: Rule) -> bool:
    """Whether a parameter moves as it does not where its gradient is right."""
    return not rule.fits or rule.kind == "sum" or rule.lr <= 0


class Twin:
    """The same start, data, rule and number of steps as the code's, with the gradients of the graph."""

    def __init__(self, course: Course, loss: Callable[..., Any], name: str) -> None:
        self.course, self.name = course, name
        held = course.first
        self.data = [a for a in held if a not in course.moving and isinstance(held[a], np.ndarray) and held[a].ndim]
        self.fixed = {a: v for a, v in held.items() if a not in course.moving and a not in self.data}
        self.parameters = {a: Tensor(np.asarray(held[a], float), requires_grad=True, name=a) for a in course.moving}
        self.model, self.as_arrays = loss, False
        self.size: int | None = None
        data = self.whole_data()
        self.check(data)
        start = course.weights(0)
        self.patient = Patient(self.loss, self.parameters, data, optimizer_of({}), start, course.weights(-1), name=name)
        self.lab = Lab(self.patient)
        self.values, self.slopes = self.along_the_way()
        self.rules = self.rules_of()

    def loss(self, *data: Any) -> Any:
        """The model at the parameters of now. A model that makes arrays of its data gets arrays."""
        given = [a.numpy() if self.as_arrays and isinstance(a, Tensor) else a for a in data]
        return self.model(**dict(zip(self.data, given, strict=True)), **self.fixed, **self.parameters)

    def check(self, data: tuple[Array, ...]) -> None:
        """Find out how the model wants its data. Raises ModelError."""
        for self.as_arrays in (False, True):
            try:
                value = self.loss(*map(Tensor, data))
            except Exception as error:
                failed: Exception = error
                continue
            if not isinstance(value, Tensor) or not value.requires_grad or value.shape != ():
                raise ModelError("the model must return one number, made of its arguments with NumPy functions")
            return
        raise ModelError(f"the model failed on the data of the code: {type(failed).__name__}: {failed}") from failed

    def whole_data(self) -> tuple[Array, ...]:
        """The data; of batches, all the rows that were seen."""
        course = self.course
        if not course.varying:
            return tuple(course.first[a] for a in self.data)
        rows: dict[bytes, tuple[Array, ...]] = {}
        varying = [a for a in self.data if a in course.varying]
        self.size = len(course.kept[1][1][varying[0]])
        for _, values in course.kept[1:]:
            for parts in zip(*(values[a] for a in varying), strict=False):
                rows.setdefault(b"|".join(np.asarray(p).tobytes() for p in parts), parts)
        together = [np.stack(column) for column in zip(*rows.values(), strict=True)]
        return tuple(together[varying.index(a)] if a in varying else course.first[a] for a in self.data)

    def at(self, weights: Weights, values: dict[str, Any]) -> tuple[float, Weights]:
        """Loss and gradients at the weights and the data of one step."""
        for name, p in self.parameters.items():
            p.data = weights[name]
        self.lab.steps += 1
        loss = self.loss(*(Tensor(values[a]) for a in self.data))
        found = gradients(loss, list(self.parameters.values()))
        return float(loss.item()), dict(zip(self.parameters, found, strict=True))

    def along_the_way(self) -> tuple[list[float], list[Weights]]:
        """The true losses and gradients at the steps that were kept. A batch is that which is bound after the step, or before."""
        course, found = self.course, []
        for k in range(len(course.kept)):
            batch = course.kept[min(k + self.lag, len(course.kept) - 1)][1] if course.varying else course.first
            found.append(self.at(course.weights(k), batch))
        return [value for value, _ in found], [slopes for _, slopes in found]

    @property
    def lag(self) -> int:
        """1 where a batch is chosen after the loop's head: then the batch of a step is what is bound at the next one's."""
        if not hasattr(self, "_lag"):
            fits = []
            for lag in (0, 1):
                move = self.moves(0)
                g = self.at(self.course.weights(0), self.course.kept[lag][1])[1] if len(self.course.kept) > 1 else move
                fits.append(sum(-float(np.vdot(move[a], g[a])) / (norm_of(g) * norm_of(move) + 1e-300) for a in move))
            self._lag = int(fits[1] > fits[0] + 1e-9)
        return self._lag

    def moves(self, k: int) -> Weights:
        """How the parameters moved in the k-th step."""
        before, after = self.course.weights(k), self.course.weights(k + 1)
        return {name: after[name] - before[name] for name in before}

    def rules_of(self) -> dict[str, Rule]:
        """The rule of each parameter, from the first steps."""
        kept = self.course.kept
        count = next((k for k in range(len(kept) - 1) if kept[k + 1][0] != kept[k][0] + 1), len(kept) - 1)
        chosen = range(max(1, min(count, 12)))
        moves = [self.moves(k) for k in chosen]
        return {name: rule_of([m[name] for m in moves], [self.slopes[k][name] for k in chosen]) for name in self.parameters}

    def examined(
        self,
        predict: Callable[..., Any] | None,
        validation: tuple[Array, ...] | None,
        until: float,
        budget: float,
        seed: int,
        ask_debugger: Callable[[], Any],
    ) -> Diagnosis:
        """The diagnosis of the twin, with the code's own fault in front."""
        course = self.course
        wrong = {name: rule for name, rule in self.rules.items() if is_odd(rule)}
        report = ask_debugger() if wrong else None
        patient = self.patient
        patient.optimizer = optimizer_of({name: rule for name, rule in self.rules.items() if name not in wrong})
        patient.batch_size = self.size
        patient.steps, patient.losses, patient.norms = course.steps, list(self.values), [norm_of(g) for g in self.slopes]
        patient.rule_ended = course.ruled and course.finished and not course.error
        patient.reason = "its own rule ended it" if patient.rule_ended else "all turns of its loop done"
        patient.failed = not np.isfinite(self.values[-1])
        patient.known["stopped at"] = patient.end
        schedules = [rule for rule in self.rules.values() if rule.kind == "schedule"]
        patient.rate_at_end = min((rule.last_lr or rule.lr for rule in schedules), default=None)
        if not wrong and schedules:
            self.keep_pace()
        as_it_ran = Chart(patient, self.lab, predict, validation, seed)
        summary = summary_of(as_it_ran)
        notes = self.notes(report)
        is_bug = report is not None and bool(report.verdict.wrong)
        if is_bug:
            self.mend(until, budget)
        self.lab.until = max(until, time.process_time() + 0.25 * budget)
        chart = Chart(patient, self.lab, predict, validation, seed)
        found = examine(chart)
        found.notes = [*notes, *found.notes]
        if is_bug:
            found.causes = [c for c in found.causes if c.name not in ("evaluation_differs",)]
            found.causes.insert(0, self.bug(report, chart, wrong))
            found.verdict = "sick"
            found.summary = summary
            first = getattr(report, "first_wrong", None)
            fix = first.fix if first is not None else None
            found.to_do = [f"the fix in line {fix[0]}" if fix else "mend the gradient (mg.debug)", *found.to_do][:4]
        found.strips = {
            name: [(step, float(np.linalg.norm(g[name]))) for (step, _), g in zip(course.kept, self.slopes, strict=True)]
            for name in self.parameters
        }
        return found

    def keep_pace(self) -> None:
        """Give the twin the code's limit for gradients, or its schedule."""
        course, patient = self.course, self.patient
        weights = [course.weights(k) for k in range(len(course.kept))]
        pace = pace_of([step for step, _ in course.kept], weights, self.slopes)
        if pace is not None:
            patient.optimizer.lr, patient.changes, patient.rate_at_end = pace[:3]
            patient.known["length of every step"] = pace.length

    def mend(self, until: float, budget: float) -> None:
        """Train the twin for as many steps as the code did, with right gradients."""
        patient = self.patient
        self.lab.until = time.process_time() + max(0.1 * budget, 0.5 * (until - time.process_time()))
        self.lab.speed_up()
        run = self.lab.run(patient.start, self.course.steps)
        patient.end, patient.losses, patient.steps = run.weights, run.losses, len(run.losses)
        patient.failed = not np.isfinite(run.loss) and len(run.losses) < self.course.steps and not self.lab.out_of_time

    def bug(self, report: Any, chart: Chart, wrong: dict[str, Rule]) -> Cause:
        """The cause that the code's gradients are wrong, with line and fix."""
        said = [f"{name} {described(rule)}{', right' if name not in wrong else ''}" for name, rule in self.rules.items()]
        first = report.first_wrong
        line = f"{first.place}: {first.source}" if first is not None else ""
        treatment = ""
        if first is not None and first.fix:
            treatment = f"{first.proof}, in line {first.fix[0]}: {first.fix[2]}"
        end = chart.said(chart.loss_end)
        count, whole = self.patient.steps, self.patient.steps == self.course.steps
        same = whole and chart.loss_end > 0.7 * self.values[-1] and chart.quality < 0.9
        rest = ": the bug is not all of it" if same else ""
        trial = f"with right gradients {'the same ' if whole else ''}{count} steps end at {end}{rest}"
        return Cause("wrong_gradient", 94, EXACT, "; ".join(said), treatment, trial, line, 0.99)

    def notes(self, report: Any) -> list[str]:
        """What limits the answer."""
        course, found = self.course, []
        if not course.finished:
            found.append(f"the training was followed for {course.steps} steps only: a larger budget= follows it further")
        if course.error:
            found.append(f"the code stopped with {course.error}")
        if report is not None and not report.verdict.wrong:
            odd = ", ".join(f"{name} {described(rule)}" for name, rule in self.rules.items() if is_odd(rule))
            said = "finds no wrong gradient" if is_right(report) else "could not judge all gradients (a larger budget= may help)"
            found.append(f"the rule of the steps was not recognised ({odd}), and mg.debug {said}: trials use descent")
        if course.varying:
            found.append(f"the data are the {len(self.patient.data[0])} rows of the batches that were seen")
        return found
