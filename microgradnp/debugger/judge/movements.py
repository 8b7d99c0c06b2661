"""Judge the movement of a parameter: a multiple of its gradient, or a rule through which the right gradient flows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.debugger.judge.judged import (
    CLOSE,
    SAME,
    Judged,
    Multiple,
    arithmetic,
    both,
    fit,
    is_zero,
    multiple_of,
    quantity,
    tolerance,
)
from microgradnp.debugger.judge.points import Point, roots
from microgradnp.debugger.record.findings import Arrays
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.replay import Replay, replay
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import parts_in, read, size_of
from microgradnp.derivatives.agreement import scale_of

ZERO = "zero, as in the model"
WHOLE = "an array of whole numbers: what its update adds is cut off; make it an array of floats"
TURNED = "its gradient is right, and the inverse of a matrix turns it, as in Newton's method: such a rule is not judged"
INVERSES = ("solve", "inv", "pinv", "lstsq")  # of np.linalg
TURNED_WHOLE = (
    "the inverse of a matrix turns the gradient of all parameters at once, as in Newton's method: such a rule is not judged"
)
ONLY_ZERO = "its gradient is zero"
JUMPS = "the model's gradient jumps when the last digits of its arguments change: at a tie, say, or at the edge of a condition"
COARSE = 1e-3  # share of a gradient: where its last digits hang on so much, it is not known


def movement(step: Step, values: Replay, argument: str, after: Any) -> np.ndarray:
    """By how much a parameter moves in a run of the step, to the operand `after`."""
    difference: np.ndarray = np.asarray(read(after, values), float) - np.asarray(read(step.before[argument], values), float)
    return difference


def judge_update(step: Step, point: Point, argument: str) -> Judged:
    """The movement of a parameter against its gradient, on both inputs."""
    fits, moved = [], []
    for values, evaluation in both(step, point):
        size = float(np.max(np.abs(np.asarray(read(step.before[argument], values), float)), initial=0))
        moved.append(movement(step, values, argument, step.after[argument]))
        fits.append(fit(moved[-1], evaluation.gradients[argument], size))
    resting = [not np.any(np.abs(m) > 1e-12 * (1 + np.max(np.abs(m), initial=0))) for m in moved]
    zero = [is_zero(evaluation, argument) for _, evaluation in both(step, point)]
    after = step.after[argument]
    node = next(part.node for part in parts_in(after))
    if all(zero):
        said = ("right", ZERO) if all(resting) else ("not checked", ONLY_ZERO)
        return Judged(argument, said[0], "update", 0.0, 0.0, node, after, said[1])
    if any(zero) and all(rest for rest, nothing in zip(resting, zero, strict=True) if nothing):
        fits = [fit for fit, nothing in zip(fits, zero, strict=True) if not nothing] * 2  # the other input tells nothing
    error = max(fits[0][1], fits[1][1])
    entry = Judged(argument, "wrong", "update", fits[0][0], error, node, after, spread=error)
    if argument in step.whole and np.asarray(read(after, step.values)).dtype.kind in "iu":
        entry.why = WHOLE
        return entry
    if all(resting):
        entry.why = "its update changes nothing"
        return entry
    if entry.error > tolerance(step):
        uncertain = max(arithmetic(step, values, argument) for values, _ in both(step, point))
        if uncertain > COARSE:
            return Judged(argument, "cannot judge", node=node, after=after, why=JUMPS)
        entry.error = max(0.0, entry.error - uncertain)
    steady = abs(fits[0][0] - fits[1][0]) <= max(SAME, 10 * max(fits[0][1], fits[1][1])) * abs(fits[0][0]) + 1e-12
    if entry.error <= tolerance(step) and steady:
        entry.status = "right"
    elif entry.error <= CLOSE and steady:
        entry.status = "agrees"
    else:
        inside = gradient_inside(step, point, argument)
        if inside is None and any(zero):
            entry.status, entry.why = "cannot judge", "its gradient is zero on one of two inputs"
        return inside or turned_by_an_inverse(step, point, argument) or entry
    return entry


def turned_by_an_inverse(step: Step, point: Point, argument: str) -> Judged | None:
    """A right gradient that the inverse of a matrix turns, as Newton's method does. Nobody knows whether the matrix is right."""
    ends = [part.node for part in parts_in(step.after[argument])]
    reaching = step.structure.before(ends)
    solved = {node for node in reaching if node.kind == "operation" and node.name in INVERSES}
    if not solved or not step.outputs:
        return None
    own, right = right_gradients(step, point, argument)
    if not own and is_stacked(step, argument) and solved - step.structure.before(step.outputs):
        return Judged(argument, "cannot judge", why=TURNED_WHOLE)
    if not own or goes_round(step, ends, right | solved):
        return None
    return Judged(argument, "cannot judge", why=TURNED)


