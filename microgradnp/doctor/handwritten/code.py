"""From an unchanged training to a diagnosis: what is wrong in the code, and what is left once that is mended."""

from __future__ import annotations

import contextlib
import functools
import inspect
import time
from collections import Counter
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
from microgradnp.doctor.handwritten.layout import Layout, are_columns, layout_of_one
from microgradnp.doctor.handwritten.pace import pace_of
from microgradnp.doctor.handwritten.rows import Rows, batches_of
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
        if twin.odd and not course.varying:
            with aside():
                twin.use_rows(batches_of(program, course, twin.patient.data, twin.layout, time.process_time() + 0.1 * budget))
        return twin.examined(predict, others, until, budget, seed, lambda: bug_of(asked, train, 0.5 * budget, twin))


def bug_of(asked: Asked, train: Any, budget: float, twin: Twin) -> Any:
    """What `mg.debug` says of the code. It gets more time where it neither proves a fix nor finds all gradients right."""

    def ask(loss: Callable[..., Any], seconds: float) -> Any:
        return debug(train, loss, asked.args, asked.kwargs, asked.bind, budget=seconds)

    loss = of_rows(asked.loss, twin.data, twin.rows[0], twin.layout) if twin.rows else asked.loss
    if twin.rows and twin.layout.single:  # a function of the step may call its one sample as the model does
        with contextlib.suppress(ModelError):
            ask(asked.loss, 0.0)
            loss = asked.loss
    found = ask(loss, min(budget, QUICK))
    proved = found.first_wrong is not None and found.first_wrong.fix is not None
    if budget > QUICK and not proved and not is_right(found):
        found = ask(loss, budget)
    return found


def of_rows(loss: Callable[..., Any], data: Sequence[str], rows: Rows, layout: Layout) -> Callable[..., Any]:
    """The loss of some rows of the data, for code that gives its batch no name."""
    names = list(inspect.signature(loss).parameters)

    @functools.wraps(loss)
    def of_batch(*args: Any, **kwargs: Any) -> Any:
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        return loss(**{name: layout.picked(value, rows) if name in data else value for name, value in given.items()})

    return of_batch


def is_right(report: Any) -> bool:
    """Whether `mg.debug` found all gradients right, and had the time for all that it wanted to look at."""
    return are_right(report) and not report.hurried


def are_right(report: Any) -> bool:
    """Whether `mg.debug` found the gradients of all parameters right at the steps that it judged."""
    return bool(report.verdict.word.startswith(("RIGHT", "AGREES")))


def odd_of(rules: dict[str, Rule]) -> dict[str, Rule]:
    """The rules that right gradients do not give: another direction, a sum, uphill, or another rate than most parameters have."""
    rates = Counter(f"{rule.kind} {rule.lr:.6g}" for rule in rules.values() if rule.fits)
    usual = max(rates, key=lambda rate: rates[rate], default="")
    return {
        name: rule
        for name, rule in rules.items()
        if not rule.fits or rule.kind == "sum" or rule.lr <= 0 or f"{rule.kind} {rule.lr:.6g}" != usual
    }


def said_of(report: Any) -> str:
    """What a debugger that proved nothing wrong found."""
    if is_right(report):
        return "finds no wrong gradient"
    if are_right(report):
        return "finds them right at the steps that its budget reached"
    return "could not judge all gradients (a larger budget= may help)"


def cosine_of(move: Weights, slopes: Weights) -> float:
    """How well a move goes down the slopes: 1 straight down."""
    return sum(-float(np.vdot(move[a], slopes[a])) for a in move) / (norm_of(slopes) * norm_of(move) + 1e-300)


