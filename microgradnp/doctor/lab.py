"""Trials: short trainings from copies of the parameters, and a count of what they cost."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from microgradnp.compiler.compile import compile as compiled
from microgradnp.core.context import no_grad
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import gradients
from microgradnp.doctor.patient import Array, Patient, Weights
from microgradnp.doctor.reading import Reading
from microgradnp.optim import Optimizer
from microgradnp.training.steps import Changes

HOPELESS = 1e6  # times the first loss: a trial that reaches it ends there, as diverged
VALUE_ONLY = 0.4  # the cost of a loss without its gradient, in gradient evaluations


def norm_of(arrays: Weights) -> float:
    """The root of the sum of all squared entries."""
    return float(np.sqrt(sum(float(np.vdot(a, a).real) for a in arrays.values())))


@dataclass
class Run:
    """A finished trial: the weights it reached, its losses, its last loss (infinite where it diverged), and its quality."""

    weights: Weights
    losses: list[float]
    loss: float
    quality: float = -np.inf
    optimizer: Optimizer | None = None  # as it was after the last step
    norms: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # of the gradient of each parameter, over the steps
    rows: Rows | None = None  # where it was in the data

    def branch(self) -> Run:
        """A copy that can be gone on with while this run stays as it is."""
        norms = {name: list(points) for name, points in self.norms.items()}
        return replace(
            self,
            losses=list(self.losses),
            norms=norms,
            optimizer=copy.deepcopy(self.optimizer),
            rows=copy.deepcopy(self.rows),
        )


class Lab:
    """Evaluates a patient's loss at any weights. `steps` counts gradient evaluations."""

    def __init__(self, patient: Patient, until: float = np.inf) -> None:
        self.patient = patient
        self.until = until
        self.steps = 0.0
        self.fast: Callable[..., Any] | None = None
        self.is_tried = False

    @property
    def out_of_time(self) -> bool:
        return time.process_time() > self.until

    def put(self, weights: Weights) -> None:
        """Set the parameters."""
        for name, p in self.patient.parameters.items():
            p.data = weights[name]

    def read(self, weights: Weights, data: tuple[Array, ...] | None = None) -> Reading:
        """The graph at these weights."""
        self.put(weights)
        self.steps += VALUE_ONLY
        return Reading(self.patient, data)

    def value(self, weights: Weights, data: tuple[Array, ...] | None = None) -> float:
        """The loss."""
        self.put(weights)
        self.steps += VALUE_ONLY
        with np.errstate(all="ignore"), no_grad():
            found = self.patient.loss(*map(Tensor, self.patient.data if data is None else data))
        return float(found.item())

    def value_and_grad(self, weights: Weights, data: tuple[Array, ...] | None = None) -> tuple[float, Weights]:
        """The loss and its gradients by name."""
        data = self.patient.data if data is None else data
        self.put(weights)
        self.steps += 1
        with np.errstate(all="ignore"):
            if self.fast is not None:
                value, found = self.fast(*data)
                return float(value), {name: np.array(found[name]) for name in weights}
            loss = self.patient.loss(*map(Tensor, data))
            found = gradients(loss, list(self.patient.parameters.values()))
            return float(loss.item()), dict(zip(self.patient.parameters, found, strict=True))

    def mean_of_batches(self, weights: Weights, rows: Rows, data: tuple[Array, ...]) -> tuple[float, Weights]:
        """The loss and its gradients, as means over as many batches as the training accumulates."""
        count = self.patient.changes.accumulate
        if count == 1:
            return self.value_and_grad(weights, rows.of(data))
        parts = [self.value_and_grad(weights, rows.of(data)) for _ in range(count)]
        means = {name: sum(found[name] for _, found in parts) / count for name in weights}
        return sum(value for value, _ in parts) / count, {name: np.asarray(g) for name, g in means.items()}

    def in_double(self, weights: Weights) -> Weights | None:
        """The gradients in float64. None where the loss does not compute in it."""
        data = tuple(a.astype(float) if a.dtype.kind == "f" else a for a in self.patient.data)
        kept = {name: p._array for name, p in self.patient.parameters.items()}
        try:
            for name, p in self.patient.parameters.items():
                p._array = weights[name].astype(float)
            self.steps += 1
            with np.errstate(all="ignore"):
                loss = self.patient.loss(*map(Tensor, data))
                found = gradients(loss, list(self.patient.parameters.values()))
        finally:
            for name, array in kept.items():
                self.patient.parameters[name]._array = array
        return dict(zip(weights, found, strict=True)) if loss.dtype.itemsize >= 8 else None

    def speed_up(self) -> None:
        """Compile the loss for the trials, where the program gives the graph's numbers at two points."""
        if self.is_tried:
            return
        self.is_tried = True
        start, end = self.patient.start, self.patient.end
        try:
            fast = compiled(self.patient.loss, "numpy", wrt=self.patient.parameters)
            for weights in (start, {k: 0.5 * (start[k] + end[k]) + 0.01 for k in start}):
                value, found = self.value_and_grad(weights)
                with np.errstate(all="ignore"):
                    again, fast_found = fast(*self.patient.data)
                if not np.isclose(value, again, rtol=1e-9) or any(
                    not np.allclose(found[k], fast_found[k], rtol=1e-6, atol=1e-12 + 1e-9 * np.abs(found[k]).max(initial=0))
                    for k in found
                ):
                    return
        except Exception:  # what cannot be compiled runs through the graph
            return
        self.fast = fast

    def run(
        self,
        weights: Weights,
        steps: int,
        data: tuple[Array, ...] | None = None,
        lr: float | None = None,
        optimizer: Optimizer | None = None,
        changes: Changes | None = None,
        seed: int = 0,
        after: Run | None = None,
    ) -> Run:
        """Train from these weights: the patient's optimizer as it was at the start, its batch size, data and limits, or others.

        The patient's schedule is scaled to another rate. It is left out for another optimizer.
        `after` is a shorter run of the same kind: it is gone on with, and the result is that of one run.
        """
        if after is not None and after.optimizer is None:  # it diverged
            return after
        data = self.patient.data if data is None else data
        chosen = copy.deepcopy(optimizer or self.patient.optimizer)
        if lr is not None:
            chosen.lr = lr
        chosen.parameters = {name: Tensor(w, requires_grad=True) for name, w in weights.items()}
        changes = changes or self.patient.changes
        schedule = changes.schedule if optimizer is None else None
        factor = chosen.lr / self.patient.optimizer.lr
        now, losses, done = dict(weights), list[float](), 0
        norms: dict[str, list[tuple[int, float]]] = {name: [] for name in weights}
        rows = Rows(len(data[0]) if data else 0, self.patient.batch_size, seed)
        if after is not None:
            chosen, rows = after.optimizer or chosen, after.rows or rows
            now, losses, norms = after.weights, after.losses, after.norms
            done = len(losses)
        for step in range(done, steps):
            value, found = self.mean_of_batches(now, rows, data)
            losses.append(value)
            if not np.isfinite(value) or value > HOPELESS * abs(losses[0]) + 1e-9 or self.out_of_time:
                return Run(now, losses, np.inf, norms=norms)
            for name, g in found.items():
                norms[name].append((step, float(np.sqrt(np.vdot(g, g).real))))
            if schedule is not None:
                chosen.lr = factor * schedule(step)
            now = moved(chosen, now, limited(found, changes))
        last = self.value(now, data)
        return Run(now, losses, last if np.isfinite(last) else np.inf, optimizer=chosen, norms=norms, rows=rows)


