"""Learning rates: which number of the program scales the movement of which parameter, and of no other one."""

from __future__ import annotations

import numpy as np

from microgradnp.debugger.judge.judged import SAME, Judged
from microgradnp.debugger.judge.movements import movement
from microgradnp.debugger.judge.points import roots
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.replay import replay
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import parts_in

MOST = 200  # numbers that are looked at
MORE = 1.01  # times a number, to see what it scales


class Rates:
    """The numbers of a step, and what each of them does to the movements of some parameters."""

    def __init__(self, step: Step, entries: list[Judged]) -> None:
        self.step, self.entries = step, entries
        self.numbers = numbers_of(step)
        self.sizes = np.array([abs(float(node.held)) for node in self.numbers])
        self.moved: dict[Node, dict[str, float]] = {}

    def has_own(self, entry: Judged) -> bool:
        """Whether a parameter moves by a rate of its own times its gradient: a number of the update of no other parameter.

        A number that others move by, too, does not excuse that they move by another factor: it is the rate of all, and a sum
        stands where they have a mean. A rate may be one of all times a number that was given for this parameter.
        """
        others = [other for other in self.entries if abs(other.factor - entry.factor) > SAME * abs(entry.factor)]
        factor = abs(entry.factor)
        if entry.factor > 0 or not others:
            return False
        if self.is_exact(entry):
            return not any(self.scales(other, factor) for other in others)
        return any(
            abs(factor - size * rate) <= SAME * factor
            and not any(self.is_touched(node, other) for other in others)
            and self.is_scaled(node, entry)
            and all(self.scales(other, rate) for other in others)
            and any(one is not node and self.is_scaled(one, entry) for one in self.near(rate))  # 0.1 is not 0.1 times 0.1
            for node, size in zip(self.numbers, self.sizes, strict=True)
            if self.is_given(node)
            for rate in self.sizes[np.abs(self.sizes * size - factor) <= SAME * factor]
        )

    def is_exact(self, entry: Judged) -> bool:
        """Whether a parameter moves by just one rate times its gradient, perhaps the rate of others, too."""
        return any(self.is_rate(node, entry) and self.is_scaled(node, entry) for node in self.near(abs(entry.factor)))

    def has_any(self, entry: Judged) -> bool:
        """Whether some rate scales the movement of a parameter. The number of that size is looked at first."""
        return self.is_exact(entry) or any(
            self.is_rate(node, entry) and self.is_scaled(node, entry) for node in self.numbers[:MOST]
        )

    def scales(self, entry: Judged, value: float) -> bool:
        """Whether a number of this size scales the movement of a parameter."""
        return any(self.is_scaled(node, entry) for node in self.near(value))

    def near(self, value: float) -> list[Node]:
        """The numbers of a size."""
        return [self.numbers[k] for k in np.flatnonzero(np.abs(self.sizes - value) <= SAME * value)]

    def is_scaled(self, node: Node, entry: Judged) -> bool:
        """Whether a parameter moves by one percent more when a number is one percent larger."""
        return abs(self.growth(node, entry) - MORE) <= 1e-5

    def is_touched(self, node: Node, entry: Judged) -> bool:
        """Whether a parameter moves differently when a number is larger."""
        return self.growth(node, entry) != 1.0

    def growth(self, node: Node, entry: Judged) -> float:
        """By how much more a parameter moves when a number is larger: MORE where it scales the movement, else 1 or NaN."""
        if node not in self.moved:
            step = self.step
            start = {root: step.values[root] for root in roots(step, step.after)}
            again = replay(step.record, {**start, node: type(node.held)(MORE * node.held)}, until=step.last)
            self.moved[node] = {}
            for other in self.entries:
                moved, more = (movement(step, values, other.argument, other.after) for values in (step.values, again))
                self.moved[node][other.argument] = ratio(more, moved)
        return self.moved[node][entry.argument]

    def is_rate(self, node: Node, entry: Judged) -> bool:
        """Whether a number is given, or stands in the statement that moves a parameter.

        In another statement it is a part of the gradient: `dW = 2.0 * ...`.
        """
        return self.is_given(node) or any(is_in(node, part.node) for part in parts_in(entry.after))

    def is_given(self, node: Node) -> bool:
        """Whether a number comes from outside, or from a statement without arrays: `slow = 0.1`, `slow = 0.1 * rate`."""
        arrays = (other for other in self.step.record.nodes if other.memory is not None and other.kind == "operation")
        return node.kind == "leaf" or not any(is_in(node, other) for other in arrays)


def is_in(node: Node, other: Node) -> bool:
    """Whether two nodes stand in one statement."""
    return node.site is not None and other.site is not None and node.site.statement is other.site.statement


def ratio(more: np.ndarray, moved: np.ndarray) -> float:
    """c of more = c * moved, 1 where nothing has changed, NaN where there is no such number."""
    if np.array_equal(more, moved):
        return 1.0
    largest = float(np.max(np.abs(moved), initial=0))
    away = float(np.max(np.abs(more - MORE * moved), initial=0))
    return MORE if away <= 1e-3 * largest else float("nan")


def scalars_of(step: Step) -> list[Node]:
    """The positive numbers that the program was given, or has in its source."""
    return [node for node in numbers_of(step) if node.held > 0]


def numbers_of(step: Step) -> list[Node]:
    """The numbers but zero that the program was given, or has in its source."""
    held = (node for node in step.record.nodes if node.kind in ("leaf", "literal") and node.memory is None)
    return [node for node in held if isinstance(node.held, (float, np.floating)) and node.held]
