"""The chart of a patient: what was measured, and the trials. Each trial runs when a cause first asks for it, and only once."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from microgradnp.doctor.lab import Lab, Run
from microgradnp.doctor.levels import standard
from microgradnp.doctor.measured import Measured, Predict
from microgradnp.doctor.patient import Array, Patient, Weights
from microgradnp.doctor.treatments import redrawn, scaled_to_data
from microgradnp.optim import SGD, Adam
from microgradnp.training.steps import Changes

SHORT, LONGEST = 30, 50  # steps of a trial
GOOD = 0.85  # the quality from which on a training has learned its data
FACTORS = (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.3, 3.0, 10.0, 100.0, 1e3, 1e4, 1e5)


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

    def attempt(self, name: str, weights: Weights | None = None, **how: Any) -> Run:
        """Run one trial, and keep it."""
        self.lab.speed_up()
        begin = self.patient.start if weights is None else weights
        run = self.lab.run(begin, how.pop("steps", self.length), **how)
        if np.isfinite(run.loss):
            run.quality = self.lab.read(run.weights, how.get("data")).quality()
        self.trials[name] = run
        return run

    @cached_property
    def control(self) -> Run:
        """The training as it is, repeated."""
        return self.attempt("control")

    @cached_property
    def rates(self) -> dict[float, Run]:
        """The two best learning rates of a grid, each tried in full."""
        lr, short = self.lr, max(10, self.length // 5)
        grid = {lr * f for f in FACTORS}
        if not self.is_descent:
            grid |= {1e-3, 1e-2}
        elif np.isfinite(self.steepest) and self.steepest > 0:
            grid |= {1 / self.steepest, 0.3 / self.steepest}
        self.lab.speed_up()
        coarse = sorted({lr * 100.0**k for k in (-2, -1, 0, 1, 2)})
        runs = {x: self.lab.run(self.patient.start, short, lr=x) for x in coarse}
        losses = {x: run.loss for x, run in runs.items()}
        middle = min(losses, key=lambda x: (losses[x], x))
        near = {x for x in grid if middle / 11 <= x <= 11 * middle and x not in losses}
        runs |= {x: self.lab.run(self.patient.start, short, lr=x) for x in sorted(near)}
        losses = {x: run.loss for x, run in runs.items()}
        best = [x for x in sorted(losses, key=lambda x: (losses[x], x))[:2] if x != lr]
        found = {x: self.attempt(f"lr {x:.3g}", lr=x, after=runs[x]) for x in best[:1]}
        if best[1:] and found[best[0]].loss > losses[best[0]]:  # it was good for a few steps only
            found[best[1]] = self.attempt(f"lr {best[1]:.3g}", lr=best[1], after=runs[best[1]])
        return found

    @cached_property
    def redrawn(self) -> Weights:
        """Other initial weights."""
        gain = np.sqrt(2) if any(a.kind == "relu" for a in self.layers) else 1.0
        return redrawn(self.patient.start, gain, self.seed)

    @cached_property
    def tried(self) -> dict[str, Run]:
        """All trials, from the same start with the same batches: one change each. Fewer where an exact fault was found."""
        assert self.control is not None
        assert self.rates is not None
        inputs, targets = self.start.inputs, self.start.targets
        data = self.patient.data
        if self.inputs_are_odd and inputs and not isinstance(self.start.arrays.get(inputs[0]), np.ndarray):
            self.attempt("inputs standardised", data=self.standardised())
        if self.targets_are_odd and targets:
            self.attempt("targets standardised", data=tuple(standard(a) if k in targets else a for k, a in enumerate(data)))
        if not self.is_exact or self.saturated > 0.4 or self.vanishes or self.explodes:
            self.attempt("weights redrawn", self.redrawn)
        if self.vanishes or self.explodes:
            self.attempt("weights scaled to the data", scaled_to_data(self.lab, self.redrawn))
        firsts = {x: self.lab.run(self.patient.start, self.length // 4, optimizer=Adam(lr=x)) for x in (0.003, 0.03)}
        rate = min(firsts, key=lambda x: firsts[x].loss)
        self.attempt(f"Adam {rate:g}", optimizer=Adam(lr=rate), after=firsts[rate])
        if not self.is_exact:
            self.prolong(f"Adam {rate:g}", 2 * self.length)
        if self.is_finite and self.has_history and not self.is_exact:
            self.attempt("continued", self.patient.end, steps=2 * self.length, changes=self.at_the_largest_rate)
        return self.trials

    @property
    def at_the_largest_rate(self) -> Changes:
        """The limits of the training without its schedule."""
        return replace(self.patient.changes, schedule=None)

    def standardised(self) -> tuple[Array, ...]:
        """The data with standardised inputs."""
        inputs = self.start.inputs
        data = enumerate(self.patient.data)
        return tuple(standard(a) if k in inputs and a.dtype.kind in "fiu" else a for k, a in data)

    def standardising_helps_adam(self, name: str) -> bool:
        """Whether standardised inputs help where the learning rate is no obstacle. The trial of both is kept under `name`."""
        adam = next(n for n in self.tried if n.startswith("Adam") and "," not in n)
        both = self.attempt(name, data=self.standardised(), optimizer=Adam(lr=float(adam.split()[1])))
        before, after = left(self.trials[adam].quality), left(both.quality)
        return after < 0.7 * before and both.quality > 0.1

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


def left(quality: float) -> float:
    """What is left to explain, at most 2."""
    return 1 - max(quality, -1.0)
