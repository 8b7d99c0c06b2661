"""The chart of a patient: what was measured, and the trials. Each trial runs when a cause first asks for it, and only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from microgradnp.doctor.curvature import Hessian, steepest
from microgradnp.doctor.lab import Lab, Run
from microgradnp.doctor.levels import standard
from microgradnp.doctor.measured import Measured, Predict
from microgradnp.doctor.patient import Array, Patient, Weights
from microgradnp.doctor.treatments import redrawn, scaled_to_data
from microgradnp.optim import SGD, Adam
from microgradnp.training.steps import Changes

SHORT, LONGEST = 30, 50  # steps of a trial
GOOD = 0.85  # the quality from which on a training has learned its data
LEARNED = 0.93  # the quality from which on no trial is prolonged


class Chart(Measured):
    """The chart of a patient."""

    def __init__(
        self,
        patient: Patient,
        lab: Lab,
        predict: Predict | None = None,
        validation: tuple[Array, ...] | None = None,
        seed: int = 0,
    ) -> None:
        self.patient, self.lab, self.predict, self.validation, self.seed = patient, lab, predict, validation, seed
        self.trials: dict[str, Run] = {}
        self.notes: list[str] = []
        self.is_exact = False  # whether an exact fault was found: then trials serve a second one only
        self.is_treated = False  # whether this is a training after its first treatment
        self.treated: list[float] = []  # losses of the trials that were made after the first treatment
        self.found: set[str] = set()  # the names of the causes found so far

    @property
    def lr(self) -> float:
        return float(self.patient.optimizer.lr)

    @property
    def is_descent(self) -> bool:
        """Whether the optimizer is plain gradient descent, or with momentum."""
        return isinstance(self.patient.optimizer, SGD)

    @cached_property
    def length(self) -> int:
        """The number of steps of a trial."""
        return int(np.clip(self.patient.steps or LONGEST, SHORT, LONGEST))

    @cached_property
    def stages(self) -> tuple[int, int, int]:
        """The numbers of steps at which a trial is compared with the control: a fifth, a half, all."""
        return max(10, self.length // 5), self.length // 2, self.length

    def attempt(self, name: str, weights: Weights | None = None, **how: Any) -> Run:
        """Run one trial, and keep it."""
        self.lab.speed_up()
        begin = self.patient.start if weights is None else weights
        return self.keep(name, self.lab.run(begin, how.pop("steps", self.length), **how), how.get("data"))

    def keep(self, name: str, run: Run, data: tuple[Array, ...] | None = None) -> Run:
        """Keep a trial under a name, with its quality."""
        if np.isfinite(run.loss):
            run.quality = self.lab.read(run.weights, data).quality()
        self.trials[name] = run
        return run

    @cached_property
    def passed(self) -> list[float]:
        """The loss of the control at each stage."""
        self.lab.speed_up()
        run, found = None, []
        for steps in self.stages:
            run = self.lab.run(self.patient.start, steps, after=run)
            found.append(run.loss)
        assert run is not None
        self.keep("control", run)
        return found

    @property
    def control(self) -> Run:
        """The training as it is, repeated."""
        assert self.passed
        return self.trials["control"]

    def adopt(self, run: Run) -> None:
        """Take a run with all data in each step, made elsewhere, as the control."""
        losses = [*run.losses, run.loss]
        vars(self)["passed"] = [losses[min(steps, len(losses) - 1)] for steps in self.stages]
        self.trials["control"] = run

    def contest(self, name: str, weights: Weights | None = None, since: int = 0, **how: Any) -> Run | None:
        """Run one trial by stages, and keep it. None where it is behind the control at a stage, from the stage `since` on."""
        run: Run | None = how.pop("after", None)
        for number, steps in enumerate(self.stages):
            run = self.lab.run(self.patient.start if weights is None else weights, steps, after=run, **how)
            if since <= number < 2 and np.isfinite(self.passed[number]) and not run.loss < self.passed[number]:
                return None
        assert run is not None
        return self.keep(name, run)

    @cached_property
    def rates(self) -> dict[float, Run]:
        """The best learning rate, tried in full, and the second best where the first was good for a few steps only.

        Short runs climb to it, by factors of 100 and then of 3. A rate that is behind the control after half of the steps is
        dropped.
        """
        lr, losses, runs = self.lr, {self.lr: self.passed[0]}, dict[float, Run]()

        def loss(rate: float) -> float:
            if rate not in losses:
                runs[rate] = self.lab.run(self.patient.start, self.stages[0], lr=rate)
                losses[rate] = runs[rate].loss
            return losses[rate]

        middle = climbed(loss, climbed(loss, lr, (100.0, 1e4)), (3.0, 10.0))
        for rate in self.usual_rates:
            if middle / 11 <= rate <= 11 * middle and not any(0.7 < rate / x < 1.4 for x in losses):
                loss(rate)
        best = [x for x in sorted(losses, key=lambda x: (losses[x], x)) if x != lr][:2]
        found = {}
        for x in best:
            run = self.contest(f"lr {x:.3g}", since=1, lr=x, after=runs[x])
            if run is not None:
                found[x] = run
            if run is not None and run.loss <= losses[x]:
                break
        return found

    @cached_property
    def usual_rates(self) -> list[float]:
        """The rates that theory and habit suggest: by the steepest curvature for descent, those of Adam for the others."""
        if not self.is_descent:
            return [1e-3, 1e-2]
        return [0.3 / self.steepest, 1 / self.steepest] if np.isfinite(self.steepest) and self.steepest > 0 else []

    @cached_property
    def redrawn(self) -> Weights:
        """Other initial weights."""
        gain = np.sqrt(2) if any(a.kind == "relu" for a in self.layers) else 1.0
        return redrawn(self.patient.start, gain, self.seed)

    @cached_property
    def tried(self) -> dict[str, Run]:
        """All trials, from the same start with the same batches: one change each. Fewer where an exact fault was found.

        What no cause asks for is run by stages. Nothing is prolonged once a trial has learned the data.
        """
        assert self.control is not None
        assert self.rates is not None
        inputs, targets = self.start.inputs, self.start.targets
        data = self.patient.data
        if self.inputs_are_odd and inputs and not isinstance(self.start.arrays.get(inputs[0]), np.ndarray):
            self.attempt("inputs standardised", data=self.standardised())
        if self.targets_are_odd and targets:
            self.attempt("targets standardised", data=tuple(standard(a) if k in targets else a for k, a in enumerate(data)))
        if self.saturated > 0.4 or self.vanishes or self.explodes:
            self.attempt("weights redrawn", self.redrawn)
        elif not self.is_exact:
            self.contest("weights redrawn", self.redrawn)
        if self.vanishes or self.explodes:
            self.attempt("weights scaled to the data", scaled_to_data(self.lab, self.redrawn))
        firsts = {x: self.lab.run(self.patient.start, self.stages[0], optimizer=Adam(lr=x)) for x in (0.003, 0.03)}
        rate = min(firsts, key=lambda x: firsts[x].loss)
        self.attempt(f"Adam {rate:g}", optimizer=Adam(lr=rate), after=firsts[rate])
        if not self.is_exact and not self.is_treated:
            self.go_on()
            if max(run.quality for run in self.trials.values()) < LEARNED:
                self.prolong(f"Adam {rate:g}", 2 * self.length)
        return self.trials

    def go_on(self) -> None:
        """Continue the training. It ends at half of the steps where it goes nowhere."""
        if not (self.is_finite and self.has_history):
            return
        run = self.lab.run(self.patient.end, self.length, changes=self.at_the_largest_rate)
        quality = self.lab.read(run.weights).quality() if np.isfinite(run.loss) else -np.inf
        if run.loss < 0.97 * self.loss_end or quality > self.quality + 0.02:
            run = self.lab.run(self.patient.end, 2 * self.length, changes=self.at_the_largest_rate, after=run)
        self.keep("continued", run)

    @property
    def at_the_largest_rate(self) -> Changes:
        """The limits of the training without its schedule."""
        return replace(self.patient.changes, schedule=None)

    def standardised(self) -> tuple[Array, ...]:
        """The data with standardised inputs."""
        inputs = self.start.inputs
        data = enumerate(self.patient.data)
        return tuple(standard(a) if k in inputs and a.dtype.kind in "fiu" else a for k, a in data)

    def standardising_helps_anyway(self) -> str | None:
        """The name of a trial of standardised inputs that helps where the learning rate is no obstacle; None where none does.

        It has Adam's rate, or for descent the rate that suits the curvature there, and is compared with the best without it.
        """
        data = self.standardised()
        adam = next(n for n in self.tried if n.startswith("Adam") and "," not in n)
        before = left(self.trials[adam].quality)
        both = self.attempt(name := "inputs standardised, with Adam", data=data, optimizer=Adam(lr=float(adam.split()[1])))
        if left(both.quality) < 0.7 * before and both.quality > 0.1:
            return name
        if not self.is_descent:
            return None
        there = steepest(Hessian(self.lab, self.patient.start, data), seed=self.seed)
        if not there > 0:
            return None
        rate, before = float(f"{1 / there:.2g}"), left(self.best_of_short)
        both = self.attempt(name := f"inputs standardised, with lr {rate:g}", data=data, lr=rate)
        return name if left(both.quality) < 0.7 * before and both.quality > 0.1 else None

    def prolong(self, name: str, steps: int) -> None:
        """Go on with a trial."""
        run = self.trials[name]
        if not np.isfinite(run.loss):
            return
        more = self.attempt(f"{name}, longer", run.weights, steps=steps, optimizer=run.optimizer)
        more.losses[:0] = run.losses

    def try_all_to_learn(self) -> None:
        """One more start, and a longer training, before the model is said to be too small."""
        name = next(name for name in self.trials if name.startswith("Adam") and "longer" not in name)
        rate = float(name.split()[1])
        self.attempt(f"{name}, redrawn, longer", self.redrawn, steps=3 * self.length, optimizer=Adam(lr=rate))
        vars(self).pop("best_quality", None)

    # ------------------------------------------------------------------------------------------------ what trials say

    @cached_property
    def best_quality(self) -> float:
        """The best that the training or a trial reached."""
        return max([run.quality for run in self.tried.values()] + [self.quality])

    @cached_property
    def best_of_short(self) -> float:
        """The best that a trial reached with as many steps as the control."""
        short = [run.quality for run in self.tried.values() if len(run.losses) <= self.length]
        return max([*short, self.control.quality])

    def gain(self, name: str) -> float:
        """The share of the way from the control to the best trial that a treatment goes."""
        if name not in self.tried:
            return 0.0
        control, best = left(self.control.quality), left(self.best_of_short)
        return (control - left(self.tried[name].quality)) / (control - best + 1e-9)

    @cached_property
    def matters(self) -> bool:
        """Whether some treatment of the same length is clearly better than the control."""
        return self.best_of_short - max(self.control.quality, -1) > 0.08

    @cached_property
    def best_rate(self) -> tuple[float, float]:
        """(learning rate, gain) of the best rate; the rate itself and 0 where no other is better."""
        gains = [(self.gain(f"lr {x:.3g}"), -x) for x in self.rates]
        gain, rate = max(gains, default=(0.0, -self.lr))
        return -rate, gain

    @cached_property
    def rose(self) -> bool:
        """Whether the loss diverged, or rose over what it was."""
        losses = np.array(self.patient.losses or [self.loss_start])
        high = len(losses) > 5 and losses.max() > 3 * losses[0] + 1e-12
        return not self.is_finite or self.loss_end > 1.05 * self.loss_start + 1e-12 * abs(self.loss_start) or bool(high)

    def generalises(self, name: str) -> bool:
        """Whether a treatment helps on the validation data, too. More training may be more memorising."""
        if self.validation is None or name not in self.tried:
            return True
        here, there = self.quality, self.quality_on_validation
        gained = self.lab.read(self.tried[name].weights, self.validation).quality() - max(there, -1)
        return gained > max(0.02, 0.2 * (self.tried[name].quality - max(here, -1)))


def climbed(loss: Callable[[float], float], rate: float, factors: Sequence[float]) -> float:
    """The rate with the smallest loss: up by these factors while the loss falls, or else down while it falls or is infinite."""
    for signs in (1, -1):
        best = rate
        for factor in factors:
            tried = rate * factor**signs
            if not (loss(tried) < loss(best) or (signs < 0 and not np.isfinite(loss(best)))):
                break
            best = tried
        if best != rate:
            return best
    return rate


def left(quality: float) -> float:
    """What is left to explain, at most 2."""
    return 1 - max(quality, -1.0)