def is_stacked(step: Step, argument: str) -> bool:
    """Whether a parameter ends as a part of a larger vector, with others: then its own gradient may be formed nowhere."""
    for part in parts_in(step.after[argument]):
        picked = step.record.parents(part.node) if part.node.name == "getitem" else [part.node]
        if any(size_of(whole) > (size_of(part.node) if part.array is None else part.array.size) for whole in picked):
            return True
    return False


def gradient_inside(step: Step, point: Point, argument: str, scaled: bool = False) -> Judged | None:
    """The right gradient of a parameter that moves by another rule: everything that reaches it passes through gradients.

    Where the movement is the gradient `scaled` by a number, the number may come from elsewhere: from wrong gradients, say.
    """
    if not step.outputs:
        return None
    own, right = right_gradients(step, point, argument)
    if not own or not covers(step, [multiple for _, multiple in own], argument):
        return None
    if not scaled and goes_round(step, [part.node for part in parts_in(step.after[argument])], right):
        return None
    first, multiple = min(own, key=lambda pair: pair[0].number)
    if not follows(step, argument, first, multiple):
        return None
    if not scaled and multiple.entry is None and not decays(step, argument, first, right):
        return None
    factors = tuple({abs(multiple.factor) for _, multiple in own})
    squared = tuple({abs(multiple.factor) for node, multiple in own if is_squared(step, node)})
    node, shown = min(own, key=lambda pair: (abs(abs(pair[1].factor) - 1) > SAME, pair[0].number))  # not the sum before the mean
    return Judged(argument, "right", "gradient", shown.factor, 0.0, node, transposed=shown.transposed, factors=squared or factors)


def right_gradients(step: Step, point: Point, argument: str) -> tuple[list[tuple[Node, Multiple]], set[Node]]:
    """The nodes behind the forward pass that are the gradient of a parameter, and those that are one of any parameter."""
    ends = {a: [part.node for part in parts_in(step.after[a])] for a in step.after}
    start = min(node.number for node in step.outputs)
    region = {n for n in step.structure.before(node for nodes in ends.values() for node in nodes) if n.number > start}
    right = {node for node in region if is_nothing(node, step.values) and is_nothing(node, point.values)}
    own: list[tuple[Node, Multiple]] = []
    held = ((n, quantity(n, step.values)) for n in region if n.kind != "decision")
    arrays = Arrays((node, array) for node, array in held if array is not None)
    reaching = step.structure.before(ends[argument])
    for name in step.after:
        for node, multiple in multiples(step, point, region, arrays, name):
            right.add(node)
            if name == argument and node in reaching:
                own.append((node, multiple))
    return own, right


