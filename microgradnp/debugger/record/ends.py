"""Where the forward pass of a step ends: in the values that all movements, or all kept gradients, come from."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.debugger.match.references import Evaluation
from microgradnp.debugger.record.findings import Values
from microgradnp.debugger.record.model import outputs_of
from microgradnp.debugger.record.nodes import Node, Record
from microgradnp.debugger.record.structure import Structure, parts_in


def ends_on_all_ways(
    structure: Structure, evaluation: Evaluation, moving: set[str], found: Values, ways: list[list[Node]]
) -> list[Node]:
    """The end of the forward pass that all movements come from. The loss itself may be computed beside the backward pass."""
    skipped: set[int] = set()
    first: list[Node] = []
    while ends := outputs_of(evaluation, moving, found.located, skipped):
        nodes = [node for _, hits in ends for node in hits]
        first = first or nodes
        made, end = structure.after(nodes), max(node.number for node in first)
        reached = [next((node for node in way if node.number > end), None) in made for way in ways]
        if all(reached):
            squares = {id(node) for node, _ in ends if is_square(node)}
            inner = outputs_of(evaluation, moving, found.located, skipped | squares) if squares else []
            return [node for _, hits in inner for node in hits] or nodes
        if not any(reached):
            break
        skipped |= {id(node) for node, _ in ends}
    return first


def is_square(node: Any) -> bool:
    """Whether a value of the model is a square. Adagrad's of a bias is that of an error, and ends no forward pass."""
    return node.rule.name in ("square", "power") or (node.rule.name == "multiply" and node.args[0] is node.args[1])


def ends_by_branches(structure: Structure, evaluation: Evaluation, found: Values, moving: set[str]) -> list[Node]:
    """The end of the forward pass that what is kept knows by its branches only, as with a hinge. The loss is beside it."""
    skipped: set[int] = set()
    while ends := outputs_of(evaluation, moving, found.located, skipped):
        nodes = [node for _, hits in ends for node in hits]
        if gradients_kept(structure.record, evaluation) & (structure.after(nodes) | behind_branches(structure, nodes)):
            return nodes
        skipped |= {id(node) for node, _ in ends}
    return []


def behind_branches(structure: Structure, outputs: list[Node]) -> set[Node]:
    """What comes after a branch that depends on the end of the forward pass. A loop over a hinge knows it by branches only."""
    branches = [node.number for node in structure.after(outputs) if node.kind == "decision"]
    return set(structure.record.nodes[min(branches) :]) if branches else set()


def gradients_kept(record: Record, evaluation: Evaluation) -> set[Node]:
    """The arrays that the program returns or keeps and that may be gradients; the loss beside them is none."""
    kept = {part.node for held in record.kept.values() for part in parts_in(held)}
    arrays = {node for node in kept if node.memory is not None}
    sizes = {g.size for g in evaluation.gradients.values() if g.size > 1}
    return {node for node in arrays if np.size(node.value) in sizes} or arrays
