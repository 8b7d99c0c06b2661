"""The step of a record at other inputs. What belongs together changes together, and the program must take the same way."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

import numpy as np

from microgradnp.debugger.capture.values import is_symmetric
from microgradnp.debugger.match.references import Evaluation, ModelError, evaluate
from microgradnp.debugger.record.findings import Values, as_numbers
from microgradnp.debugger.record.meeting import argument_values
from microgradnp.debugger.record.model import outputs_of
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.replay import Replay, replay
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import parts_in

AMOUNTS = (0.1, 1e-2, 1e-4, 1e-6)
GIVEN = frozenset(["leaf", "loose"])
ROUND = 3  # digits of a number that people choose: it may stand in several places by chance


class Kind(enum.Enum):
    """Which values change at another input."""

    ALL = enum.auto()
    REAL_AND_CONSTANT = enum.auto()
    REAL = enum.auto()


ALL, REAL_AND_CONSTANT, REAL = Kind


@dataclasses.dataclass(eq=False)
class Point:
    """The step at other inputs: the values of the record, and the model."""

    values: Replay
    evaluation: Evaluation
    amount: float


def other_point(step: Step) -> Point | None:
    """The step at inputs that differ by as much as leaves the program on its way, with the forward pass checked again.

    Where nothing moves, any argument may be a parameter. Then constant arrays change, too, if that leaves the program on its way:
    parameters often start as zeros, and there a forgotten term such as weight decay is zero.
    """
    moving = roots(step, step.after)
    if moving:
        ways = [(moving, ALL)]
    else:
        sources = sources_of(step, list(step.before))
        ways = [(sources, REAL_AND_CONSTANT), (sources, REAL)]
    for nodes, kind in ways:
        for amount in AMOUNTS:
            point = point_at(step, amount, nodes, kind)
            if point is not None:
                return point
    return None


def point_at(step: Step, amount: float, nodes: list[Node], kind: Kind) -> Point | None:
    """The step with these values changed by a share `amount`. None when it is not the program any more, or nothing changes."""
    rng = np.random.default_rng(7)
    start = min((node.number for node in nodes), default=0) if kind is ALL else 0
    changed = {node: varied(step.values[node], rng, amount, kind) for node in nodes}
    put = {node: value for node, value in changed.items() if value is not None}
    put |= copies_of(step, put)
    if all(np.array_equal(value, step.values[node], equal_nan=True) for node, value in put.items()):
        return None
    first = replay(step.record, put, until=step.last)
    try:
        evaluation = evaluate(step.model, argument_values(step.before, first, step.whole))
    except (ModelError, KeyError):
        return None
    cached = cached_values(step, evaluation, put)
    values = replay(step.record, {**put, **cached}, until=step.last) if cached else first
    window = [node for node in values.changed if node.number >= start]
    if window or values.failed:
        return None
    useful = [node for node in step.found.nodes if node.number <= step.last.number]
    if step.outputs and not outputs_of(evaluation, set(step.after), Values(useful, values).located):
        return None
    return Point(values, evaluation, amount)


def copies_of(step: Step, put: dict[Node, Any]) -> dict[Node, Any]:
    """The values that the program was given twice, such as weights as an argument and as a global: they change together.

    A copy that goes stale shows in the next step.
    """
    own = set(roots(step, step.before))
    known = {mark: put[node] for node in put if (mark := mark_of(step.values[node])) is not None}
    given = (n for n in step.record.nodes if n.kind in GIVEN and n not in put and n not in own)
    marks = ((node, mark_of(step.values[node])) for node in given if node not in step.values.failed)
    return {node: known[mark] for node, mark in marks if mark in known}


def mark_of(value: Any) -> tuple[tuple[int, ...], bytes] | None:
    """What tells numbers from all others; None where many values may be equal to them by chance."""
    array = as_numbers(value)
    if array is None or array.dtype.kind != "f" or not array.size:
        return None
    chance = np.ptp(array) == 0 if array.size > 1 else array.item() == round(array.item(), ROUND)
    return None if chance else (array.shape, array.tobytes())


def roots(step: Step, arguments: Any) -> list[Node]:
    """The nodes that hold some arguments before the step."""
    return list(dict.fromkeys(part.node for a in arguments for part in parts_in(step.before[a])))


def sources_of(step: Step, arguments: list[str]) -> list[Node]:
    """The given and random values that some arguments are made from."""
    nodes = step.structure.before(roots(step, arguments))
    literals = set(roots(step, arguments))
    return [
        n for n in sorted(nodes, key=lambda n: n.number) if n.kind in ("leaf", "draw") or (n.kind == "literal" and n in literals)
    ]


def varied(value: Any, rng: np.random.Generator, amount: float, kind: Kind) -> Any:
    """A value that is a little different. Data that are whole numbers stay as they are: labels, masks and counts.

    Constant arrays are hardly such data, and change where `kind` says so.
    """
    array = as_numbers(value)
    if array is None or array.dtype.kind != "f":
        return None
    size = float(np.std(array)) or float(np.max(np.abs(array))) or 1.0
    noise = amount * (size * rng.uniform(-1, 1, array.shape) + array * rng.uniform(-1, 1, array.shape))
    new = array + noise
    constant = kind is REAL_AND_CONSTANT and array.ndim > 0 and array.size > 0 and np.ptp(array) == 0
    if kind is not ALL and is_symmetric(array):
        new = (new + new.T) / 2
    if kind is not ALL and not constant:
        new = np.where(array == np.round(array), array, new)
        if array.size and array.min() > 0 and array.max() < 1:
            new = np.where((new > 0) & (new < 1), new, array)
    if isinstance(value, np.ndarray):
        made = np.copy(value, order="K")
        made[...] = new
        return made
    return type(value)(new)


def cached_values(step: Step, evaluation: Evaluation, put: dict[Node, Any]) -> dict[Node, Any]:
    """Given values that are quantities of the model and depend on its parameters: computed by the caller, and again here."""
    known = {id(node): number for number, node in enumerate(step.evaluation.nodes)}
    found: dict[Node, Any] = {}
    for leaf in step.record.nodes:
        if leaf.kind != "leaf" or leaf in put or leaf.memory is None or leaf.array is None or leaf.array.size < 2:
            continue
        value = np.asarray(leaf.array)
        if value.dtype.kind != "f":
            continue
        for node in step.evaluation.nodes:
            array = np.asarray(node._array)
            if node.rule is None or array.size != value.size or not np.any(array):
                continue
            new = np.asarray(evaluation.nodes[known[id(node)]]._array)
            for form, other in ((array, new), (array.T, new.T)):
                if np.squeeze(form).shape == np.squeeze(value).shape and np.allclose(
                    np.squeeze(form), np.squeeze(value), rtol=1e-9, atol=0
                ):
                    made = np.copy(value, order="K")
                    made[...] = other.reshape(value.shape)
                    found[leaf] = made
                    break
            if leaf in found:
                break
    return found