def limited(found: Weights, changes: Changes) -> Weights:
    """The gradients within the limits of a training."""
    if changes.clip_norm is not None and (factor := changes.clip_norm / (norm_of(found) + 1e-6)) < 1:  # as in `optim.clip_norm`
        found = {name: g * factor for name, g in found.items()}
    if changes.clip_value is not None:
        found = {name: np.clip(g, -changes.clip_value, changes.clip_value) for name, g in found.items()}
    return found


def moved(optimizer: Optimizer, weights: Weights, found: Weights) -> Weights:
    """The weights after one step of an optimizer."""
    after = {}
    with np.errstate(all="ignore"):
        for name, parameter in optimizer.parameters.items():
            parameter.data = weights[name]
            parameter.grad = found[name]
            after[name] = optimizer.moved(name, parameter)
    return after


class Rows:
    """Batches without replacement, the same for each trial with a seed; everything where there is no batch size."""

    def __init__(self, samples: int, size: int | None, seed: int) -> None:
        self.samples, self.size = samples, size
        self.random = np.random.default_rng(seed)
        self.order: list[int] = []

    def of(self, data: tuple[Array, ...]) -> tuple[Array, ...]:
        """The next batch."""
        if not self.size or self.size >= self.samples:
            return data
        if len(self.order) < self.size:
            self.order = list(self.random.permutation(self.samples))
        rows, self.order = self.order[: self.size], self.order[self.size :]
        return tuple(a[rows] for a in data)