class Twin:
    """The same start, data, rule and number of steps as the code's, with the gradients of the graph."""

    def __init__(self, course: Course, loss: Callable[..., Any], name: str) -> None:
        self.course, self.name = course, name
        held = course.first
        self.data = [
            a
            for a in held
            if a not in course.moving and (a in course.varying or (isinstance(held[a], np.ndarray) and held[a].ndim))
        ]
        self.fixed = {a: v for a, v in held.items() if a not in course.moving and a not in self.data}
        self.parameters = {a: Tensor(np.asarray(held[a], float), requires_grad=True, name=a) for a in course.moving}
        self.model, self.as_arrays = loss, False
        self.size: int | None = None
        columns = are_columns([held[a] for a in self.data if isinstance(held[a], np.ndarray)])
        self.layout = Layout(columns=columns, turned=columns)
        data = self.whole_data()
        self.check(data)
        start = course.weights(0)
        self.patient = Patient(self.loss, self.parameters, data, optimizer_of({}), start, course.weights(-1), name=name)
        self.patient.known["columns"] = self.layout.turned
        self.lab = Lab(self.patient)
        self.values, self.slopes = self.along_the_way()
        self.rules = self.rules_of()
        self.rows: list[Rows] = []  # that each of the first steps used, where the code gives its batches no name

    @property
    def odd(self) -> dict[str, Rule]:
        """The parameters that move as they do not where their gradients are right."""
        return odd_of(self.rules)

    def loss(self, *data: Any) -> Any:
        """The model at the parameters of now. A model that makes arrays of its data gets arrays."""
        given = [a.numpy() if self.as_arrays and isinstance(a, Tensor) else a for a in data]
        return self.layout.value(self.of_data, given)

    def of_data(self, *data: Any) -> Any:
        """The model of these data, as it wants them."""
        return self.model(**dict(zip(self.data, data, strict=True)), **self.fixed, **self.parameters)

    def check(self, data: tuple[Array, ...]) -> None:
        """Find out how the model wants its data. Raises ModelError."""
        for self.as_arrays in (False, True):
            try:
                value = self.loss(*map(Tensor, data))
            except Exception as error:
                failed: Exception = error
                continue
            if isinstance(value, Tensor) and value.requires_grad and value.shape == ():
                return
            failed = ModelError("the model must return one number, made of its arguments with NumPy functions")
        layout = layout_of_one(self.of_data, data) if not self.layout.columns and len({len(a) for a in data}) == 1 else None
        if layout is not None:
            self.layout, self.as_arrays = layout, False
        elif isinstance(failed, ModelError):
            raise failed
        else:
            raise ModelError(f"the model failed on the data of the code: {type(failed).__name__}: {failed}") from failed

    def whole_data(self) -> tuple[Array, ...]:
        """The data; of batches, all the rows that were seen."""
        course = self.course
        if not course.varying:
            return tuple(self.layout.rows_first(course.first[a]) for a in self.data)
        rows: dict[bytes, tuple[Array, ...]] = {}
        varying = [a for a in self.data if a in course.varying]
        batches = [[self.batch_of(values[a]) for a in varying] for _, values in course.kept[1:]]
        self.size = len(batches[0][0])
        for batch in batches:
            for parts in zip(*batch, strict=False):
                rows.setdefault(b"|".join(np.asarray(p).tobytes() for p in parts), parts)
        together = [np.stack(column) for column in zip(*rows.values(), strict=True)]
        return tuple(together[varying.index(a)] if a in varying else course.first[a] for a in self.data)

    def batch_of(self, value: Any) -> Array:
        """What the code bound for a step, with its samples as rows."""
        array = np.asarray(value)
        return array[None] if self.is_single else self.layout.rows_first(array)

    @property
    def is_single(self) -> bool:
        """Whether each step binds one sample: a number beside a vector, or vectors of several lengths."""
        bound = [np.shape(self.course.first[a]) for a in self.course.varying]
        return bool(bound) and (() in bound or (len(set(bound)) > 1 and all(len(shape) == 1 for shape in bound)))

    def at(self, weights: Weights, values: dict[str, Any]) -> tuple[float, Weights]:
        """Loss and gradients at the weights and the data of one step, whose rows are samples."""
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
            bound = course.kept[min(k + self.lag, len(course.kept) - 1)][1] if course.varying else course.first
            found.append(self.at(course.weights(k), self.rows_first(bound)))
        return [value for value, _ in found], [slopes for _, slopes in found]

    def rows_first(self, bound: dict[str, Any]) -> dict[str, Array]:
        """The data that the code has bound, with the samples as rows."""
        varying = self.course.varying
        return {a: self.batch_of(bound[a]) if a in varying else self.layout.rows_first(bound[a]) for a in self.data}

    @property
    def lag(self) -> int:
        """1 where a batch is chosen after the loop's head: then the batch of a step is what is bound at the next one's."""
        if self.course.inside:
            return 1
        if not hasattr(self, "_lag"):
            fits = []
            for lag in (0, 1):
                move = self.moves(0)
                g = (
                    self.at(self.course.weights(0), self.rows_first(self.course.kept[lag][1]))[1]
                    if len(self.course.kept) > 1
                    else move
                )
                fits.append(cosine_of(move, g))
            self._lag = int(fits[1] > fits[0] + 1e-9)
        return self._lag

    def use_rows(self, steps: list[list[Rows]]) -> None:
        """Take the rows of each step from its choices: those whose gradients lie nearest to how it moved."""
        chosen: list[tuple[Rows, Weights]] = []
        for k, choices in enumerate(steps[: len(self.course.kept) - 1]):
            move = self.moves(k)
            found = [(rows, self.at(self.course.weights(k), self.batch(rows))[1]) for rows in choices]
            if not found:
                break
            chosen.append(max(found, key=lambda pair: cosine_of(move, pair[1])))
        if not chosen:
            return
        self.rows = [rows for rows, _ in chosen]
        self.slopes[: len(chosen)] = [slopes for _, slopes in chosen]
        self.size = int(np.median([len(rows) for rows in self.rows]))
        self.rules = self.rules_of(len(chosen))

    def batch(self, rows: Rows) -> dict[str, Array]:
        """Some rows of the data."""
        return {a: array[list(rows)] for a, array in zip(self.data, self.patient.data, strict=True)}

    def moves(self, k: int) -> Weights:
        """How the parameters moved in the k-th step."""
        before, after = self.course.weights(k), self.course.weights(k + 1)
        return {name: after[name] - before[name] for name in before}

    def rules_of(self, most: int = 12) -> dict[str, Rule]:
        """The rule of each parameter, from the first steps."""
        kept = self.course.kept
        count = next((k for k in range(len(kept) - 1) if kept[k + 1][0] != kept[k][0] + 1), len(kept) - 1)
        chosen = range(max(1, min(count, most)))
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
        wrong = self.odd
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
        if schedules and not self.rows:
            patient.rate_at_end = min(rule.last_lr or rule.lr for rule in schedules)
            if not wrong:
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
        if report is not None and not is_bug and not are_right(report):
            self.leave_open(found)
        if report is not None and is_bug:
            found.causes = [c for c in found.causes if c.name not in ("evaluation_differs",)]
            found.causes.insert(0, self.bug(report, chart, wrong))
            found.verdict = "sick"
            found.summary = summary
            lines = [f"{finding.fix[0]}" for finding in report.findings if finding.fix]
            fix = f"the {'fix in line' if len(lines) == 1 else 'fixes in lines'} {' and '.join(lines)}"
            found.to_do = [fix if lines else "mend the gradient (mg.debug)", *found.to_do][:4]
        found.strips = {
            name: [(step, float(np.linalg.norm(g[name]))) for (step, _), g in zip(course.kept, self.slopes, strict=True)]
            for name in self.parameters
        }
        return found

    def leave_open(self, found: Diagnosis) -> None:
        """Acquit no training whose gradients nobody judged. What learns all the same may have a wrong one."""
        if found.verdict in ("healthy", "at its floor"):
            found.verdict = "could not tell"
        found.summary += f". The gradients of {', '.join(self.odd)} were not judged"
        if not self.course.varying:
            cure = "let the model compute what a step does: give its batch the names of the model"
            names = " and ".join(self.data)
            found.to_do = [f"{cure} ({names}), and write masks, noise and scaling into the model", *found.to_do][:4]

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
        fixes = [f.fix for f in report.findings if f.fix]
        treatment = "; ".join(f"in line {line}: {new}" for line, _, new in fixes)
        if first is not None and fixes:
            treatment = f"{first.proof}, {treatment}"
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
            odd = ", ".join(f"{name} {described(rule)}" for name, rule in self.odd.items())
            differ = all(rule.fits and rule.lr > 0 for rule in self.odd.values())
            what = "the parameters have different rates" if differ else "the rule of the steps was not recognised"
            found.append(f"{what} ({odd}), and mg.debug {said_of(report)}: trials use descent")
        if course.varying:
            found.append(f"the data are the {len(self.patient.data[0])} rows of the batches that were seen")
        return found
