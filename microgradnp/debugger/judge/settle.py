"""What gradients say of one another: a factor that all share is a convention, and one of its own is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.debugger.judge.judged import SAME, TIMES, Judged, both, tolerance
from microgradnp.debugger.judge.movements import ONLY_ZERO, ZERO, gradient_inside, movement
from microgradnp.debugger.judge.points import Point
from microgradnp.debugger.judge.rates import Rates, scalars_of
from microgradnp.debugger.judge.returned import is_another
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import read

OTHERWISE = "it is one number, and moves by another rule than the parameters that take a plain step"
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
    if plain and moved:
        for entry in [e for e in entries.values() if e.evidence == "gradient" and e.argument in step.after]:
            if step.evaluation.gradients[entry.argument].size == 1:
                entries[entry.argument] = Judged(entry.argument, "cannot judge", node=entry.node, why=OTHERWISE)
    if plain or len(single) < len(moved):
        return
    for entry in single:
        inside = gradient_inside(step, point, entry.argument)
        alone = Judged(entry.argument, "cannot judge", node=entry.node, why="it is one number, which moves by a rule of its own")
        entries[entry.argument] = inside or alone


def settle(step: Step, group: list[Judged]) -> None:
    """The factor that all share is a convention; a gradient with another one is wrong.

    Where no factor has three in four movements, the model decides: a parameter is right that moves by just a rate.
    """
    right = [entry for entry in group if entry.status in ("right", "agrees") and entry.factor]
    if not right:
        return
    updates = group[0].evidence == "update"
    rates = Rates(step, right)
    own = {id(entry) for entry in right if updates and rates.has_own(entry)}
    usual = [float(node.held) for node in scalars_of(step)] if updates else []

    def likely(same: list[Judged]) -> tuple[Any, ...]:
        first, others = same[0], [entry for entry in right if entry not in same]
        is_one = abs(abs(first.factor) - 1) <= SAME
        if not updates:
            rest = {entry.argument: entry for entry in others}
            is_own = not all(is_another(step, entry, rest) for entry in same)  # the error y - t is -1 times the gradient of t
            return is_usual(first.factor, []), len(same), is_one, is_own, first.factor > 0
        explains_all = all(id(entry) in own for entry in others) and (not others or rates.has_any(first))
        most = 4 * len(same) >= 3 * len(right)
        return explains_all, is_usual(first.factor, usual), most, rates.is_exact(first), is_one, len(same), first.factor < 0

    best = max(alike(right), key=likely)
    exact = updates and rates.is_exact(best[0])
    for entry in right:
        if entry not in best and id(entry) not in own and not (exact and entry.factor < 0 and rates.is_exact(entry)):
            entry.status, entry.why = "wrong", f"{entry.factor / best[0].factor:.6g}{TIMES}"
    if updates and best[0].factor > 0:
        maximised = step.evaluation.loss < 0  # a loss is seldom negative, a likelihood often
        for entry in best:
            entry.status, entry.why = ("cannot judge", ASCENT) if maximised else ("wrong", "it moves uphill")


def alike(entries: list[Judged]) -> list[list[Judged]]:
    """The gradients in groups of the same factor."""
    groups: list[list[Judged]] = []
    for entry in entries:
        same = next((group for group in groups if is_alike(group[0], entry)), None)
        if same is None:
            groups.append([entry])
        else:
            same.append(entry)
    return groups


def is_alike(first: Judged, second: Judged) -> bool:
    """Whether two gradients have one factor."""
    slack = max(SAME, 10 * first.spread, 10 * second.spread)
    return abs(first.factor - second.factor) <= slack * abs(second.factor)


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
    """The size of the largest entry of an array, or of a matrix."""
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
                entry.status, entry.why = "wrong", f"{nearest / shared:.6g}{TIMES}"
