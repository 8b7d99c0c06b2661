"""What gradients say of one another: a factor that all share is a convention, and one of its own is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.debugger.judge.judged import SAME, Judged, both, tolerance
from microgradnp.debugger.judge.movements import ONLY_ZERO, ZERO, gradient_inside, movement
from microgradnp.debugger.judge.points import Point, roots
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.replay import replay
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import read

ASCENT = (
    "it moves uphill, and the model is negative: that is right where the model is to be made large, as a likelihood is; "
    "otherwise the sign of the update is wrong"
)


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
