"""Which mistakes have to do with time: a model that uses the same weights again and again, and code that repeats a statement."""

from __future__ import annotations

from typing import Protocol

from microgradnp.debugger.derive.candidate import Mended
from microgradnp.debugger.derive.locate import Suspect
from microgradnp.debugger.derive.meanings import Meaning
from microgradnp.debugger.match.trained import MATRIX_PRODUCTS, Graph, tensors
from microgradnp.debugger.record.step import Step


class Difference(Protocol):
    """A change that mends a program, and what the parts of its texts are."""

    mended: Mended
    step: Step
    suspect: Suspect
    trained: set[str]

    def of(self, text: str) -> list[Meaning]: ...


def goes_through_time(difference: Difference) -> bool:
    """Whether the statement runs several times, for a model that multiplies by the same weights again and again."""
    return repeats(difference) and is_recurrent(difference.step, difference.trained)


def are_of_other_times(difference: Difference, old: str, new: str) -> bool:
    """Whether two expressions are values of one operation of the model at two times: h[t] and h[t - 1]."""
    held = [[m.quantity for m in difference.of(t) if m.quantity.kind == "value" and not m.quantity.argument] for t in (old, new)]
    others = any(a.text == b.text and a.number != b.number for a in held[0] for b in held[1])
    return others and is_recurrent(difference.step, difference.trained)


def is_recurrent(step: Step, trained: set[str]) -> bool:
    """Whether the model multiplies by a parameter what it was multiplied with before."""
    graph = Graph(step.evaluation, set())
    for node in step.evaluation.nodes:
        if node.rule is not None and node.rule.name in MATRIX_PRODUCTS:
            operands = [id(operand) for operand in tensors(node) if id(operand) in graph.makers]
            own = frozenset().union(*(graph.carried[operand] for operand in operands)) & trained
            if any(own & graph.makers[operand] - graph.carried[operand] for operand in operands):
                return True
    return False


def repeats(difference: Difference) -> bool:
    """Whether the statement runs several times in the step."""
    statement, step = difference.suspect.statement, difference.step
    seen = difference.mended.scene.snapshots.get((statement.file, (statement.line, statement.column)), [])
    start = min((node.number for node in step.outputs), default=0)
    return bool(difference.suspect.node.execution) or sum(start <= s.time <= step.last.number for s in seen) > 1
