"""The way from a model's output to its loss, evaluated at other outputs: what does the loss say of a constant answer?"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.graph import is_node, parents
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import gradients
from microgradnp.doctor.patient import Array

MOST_VALUES = 2_000_000  # of an output
TURNS = 120  # of a search for the best output
FAR = 1000.0  # times the size of an output
SETTLED = 1e-2  # a search has ended when its second half gains less than this share of all that it gained


class Best(NamedTuple):
    """The least loss that a search over outputs found, the output, and what the second half of the search gained."""

    value: float
    output: Array
    late: float


class Tail:
    """The operations after the last value that all of the loss passes through. `output` is that value; None without one."""

    def __init__(self, reading: Any) -> None:
        self.reading = reading
        self.names = computations(reading.nodes)
        self.output = self.narrowest()
        self.after: list[Any] = []
        if self.output is not None:
            own, reached = self.names[id(self.output)], set()
            for node in reading.nodes:
                if self.names[id(node)] != own and any(id(p) in reached or self.names[id(p)] == own for p in parents(node)):
                    reached.add(id(node))
                    self.after.append(node)

    def is_answer(self, node: Any) -> bool:
        """Whether a value is made from parameters and inputs, and not from targets."""
        data = self.reading.data_of[id(node)]
        return bool(self.reading.made_of[id(node)] and data and not data & self.reading.target_keys)

    def narrowest(self) -> Any:
        """The value behind which no parameter takes part. A computation that is made twice counts once."""
        first = {self.names[id(node)]: node for node in reversed(self.reading.nodes)}
        ends = {
            self.names[id(p)]
            for node in self.reading.nodes
            if not self.is_answer(node)
            for p in parents(node)
            if self.is_answer(p)
        }
        while ends:
            last = max(ends)  # names are numbers in the order of the graph
            node = first[last]
            before = [p for p in parents(node) if self.reading.made_of[id(p)]]
            names = {self.names[id(p)] for p in before}
            is_free = bool(before) and all(map(self.is_answer, before))
            if len(ends) == 1 and not (is_free and len(names) == 1 and before[0].size == node.size):
                return node if node.ndim and node.dtype.kind == "f" and node.size <= MOST_VALUES else None
            if not is_free:
                return None
            ends = ends - {last} | names
        return None

    @property
    def answers(self) -> Array:
        """The output as it is, with its samples as rows."""
        found: Array = self.reading.rows_first(np.asarray(self.output._array, float))
        return found

    def at(self, output: Array) -> tuple[float, Array]:
        """The loss at another output, and its gradient there: NaN where an operation refuses that output."""
        try:
            return self.computed(output)
        except Exception:  # a function of the user's own may take some outputs only
            return np.nan, np.full(np.shape(output), np.nan)

    def computed(self, output: Array) -> tuple[float, Array]:
        """Loss and gradient, by the operations after the output."""
        turn = self.reading.rows_first
        leaf = Tensor(np.array(turn(output), self.output.dtype), requires_grad=True)
        own = self.names[id(self.output)]
        made: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            for node in self.after:
                args = [
                    (leaf if self.names[id(a)] == own else made.get(id(a), a.detach())) if is_node(a) else a for a in node.args
                ]
                made[id(node)] = node.rule.function(*([args] if node.rule.sequence else args), **node.options)
            loss = made[id(self.after[-1])]
            return float(loss.item()), turn(np.asarray(gradients(loss, [leaf])[0], float))

    def least(self, start: Array, alike: bool) -> Best:
        """Minimise the loss over outputs, the same one for all samples or each its own.

        The steps are those of M. Riedmiller and H. Braun, "A direct adaptive method for faster backpropagation learning: the
        RPROP algorithm" (1993).
        """
        y, before = np.array(start, float), np.array(start, float)
        step, last = np.full_like(y[:1] if alike else y, 0.1 * (1 + np.abs(y).mean())), np.zeros(1)
        best, direction = (np.inf, y), np.zeros_like(step)
        values: list[float] = []
        for _ in range(TURNS):
            value, g = self.at(y)
            if not (np.isfinite(value) and np.isfinite(g).all()):
                step, last = step / 8, np.zeros(1)
                y = before - direction * step
                values.append(best[0])
                continue
            best = min(best, (value, y), key=lambda pair: pair[0])
            values.append(best[0])
            direction = np.sign(g.sum(0, keepdims=True) if alike else g)
            step = step * np.where(direction * last > 0, 1.3, np.where(direction * last < 0, 0.5, 1.0))
            before, last, y = y, direction, y - direction * step
        return Best(best[0], best[1], values[TURNS // 2] - best[0])

    @cached_property
    def constant(self) -> Best | None:
        """The best constant answer; None where there is none."""
        if self.output is None:
            return None
        y = self.answers
        found = self.least(np.broadcast_to(y.mean(0, keepdims=True), y.shape), alike=True)
        spread = abs(self.at(found.output + 1)[0] - found.value) + abs(self.at(found.output - 1)[0] - found.value)
        return found if np.isfinite(found.value) and found.late <= SETTLED * spread + 1e-12 * abs(found.value) else None

    @cached_property
    def explained(self) -> float:
        """The share of the loss of the best constant that the output saves: 1 for the best output of each sample, NaN if unknown.

        It is the D^2 of A. C. Cameron and F. A. G. Windmeijer, "An R-squared measure of goodness of fit for some common
        nonlinear regression models" (1997).
        """
        if self.constant is None:
            return np.nan
        floor = self.least(self.constant.output, alike=False)
        room = self.constant.value - floor.value
        if not np.isfinite(room) or room <= 1e-9 * abs(self.constant.value) or floor.late > SETTLED * room:
            return np.nan
        return float((self.constant.value - self.reading.loss.item()) / room)

    @cached_property
    def falls_without_end(self) -> bool:
        """Whether the loss falls in proportion however far the outputs move, as that of a policy gradient does."""
        if self.output is None:
            return False
        y = self.answers
        here, g = self.at(y)
        near, far = (self.at(y - FAR**k * (1 + np.abs(y).mean()) * np.sign(g))[0] for k in (1, 2))
        return bool(np.isfinite(far) and here - far > 0.1 * FAR * (here - near) > 0)

    def sides(self, targets: Array) -> tuple[Array, Array] | None:
        """(answers, classes) where the loss pulls the two values of the targets to two sides of one output; None elsewhere.

        That output is the constant at which both pulls are equally strong.
        """
        if self.output is None or targets.size != self.output.size or len(values := np.unique(targets)) != 2:
            return None
        y = self.answers
        high = (targets == values[1]).reshape(y.shape)
        if not np.isfinite(y).all() or not (high.any(0) & ~high.all(0)).all():
            return None
        columns = y[:1] * 0
        if y.ndim > 1 and y[0].size > 1:  # columns that compete are no questions of their own
            apart = columns.copy()
            apart.flat[0] = 1
            change = np.abs(self.at(y + apart)[1] - self.at(y)[1])
            if change.reshape(len(y), -1)[:, 1:].max() > 1e-9 * change.max():
                return None
        low, top = columns - 1.0, columns + 1.0
        for _ in range(40):
            pull, there = self.pulls(low, high), self.pulls(top, high)
            below, above = pull.sum(0) > 0, there.sum(0) < 0
            if not (below.any() or above.any()):
                break
            low, top = np.where(below, 3 * low, low), np.where(above, 3 * top, top)
        for _ in range(40):
            middle = 0.5 * (low + top)
            pull = self.pulls(middle, high)
            total = pull.sum(0)
            total[np.abs(total) <= 1e-9 * np.abs(pull).sum(0)] = 0
            low, top = np.where(total <= 0, middle, low), np.where(total >= 0, middle, top)
        if not (pull[0] * pull[1] < 0).all():
            return None
        return (y > middle) == (pull[1] < 0), high

    def pulls(self, constant: Array, high: Array) -> Array:
        """The mean gradient at a constant, of the samples with the low target and of those with the high one."""
        g = self.at(np.broadcast_to(constant, high.shape))[1]
        return np.stack([np.sum(g * part, 0, keepdims=True) / part.sum(0, keepdims=True) for part in (~high, high)])


def computations(nodes: list[Any]) -> dict[int, int]:
    """id of a node -> a number that nodes share which are the same function of the same values."""
    names: dict[int, int] = {}
    known: dict[Any, int] = {}
    for node in nodes:
        key: Any = id(node)
        if node.rule is not None:
            args = tuple(names[id(a)] if is_node(a) else id(a) if isinstance(a, np.ndarray) else repr(a) for a in node.args)
            key = (id(node.rule), args, repr(node.options))
        names[id(node)] = known.setdefault(key, len(known))
    return names
