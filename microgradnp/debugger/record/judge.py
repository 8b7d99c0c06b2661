"""Which gradients are right: the movements of the parameters, and what is returned, against the model, on two inputs.

Nothing hangs on what a variable is called. A gradient is wrong when it differs on two inputs while the forward pass agrees on
both. It is right when it is the same multiple of the model's on both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.debugger.record.alternating import judge_alternating
from microgradnp.debugger.record.judged import SAME, Judged, both, multiple_of, quantity, tolerance
from microgradnp.debugger.record.movements import ONLY_ZERO, ZERO, gradient_inside, judge_update, movement
from microgradnp.debugger.record.nodes import Node, Record
from microgradnp.debugger.record.parting import parting
from microgradnp.debugger.record.points import Point, other_point, roots
from microgradnp.debugger.record.replay import replay
from microgradnp.debugger.record.returned import is_another, judge_returned
from microgradnp.debugger.record.step import CannotJudgeError, Step, begin_as_ints, find_step, ground_of
from microgradnp.debugger.record.structure import parts_in, read
from microgradnp.derivatives.agreement import scale_of

STILL_INT = "it is a whole number in the only step that was found"

REPLACED = "a multiple of its gradient takes its place, and the old value is lost: = for += or -="
ASCENT = (
    "it moves uphill, and the model is negative: that is right where the model is to be made large, as a likelihood is; "
    "otherwise the sign of the update is wrong"
)


@dataclasses.dataclass(eq=False)
class Verdict:
    """What is known about all gradients of one step."""

    step: Step
    entries: dict[str, Judged]
    number: int = 0
    last: int = 0  # the last step that was judged
    parting: str = ""  # where the forward pass and the model part
    ints: frozenset[str] = frozenset()  # parameters that are whole numbers of Python in the first step, which was left out

    @property
    def wrong(self) -> list[str]:
        return [argument for argument, entry in self.entries.items() if entry.status == "wrong"]

    @property
    def right(self) -> list[str]:
        return [argument for argument, entry in self.entries.items() if entry.status in ("right", "agrees")]


def judge_record(
    record: Record, model: Callable[..., Any], arguments: list[str], optional: set[str], number: int = 0, more: int = 2
) -> Verdict:
    """Judge the step with this number, and when it is right, the next steps as well: the first that is wrong, or that step.

    Raises BindingError, and CannotJudgeError when no forward pass of the program is the model's.
    """
    ground = ground_of(record, arguments, optional)
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
    first.parting = "" if first.step.outputs else str(parting(first.step) or "")
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
        for argument, entry in verdict.entries.items():
            if entry.evidence == "gradient" and entry.status == "right":
                look_back(before, verdict, argument)
        if verdict.wrong:
            return verdict
        before, first.last = verdict, later
    return first


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
    if error < 1e-3 and share > 1 - 1e-4:
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


def judge_step(step: Step) -> dict[str, Judged]:
    """Judge every float argument of the model that the program moves or returns a gradient of."""
    point = other_point(step)
    blind = "no value of the program is what the model's forward pass ends with" if not step.outputs else ""
    entries = {a: Judged(a, "not checked") for a in step.evaluation.gradients}
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
        judge_returned(step, point, entries)
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
    for argument, entry in entries.items():
        if "times the others" in entry.why and entry.evidence == "returned" and is_another(step, entry, entries):
            entries[argument] = Judged(argument, "not checked")  # the error y - t is -1 times the gradient of t
    for entry in entries.values() if blind else ():
        if entry.status in ("wrong", "not checked"):
            entry.status, entry.why = "cannot judge", blind
    return entries


def single_numbers(step: Step, point: Point, entries: dict[str, Judged]) -> None:
    """Judge parameters of one entry by their gradients, where no array shows that the parameters move by a plain step.

    One number is a multiple of any other. Under a rule with a rate for each entry, as AdaGrad's, its factor says nothing.
    """
    moved = [entry for entry in entries.values() if entry.evidence == "update" and entry.status in ("right", "agrees")]
    single = [entry for entry in moved if step.evaluation.gradients[entry.argument].size == 1]
    rates = [*(float(node.held) for node in scalars_of(step)), 1.0]
    plain = any(abs(entry.factor + rate) <= SAME * rate for entry in moved for rate in rates)
    if plain or len(single) < len(moved):
        return
    for entry in single:
        inside = gradient_inside(step, point, entry.argument)
        alone = Judged(entry.argument, "cannot judge", node=entry.node, why="it is one number, which moves by a rule of its own")
        entries[entry.argument] = inside or alone


def settle(step: Step, group: list[Judged]) -> None:
    """The factor that all share is a convention; a gradient with another one is wrong."""
    right = [entry for entry in group if entry.status in ("right", "agrees") and entry.factor]
    if not right:
        return
    groups: list[list[Judged]] = []
    for entry in right:
        for other in groups:
            if abs(other[0].factor - entry.factor) <= max(SAME, 10 * entry.spread, 10 * other[0].spread) * abs(entry.factor):
                other.append(entry)
                break
        else:
            groups.append([entry])
    updates = group[0].evidence == "update"
    rates = [float(node.held) for node in scalars_of(step)] if updates else []

    def likely(same: list[Judged]) -> tuple[bool, int, bool, bool]:
        first = same[0]
        return is_usual(first.factor, rates), len(same), updates and has_own_rate(step, first), updates and first.factor < 0

    best = max(groups, key=likely)
    for entry in right:
        if entry in best or (updates and has_own_rate(step, entry)):
            continue
        entry.status, entry.why = "wrong", f"{entry.factor / best[0].factor:.6g} times the others"
    if updates and best[0].factor > 0:
        maximised = step.evaluation.loss < 0  # a loss is seldom negative, a likelihood often
        for entry in best:
            entry.status, entry.why = ("cannot judge", ASCENT) if maximised else ("wrong", "it moves uphill")


def is_usual(factor: float, rates: list[float]) -> bool:
    """Whether a factor may be a convention: a whole number (the samples, say), one divided by it, or that times a rate."""
    for ratio in (abs(factor), *(abs(factor) / rate for rate in rates)):
        whole = ratio if ratio >= 1 else 1 / ratio
        if whole < 1000 and abs(whole - round(whole)) <= 1e-7 * whole:
            return True
    return False


def settle_scaled(step: Step, point: Point, entries: dict[str, Judged]) -> None:
    """A right gradient may be scaled by a number that wrong ones have a share in: the norm of all, say."""
    wrong = [entry for entry in entries.values() if entry.status == "wrong" and entry.evidence == "update"]
    scaled = [entry for entry in wrong if entry.spread <= tolerance(step) and entry.factor and entry.argument in step.after]
    for entry in scaled if len(scaled) < len(wrong) else ():
        entries[entry.argument] = gradient_inside(step, point, entry.argument, scaled=True) or entry


def settle_zeros(step: Step, point: Point, entries: dict[str, Judged]) -> None:
    """A parameter whose gradient is zero rests, but for rounding, where the others move by a plain step."""
    plain = [e for e in entries.values() if e.evidence == "update" and e.status == "right" and e.factor]
    for entry in entries.values() if plain else ():
        if entry.evidence != "update" or entry.why != ONLY_ZERO:
            continue
        shares = []
        for values, evaluation in both(step, point):
            largest = max(largest_of(e.factor * evaluation.gradients[e.argument]) for e in plain)
            rounding = 4e-16 * largest_of(read(step.before[entry.argument], values))
            shares.append(largest_of(movement(step, values, entry.argument, entry.after)) / (largest + rounding))
        if max(shares) <= tolerance(step):
            entry.status, entry.why = "right", ZERO
        elif min(shares) > 1e3 * tolerance(step):
            entry.status, entry.why = "wrong", "its gradient is zero, and it moves"


def largest_of(array: Any) -> float:
    return float(np.max(np.abs(np.asarray(array, float)), initial=0))


def settle_rules(group: list[Judged]) -> None:
    """Of gradients that flow into a rule, such as Adam's, all share a factor; one that has only others is wrong."""
    if len(group) < 2:
        return

    def sharing(factor: float) -> list[Judged]:
        return [entry for entry in group if any(abs(own - factor) <= 1e-5 * factor for own in entry.factors)]

    shared = max((factor for entry in group for factor in entry.factors), key=lambda factor: len(sharing(factor)), default=1.0)
    if len(right := sharing(shared)) > 1 or len(group) == 2:
        for entry in group:
            if entry not in right:
                nearest = min(entry.factors, key=lambda own: abs(np.log(own / shared)))
                entry.status, entry.why = "wrong", f"{nearest / shared:.6g} times the others"


def has_own_rate(step: Step, entry: Judged) -> bool:
    """Whether a parameter moves by minus a number of the program times its gradient: a number that scales this movement."""
    return any(
        abs(entry.factor + node.held) <= SAME * node.held and scales_movement(step, entry, node) for node in scalars_of(step)
    )


def scales_movement(step: Step, entry: Judged, node: Node) -> bool:
    """Whether a parameter moves by one percent more when a number is one percent larger."""
    start = {root: step.values[root] for root in roots(step, step.after)}
    again = replay(step.record, {**start, node: type(node.held)(1.01 * node.held)}, until=step.last)
    moved, other = (movement(step, values, entry.argument, entry.after) for values in (step.values, again))
    return bool(np.max(np.abs(other - 1.01 * moved), initial=0) <= 1e-3 * np.max(np.abs(moved), initial=0))


def scalars_of(step: Step) -> list[Node]:
    """The positive numbers that the program was given, or has in its source."""
    held = (node for node in step.record.nodes if node.kind in ("leaf", "literal") and node.memory is None)
    return [node for node in held if isinstance(node.held, (float, np.floating)) and node.held > 0]
