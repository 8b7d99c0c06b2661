"""The gradient behind a layer that the caller gives: where a layer's backward pass begins."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from microgradnp.debugger.match.references import Evaluation
from microgradnp.debugger.record.findings import CLOSE, Values
from microgradnp.debugger.record.model import located
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.structure import Structure, parts_in
from microgradnp.derivatives.agreement import scale_of


def given_gradients(evaluation: Evaluation, found: Values, outputs: list[Node], structure: Structure) -> frozenset[str]:
    """The arguments that are the gradient behind the end of the forward pass, up to a factor: `delta` in `sum(delta * out)`.

    A layer's backward pass begins with it, and need not read what the forward pass has come to: perhaps nothing reads that.
    """
    ends, nodes = set(outputs), structure.record.nodes
    unread = [n for n in nodes if n.kind == "operation" and n.memory is not None and not structure.consumers[n.number]]
    given: set[str] = set()
    for node in evaluation.nodes:
        adjoint = evaluation.adjoints.get(id(node))
        if node.rule is None or adjoint is None or not np.any(adjoint) or np.size(adjoint) < 2:
            continue
        like = {a for a in evaluation.gradients.keys() - given if is_multiple(np.asarray(evaluation.values[a]), adjoint)}
        if not like:
            continue
        made = Values([n for n in unread if np.size(n.value) == np.size(adjoint)], found.values)
        if not ends.isdisjoint(located(node, adjoint, found.located)) or located(node, adjoint, made.located):
            given |= like
    return frozenset(given)


def is_multiple(array: np.ndarray, adjoint: np.ndarray) -> bool:
    """Whether two arrays are equal up to a factor and axes of length 1."""
    if np.squeeze(array).shape != np.squeeze(adjoint).shape:
        return False
    factor, error = scale_of(np.ravel(array), np.ravel(adjoint))
    return bool(factor and error <= CLOSE)


def made_from(structure: Structure, held: dict[str, Any], arguments: Collection[str]) -> set[Node]:
    """What is made from some arguments, they themselves not included."""
    roots = {part.node for a in arguments for part in parts_in(held[a])}
    return structure.after(roots) - roots
