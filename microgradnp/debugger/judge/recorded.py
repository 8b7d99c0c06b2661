"""Which gradients are right: the movements of the parameters, and what is returned, against the model, on two inputs.

Nothing hangs on what a variable is called. A gradient is wrong when it differs on two inputs while the forward pass agrees on
both. It is right when it is the same multiple of the model's on both.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.debugger.judge.alternating import judge_alternating
from microgradnp.debugger.judge.judged import SAME, Judged, multiple_of, quantity
from microgradnp.debugger.judge.movements import judge_update, movement
from microgradnp.debugger.judge.own_rule import settle_own_rules
from microgradnp.debugger.judge.parting import parting
from microgradnp.debugger.judge.places import root_of_place
from microgradnp.debugger.judge.points import Point, other_point
from microgradnp.debugger.judge.returned import is_another, judge_returned, kept_pieces, returned_by_layer
from microgradnp.debugger.judge.settle import settle, settle_rules, settle_scaled, settle_zeros, single_numbers
from microgradnp.debugger.record.nodes import Node, Record
from microgradnp.debugger.record.order import parted
from microgradnp.debugger.record.replay import replay
from microgradnp.debugger.record.sites import Site
from microgradnp.debugger.record.step import CannotJudgeError, Step, begin_as_ints, find_step, ground_of
from microgradnp.debugger.record.structure import parts_in
from microgradnp.derivatives.agreement import scale_of

PARTS_LATER = (
    "step {} was not judged: its forward pass does not end where that of the first step does; "
    "perhaps the code also moves a parameter that the model does not have"
)
STILL_INT = "it is a whole number in the only step that was found"

LIMITED = "{} limits numbers of the forward pass that the model does not limit: give inputs with smaller ones"
OTHER_FORWARD = "no value of your forward pass is what the model computes"
CUT_SHORT = "the recording ended before a step was over: give fewer samples or a larger budget="
ONLY_THE_STEP = "this is the step alone, and what is returned beside it are new values"
REPLACED = "a multiple of its gradient takes its place, and the old value is lost: = for += or -="


@dataclasses.dataclass(eq=False)
class Verdict:
    """What is known about all gradients of one step."""

    step: Step
    entries: dict[str, Judged]
    number: int = 0
    last: int = 0  # the last step that was judged
    parting: str = ""  # where the forward pass is another than the model's
    plain: bool = True  # whether every step that was judged moves each parameter by a multiple of its gradient
    unlike: str = ""  # why a later step was not judged
    ints: frozenset[str] = frozenset()  # parameters that are whole numbers of Python in the first step, which was left out
    moved: set[str] = dataclasses.field(default_factory=set)  # the parameters that move in a later step that was judged

    @property
    def wrong(self) -> list[str]:
        """The arguments whose gradient is wrong."""
        return [argument for argument, entry in self.entries.items() if entry.status == "wrong"]

    @property
    def resting(self) -> list[str]:
        """The parameters that move in this step, and in no later one that was judged."""
        return sorted(set(self.step.after) - self.moved) if self.last > self.number else []

    @property
    def parted(self) -> tuple[str, str] | None:
        """Data that were put into another order, and others of as many samples that were not."""
        return parted(self.step.before, self.step.after, self.step.values)

    @property
    def right(self) -> list[str]:
        """The arguments whose gradient is right, or agrees to some digits."""
        return [argument for argument, entry in self.entries.items() if entry.status in ("right", "agrees")]


def judge_record(
    record: Record,
    model: Callable[..., Any],
    arguments: list[str],
    optional: set[str],
    number: int = 0,
    more: int = 2,
    until: float = math.inf,
) -> Verdict:
    """Judge the step with this number, and when it is right, the next steps as well: the first that is wrong, or that step.

    After the processor time `until` no later step is looked for. Raises BindingError, and CannotJudgeError when no forward pass
    of the program is the model's.
    """
    ground = ground_of(record, arguments, optional, until=until)
    number = max(number, ground.skipped)
    try:
        step = find_step(record, model, arguments, optional, number - ground.skipped, ground)
    except CannotJudgeError:
        if not ground.skipped:
            raise
        ground, number = ground_of(record, arguments, optional, whole=True), 0
        step = find_step(record, model, arguments, optional, number, ground)
    first = before = Verdict(step, {}, number, number, ints=ground.ints)
    first.entries = judge_step(first.step)
    first.step = with_returned(first.step, first.entries)
    first.plain = is_plain(first)
    if record.error is not None and not first.step.after:
        first.entries = {argument: unproved(entry, record.error) for argument, entry in first.entries.items()}
    first.parting = "" if first.step.outputs or is_cut_short(first.step) else str(parting(first.step) or "")
    if not ground.ints:
        first.entries |= {a: Judged(a, "not checked", why=STILL_INT) for a in begin_as_ints(record, arguments)}
    for later in range(number + 1, number + 1 + more):
        if before.wrong or not before.step.after:
            break
        try:
            step = find_step(record, model, arguments, optional, later - ground.skipped, ground)
            verdict = Verdict(step, {}, later, ints=ground.ints)
        except CannotJudgeError:
            break
        if not verdict.step.after:
            break
        verdict.entries = judge_step(verdict.step)
        verdict.step = with_returned(verdict.step, verdict.entries)
        for argument, entry in verdict.entries.items():
            if entry.evidence == "gradient" and entry.status == "right":
                look_back(before, verdict, argument)
        if verdict.wrong and ends_of(verdict.step) != ends_of(first.step):
            first.unlike = PARTS_LATER.format(later)
            break
        if verdict.wrong:
            return verdict
        before, first.last = verdict, later
        first.moved |= verdict.step.after.keys()
        first.plain = first.plain and is_plain(verdict)
    return first


def is_plain(verdict: Verdict) -> bool:
    """Whether the parameters of a step move by multiples of their gradients, as far as that is known."""
    return all(verdict.entries[a].evidence == "update" for a in verdict.step.after if a in verdict.right)


def with_returned(step: Step, entries: dict[str, Judged]) -> Step:
    """The step where parameters also move that are returned with new values, and stored nowhere."""
    returned = {a: entry.after for a, entry in entries.items() if entry.evidence == "update" and entry.after is not None}
    return dataclasses.replace(step, after={**returned, **step.after})


def unproved(entry: Judged, error: str) -> Judged:
    """What a program that fails before any parameter moves has kept: it may be right, but nothing proves it wrong.

    Where nothing moves, data count as parameters, and the error `y_hat - y` as a gradient of the targets with the wrong sign.
    """
    if entry.status == "wrong" or (entry.status == "right" and entry.factor < 0):
        return Judged(entry.argument, "not checked", why=f"the code fails before anything moves: {error}")
    return entry


def is_cut_short(step: Step) -> bool:
    """Whether the record ends before anything moves: nobody knows what the forward pass would have come to."""
    return not step.record.finished and not step.after


def ends_of(step: Step) -> set[Site | None]:
    """The statements in which the forward pass of a step ends."""
    return {node.site for node in step.outputs}


def look_back(before: Verdict, verdict: Verdict, argument: str) -> None:
    """How much of the gradient of the step before is in this movement. All of it is no momentum: it was never set to zero."""
    old, entry = before.entries[argument], verdict.entries[argument]
    earlier = gradient_node(before.step, old)
    if earlier is None or entry.node is None:
        return
    step = verdict.step
    fixed = {e.node: step.values[e.node] for e in verdict.entries.values() if e.evidence == "gradient" and e.node is not None}
    gradient = step.values[earlier]
    push = 1e-3 * (float(np.std(gradient)) or 1.0) * np.random.default_rng(11).standard_normal(np.shape(gradient))
    if np.shape(gradient) != np.shape(step.values[entry.node]):
        return
    shares = []
    for node in (earlier, entry.node):
        again = replay(step.record, {**fixed, node: step.values[node] + push}, until=step.last)
        moves = [movement(step, values, argument, step.after[argument]) for values in (step.values, again)]
        shares.append(np.ravel(moves[1] - moves[0]))
    if not np.any(shares[1]):
        return
    share, error = scale_of(shares[0], shares[1])
    several = min(2, shares[1].size) <= np.count_nonzero(shares[1])  # a rule that clips may let one entry through
    if error < 1e-3 and abs(share - 1) < 1e-4 and several:
        entry.status = "wrong"
        entry.why = f"{share:.4g} times the gradient of the step before is still in it"


def gradient_node(step: Step, entry: Judged) -> Node | None:
    """The last node of a step that is its right gradient."""
    if entry.evidence == "gradient" or entry.node is None:
        return entry.node
    ways = step.structure.before([part.node for part in parts_in(step.after[entry.argument])]) & step.backward
    size = step.evaluation.gradients[entry.argument]
    found = []
    for node in ways:
        array = quantity(node, step.values) if node.kind != "decision" else None
        if (
            array is not None
            and np.squeeze(array).shape == np.squeeze(size).shape
            and scale_of(np.squeeze(array), np.squeeze(size))[1] < 1e-7
        ):
            found.append(node)
    carrying = [node for node in found if node not in {part.node for part in parts_in(step.after[entry.argument])}]
    return min(carrying, key=lambda node: node.number, default=None)


def is_of_a_number(step: Step, entry: Judged) -> bool:
    """Whether a number of the model, a rate say, would be accused of an array of one entry: that may be a sum over too much."""
    held = np.ndim(step.values[entry.node]) if entry.node is not None else 0
    return step.evaluation.gradients[entry.argument].ndim == 0 and held > 0


def doubt_steps(entries: dict[str, Judged]) -> None:
    """What is returned beside new values of other parameters, and is the step by which they move, lacks the parameter itself."""
    returned = [e for e in entries.values() if e.status == "right" and root_of_place(e.place) == "return"]
    moved = [entry for entry in returned if entry.evidence == "update"]
    steps = [
        e for e in returned if e.evidence == "returned" and any(abs(e.factor - m.factor) <= SAME * abs(m.factor) for m in moved)
    ]
    for entry in steps if len(moved) > len(steps) else ():
        entry.status, entry.why = "wrong", ONLY_THE_STEP


def doubt_limited(step: Step, point: Point, entries: dict[str, Judged]) -> None:
    """What is wrong behind an end of the forward pass that is limited on both inputs cannot be judged: the model has no limit."""

    def limits(node: Node) -> bool:
        if node.kind != "operation" or node.name != "clip" or node.args[0] not in step.outputs or node in step.outputs:
            return False
        return not any(np.array_equal(values[node], values[node.args[0]]) for values in (step.values, point.values))

    limiting = [node for node in step.backward if limits(node)]
    for entry in entries.values() if limiting else ():
        if entry.status == "wrong" and entry.node is not None and (found := step.structure.before([entry.node]) & {*limiting}):
            place = min(found, key=lambda node: node.number).site
            where = f"line {place.line}" if place is not None else "a call of clip"
            entry.status, entry.why = "cannot judge", LIMITED.format(where)


def judge_step(step: Step) -> dict[str, Judged]:
    """Judge every float argument of the model that the program moves or returns a gradient of."""
    point = other_point(step)
    blind = "" if step.outputs else CUT_SHORT if is_cut_short(step) else OTHER_FORWARD
    entries = {a: Judged(a, "not checked") for a in step.evaluation.gradients if a not in step.upstream}
    if point is None:
        return {
            a: Judged(a, "cannot judge", why="the program takes another way, or another forward pass, at other inputs")
            for a in entries
        }
    for argument in entries:
        if argument in step.after:
            entries[argument] = judge_update(step, point, argument)
    for argument, entry in entries.items():
        if entry.status == "wrong" and argument in step.after:
            entries[argument] = judge_alternating(step, point, entry)
    if not step.after:
        judge_returned(step, point, entries, dict(kept_pieces(step, point)))
    elif step.upstream:  # a layer may move its parameters, and return the gradient of its input
        resting = {a: entry for a, entry in entries.items() if a not in step.after}
        judge_returned(step, point, resting, returned_by_layer(step, point))
        entries |= resting
    for argument, node in step.replaced.items():
        if argument in entries and entries[argument].status == "not checked":
            multiple = multiple_of(step, point, node, argument)
            if multiple is not None and not multiple.transposed:
                entries[argument] = Judged(argument, "wrong", "update", multiple.factor, node=node, why=REPLACED)
    single_numbers(step, point, entries)
    settle_scaled(step, point, entries)
    settle(step, [entry for entry in entries.values() if entry.evidence == "update"])
    settle_zeros(step, point, entries)
    settle(step, [entry for entry in entries.values() if entry.evidence == "returned"])
    settle_rules([entry for entry in entries.values() if entry.evidence == "gradient" and entry.status == "right"])
    settle_own_rules(step, point, entries)
    for argument, entry in entries.items():
        another = "times the others" in entry.why and is_another(step, entry, entries)  # y - t is -1 times the gradient of t
        if entry.status == "wrong" and entry.evidence == "returned" and (another or is_of_a_number(step, entry)):
            entries[argument] = Judged(argument, "not checked")
    doubt_steps(entries)
    doubt_limited(step, point, entries)
    for entry in entries.values() if blind else ():
        if entry.status in ("wrong", "not checked"):
            entry.status, entry.why = "cannot judge", blind
    return entries
