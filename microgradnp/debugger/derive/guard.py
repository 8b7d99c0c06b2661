"""What a fix may not change: where the step starts, and the forward pass. The mistake is in the backward pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from microgradnp.debugger.judge.judged import SAME, fit
from microgradnp.debugger.judge.recorded import Verdict
from microgradnp.debugger.record.meeting import argument_values
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import parts_in


def keeps_start(first: Verdict, again: Verdict) -> bool:
    """Whether two runs of a program start their step from the same numbers."""
    if first.number != again.number:
        return False
    old, new = (argument_values(v.step.before, v.step.values) for v in (first, again))
    return all(is_equal(new.get(argument), value) for argument, value in old.items())


def keeps_forward(first: Verdict, again: Verdict) -> bool:
    """Whether an edited program computes every value of the forward pass that the user's computes.

    One that now ends with an error, as the user's does not, has only lost what was wrong: False. Two steps that start from
    different numbers cannot be compared: True.
    """
    if again.step.record.error is not None and first.step.record.error is None:
        return False
    if not keeps_start(first, again):
        return True
    return values_of(forward_nodes(first.step)) <= values_of(again.step.record.nodes)


def forward_nodes(step: Step) -> list[Node]:
    """What the step computes on its way to the ends of the forward pass. A residual is a gradient, too, and does not count."""
    begin, outputs = begin_of(step), set(step.outputs)
    behind = step.structure.after([c for node in outputs for c in step.structure.consumers[node.number]])
    ends = [node for node in outputs if node not in behind]  # `1 - p` behind `p` may stand in the backward pass
    made = (node for node in step.structure.before(ends) if node.kind == "operation" and node.number > begin)
    return [node for node in made if node not in outputs or not is_gradient(step, node)]


def is_gradient(step: Step, node: Node) -> bool:
    """Whether a value is a multiple of a gradient of the model: `y - t`, say."""
    value = np.asarray(step.values[node], float)
    adjoints = (np.asarray(a, float) for a in step.evaluation.adjoints.values())
    return any(a.size == value.size and fit(value.ravel(), a.ravel(), 0.0)[1] < SAME for a in adjoints if np.any(a))


def begin_of(step: Step) -> int:
    """The number of the last node that a moving parameter held before the step; 0 where that is what the program was given."""
    return max((part.node.number for argument in step.after for part in parts_in(step.before[argument])), default=0)


def values_of(nodes: Iterable[Node]) -> set[tuple[tuple[int, ...], bytes]]:
    """The arrays and numbers that some nodes hold."""
    found = set()
    for node in nodes:
        value = node.value if node.kind != "decision" else None
        if isinstance(value, (np.ndarray, float, np.floating)):
            array = np.asarray(value)
            found.add((array.shape, array.tobytes()))
    return found


def is_equal(first: Any, second: Any) -> bool:
    """Whether two values hold the same numbers."""
    try:
        return bool(np.array_equal(np.asarray(first), np.asarray(second)))
    except (TypeError, ValueError):
        return first is second
