"""Edits without a run: other values for some expressions, carried on through the record to the ends of the gradients."""

from __future__ import annotations

import dataclasses
import heapq
import re
import time as clock
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

import numpy as np

from microgradnp.debugger.derive.scene import Scene, Snapshot
from microgradnp.debugger.derive.stage import Stage
from microgradnp.debugger.derive.values import NotEvaluatedError, Overlay, atoms_of, evaluated, like, variables
from microgradnp.debugger.judge.judged import SAME, Judged, fit, tolerance
from microgradnp.debugger.judge.movements import judge_update
from microgradnp.debugger.judge.points import Point
from microgradnp.debugger.judge.rates import scalars_of
from microgradnp.debugger.judge.settle import settle
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.replay import Replay
from microgradnp.debugger.record.structure import parts_in, read
from microgradnp.debugger.record.world import names_in

Edits = Mapping[Node, tuple[CodeType, Snapshot]]  # a node, the code in its place, and the variables that the code may read
Names = Sequence[tuple[Node, CodeType, Snapshot]]  # the same where a statement only names a node: for what reads it afterwards
LOOK = 64  # values between two looks at the clock


class WouldFailError(Exception):
    """An operation of the program cannot take the arrays that an edit leads to."""


class Carrier:
    """Carries edits on through the record of one scene."""

    def __init__(self, scene: Scene, stage: Stage) -> None:
        self.stage, self.step, self.point = stage, scene.verdict.step, scene.point
        self.record = self.step.record
        self.entries = scene.verdict.entries
        self.end = self.step.last.number
        self.by_rule = any(entry.evidence == "gradient" for entry in self.entries.values())
        self.is_unusual = False  # whether the last gradients came with a factor that is no number of the program
        self.ends = {argument: self.nodes_of(argument) for argument in self.entries}

    def nodes_of(self, argument: str) -> list[Node]:
        """The nodes in which a parameter ends, or its gradient where it does not move."""
        if argument in self.step.after:
            return [part.node for part in parts_in(self.step.after[argument])]
        node = self.entries[argument].node
        return [node] if node is not None else []

    def right_after(self, edits: Edits, deadline: float, names: Names = ()) -> set[str] | None:
        """The gradients that are right with other expressions. None where the record cannot tell, or not in time."""
        try:
            first = self.carried(edits, 0, deadline, names)
            second = self.carried(edits, 1, deadline, names) if first is not None else None
        except WouldFailError:
            return set()
        if first is None or second is None:
            return None
        if self.by_rule:
            return self.judged_by_rule(first, second)
        return self.right_at(first, second)

    # ------------------------------------------------------------------------------------------------ forwards

    def carried(self, edits: Edits, which: int, deadline: float, names: Names = ()) -> Overlay | None:
        """The record with other expressions, at one input. None where its operations do not work with the new values."""
        again = Overlay((self.step.values, self.point.values)[which])
        named = {snapshot.time - 0.5: (node, code, snapshot) for node, code, snapshot in names}  # before the node of that number
        todo: list[float] = [*named, *(node.number for node in edits)]
        heapq.heapify(todo)
        seen = set(todo)
        done = 0
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            while todo:
                since = heapq.heappop(todo)
                name = named.get(since)
                node = name[0] if name is not None else self.record.nodes[int(since)]
                done += 1
                if done % LOOK == 0 and clock.thread_time() > deadline:
                    return None
                if not self.put(node, edits if name is None else {node: name[1:]}, again):
                    return None
                if node.number in again.values:
                    for consumer in self.step.structure.consumers[node.number]:
                        is_new = since < consumer.number <= self.end and consumer.number not in seen
                        if is_new and (name is None or reads(consumer, node, name[2])):
                            seen.add(consumer.number)
                            heapq.heappush(todo, consumer.number)
        return again

    def put(self, node: Node, edits: Edits, again: Overlay) -> bool:
        """Evaluate one node with what was changed before it. False where the program would go another way, or fail."""
        if node in edits:
            code, snapshot = edits[node]
            try:
                value = self.value(code, snapshot, again)
                value = stored(node, value, again) if node.kind == "write" else like(value, node, self.is_plain(node))
            except (NotEvaluatedError, KeyError):
                return False
        else:
            try:
                value = again.evaluate(node)
            except Exception as error:  # other values may be of no use to an operation
                if isinstance(error, ValueError) and node.kind == "operation":
                    raise WouldFailError from None
                return False
            if node.kind == "decision":
                return bool(np.array_equal(value, node.held)) or again.base[node] is not node.held
        if not is_equal(value, again.base[node]):
            again.values[node.number] = value
        return True

    def value(self, code: CodeType, snapshot: Snapshot, again: Overlay) -> Any:
        """The value of an expression in a run. Raises NotEvaluatedError."""
        if self.stage.changing(snapshot).isdisjoint(names_in(code)):
            return evaluated(code, variables(snapshot, again, code))
        return self.stage.shelter.evaluated(code, lambda: variables(snapshot, again, code))[0]

    def is_plain(self, node: Node) -> bool:
        """Whether a value may get another shape: nothing looks into the memory that it lies in."""
        return node.written is None and all(c.kind == "operation" for c in self.step.structure.consumers[node.number])

    # ------------------------------------------------------------------------------------------------ the ends

    def right_at(self, first: Overlay, second: Overlay) -> set[str]:
        """The arguments whose movement or returned array is right."""
        right: dict[str, tuple[float, float]] = {}
        for argument, nodes in self.ends.items():
            entry = self.entries[argument]
            if not any(node.number in run.values for node in nodes for run in (first, second)):
                if entry.status in ("right", "agrees"):
                    right[argument] = entry.factor, entry.factor
            elif factors := self.factors(argument, first, second):
                right[argument] = factors
        return self.alike(right)

    def factors(self, argument: str, first: Replay, second: Replay) -> tuple[float, float] | None:
        """The factors with which what a parameter does is its gradient, at both inputs. None where it is not."""
        fits = []
        for values, evaluation in ((first, self.step.evaluation), (second, self.point.evaluation)):
            seen = self.seen(argument, values)
            if seen is None:
                return None
            fits.append(fit(seen[0], evaluation.gradients[argument], seen[1]))
        (a, one), (b, two) = fits
        return (a, b) if a and max(one, two) <= 10 * tolerance(self.step) else None

    def seen(self, argument: str, values: Replay) -> tuple[np.ndarray, float] | None:
        """(movement or gradient of an argument, how large the numbers were that it is the difference of)."""
        try:
            if argument in self.step.after:
                before, after = (np.asarray(read(held[argument], values), float) for held in (self.step.before, self.step.after))
                array, size = after - before, float(np.max(np.abs(before), initial=0))
            else:
                array, size = np.asarray(values[self.ends[argument][0]], float), 0.0
        except (KeyError, ValueError, TypeError):
            return None
        if self.entries[argument].transposed:
            array = np.squeeze(array).T
        shape = self.step.evaluation.gradients[argument].shape
        if array.size == np.prod(shape):  # it may be returned as one long vector
            array = array.reshape(shape)
        return (array, size) if np.isfinite(array).all() else None

    def alike(self, factors: dict[str, tuple[float, float]]) -> set[str]:
        """The arguments whose factors are those of most others, or of those that were right before.

        Where the norm of all gradients is clipped, the factors differ between the inputs, and not between the arguments.
        """
        rates = [*(float(node.held) for node in scalars_of(self.step)), 1.0]
        found = set()
        self.is_unusual = all(
            near(b, a) and not any(near(abs(a), c) for c in (rates if argument in self.step.after else [1.0]))
            for argument, (a, b) in factors.items()
        )
        for moves in (True, False):
            group = {a: pair for a, pair in factors.items() if (a in self.step.after) == moves}
            known = [pair for a, pair in group.items() if self.entries[a].status in ("right", "agrees")]
            rounded = Counter((float(f"{a:.6g}"), float(f"{b:.6g}")) for a, b in group.values() if a)
            usual = known or [pair for pair, _ in rounded.most_common(1)]
            for argument, (a, b) in group.items():
                own = moves and any(near(-a, rate) and near(-b, rate) for rate in rates)
                same = not a or any(near(a, u) and near(b, v) for u, v in usual)
                if (same or own) and not (moves and a > 0):
                    found.add(argument)
        return found

    def judged_by_rule(self, first: Overlay, second: Overlay) -> set[str]:
        """The arguments whose gradient is right where the parameters move by a rule of their own."""
        point = Point(second, self.point.evaluation, self.point.amount)
        known = {a for a, entry in self.entries.items() if entry.status in ("right", "agrees")}
        changed = [self.record.nodes[number] for number in first.values]
        hopeful = {a for a in self.step.after if a not in known and self.makes(a, changed, first, second)}
        touched = {a for a in known if any(node.number in first.values for node in self.ends[a])}
        if not hopeful:
            return known - touched
        step = dataclasses.replace(self.step, values=first)
        judged = {a: judge_update(step, point, a) for a in self.step.after if a in hopeful | touched}
        settle(step, [entry for entry in judged.values() if entry.evidence == "update"])
        found = {a for a, entry in judged.items() if is_right(entry)}
        return (known - touched) | found

    def makes(self, argument: str, nodes: list[Node], first: Overlay, second: Overlay) -> bool:
        """Whether one of some values is a multiple of an argument's gradient."""
        for node in nodes:
            pair = []
            for values, evaluation in ((first, self.step.evaluation), (second, self.point.evaluation)):
                gradient, value = evaluation.gradients[argument], values[node] if node.kind != "decision" else None
                if not isinstance(value, np.ndarray) or value.size != gradient.size:
                    break
                forms = (value.reshape(gradient.shape), value.reshape(gradient.shape[::-1]).T)
                pair.append(min(fit(form, gradient, 0.0)[1] for form in forms))
            if len(pair) == 2 and max(pair) <= 10 * tolerance(self.step):
                return True
        return argument in self.step.after and self.factors(argument, first, second) is not None


