"""The terms of a loss: a recurrent program may carry the error of each step back in time by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from microgradnp.core.sweep import sweep
from microgradnp.core.tensor import Tensor
from microgradnp.debugger.match.references import Evaluation

MOST_TERMS = 12
SUMS = frozenset(["add", "subtract"])
SCALINGS = frozenset(["negative", "multiply", "divide"])


def terms_of(evaluation: Evaluation) -> list[list[Any]]:
    """The numbers that a model adds up to its loss in each round of a loop. None where there are one round or too many."""
    found, todo = [], [(evaluation.nodes[-1], evaluation.nodes[-1])]
    while todo:
        node, sum_ = todo.pop()
        operands = [a for a in node.args if isinstance(a, Tensor) and a.requires_grad] if node.rule is not None else []
        numbers = [a for a in operands if a.shape == () and a.rule is not None]
        name = node.rule.name if node.rule is not None else ""
        if operands and len(numbers) == len(operands) and (name in SUMS or (name in SCALINGS and len(operands) == 1)):
            todo += [(number, node if name in SUMS else sum_) for number in numbers]
        else:
            found.append((node, sum_))
    groups: list[list[Any]] = []
    first = None
    for node, sum_ in sorted(found, key=lambda pair: pair[1].age):
        if not groups or sum_.place == first:
            groups.append([])
            first = sum_.place
        groups[-1].append(node)
    return groups if 1 < len(groups) <= MOST_TERMS else []


def by_terms(first: Evaluation, second: Evaluation) -> Iterator[tuple[Evaluation, Evaluation]]:
    """The evaluations with the gradients of one round's share of the loss only, for each round, at both inputs."""
    groups = terms_of(first), terms_of(second)
    for terms in zip(*groups, strict=True) if len(groups[0]) == len(groups[1]) else ():
        yield (
            replace(first, adjoints=adjoints_of(first, terms[0])),
            replace(second, adjoints=adjoints_of(second, terms[1])),
        )


def adjoints_of(evaluation: Evaluation, terms: list[Any]) -> dict[int, Any]:
    """The gradients of the loss through some of its terms."""
    found: dict[int, Any] = {}
    for term in terms:
        seed = np.asarray(evaluation.adjoints[id(term)], float)
        for node, gradient, _ in sweep(term, seed, free=False):
            found[id(node)] = found[id(node)] + gradient if id(node) in found else np.array(gradient)
    return found
