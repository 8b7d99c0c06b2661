"""Returned gradients that are single numbers. One number is a multiple of any other: only two inputs tell, or its neighbours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.debugger.judge.judged import SAME, Judged, multiple_of, quantity
from microgradnp.debugger.judge.movements import judge_update
from microgradnp.debugger.judge.pairing import nodes_of
from microgradnp.debugger.judge.places import holder_of
from microgradnp.debugger.judge.points import Point
from microgradnp.debugger.match.trained import settings
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import ARRANGED, DIFFERENCES, SUMS, parts_in

MEANS = frozenset(["mean", "average"])
Kept = dict[str, Any]  # place -> operand
Moved = Callable[[Step, Any, str], Any]


def judge_numbers(step: Step, point: Point, entries: dict[str, Judged], kept: Kept, taken: dict[str, str], moved: Moved) -> None:
    """Judge the arguments that are single numbers; `moved` is the new value of an argument one step on."""
    left = [a for a, e in entries.items() if e.status == "not checked" and step.evaluation.gradients[a].size == 1]
    for argument in left:
        add_moved(step, point, entries, argument, kept, taken, moved)
    left = [a for a in left if entries[a].status == "not checked"]
    found = [
        (argument, path, multiple.factor)
        for argument in left
        for path, held in kept.items()
        if path not in taken and (multiple := multiple_of(step, point, held, argument)) is not None
    ]
    factors = [entry.factor for entry in entries.values() if entry.evidence == "returned" and entry.factor]
    shared = factors[0] if factors else shared_by_most([(argument, factor) for argument, _, factor in found])
    for argument, path, factor in found:
        beside = not factors or holder_of(path) in {holder_of(place) for place in taken}
        if path in taken or argument not in left or shared is None or abs(factor - shared) > SAME * abs(shared) or not beside:
            continue
        entries[argument] = Judged(argument, "right", "returned", factor, 0.0, nodes_of(kept[path])[0], place=path)
        taken[path] = argument
        left.remove(argument)
    for argument, path, factor in found:  # settled later: its factor is not that of the others
        others = [p for a, p, _ in found if a == argument and p not in taken]
        if argument in left and others == [path] and holder_of(path) in {holder_of(place) for place in taken}:
            entries[argument] = Judged(argument, "right", "returned", factor, 0.0, nodes_of(kept[path])[0], place=path)
            taken[path] = argument
            left.remove(argument)
    pair_in_order(step, point, entries, kept, taken, left)


def shared_by_most(found: list[tuple[str, float]]) -> float | None:
    """The factor that most arguments have. One argument alone proves nothing, unless its factor is 1."""
    counts = {factor: len({a for a, other in found if abs(other - factor) <= SAME * abs(factor)}) for _, factor in found}
    best = max(counts, key=lambda factor: (counts[factor], abs(factor - 1) <= SAME), default=None)
    return best if best is not None and (counts[best] > 1 or abs(best - 1) <= SAME) else None


def add_moved(
    step: Step, point: Point, entries: dict[str, Judged], argument: str, kept: Kept, taken: dict[str, str], moved: Moved
) -> None:
    """A new value that is returned: the parameter, with something of the backward pass added or taken off."""
    places = [path for path, held in kept.items() if path not in taken and is_moved(step, held, argument)]
    if len(places) != 1:
        return
    after = moved(step, kept[places[0]], argument)
    entries[argument] = judge_update(dataclasses.replace(step, after={**step.after, argument: after}), point, argument)
    entries[argument].place = places[0]
    taken[places[0]] = argument


def is_moved(step: Step, held: Any, argument: str) -> bool:
    """Whether a number is an argument plus or minus something, or the mean of that."""
    before, after = list(parts_in(step.before[argument])), list(parts_in(held))
    array = quantity(held, step.values)
    if len(before) != 1 or len(after) != 1 or array is None or array.size != 1 or is_of_model(step, array.item()):
        return False
    changed, todo, seen = False, [after[0].node], set()
    while todo:
        node = todo.pop()
        if node is before[0].node:
            return changed
        if node in seen or node.number < before[0].node.number:
            continue
        seen.add(node)
        name = getattr(node.function, "__name__", "")
        parents = step.record.parents(node)
        changed |= name in SUMS | DIFFERENCES
        if name in SUMS | ARRANGED | MEANS or node.kind in ("view", "part", "hold"):
            todo += parents
        elif name in DIFFERENCES:
            todo += parents[:1]
    return False


def is_of_model(step: Step, value: float) -> bool:
    """Whether the model computes a number, perhaps as an entry of an array: `b + w @ x` is the forward pass, and no new bias."""
    made = (node._array for node in step.evaluation.nodes if node.rule is not None and node._array is not None)
    return any(np.any(np.abs(array - value) <= 1e-9 * abs(value)) for array in made)


def pair_in_order(
    step: Step, point: Point, entries: dict[str, Judged], kept: Kept, taken: dict[str, str], left: list[str]
) -> None:
    """Wrong gradients: as many numbers stand in one place as there are arguments left, in the same order."""
    left = [a for a in left if a not in settings(step.evaluation, step.model)]
    known = [float(node._array) for node in step.evaluation.nodes if node.shape == () and node._array is not None]
    blocks: dict[str, list[str]] = {}
    for path, held in kept.items():
        array = quantity(held, step.values)
        if path in taken or array is None or array.size != 1 or "[piece" in path:
            continue
        if any(is_moved(step, held, argument) for argument in left):
            continue
        if not any(abs(value - array.item()) <= 1e-9 * abs(value) for value in known):
            blocks.setdefault(holder_of(path), []).append(path)
    fitting = [places for places in blocks.values() if len(places) == len(left)]
    if not left or len(fitting) != 1 or (len(left) == 1 and not taken):
        return
    for argument, path in zip(left, fitting[0], strict=True):
        if not holds_right(step, point, kept[path], argument):
            entries[argument] = Judged(argument, "wrong", "returned", node=nodes_of(kept[path])[0], place=path)
            taken[path] = argument


def holds_right(step: Step, point: Point, held: Any, argument: str) -> bool:
    """Whether the right gradient is among the numbers that a number is made from."""
    inside = step.structure.before(nodes_of(held)) & step.backward
    numbers = (node for node in inside if node.memory is None and isinstance(node.held, (float, np.floating)))
    return any(multiple_of(step, point, node, argument) is not None for node in numbers)
