"""What is known about the gradient of one argument, and how numbers are compared with a gradient."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.judge.points import Point
from microgradnp.debugger.match.references import Evaluation, ModelError, evaluate
from microgradnp.debugger.record.findings import CLOSE as CLOSE_VALUES
from microgradnp.debugger.record.findings import as_numbers
from microgradnp.debugger.record.meeting import argument_values
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.replay import Replay
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import read, size_of
from microgradnp.derivatives.agreement import scale_of

EXACT = 1e-9  # relative error of a multiple of the gradient
CLOSE = 1e-5  # up to here it agrees to some digits
SINGLE = 2e-4  # for code in single precision
ROUNDING = 1e-11  # of the largest gradient: what is smaller is zero
SAME = 1e-6  # relative difference of two factors that are one
TIMES = " times the others"  # why a gradient is wrong that has a factor of its own


@dataclasses.dataclass(eq=False)
class Judged:
    """What is known about the gradient of one argument.

    `status` is "right", "agrees", "wrong", "cannot judge" or "not checked"; `evidence` says what was compared: the "update", a
    "returned" value or a "gradient" that flows into the update; `factor` is what it was multiplied with.
    """

    argument: str
    status: str
    evidence: str = ""
    factor: float = 0.0
    error: float = float("inf")
    node: Node | None = None  # the gradient, or the new value of the parameter
    after: Any = None  # the new value of the parameter, as an operand
    why: str = ""
    transposed: bool = False
    spread: float = 0.0  # the error before that of the arithmetic was taken off
    place: str = ""  # of what is returned or kept: "return[1]"
    is_open: bool = False  # whether something is returned that may be its gradient, and is not right
    factors: tuple[float, ...] = ()  # of a gradient that flows into the update: all multiples of it that were computed

    @property
    def digits(self) -> int:
        return int(-np.log10(max(self.error, 1e-16)))


class Multiple(NamedTuple):
    """A node is `factor` times the gradient of an argument, or of its entry `entry`, perhaps transposed, but for an error."""

    factor: float
    transposed: bool = False
    entry: int | None = None
    error: float = 0.0


def both(step: Step, point: Point) -> tuple[tuple[Replay, Evaluation], ...]:
    """The step at both inputs."""
    return (step.values, step.evaluation), (point.values, point.evaluation)


def is_zero(evaluation: Evaluation, argument: str) -> bool:
    """Whether a gradient is nothing but rounding."""
    largest = max((float(np.max(np.abs(g), initial=0)) for g in evaluation.gradients.values()), default=0.0)
    return float(np.max(np.abs(evaluation.gradients[argument]), initial=0)) <= ROUNDING * largest


def tolerance(step: Step) -> float:
    """What counts as equal: more where the program works in single precision."""
    return SINGLE if step.found.close > CLOSE_VALUES else EXACT


def arithmetic(step: Step, values: Replay, argument: str) -> float:
    """By which share the gradient itself changes when the numbers are rounded a little differently: no error below it counts.

    Whole numbers are exact, and may choose a row or be compared with another: they stay.
    """
    given = argument_values(step.before, values, step.whole)
    rng = np.random.default_rng(13)
    shaken = {
        name: np.where(value == np.round(value), value, value * (1 + 1e-13 * rng.uniform(-1, 1, np.shape(value))))[()]
        if isinstance(value, (float, np.ndarray)) and as_numbers(value) is not None and np.asarray(value).dtype.kind == "f"
        else value
        for name, value in given.items()
    }
    try:
        first, second = (evaluate(step.model, where).gradients[argument] for where in (given, shaken))
    except ModelError:
        return 0.0
    return 30 * float(np.max(np.abs(second - first), initial=0)) / (float(np.max(np.abs(first), initial=0)) or 1.0)


def fit(array: np.ndarray, gradient: np.ndarray, size: float) -> tuple[float, float]:
    """(c, relative error) of array = c * gradient; the error that subtracting parameters of this size makes is forgiven."""
    if array.shape != gradient.shape:
        if np.squeeze(array).shape != np.squeeze(gradient).shape:
            return 0.0, float("inf")
        array, gradient = np.squeeze(array), np.squeeze(gradient)
    if not np.any(gradient):
        return (0.0, 0.0) if not np.any(np.abs(array) > 1e-14 * size) else (0.0, float("inf"))
    c, error = scale_of(array, gradient)
    largest = float(np.max(np.abs(array), initial=0))
    rounding = 4e-16 * size / largest if largest else 0.0
    return c, max(0.0, error - rounding)


def multiple_of(step: Step, point: Point, held: Any, argument: str, within: float = 0.0) -> Multiple | None:
    """The factor with which an operand is the gradient of an argument, the same on both inputs; None where it is not.

    The relative error may be `within` a larger one than that of rounding.
    """
    found = multiples(step, point, held, argument, within)
    if found is None:
        return None
    within = max(SAME, within, tolerance(step))
    if abs(found[0].factor - found[1].factor) > 10 * within * abs(found[0].factor):
        return None
    return found[0]._replace(error=max(one.error for one in found))


def multiples(step: Step, point: Point, held: Any, argument: str, within: float = 0.0) -> tuple[Multiple, Multiple] | None:
    """The factors with which an operand is the gradient of an argument on both inputs; None where it is not."""
    if type(held) is Node and size_of(held) != step.evaluation.gradients[argument].size:
        return None
    within = max(within, tolerance(step))
    found: list[Multiple] = []
    for values, evaluation in both(step, point):
        gradient = np.squeeze(evaluation.gradients[argument])
        array = quantity(held, values)
        if array is None or array.size != gradient.size or not np.any(gradient):
            return None
        array = np.squeeze(array)
        for transposed, form in ((False, gradient), (True, gradient.T)):
            if array.shape == form.shape and not (found and found[0].transposed != transposed):
                c, error = scale_of(array, form)
                if c and error <= within:
                    found.append(Multiple(c, transposed, error=error))
                    break
        else:
            return None
    return found[0], found[1]


def quantity(held: Any, values: Replay) -> np.ndarray | None:
    """The numbers of an operand, as an array."""
    try:
        array = np.asarray(read(held, values), float)
    except (ValueError, TypeError, KeyError):
        return None
    return array if array.size and np.isfinite(array).all() else None
