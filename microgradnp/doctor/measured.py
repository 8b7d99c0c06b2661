"""All that is measured of one patient. Everything is computed when a cause first asks for it, and only once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.doctor.activations import Activation
from microgradnp.doctor.curvature import Hessian, Spectrum, spectrum, steepest
from microgradnp.doctor.lab import Lab, norm_of
from microgradnp.doctor.levels import foretold, linear_residual
from microgradnp.doctor.patient import Array, Patient, Weights
from microgradnp.doctor.reading import Reading

MOST_VALUES = 2_000_000  # entries of the data that a probe may look at

Predict = Callable[..., Any]


class Measured:
    """What a patient shows at the start and now: loss and quality, layers, data, curvature, levels."""

    patient: Patient
    lab: Lab
    predict: Predict | None
    validation: tuple[Array, ...] | None
    seed: int

    # ------------------------------------------------------------------------------------------------ start and end

    @cached_property
    def is_random(self) -> bool:
        """Whether two calls of the loss differ. Then arrays that it brings along are no targets: they may be noise."""
        first, second = self.lab.value(self.patient.start), self.lab.value(self.patient.start)
        random = self.patient.known["random"] = not close(first, second)
        return random

    @cached_property
    def start(self) -> Reading:
        """The graph at the start."""
        return self.lab.read(self.patient.start)

    @cached_property
    def end(self) -> Reading:
        """The graph at the parameters of now."""
        return self.lab.read(self.patient.end)

    @cached_property
    def is_finite(self) -> bool:
        """Whether loss and parameters of now are finite numbers, and the training did not fail."""
        numbers = [*self.patient.end.values(), np.asarray(self.end.loss._array)]
        return not self.patient.failed and all(np.isfinite(a).all() for a in numbers)

    @cached_property
    def loss_start(self) -> float:
        return float(self.start.loss.item())

    @cached_property
    def loss_end(self) -> float:
        return float(self.end.loss.item()) if self.is_finite else np.inf

    @cached_property
    def quality_start(self) -> float:
        return self.start.quality()

    @cached_property
    def quality(self) -> float:
        """The quality of now; -inf where it diverged."""
        return self.end.quality() if self.is_finite else -np.inf

    @cached_property
    def is_measured(self) -> bool:
        """Whether the level of a constant answer is known. Without it nothing can be said of how much was learned."""
        y = self.start.y
        return bool(self.start.measure) or (y is not None and not np.isfinite(y).all())

    @cached_property
    def is_memorising(self) -> bool:
        """Whether the training explains far more of its rows of features than a smooth fit tells of rows that it has not seen."""
        x = self.start.input_array
        return x is not None and x.ndim == 2 and self.quality > 0.6 and 0.15 < self.foretold < self.quality - 0.25

    @cached_property
    def quality_on_validation(self) -> float:
        """The quality of now on the validation data; NaN without any."""
        if self.validation is None or not self.is_finite:
            return np.nan
        return self.lab.read(self.patient.end, self.validation).quality()

    @cached_property
    def has_history(self) -> bool:
        return self.patient.steps > 0

    @cached_property
    def loss_again(self) -> float:
        """The loss of a second call at the start, or of a third where the second agrees."""
        first, second = self.loss_start, self.lab.value(self.patient.start)
        return second if not close(first, second) else self.lab.value(self.patient.start)

    @cached_property
    def repeats(self) -> bool:
        """Whether two more calls give the same loss."""
        return close(self.loss_start, self.loss_again)

    @cached_property
    def mixes_samples(self) -> bool:
        """Whether the output of a sample depends on the others, as with batch norm in training."""
        y, half = self.start.y, self.patient.samples // 2
        if y is None or half < 2 or y.shape[:1] != (self.patient.samples,):
            return False
        try:
            part = self.lab.read(self.patient.start, tuple(a[:half] for a in self.patient.data)).y
        except Exception:  # a loss may be made for one number of samples
            return True
        return part is None or part.shape != y[:half].shape or not np.allclose(part, y[:half], rtol=1e-6, atol=1e-9)

    # ------------------------------------------------------------------------------------------------ the layers

    @cached_property
    def layers(self) -> list[Activation]:
        """The activations at the start."""
        return self.start.activations

    @cached_property
    def layers_now(self) -> list[Activation]:
        """The activations at the parameters of now."""
        return self.end.activations if self.is_finite else self.layers

    @cached_property
    def adjoint_sizes(self) -> list[float]:
        """The root mean square of the gradient at each activation, first to last, at the start."""
        adjoints = self.start.adjoints()
        found = [adjoints[id(a.node)] for a in self.layers if id(a.node) in adjoints]
        return [float(np.sqrt(np.mean(np.square(g)))) for g in found if np.any(g)]  # a gate of the state 0 has no gradient

    @cached_property
    def fall(self) -> float:
        """The gradient at the first activation as a share of that at the last; 1 with fewer than two."""
        sizes = self.adjoint_sizes
        return sizes[0] / (sizes[-1] + 1e-300) if len(sizes) > 1 else 1.0

    @cached_property
    def vanishes(self) -> bool:
        """Whether the gradient, or what tells the samples apart, dies on the way through three or more activations."""
        if len(self.layers) < 3:
            return False
        first, last = self.layers[0].spread, self.layers[-1].spread
        limit = 0.02 if self.start.classes is None else 0.003
        return self.fall < 2e-3 or last < limit * max(first, 1e-12)

    @cached_property
    def explodes(self) -> bool:
        """Whether the gradient or the activations grow on the way through three or more activations."""
        if len(self.layers) < 3:
            return False
        first, last = self.layers[0].rms, self.layers[-1].rms
        return self.fall > 30 or (last > 8 * max(first, 1e-12) and last > 8)

    @cached_property
    def saturated(self) -> float:
        """The largest share of saturated slopes in an activation at the start. Gates of a recurrent layer may saturate."""
        return max((a.saturated for a in self.layers), default=0.0)

    @cached_property
    def dead(self) -> float:
        return max((a.dead for a in self.layers), default=0.0)

    @cached_property
    def dead_now(self) -> float:
        return max((a.dead for a in self.layers_now), default=0.0)

    # ------------------------------------------------------------------------------------------------ the data

    @cached_property
    def input_sizes(self) -> tuple[float, float, float] | None:
        """(median |mean| / std, largest / median std, root mean square) of the features; None without real inputs."""
        x = self.start.input_array
        if x is None or x.dtype.kind not in "fiu" or x.ndim < 2 or self.start.is_index(x):
            return None
        features = np.asarray(np.moveaxis(x, 1, -1) if x.ndim == 4 else x, float)
        features = features.reshape(-1, features.shape[-1])
        mean, deviation = features.mean(0), features.std(0)
        moving = deviation > 1e-12 * (np.abs(features).max(initial=0) + 1e-300)
        if not moving.any():
            return 0.0, 1.0, float(np.sqrt(np.mean(features**2)))
        ratio = float(np.median(np.abs(mean[moving]) / deviation[moving]))
        unequal = float(deviation[moving].max() / np.median(deviation[moving]))
        return ratio, unequal, float(np.sqrt(np.mean(features**2)))

    @cached_property
    def inputs_are_odd(self) -> bool:
        """Whether the features are far from mean 0 and unit spread."""
        if self.input_sizes is None:
            return False
        ratio, unequal, size = self.input_sizes
        return ratio > 2.5 or unequal > 15 or size > 8 or 0 < size < 0.02

    @cached_property
    def target_size(self) -> float:
        """The root mean square of the targets of a regression; 1 for classes."""
        t = self.start.target
        return 1.0 if t is None or self.start.classes is not None else float(np.sqrt(np.mean(np.square(np.asarray(t, float)))))

    @cached_property
    def targets_are_odd(self) -> bool:
        """Whether a linear output must reach targets that are far from unit size."""
        return (self.target_size > 15 or self.target_size < 0.01) and self.start.last_activation is None

    @cached_property
    def foretold(self) -> float:
        """How much of the targets a smooth fit explains on samples that it has not seen; NaN where it cannot be asked."""
        return self.foretold_when_shifted(0)

    def foretold_when_shifted(self, rows: int) -> float:
        x, t = self.start.input_array, self.start.target
        if x is None or t is None or not self.start.is_plain or len(self.start.inputs) > 1 or len(x) != len(t) or len(x) < 8:
            return np.nan
        if x.size > MOST_VALUES or self.start.is_index(x):
            return np.nan
        if not (np.isfinite(np.asarray(x, float)).all() and np.isfinite(np.asarray(t, float)).all()):
            return np.nan
        if self.start.classes is not None and len(np.unique(self.start.classes)) > len(x) / 4:
            return np.nan
        self.lab.steps += 2
        return foretold(x, t, self.start.classes, rows)

    # ------------------------------------------------------------------------------------------------ curvature

    @cached_property
    def steepest(self) -> float:
        """The largest curvature at the start; NaN where it is not finite."""
        return steepest(Hessian(self.lab, self.patient.start, self.sample), seed=self.seed)

    @cached_property
    def sample(self) -> tuple[Array, ...]:
        """The data, or as many rows of it as one batch."""
        size = self.patient.batch_size
        return tuple(a[: max(size, 64)] for a in self.patient.data) if size else self.patient.data

    @property
    def where_it_stopped(self) -> Weights:
        """The parameters at which the training ended. Those of a twin are others."""
        found: Weights = self.patient.known.get("stopped at", self.patient.end)
        return found

    @cached_property
    def spectrum_where_it_stopped(self) -> Spectrum | None:
        """The curvatures there; None where they are not finite."""
        found = spectrum(Hessian(self.lab, self.where_it_stopped), seed=self.seed)
        return found if np.isfinite(found.values).all() and found.steepest > 0 else None

    @cached_property
    def norm_where_it_stopped(self) -> float:
        return norm_of(self.lab.value_and_grad(self.where_it_stopped)[1])

    @cached_property
    def gradient_norm_now(self) -> float:
        return norm_of(self.lab.value_and_grad(self.patient.end)[1])

    # ------------------------------------------------------------------------------------------------ levels

    @cached_property
    def unit(self) -> tuple[str, float]:
        """("SSE", SSE of a loss of 1) where the loss is another multiple of the squared error than its mean, else ("loss", 1)."""
        y = self.start.y
        if self.factor is None or y is None or abs(self.factor * y.size - 1) < 0.01:
            return "loss", 1.0
        return "SSE", 1 / self.factor

    def said(self, loss: float) -> str:
        """A loss in words: `SSE 2.93`."""
        name, scale = self.unit
        return f"{name} {scale * loss:.4g}"

    @cached_property
    def levels(self) -> dict[str, float]:
        """The training's own losses, and those of simple answers as far as they are known."""
        return {"start": self.loss_start, "now": self.loss_end} | self.simple_levels

    @cached_property
    def simple_levels(self) -> dict[str, float]:
        """The loss of the best constant answer. For a multiple of the squared error also that of the best linear map."""
        y, t, x = self.start.y, self.start.target, self.start.input_array
        classes = self.start.classes
        if classes is not None and y is not None and y.ndim == 2 and classes.ndim == 1:
            return levels_of_classes(y, classes, self.loss_start)
        if self.start.measure in ("accuracy", "loss"):
            constant = self.start.tail.constant
            return {} if constant is None else {"best constant": constant.value}
        if y is None or t is None or self.start.classes is not None or t.size != y.size or self.factor is None:
            return {}
        t = np.asarray(t, float).reshape(y.shape)
        found = {"mean only": self.factor * float(np.sum((t - t.mean(0)) ** 2))}
        if x is not None and len(x) == len(t) and x.size < MOST_VALUES:
            found["linear fit"] = self.factor * linear_residual(np.asarray(x, float), t)
        return found

    @cached_property
    def factor(self) -> float | None:
        """The loss as a multiple of the sum of squared errors; None where it is something else."""
        factors = []
        for reading in (self.start, self.end) if self.is_finite else (self.start,):
            y, t = reading.y, reading.target
            if y is None or t is None or t.size != y.size:
                return None
            factors.append(float(reading.loss.item()) / (float(np.sum((y - t.reshape(y.shape)) ** 2)) + 1e-300))
        return factors[0] if np.allclose(factors, factors[0], rtol=1e-6) else None

    def predicted(self, rows: slice = slice(None)) -> Array | None:
        """What the user's own evaluation says of the inputs, or of some rows, with the parameters of now."""
        if self.predict is None or not self.start.inputs:
            return None
        self.lab.put(self.patient.end)
        self.patient.put_back_statistics()
        found = self.predict(*[self.patient.data[k][rows] for k in self.start.inputs])
        return np.asarray(found.numpy() if isinstance(found, Tensor) else found)


def levels_of_classes(y: Array, classes: Array, loss: float) -> dict[str, float]:
    """The mean cross-entropy of equal answers, ln C, and of the shares of the classes; empty for another loss."""
    high = y.max(1)
    entropy = np.mean(high + np.log(np.exp(y - high[:, None]).sum(1)) - y[np.arange(len(y)), classes])
    if not np.isclose(entropy, loss, rtol=1e-6):
        return {}
    shares = np.bincount(classes) / len(classes)
    shares = shares[shares > 0]
    return {"all classes alike": float(np.log(y.shape[1])), "their shares only": float(-np.sum(shares * np.log(shares)))}


def close(first: float, second: float) -> bool:
    """Whether two losses are equal up to rounding."""
    return abs(first - second) <= 1e-9 * abs(first) or not np.isfinite(first)