def decays(step: Step, argument: str, node: Node, right: set[Node]) -> bool:
    """Whether the parameters enter a movement as in an optimizer's rule: not at all, or as a decay of this one.

    A decay has a coefficient and lets a parameter shrink. No rule moves a parameter by the value of another one. The gradients
    stay as they are, wherever they are computed.
    """
    after, largest = step.after[argument], float(np.max(np.abs(movement(step, step.values, argument, step.after[argument]))))
    own = set(roots(step, [argument]))
    pushed, more = pushed_by(step, argument, own, right)
    if np.max(np.abs(more), initial=0) > 1e-6 * largest:
        share, error = scale_of(more, pushed)
        if error <= 1e-3 and share > 0 and not moves_on(step, argument, right, share):
            return False
        without = replay(step.record, {node: step.values[node] * 0.0}, until=step.last)
        moved, rest = (movement(step, values, argument, after) for values in (step.values, without))
        rate, away = scale_of(moved - rest, step.evaluation.gradients[argument])
        if max(error, away) <= 1e-3 and abs(share - rate) <= CLOSE * abs(rate):
            return False
    others = set(roots(step, step.after.keys() - {argument})) - own
    return bool(np.max(np.abs(pushed_by(step, argument, others, right)[1]), initial=0) <= 1e-6 * largest)


def moves_on(step: Step, argument: str, right: set[Node], share: float) -> bool:
    """Whether a parameter moves by a share of the way from where it was a step before: the heavy ball of Polyak (1964).

    Then it moves no more where both places are pushed alike.
    """
    own, after = roots(step, [argument]), step.after[argument]
    if len(own) != 1 or share > 1:
        return False
    here, start = own[0], min(node.number for node in step.outputs)
    around = step.structure.before([here]) | step.structure.after([here])
    read_by = step.structure.before([part.node for part in parts_in(after)])
    shape = np.shape(step.values[here])
    places = [n for n in read_by & around if n.number < start and n is not here and np.shape(n.value) == shape]
    push = np.random.default_rng(19).uniform(0.5, 1.5, shape) * (float(np.std(step.values[here])) or 1.0)
    gradients = {node: step.values[node] for node in right}
    plain = movement(step, step.values, argument, after)
    for place in places:
        pushed = {node: step.values[node] + push for node in (here, place)}
        again = replay(step.record, {**pushed, **gradients}, until=step.last)
        if not again.failed and np.max(np.abs(movement(step, again, argument, after) - plain)) <= 1e-6 * np.max(push):
            return True
    return False


def pushed_by(step: Step, argument: str, nodes: set[Node], right: set[Node]) -> tuple[np.ndarray, np.ndarray]:
    """By how much a parameter is larger when some nodes are, with all gradients as they are, and how much more it moves."""
    rng = np.random.default_rng(17)
    put = {node: step.values[node] * (1 + 0.1 * rng.uniform(size=np.shape(step.values[node]))) for node in nodes}
    put = {node: value for node, value in put.items() if node not in right}
    again = replay(step.record, {**put, **{node: step.values[node] for node in right}}, until=step.last)
    before, moved = (
        [np.asarray(read(step.before[argument], values), float), movement(step, values, argument, step.after[argument])]
        for values in (step.values, step.values if again.failed else again)
    )
    more = moved[1] - before[1]
    return moved[0] - before[0], more if np.isfinite(more).all() else np.zeros_like(more)


def is_squared(step: Step, node: Node) -> bool:
    """Whether the square of a value is computed, as Adam and its kin and the norm do: then it is the gradient itself."""
    return any(
        reader.name in ("pow", "power", "square") or (reader.name in ("mul", "multiply") and reader.args[0] is reader.args[1])
        for reader in step.structure.consumers[node.number]
    )


def is_nothing(node: Node, values: Replay) -> bool:
    """Whether a number is zero: an entry of a gradient, perhaps, that happens to be zero."""
    return node.memory is None and node.kind != "decision" and isinstance(node.held, (float, np.floating)) and values[node] == 0