def stored(write: Node, value: Any, again: Overlay) -> Any:
    """The array after another value was written to it. Raises NotEvaluatedError where it does not fit, or was a plain number."""
    if not isinstance(write.args[2], Node):
        raise NotEvaluatedError
    number = write.args[2].number
    kept = again.values.get(number)
    again.values[number] = value
    try:
        return again.evaluate(write)
    except (ValueError, TypeError) as error:
        raise NotEvaluatedError from error
    finally:
        again.values.pop(number)
        again.values.update({} if kept is None else {number: kept})


def is_equal(a: Any, b: Any) -> bool:
    """Whether two values are the same. Lists of numbers make many of one number, which NumPy compares slowly."""
    return a == b if type(a) is type(b) is float else bool(np.array_equal(a, b))


def reads(consumer: Node, node: Node, snapshot: Snapshot) -> bool:
    """Whether a value that reads a node may read it by the name that a statement gives it, or as what a function returns."""
    site, call, target = consumer.site, snapshot.call, snapshot.statement.target
    if site is None:
        return True
    if consumer.call is call:
        older = {name for name, held in atoms_of(snapshot.names) if held is node} - {target}
        return not any(names(site.statement.text, name) for name in older)
    if target is not None or call is None or call.site is None or consumer.call is not call.parent:
        return True
    caller = call.site.statement  # in which the function was called
    return site.statement is caller or caller.target is None or names(site.statement.text, caller.target)


def names(text: str, variable: str) -> bool:
    """Whether a text names a variable."""
    return re.search(rf"(?<!\w){re.escape(variable)}(?!\w)", text) is not None


def is_right(entry: Judged) -> bool:
    return entry.status in ("right", "agrees")


def near(a: float, b: float) -> bool:
    return abs(a - b) <= 10 * SAME * abs(b)
