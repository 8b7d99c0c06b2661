"""Where the program's forward pass and the model part: the first statement of the program with another value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.tensor import Tensor
from microgradnp.debugger.record.model import is_deep, located, makers_of
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import ARRANGED, parts_in


class Parting(NamedTuple):
    """The first operation of the program that is not the model's, and what the model computes in its place."""

    node: Node
    model: str

    def __str__(self) -> str:
        site = self.node.site
        assert site is not None
        return f"line {site.line} is `{site.statement.text}`; the model has {self.model} there"


def parting(step: Step) -> Parting | None:
    """The first value of the model that the program does not compute, though it computes what the model makes it from.

    None where the program has no statement in its place. What is computed in another way, and found again later, is passed over.
    """
    makers, nodes = makers_of(step.evaluation), step.evaluation.nodes
    deep = [node for node in nodes if is_deep(node, makers)]
    held = {id(node): located(node, np.ones(node.shape), step.found.located) for node in deep if np.any(node._array)}
    covered = {identity for identity, hits in held.items() if hits}
    for node in reversed(nodes):  # what leads to a value that was found
        if id(node) in covered:
            covered |= {id(a) for a in tensors(node)}
    known = {hit for node in deep for hit in held.get(id(node), ()) if np.size(hit.value) in sizes_of(node.shape)}
    for node in deep:
        operands = [a for a in tensors(node) if is_deep(a, makers)]
        if node is nodes[-1] or id(node) in covered or not all(held.get(id(a)) for a in operands):
            continue
        if (found := instead_of(step, node, held, known)) is not None:
            return Parting(found, step.evaluation.names[id(node)])
    return None


def instead_of(step: Step, node: Any, held: dict[int, list[Node]], known: set[Node]) -> Node | None:
    """The first operation of the program on the operands of a value of the model, where that is no value of the model."""
    reading = []
    for operand in tensors(node):
        sources = held.get(id(operand)) or [part.node for name in given(operand) for part in parts_in(step.before.get(name))]
        if sources:
            reading.append({reader for reader in readers(step, sources) if reader not in known and reader.site is not None})
    for chosen in (set.intersection(*reading) if reading else set(), set().union(*reading)):
        numbers = [reader for reader in chosen if isinstance(reader.value, (np.ndarray, float, np.floating))]
        if numbers:
            return min(numbers, key=lambda reader: reader.number)
    return None


def readers(step: Step, sources: Iterable[Node]) -> set[Node]:
    """The operations on some values, or on what hands on their numbers."""
    found: set[Node] = set()
    todo, seen = list(sources), set(sources)
    while todo:
        for reader in step.structure.consumers[todo.pop().number]:
            name = getattr(reader.function, "__name__", "")
            if reader in seen or reader.kind == "decision":
                continue
            seen.add(reader)
            if reader.kind in ("view", "hold", "part") or name in ARRANGED:
                todo.append(reader)
            else:
                found.add(reader)
    return found


def sizes_of(shape: tuple[int, ...]) -> set[int]:
    """The sizes of a value of the model as a whole, of its rows along each axis, and of its numbers."""
    size = int(np.prod(shape))
    return {size, 1, *(size // length for length in shape if length)}


def given(node: Any) -> set[str]:
    """The names of the arguments that a value of the model is made from."""
    return {node.name} if node.rule is None else set().union(*map(given, tensors(node)))


def tensors(node: Any) -> list[Any]:
    return [a for arg in node.args for a in (arg if isinstance(arg, (list, tuple)) else [arg]) if isinstance(a, Tensor)]