def goes_round(step: Step, ends: list[Node], right: set[Node]) -> bool:
    """Whether something of this step's data or outputs reaches a parameter without passing through a right gradient.

    What earlier steps have left behind, such as a velocity, may: that is the optimizer's.
    """
    first = [part.node for a in step.after for part in parts_in(step.first.get(a, step.before[a]))]
    held = [part.node for a, held in step.before.items() if a not in step.after for part in parts_in(held)]
    arrays = [node for node in held if node.memory is not None]
    pure = step.structure.after(arrays or held) - step.structure.after(first)
    start = max((node.number for node in roots(step, step.after)), default=0)
    blocked = right | {node for node in step.record.nodes[: start + 1] if node not in pure}
    return bool(step.structure.after([*pure, *step.outputs], without=blocked) & set(ends))


def multiples(step: Step, point: Point, region: set[Node], arrays: Arrays, argument: str) -> Iterator[tuple[Node, Multiple]]:
    """The nodes that are multiples of a gradient; where the parameter is a list, those that are multiples of its entries."""
    count = sum(1 for _ in parts_in(step.before[argument]))
    if count == 1:
        gradient, near = np.squeeze(step.evaluation.gradients[argument]), tolerance(step)
        forms = (gradient, gradient.T) if gradient.ndim > 1 else (gradient,)
        for node in dict.fromkeys(node for form in forms for node in arrays.multiples(form, near)):
            if (multiple := multiple_of(step, point, node, argument)) is not None:
                yield node, multiple
        return
    numbers = [node for node in region if node.memory is None and isinstance(node.held, (float, np.floating))]
    runs = [np.array([float(values[node]) for node in numbers]) for values, _ in both(step, point)]
    gradients = [np.ravel(evaluation.gradients[argument]) for _, evaluation in both(step, point)]
    for entry in range(gradients[0].size):
        if not gradients[0][entry] or not gradients[1][entry]:
            continue
        first, second = (run / gradient[entry] for run, gradient in zip(runs, gradients, strict=True))
        for k in np.flatnonzero((np.abs(first - second) <= 1e-8 * np.abs(first)) & (first != 0)):
            yield numbers[k], Multiple(float(first[k]), entry=entry)


def covers(step: Step, own: list[Multiple], argument: str) -> bool:
    """Whether every entry of a gradient was found, with one factor."""
    if all(multiple.entry is None for multiple in own):
        return True
    entries = np.flatnonzero(np.ravel(step.evaluation.gradients[argument]))
    factors = [{round_to(m.factor) for m in own if m.entry == entry} for entry in entries]
    return bool(factors) and bool(set.intersection(*factors))


def round_to(number: float) -> float:
    """A number to six digits."""
    return float(f"{number:.6g}")


def follows(step: Step, argument: str, node: Node, multiple: Multiple) -> bool:
    """Whether a parameter moves against its gradient, entry by entry: neither along its transpose nor uphill.

    Entries of the gradient are turned around: just these entries of the parameter must now go the other way. The size of the
    gradient stays, so that a rule that clips it does the same.
    """
    if multiple.entry is not None:
        return True
    after = np.squeeze(np.asarray(read(step.after[argument], step.values), float))
    gradient = step.values[node]
    signs = np.where(np.random.default_rng(5).random(np.shape(gradient)) < 0.5, -1.0, 1.0)
    signs.flat[0] = -1.0
    new = np.copy(gradient, order="K") * signs if isinstance(gradient, np.ndarray) else type(gradient)(gradient * float(signs))
    again = replay(step.record, {node: new}, until=step.last)
    changed = np.squeeze(np.asarray(read(step.after[argument], again), float)) - after
    sign, slope = np.squeeze(signs), np.squeeze(np.asarray(gradient, float)) * np.sign(multiple.factor)
    if multiple.transposed:
        sign, slope = sign.T, slope.T
    if changed.shape != sign.shape:
        return False
    largest = np.max(np.abs(changed), initial=0)
    turned = (sign < 0) & (np.abs(slope) > 1e-6 * np.max(np.abs(slope), initial=0))
    if not largest or np.any(np.abs(changed[sign > 0]) > 1e-6 * largest):
        return False
    return bool(np.mean(np.sign(changed[turned]) == np.sign(slope[turned])) > 0.9)
