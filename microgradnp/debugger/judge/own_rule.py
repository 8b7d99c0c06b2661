"""A right gradient that a rule of its own moves a parameter by, such as a projection: that is no wrong gradient.

Nobody can list all rules. Where the right gradient is formed, and nothing else of the data reaches the parameter, the gradient is
right, and the rule is open. It is no rule where it may lead uphill, as with a transposed matrix.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from microgradnp.debugger.judge.judged import SAME, Judged, Multiple, both, quantity, tolerance
from microgradnp.debugger.judge.movements import covers, decays, goes_round, movement, right_gradients
from microgradnp.debugger.judge.points import Point, roots
from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.replay import replay
from microgradnp.debugger.record.sites import Site, Statement
from microgradnp.debugger.record.step import Step
from microgradnp.debugger.record.structure import parts_in, read
from microgradnp.derivatives.agreement import scale_of

TRIALS = 16  # gradients for which a rule must lead downhill: a transposition does by chance for one in two
NEARLY_NOTHING = 1e-6  # of a gradient
LEAST = 0.3  # mean square of the cosine between a gradient and its movement: what is left of it is more than one direction
PRODUCTS = ("mul", "imul", "multiply")
OPEN = "its gradient is right, and its rule is open: "
ITS_OWN = f"{OPEN}what the update makes of it leads downhill, and follows no formula of a textbook"
OWN_RATE = f"{OPEN}the update multiplies the rate of the others by {{:.6g}}, which is right if that is its own rate"

ONE_BY_ONE = "some of its entries move in this step, downhill, and all others in other steps"
PART = "another parameter moves on in the next step, entry by entry: what was seen may be a part of a step"
AGAIN = "the forward pass runs again before the value that was compared, so that several steps lie between"
SEVERAL = OPEN + AGAIN


def settle_own_rules(step: Step, point: Point, entries: dict[str, Judged]) -> None:
    """Take back what was said against a right gradient because of the rule that it goes through."""
    for argument, entry in entries.items():
        if entry.status != "wrong" or argument not in step.after or not step.outputs:
            continue
        if entry.evidence == "update" and "times the others" in entry.why:
            entries[argument] = rate_of_its_own(step, point, entry, entries) or entry
        elif entry.evidence == "update" and not entry.why:
            open_rule = rule_of_its_own(step, point, argument) or rule_of_rows(step, point, argument)
            entries[argument] = open_rule or no_single_step(step, entry) or entry
    if any(entry.why == ONE_BY_ONE for entry in entries.values()):  # the others may go on later, too
        for argument, entry in entries.items():
            if entry.status == "wrong" and entry.evidence == "update":
                entries[argument] = Judged(argument, "cannot judge", node=entry.node, why=PART)


def no_single_step(step: Step, entry: Judged) -> Judged | None:
    """That a movement is more than one step, or a part of one. None where it is a whole one."""
    why = AGAIN if steps_inside(step, entry.argument) else ONE_BY_ONE if moves_in_turn(step, entry.argument) else ""
    return Judged(entry.argument, "cannot judge", node=entry.node, why=why) if why else None


def steps_inside(step: Step, argument: str) -> bool:
    """Whether the forward pass reads what was moved before, on the way to what is compared."""
    sites = {node.site for node in step.outputs if node.site is not None}
    start = min(node.number for node in step.outputs)
    ends = ends_of(step, argument)
    moved = {node for node in carried_to(step, ends) if node.number > start}.difference(ends)
    between = step.structure.after(moved) & step.structure.before(ends)
    return any(node.site in sites for node in between - moved)


def carried_to(step: Step, ends: list[Node]) -> set[Node]:
    """The nodes whose numbers go on in some others, or are added up in them."""
    found, todo = set(ends), list(ends)
    while todo:
        new = set(step.structure.carried(todo.pop())) - found
        found |= new
        todo += new
    return found


def moves_in_turn(step: Step, argument: str) -> bool:
    """Whether a step moves some entries downhill, and other steps all the others: coordinate descent."""
    variable = step.record.sightings.variable(argument)
    history = variable.history if variable is not None else ()
    first, last = (quantity(history[k].value, step.values) if history else None for k in (0, -1))
    before, after = (np.asarray(read(held[argument], step.values), float) for held in (step.before, step.after))
    if first is None or last is None:
        return False
    first, last = (held if held.shape == before.shape else held.T for held in (first, last))  # `Q = Q.T` is the same parameter
    if not first.shape == last.shape == before.shape:
        return False
    gradient = step.evaluation.gradients[argument]
    resting = (after == before) & (gradient != 0)
    elsewhere = (first != before) | (last != after)
    return bool(resting.any() and elsewhere[resting].all() and np.all(((after - before) * gradient)[~resting] < 0))


def runs_again(step: Step, ends: list[Node], gradient: Node) -> bool:
    """Whether the forward pass runs again with what a gradient has moved, on the way to what is compared: these are two steps."""
    sites = {node.site for node in step.outputs if node.site is not None}
    way = step.structure.after([gradient]) & step.structure.before(ends)
    return any(node.site in sites and node.number > gradient.number for node in way)


def ends_of(step: Step, argument: str) -> list[Node]:
    """The nodes that hold the new value of a parameter."""
    return [part.node for part in parts_in(step.after[argument])]


def rule_of_its_own(step: Step, point: Point, argument: str) -> Judged | None:
    """That a rule is open through which nothing but right gradients reaches a parameter. None where that is not so."""
    own, right = right_gradients(step, point, argument)
    if not own or not covers(step, [multiple for _, multiple in own], argument):
        return None
    ends = ends_of(step, argument)
    first, multiple = min(own, key=lambda pair: pair[0].number)
    if runs_again(step, ends, first):
        return Judged(argument, "cannot judge", node=first, why=SEVERAL)
    if goes_round(step, ends, right) and not only_scales(step, argument, first):
        return None
    if multiple.entry is not None or multiple.transposed or not leads_down(step, argument, first, multiple):
        return None
    if not decays(step, argument, first, right):
        return None
    return Judged(argument, "cannot judge", node=first, why=ITS_OWN)


def rule_of_rows(step: Step, point: Point, argument: str) -> Judged | None:
    """The same of a parameter of which some rows have a gradient and move, as those of the words that a step looks up."""
    ends = ends_of(step, argument)
    start = min(node.number for node in step.outputs)
    way = [node for node in step.structure.before(ends) if node.number >= start]  # an error may be the gradient of a bias
    rows = {node for node in way if is_gradient_of_rows(step, point, node, argument)}
    if not rows or goes_round(step, ends, rows | right_gradients(step, point, argument)[1]):
        return None
    moved, gradient = movement(step, step.values, argument, step.after[argument]), step.evaluation.gradients[argument]
    if np.any(moved[~np.any(gradient != 0, axis=tuple(range(1, gradient.ndim)))]) or np.sum(moved * gradient) >= 0:
        return None
    return Judged(argument, "cannot judge", node=min(rows, key=lambda node: node.number), why=ITS_OWN)


def is_gradient_of_rows(step: Step, point: Point, node: Node, argument: str) -> bool:
    """Whether a value is the gradient of the rows that have one, up to a factor."""
    factors = []
    for values, evaluation in both(step, point):
        gradient, array = evaluation.gradients[argument], quantity(node, values)
        used = np.any(gradient != 0, axis=tuple(range(1, gradient.ndim))) if gradient.ndim else np.ones(0, bool)
        if array is None or not np.any(used) or np.all(used) or array.size != gradient[used].size:
            return False
        factor, error = scale_of(np.ravel(array), np.ravel(gradient[used]))
        if not factor or error > tolerance(step):
            return False
        factors.append(factor)
    return bool(abs(factors[0] - factors[1]) <= 10 * max(SAME, tolerance(step)) * abs(factors[0]))


def leads_down(step: Step, argument: str, node: Node, multiple: Multiple) -> bool:
    """Whether a rule moves a parameter downhill for whatever gradient: what it does for one and its negative is compared."""
    gradient, rng, found = step.values[node], np.random.default_rng(29), []
    for _ in range(TRIALS):
        shuffled = rng.permutation(np.ravel(gradient)) * rng.choice([-1.0, 1.0], size=np.size(gradient))
        other = shuffled.reshape(np.shape(gradient))
        moves = [moved_with(step, argument, node, sign * other) for sign in (1.0, -1.0)]
        if moves[0] is None or moves[1] is None or np.size(other) != moves[0].size:
            continue
        way = np.ravel(moves[0] - moves[1])
        size = np.linalg.norm(way) * np.linalg.norm(other)
        found.append(-np.sign(multiple.factor) * float(way @ np.ravel(other)) / size if size else 0.0)
    return len(found) >= TRIALS // 2 and min(found) > -1e-9 and float(np.mean(np.square(found))) > LEAST


def only_scales(step: Step, argument: str, node: Node) -> bool:
    """Whether data reach a parameter only as what scales its gradient: none moves nothing, and one moves every entry.

    So do a preconditioner (Saad 2003, Iterative Methods for Sparse Linear Systems, chapter 9) and the conjugate gradients.
    """
    gradient = np.asarray(step.values[node], float)
    moves = [moved_with(step, argument, node, size * gradient) for size in (1.0, NEARLY_NOTHING)]
    if moves[0] is None or moves[1] is None or gradient.size < 2:
        return False
    moved = np.ravel(moves[0])[np.ravel(gradient) != 0] if moves[0].size == gradient.size else np.zeros(1)
    return bool(np.all(moved) and np.linalg.norm(moves[1]) <= 10 * NEARLY_NOTHING * np.linalg.norm(moves[0]))


def moved_with(step: Step, argument: str, node: Node, gradient: np.ndarray) -> np.ndarray | None:
    """The movement of a parameter with another gradient. None where the program fails with it, or takes another way."""
    made: Any = gradient
    if isinstance(node.value, np.ndarray):
        made = np.copy(node.value, order="K")
        made[...] = gradient
    with np.errstate(all="ignore"):
        again = replay(step.record, {node: made}, until=step.last)
        moved = None if again.failed or again.changed else movement(step, again, argument, step.after[argument])
    return moved if moved is not None and np.isfinite(moved).all() else None


# --------------------------------------------------------------------------------------------- a multiple of the others' rate


def rate_of_its_own(step: Step, point: Point, entry: Judged, entries: dict[str, Judged]) -> Judged | None:
    """The judgement of a parameter whose gradient is complete before its update multiplies it by another number than the others'.

    It is right where the update remembers: such a mean takes a share of each gradient. A number that is written in the update
    may be a rate. A number of samples is none.
    """
    own, right = right_gradients(step, point, entry.argument)
    ends = ends_of(step, entry.argument)
    whole = [pair for pair in own if pair[1].entry is None]
    if not whole or goes_round(step, ends, right):
        return None
    shared = shared_factor(step, point, entry.argument, entries)
    complete = [(node, m) for node, m in whole if shared is None or abs(m.factor - shared) <= 10 * SAME * abs(shared)]
    if not complete:
        return None
    for node, multiple in complete:
        readers = {n.site.statement for n in step.structure.consumers[node.number] if n.site is not None}
        if any(site.statement in readers for site in remembered_at(step, entry.argument, node)):
            return Judged(entry.argument, "right", "gradient", multiple.factor, 0.0, node, factors=(abs(multiple.factor),))
    node, multiple = max(complete, key=lambda pair: pair[0].number)
    readers = {n.site.statement for n in step.structure.consumers[node.number] if n.site is not None}
    ratio = float(entry.why.partition(" ")[0])
    others = [e for a, e in entries.items() if a in step.after and abs(e.factor - entry.factor) > SAME * abs(entry.factor)]
    elsewhere = step.structure.before(part.node for e in others for part in parts_in(step.after[e.argument]))
    rate = abs(entry.factor / multiple.factor)
    if entry.factor < 0 and has_scalar(step, ends, node, rate, elsewhere) and not is_count(step, abs(ratio)):
        return Judged(entry.argument, "cannot judge", "", entry.factor, node=node, why=OWN_RATE.format(ratio))
    moving = {end.site.statement for end in ends if end.site is not None}
    if node.site is not None and node.site.statement not in moving:
        calls = {end.call.site.statement for end in ends if end.call not in (None, node.call) and end.call.site is not None}
        for statement in (readers & moving) | calls:  # a helper may be given the rate
            if is_written(statement, abs(ratio)) and entry.factor < 0:
                return Judged(entry.argument, "cannot judge", "", entry.factor, node=node, why=OWN_RATE.format(ratio))
    return None


def shared_factor(step: Step, point: Point, argument: str, entries: dict[str, Judged]) -> float | None:
    """The factor of the gradients of the other parameters, where these are complete. None where there are no others."""
    for other, entry in entries.items():
        if other == argument or other not in step.after or entry.status not in ("right", "agrees") or entry.evidence != "update":
            continue
        own = [pair for pair in right_gradients(step, point, other)[0] if pair[1].entry is None]
        if own:
            return min(own, key=lambda pair: pair[0].number)[1].factor
    return None


def remembered_at(step: Step, argument: str, gradient: Node | None = None) -> set[Site]:
    """Where the update multiplies what was there before the step and is neither a parameter nor data: a velocity.

    Of a parameter that is one number nothing is known: a number that is multiplied may be the rate.
    """
    if step.evaluation.gradients[argument].size == 1:
        return set()
    ends = ends_of(step, argument)
    start = min(node.number for node in step.outputs)
    first = roots(step, step.before)
    known = step.structure.after(first)
    way = step.structure.before(ends, without=[gradient] if gradient is not None else [])
    size = step.evaluation.gradients[argument].size
    there = [n for n in way if (n.number < start or n.kind == "leaf") and n not in first]  # a leaf is there before it is seen
    early = [n for n in there if n.kind != "decision" and np.size(n.value) == size]
    old = [n for n in early if n not in known or not np.any(n.value)]  # zeros may be made in the shape of a parameter
    products = {n for held in old for n in step.structure.consumers[held.number] if n in way and n.name in PRODUCTS}
    readers = [n for product in products for n in step.structure.consumers[product.number] if n in way]
    return {n.site for n in (*products, *readers) if n.site is not None and n.number > start}


def has_scalar(step: Step, ends: list[Node], gradient: Node, rate: float, elsewhere: set[Node]) -> bool:
    """Whether the update computes a rate for itself, from numbers alone: `lr / np.sqrt(inputs)`.

    A rate that is changed for one parameter after the other has parts that move others, those `elsewhere`.
    """
    way = step.structure.before(ends, without=[gradient])
    numbers = [n for n in way if n.kind == "operation" and n.memory is None and isinstance(n.held, (float, np.floating))]
    near = [n for n in numbers if abs(abs(float(n.held)) - rate) <= SAME * rate]
    for made in (step.structure.before([n]) for n in near):
        if all(n.memory is None for n in made) and not any(n.kind == "operation" and n in elsewhere for n in made):
            return True
    return False


def is_count(step: Step, ratio: float) -> bool:
    """Whether a ratio is that of a sum and a mean over some axis of the data."""
    data = [np.shape(read(held, step.values)) for a, held in step.before.items() if a not in step.after]
    return any(abs(one - n) <= SAME * n for shape in data for n in shape if n > 1 for one in (ratio, 1 / ratio))


def is_written(statement: Statement, ratio: float) -> bool:
    """Whether a number, or a power of one, stands in a statement."""
    try:
        tree = ast.parse(statement.text)
    except SyntaxError:
        return False
    constants = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    written = [abs(c) for c in constants if isinstance(c, (int, float))]
    is_power = any(isinstance(n, ast.Pow) for n in ast.walk(tree))
    sizes = [c**k for c in written if c for k in ((1, 2, 3, 4) if is_power else (1,))]
    return any(abs(one - c) <= 1e-6 * c for c in sizes for one in (ratio, 1 / ratio))
