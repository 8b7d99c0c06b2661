"""What an optimizer remembers from step to step, such as a velocity: how it decays, and how a gradient enters it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.judge.judged import quantity
from microgradnp.debugger.optimizer.steps import Course, Stage, filled, like, numbers
from microgradnp.debugger.record.nodes import Node

EXACT = 1e-6
SIZES = (1e-3, 1.0, 1e3)  # of the gradients that are tried: a rule that clips, or adds a penalty, is plain for some of them


class Law(NamedTuple):
    """new = decay * old + share * g, or with g**2 where the degree is 2."""

    decay: float
    share: float
    degree: int


@dataclass(eq=False)
class Chain:
    """A value of the optimizer for one parameter: `links[k]` is what the k-th step leaves behind, `laws[k]` how it came about."""

    argument: str
    links: list[Node]
    laws: list[Law]

    @property
    def degree(self) -> int:
        """1 for a mean of gradients, 2 for one of their squares, 0 where it is neither in all steps."""
        found = {law.degree for law in self.laws}
        return found.pop() if len(found) == 1 else 0

    @property
    def is_steady(self) -> bool:
        """Whether it decays alike in all steps."""
        return all(abs(law.decay - self.laws[0].decay) <= EXACT * abs(law.decay) for law in self.laws)


def chains_of(course: Course, argument: str) -> list[Chain]:
    """What is remembered for a parameter over three steps, with its law in the second and the third."""
    if len(course.stages) < 3:
        return []
    first, second, third = course.stages
    found = []
    for link in remembered(second, first, argument):
        followers = [n for n in remembered(third, second, argument) if n.site is link.site and is_made_from(n, link, second)]
        for after in followers[:1]:
            last = next((n for n in same_expression(after, third) if is_made_from(n, after, third)), None)
            laws = [law_of(link, after, second), law_of(after, last, third) if last is not None else None]
            if laws[0] is not None and laws[1] is not None and last is not None:
                found.append(Chain(argument, [link, after, last], [law for law in laws if law is not None]))
    return found


def remembered(stage: Stage, before: Stage, argument: str) -> list[Node]:
    """What the step before has made from its gradients, and the update of this one reads."""
    made = stage.carried(argument) & before.from_gradients
    return sorted((node for node in made if numbers(node.value) is not None), key=lambda node: node.number)


def same_expression(node: Node, stage: Stage) -> Iterator[Node]:
    """The nodes of a step that the expression of a node made, the last one first."""
    end = max(node.number for node in stage.ends.values())
    for other in reversed(stage.record.nodes[stage.start : end + 1]):
        if other.site is node.site and other.site is not None and np.shape(other.value) == np.shape(node.value):
            yield other


def is_made_from(node: Node, old: Node, stage: Stage) -> bool:
    """Whether a value is made from an old one, other than by way of the parameters and their gradients."""
    borders = {*stage.gradients.values(), *stage.ends.values()} - {node}
    return node is not old and node in stage.structure.after([old], without=borders)


def law_of(old: Node, new: Node, stage: Stage) -> Law | None:
    """How the new value depends on the old one and on the gradients. None where no law of this form holds."""
    held = numbers(old.value)
    if held is None:
        return None
    rng = np.random.default_rng(3)
    size = float(np.max(np.abs(held), initial=0)) or 1.0
    push = size * rng.uniform(0.5, 1.5, held.shape)
    values = [value_of(new, stage, None, {old: like(old.value, held + c * push)}) for c in (0, 1, 2)]
    if any(v is None or v.shape != held.shape for v in values):
        return None
    plain, once, twice = (v for v in values if v is not None)
    decay = float(np.mean((once - plain) / push))
    if np.all(np.abs(once - plain) <= 1e-9 * push) and np.all(np.abs(twice - plain) <= 1e-9 * push):
        decay, once, twice = 0.0, plain, plain
    if not (close(once - plain, decay * push) and close(twice - plain, 2 * decay * push)):
        return None
    for c in SIZES:
        if (part := share_of(old, new, stage, c * size_of(stage))) is not None:
            return Law(decay, *part)
    return None


def share_of(old: Node, new: Node, stage: Stage, c: float) -> tuple[float, int] | None:
    """(share, degree) with which equal gradients enter a value: with their size, or with its square."""
    empty = {old: filled(old.value, 0.0)}
    found = [value_of(new, stage, k * c, empty) for k in (0, 1, 2, -1)]
    if any(value is None for value in found):
        return None
    zero, one, two, minus = (value for value in found if value is not None)
    one, two, minus = one - zero, two - zero, minus - zero
    share = float(np.mean(one))
    if not share or not close(one, np.full_like(one, share)):
        return None
    if close(two, 2 * one) and close(minus, -one):
        return share / c, 1
    return (share / c**2, 2) if close(two, 4 * one) and close(minus, one) else None


def value_of(node: Node, stage: Stage, gradient: float | None, put: dict[Node, Any]) -> np.ndarray | None:
    """The numbers of a node in a replay of the step."""
    again = stage.replayed(node, gradient, put)
    return None if again.changed else quantity(node, again)


def size_of(stage: Stage) -> float:
    """The size of the gradients of a step."""
    sizes = [float(np.max(np.abs(np.asarray(node.value, float)))) for node in stage.gradients.values()]
    return max(sizes, default=0.0) or 1.0


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays are equal but for rounding."""
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= EXACT * np.max(np.abs(b), initial=0)))
