"""The true gradient of sum(out * dout), and how many digits of it are known.

The own forward on Tensors gives all of them, if numerical slopes along random directions agree. Otherwise complex step or central
differences give them entry by entry.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.pairs.functional import Rewritten
from microgradnp.debugger.pairs.protocol import Plan
from microgradnp.debugger.pairs.run import outputs_at
from microgradnp.debugger.pairs.world import Path, Place, Subject, owner_of
from microgradnp.derivatives.gradients import pulled_back
from microgradnp.derivatives.variables import recorded

Values = Mapping[Path, np.ndarray]
MOST = 120  # entries of one array that differences are taken of
STEP = 2e-4  # relative
STEP_SINGLE = 1e-2
SMOOTH = 1e-3  # relative difference of two slopes, from which on there is a kink between


@dataclass(frozen=True, eq=False)
class Truth:
    """A gradient; NaN in the entries that are not known. `error` bounds the difference from the exact one."""

    array: np.ndarray
    error: float

    @property
    def known(self) -> np.ndarray:
        return np.isfinite(self.array)


class Oracle:
    """The true gradients of one way to call a pair."""

    def __init__(self, subject: Subject, plan: Plan, places: Sequence[Place]) -> None:
        self.subject = subject
        self.plan = plan
        self.places = list(places)
        self.kind = "graph"
        self.rewritten: Rewritten | None = None
        self.complex = True
        self.single = False  # whether the code works in single precision, somewhere inside

    @property
    def spoken(self) -> str:
        """What the gradients were compared with, in words."""
        if self.kind == "graph":
            return "the graph of the forward pass"
        return f"{'complex steps' if self.complex else 'central differences'} of the forward pass"

    def choose(self, values: Values, douts: list[np.ndarray], rng: np.random.Generator) -> None:
        """Decide between graph and differences at one point: the graph must have the same values and the same slopes."""
        self.single = any(self.is_coarse(place, values, rng) for place in self.places)
        for rewritten in (None, Rewritten(self.subject.forward, owner_of(self.subject.forward))):
            self.rewritten = rewritten
            try:
                found = self.by_graph(values, douts)
            except Exception:  # the code does not take Tensors
                continue
            if all(self.agrees(place, truth, values, douts, rng) for place, truth in found.items()):
                return
        self.kind, self.rewritten = "differences", None

    def gradients(self, values: Values, douts: list[np.ndarray], rng: np.random.Generator) -> dict[Place, Truth]:
        """The gradient with respect to each place. Raises what the user's forward raises."""
        if self.kind == "graph":
            return self.by_graph(values, douts)
        return {place: self.by_differences(place, values, douts, rng) for place in self.places}

    # -------------------------------------------------------------------------------------------- the graph

    def by_graph(self, values: Values, douts: list[np.ndarray]) -> dict[Place, Truth]:
        """The gradients by the graph of forward. Raises TypeError when the graph has other values than plain arrays."""
        plain = outputs_at(self.subject, self.plan, values)
        inputs = {p: Tensor(values[p.path], requires_grad=True, name=p.name) for p in self.places}
        put = dict(values) | {place.path: tensor for place, tensor in inputs.items()}
        with recorded():
            outputs = self.on_tensors(put)
            if not any(isinstance(out, Tensor) for out in outputs):
                raise TypeError("forward lost the Tensors")
            for out, value in zip(outputs, plain, strict=True):
                number = np.asarray(out.numpy() if isinstance(out, Tensor) else out)
                close = 1e-4 if self.single or is_single(value) else 1e-9
                if number.shape != np.shape(value) or not np.allclose(
                    number, value, rtol=close, atol=1e-3 * close, equal_nan=True
                ):
                    raise TypeError("forward has other values on Tensors")
            pairs = [(out, dout) for out, dout in zip(outputs, douts, strict=True) if isinstance(out, Tensor)]
            found = pulled_back([o for o, _ in pairs], list(inputs.values()), [d for _, d in pairs], record=False)
        return {p: Truth(np.asarray(g, float).reshape(p.array.shape), 0.0) for p, g in zip(inputs, found, strict=True)}

    def on_tensors(self, put: Mapping[Path, Any]) -> list[Any]:
        """The outputs of forward on Tensors, by rewritten code if that is needed."""
        if self.rewritten is None:
            return outputs_at(self.subject, self.plan, put)
        with self.rewritten.active():
            return outputs_at(self.subject, self.plan, put)

    def agrees(self, place: Place, truth: Truth, values: Values, douts: list[np.ndarray], rng: np.random.Generator) -> bool:
        """Whether the slope along one of three random directions is that of the graph: at a kink no number of them may be."""
        for _ in range(3):
            direction = rng.uniform(0.5, 1, place.array.shape) * rng.choice([-1.0, 1.0], place.array.shape) * size_of(place.array)
            slope, error = self.slope(place, direction, values, douts)
            own = float(np.sum(direction * truth.array))
            if abs(own - slope) <= max(1e-5 * abs(own), 30 * error, 1e-9 * float(np.sum(np.abs(direction * truth.array)))):
                return True
        return False

    # -------------------------------------------------------------------------------------------- differences

    def is_coarse(self, place: Place, values: Values, rng: np.random.Generator) -> bool:
        """Whether the outputs feel a relative change of 1e-3, and not one of 1e-10: then they have the digits of float32."""
        x = values[place.path]
        direction = rng.choice([-1.0, 1.0], x.shape) * size_of(x)
        here, near, far = (
            outputs_at(self.subject, self.plan, dict(values) | {place.path: x + t * direction}) for t in (0, 1e-10, 1e-3)
        )
        moved = [np.abs(np.asarray(a, float) - b) for a, b in zip(here, far, strict=True)]
        still = [a == b for a, b in zip(here, near, strict=True)]
        count = sum(int(np.sum(m > 0)) for m in moved)
        return count > 0 and sum(int(np.sum(s & (m > 0))) for s, m in zip(still, moved, strict=True)) > 0.5 * count

    def slope(
        self, place: Place, direction: np.ndarray, values: Values, douts: list[np.ndarray], h: float = STEP
    ) -> tuple[float, float]:
        """(slope along a direction, its error) by central differences with two steps, extrapolated.

        The outputs are subtracted before they are summed: so what does not move costs no digits.
        """
        x = values[place.path]
        steps = (h, -h, h / 2, -h / 2)
        ends = [outputs_at(self.subject, self.plan, dict(values) | {place.path: x + t * direction}) for t in steps]
        single = self.single or any(map(is_single, ends[0]))
        if single and h == STEP:
            return self.slope(place, direction, values, douts, STEP_SINGLE)
        wide, narrow = (
            sum(float(np.sum((np.asarray(a, float) - b) * d)) for a, b, d in zip(ahead, behind, douts, strict=True)) / (2 * t)
            for ahead, behind, t in ((ends[0], ends[1], h), (ends[2], ends[3], h / 2))
        )
        moved = sum(float(np.sum(np.abs(a * d) * (a != b))) for a, b, d in zip(ends[0], ends[1], douts, strict=True))
        rounding = (2e-7 if single else 4e-16) * moved / h
        return float((4 * narrow - wide) / 3), float(abs(narrow - wide) * 0.05 + rounding)

    def by_differences(self, place: Place, values: Values, douts: list[np.ndarray], rng: np.random.Generator) -> Truth:
        """The gradient of one place, entry by entry, by complex step where it agrees with the differences."""
        shape = place.array.shape
        found = np.full(place.array.size, np.nan)
        entries = np.arange(found.size) if found.size <= MOST else rng.choice(found.size, MOST, replace=False)
        error, steps = 0.0, size_of(values[place.path]).ravel()
        for number, k in enumerate(entries):
            unit = np.zeros(found.size)
            unit[k] = 1.0
            exact = self.complex_slope(place, unit.reshape(shape), values, douts) if self.complex else None
            if exact is None or number == 0:
                slope, off = self.entry(place, (unit * steps[k]).reshape(shape), values, douts)
                slope, off = slope / steps[k], off / steps[k]
                if exact is not None and not abs(exact - slope) <= max(1e-6 * abs(slope), 10 * off):
                    self.complex, exact = False, None
            found[k] = exact if exact is not None else slope
            error = max(error, 0.0 if exact is not None or not np.isfinite(found[k]) else off)
        if self.complex and not self.follows(place, found, values, douts):
            self.complex = False
            return self.by_differences(place, values, douts, rng)
        return Truth(found.reshape(shape), error)

    def follows(self, place: Place, found: np.ndarray, values: Values, douts: list[np.ndarray]) -> bool:
        """Whether the complex step gave the slope along all entries at once: code may drop an imaginary part somewhere."""
        direction = np.where(np.isfinite(found), size_of(values[place.path]).ravel(), 0.0)
        own = float(np.sum(direction * np.nan_to_num(found)))
        slope, error = self.slope(place, direction.reshape(place.array.shape), values, douts)
        return abs(own - slope) <= max(1e-5 * float(np.sum(np.abs(direction * np.nan_to_num(found)))), 30 * error)

    def entry(self, place: Place, direction: np.ndarray, values: Values, douts: list[np.ndarray]) -> tuple[float, float]:
        """(slope, error) along one entry; NaN at a kink."""
        for h in (STEP, STEP / 50):
            slope, off = self.slope(place, direction, values, douts, h)
            if off <= SMOOTH * abs(slope) or off <= 1e-9 * max(1.0, abs(slope)):
                return slope, off
        return np.nan, off

    def complex_slope(self, place: Place, unit: np.ndarray, values: Values, douts: list[np.ndarray]) -> float | None:
        """The slope by a complex step; None where forward does not take complex numbers."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                outputs = outputs_at(self.subject, self.plan, dict(values) | {place.path: values[place.path] + 1e-30j * unit})
                value = sum(np.sum(out * dout) for out, dout in zip(outputs, douts, strict=True))
        except Exception:  # any error means that forward does not take complex numbers
            self.complex = False
            return None
        if not np.iscomplexobj(value):
            self.complex = False
            return None
        return float(np.imag(value)) / 1e-30


def is_single(array: Any) -> bool:
    """Whether an output has fewer digits than double precision."""
    return isinstance(array, (np.ndarray, np.generic)) and array.dtype.kind == "f" and array.dtype.itemsize < 8


def size_of(array: np.ndarray) -> np.ndarray:
    """How far each entry may move: its size, but not less than a tenth of the mean size; 1 where all are zero."""
    mean = float(np.mean(np.abs(array))) or 1.0
    return np.maximum(np.abs(array), 0.1 * mean)
