"""Which gradients are right: the movements of the parameters, and what is returned, against the model, on two inputs.

Nothing hangs on what a variable is called. A gradient is wrong when it differs on two inputs while the forward pass agrees on
both. It is right when it is the same multiple of the model's on both.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.match.references import Evaluation, ModelError, evaluate
from microgradnp.debugger.record.findings import CLOSE as CLOSE_VALUES
from microgradnp.debugger.record.findings import Values, as_numbers
from microgradnp.debugger.record.model import outputs_of
from microgradnp.debugger.record.nodes import Node, Record
from microgradnp.debugger.record.replay import Replay, replay
from microgradnp.debugger.record.step import CannotJudgeError, Step, argument_values, find_step
from microgradnp.debugger.record.structure import ARRANGED, parts_in, read
from microgradnp.derivatives.agreement import scale_of

EXACT = 1e-9  # relative error of a multiple of the gradient
CLOSE = 1e-5  # up to here it agrees to some digits
SINGLE = 2e-4  # for code in single precision
ROUNDING = 1e-11  # of the largest gradient: what is smaller is zero
SAME = 1e-6  # relative difference of two factors that are one
AMOUNTS = (0.1, 1e-2, 1e-4, 1e-6)


@dataclasses.dataclass(eq=False)
class Judged:
    """What is known about the gradient of one argument.

    `status` is "right", "agrees", "wrong", "cannot judge" or "not checked"; `evidence` says what was compared: the "update", a
    "returned" value or a "gradient" that flows into the update; `factor` is what it was multiplied with.
    """

    argument: str
    status: str
    evidence: str = ""
    factor: float = 0.0
    error: float = float("inf")
    node: Node | None = None  # the gradient, or the new value of the parameter
    why: str = ""
    transposed: bool = False
    spread: float = 0.0  # the error before that of the arithmetic was taken off

    @property
    def digits(self) -> int:
        return int(-np.log10(max(self.error, 1e-16)))


@dataclasses.dataclass(eq=False)
class Point:
    """The step at other inputs: the values of the record, and the model."""

    values: Replay
    evaluation: Evaluation
    amount: float


@dataclasses.dataclass(eq=False)
class Verdict:
    """What is known about all gradients of one step."""

    step: Step
    entries: dict[str, Judged]
    number: int = 0

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
    first = before = Verdict(find_step(record, model, arguments, optional, number), {}, number)
    first.entries = judge_step(first.step)
    for later in range(number + 1, number + 1 + more):
        if before.wrong or not before.step.after:
            break
        try:
            verdict = Verdict(find_step(record, model, arguments, optional, later), {}, later)
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
        before = verdict
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
        moves = [
            np.asarray(read(step.after[argument], v), float) - np.asarray(read(step.before[argument], v), float)
            for v in (step.values, again)
        ]
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
    if not step.after:
        judge_returned(step, point, entries)
    settle(step, [entry for entry in entries.values() if entry.evidence == "update"])
    settle(step, [entry for entry in entries.values() if entry.evidence == "returned"])
    for entry in entries.values() if blind else ():
        if entry.status in ("wrong", "not checked"):
            entry.status, entry.why = "cannot judge", blind
    return entries


# ----------------------------------------------------------------------------------------------------------- another point


def other_point(step: Step) -> Point | None:
    """The step at inputs that differ by as much as leaves the program on its way, with the forward pass checked again."""
    for amount in AMOUNTS:
        point = point_at(step, amount)
        if point is not None:
            return point
    return None


def point_at(step: Step, amount: float) -> Point | None:
    """The step with the parameters and the data changed by a share `amount`. None when it is not the program any more."""
    rng = np.random.default_rng(7)
    put = {node: varied(step.values[node], rng, amount, moves=True) for node in roots(step, step.after)}
    start = min((node.number for node in put), default=0)
    if not put:  # nothing moves: any argument may be a parameter
        put = {node: varied(step.values[node], rng, amount, moves=False) for node in sources_of(step, list(step.before))}
    put = {node: value for node, value in put.items() if value is not None}
    if not put:
        return None
    first = replay(step.record, put, until=step.last)
    try:
        evaluation = evaluate(step.model, argument_values(step.before, first))
    except (ModelError, KeyError):
        return None
    cached = cached_values(step, evaluation, put)
    values = replay(step.record, {**put, **cached}, until=step.last) if cached else first
    window = [node for node in values.changed if node.number >= start]
    if window or values.failed:
        return None
    useful = [node for node, _ in step.found.order if node.number <= step.last.number]
    if step.outputs and not outputs_of(evaluation, set(step.after), Values(useful, values).located):
        return None
    return Point(values, evaluation, amount)


def roots(step: Step, arguments: Any) -> list[Node]:
    """The nodes that hold some arguments before the step."""
    return list(dict.fromkeys(part.node for a in arguments for part in parts_in(step.before[a])))


def sources_of(step: Step, arguments: list[str]) -> list[Node]:
    """The given and random values that some arguments are made from."""
    nodes = step.structure.before(roots(step, arguments))
    literals = set(roots(step, arguments))
    return [
        n for n in sorted(nodes, key=lambda n: n.number) if n.kind in ("leaf", "draw") or (n.kind == "literal" and n in literals)
    ]


def varied(value: Any, rng: np.random.Generator, amount: float, moves: bool) -> Any:
    """A value that is a little different. Data that are whole numbers stay as they are: labels, masks and counts."""
    array = as_numbers(value)
    if array is None or array.dtype.kind != "f":
        return None
    size = float(np.std(array)) or float(np.max(np.abs(array))) or 1.0
    noise = amount * (size * rng.uniform(-1, 1, array.shape) + array * rng.uniform(-1, 1, array.shape))
    new = array + noise
    if not moves:
        new = np.where(array == np.round(array), array, new)
        if array.size and array.min() > 0 and array.max() < 1:
            new = np.where((new > 0) & (new < 1), new, array)
    if isinstance(value, np.ndarray):
        made = np.copy(value, order="K")
        made[...] = new
        return made
    return type(value)(new)


def cached_values(step: Step, evaluation: Evaluation, put: dict[Node, Any]) -> dict[Node, Any]:
    """Given values that are quantities of the model and depend on its parameters: computed by the caller, and again here."""
    known = {id(node): number for number, node in enumerate(step.evaluation.nodes)}
    found: dict[Node, Any] = {}
    for leaf in step.record.nodes:
        if leaf.kind != "leaf" or leaf in put or leaf.memory is None or leaf.array is None or leaf.array.size < 2:
            continue
        value = np.asarray(leaf.array)
        if value.dtype.kind != "f":
            continue
        for node in step.evaluation.nodes:
            array = np.asarray(node._array)
            if node.rule is None or array.size != value.size or not np.any(array):
                continue
            new = np.asarray(evaluation.nodes[known[id(node)]]._array)
            for form, other in ((array, new), (array.T, new.T)):
                if np.squeeze(form).shape == np.squeeze(value).shape and np.allclose(
                    np.squeeze(form), np.squeeze(value), rtol=1e-9, atol=0
                ):
                    made = np.copy(value, order="K")
                    made[...] = other.reshape(value.shape)
                    found[leaf] = made
                    break
            if leaf in found:
                break
    return found


# ------------------------------------------------------------------------------------------------------------- judgements


def arithmetic(step: Step, values: Replay, argument: str) -> float:
    """By which share the gradient itself changes when the numbers are rounded a little differently: no error below it counts."""
    given = argument_values(step.before, values)
    rng = np.random.default_rng(13)
    shaken = {
        name: value * (1 + 1e-13 * rng.uniform(-1, 1, np.shape(value)))
        if isinstance(value, (float, np.ndarray)) and as_numbers(value) is not None and np.asarray(value).dtype.kind == "f"
        else value
        for name, value in given.items()
    }
    try:
        first, second = (evaluate(step.model, where).gradients[argument] for where in (given, shaken))
    except ModelError:
        return 0.0
    return 30 * float(np.max(np.abs(second - first), initial=0)) / (float(np.max(np.abs(first), initial=0)) or 1.0)


def tolerance(step: Step) -> float:
    """What counts as equal: more where the program works in single precision."""
    return SINGLE if step.found.close > CLOSE_VALUES else EXACT


def both(step: Step, point: Point) -> tuple[tuple[Replay, Evaluation], ...]:
    """The step at both inputs."""
    return (step.values, step.evaluation), (point.values, point.evaluation)


def is_zero(evaluation: Evaluation, argument: str) -> bool:
    """Whether a gradient is nothing but rounding."""
    largest = max((float(np.max(np.abs(g), initial=0)) for g in evaluation.gradients.values()), default=0.0)
    return float(np.max(np.abs(evaluation.gradients[argument]), initial=0)) <= ROUNDING * largest


def judge_update(step: Step, point: Point, argument: str) -> Judged:
    """The movement of a parameter against its gradient, on both inputs."""
    fits, moved = [], []
    for values, evaluation in both(step, point):
        before, after = (np.asarray(read(held[argument], values), float) for held in (step.before, step.after))
        moved.append(after - before)
        fits.append(fit(after - before, evaluation.gradients[argument], float(np.max(np.abs(before), initial=0))))
    nodes = [part.node for part in parts_in(step.after[argument])]
    error = max(fits[0][1], fits[1][1])
    entry = Judged(argument, "wrong", "update", fits[0][0], error, nodes[0], spread=error)
    still = all(not np.any(np.abs(m) > 1e-12 * (1 + np.max(np.abs(m), initial=0))) for m in moved)
    if all(is_zero(evaluation, argument) for _, evaluation in both(step, point)):
        entry.status, entry.why = "not checked", "its gradient is zero"
        return entry
    if still:
        entry.why = "its update changes nothing"
        return entry
    if entry.error > tolerance(step):
        entry.error = max(0.0, entry.error - max(arithmetic(step, values, argument) for values, _ in both(step, point)))
    steady = abs(fits[0][0] - fits[1][0]) <= max(SAME, 10 * max(fits[0][1], fits[1][1])) * abs(fits[0][0]) + 1e-12
    if entry.error <= tolerance(step) and steady:
        entry.status = "right"
    elif entry.error <= CLOSE and steady:
        entry.status = "agrees"
    else:
        return gradient_inside(step, point, argument) or entry
    return entry


def fit(array: np.ndarray, gradient: np.ndarray, size: float) -> tuple[float, float]:
    """(c, relative error) of array = c * gradient; the error that subtracting parameters of this size makes is forgiven."""
    if array.shape != gradient.shape:
        if np.squeeze(array).shape != np.squeeze(gradient).shape:
            return 0.0, float("inf")
        array, gradient = np.squeeze(array), np.squeeze(gradient)
    if not np.any(gradient):
        return (0.0, 0.0) if not np.any(np.abs(array) > 1e-14 * size) else (0.0, float("inf"))
    c, error = scale_of(array, gradient)
    largest = float(np.max(np.abs(array), initial=0))
    rounding = 4e-16 * size / largest if largest else 0.0
    return c, max(0.0, error - rounding)


class Multiple(NamedTuple):
    """A node is `factor` times the gradient of an argument, or of its entry `entry`, perhaps transposed."""

    factor: float
    transposed: bool = False
    entry: int | None = None


def multiple_of(step: Step, point: Point, held: Any, argument: str) -> Multiple | None:
    """The factor with which an operand is the gradient of an argument, the same on both inputs; None where it is not."""
    found: list[Multiple] = []
    for values, evaluation in both(step, point):
        gradient = np.squeeze(evaluation.gradients[argument])
        array = quantity(held, values)
        if array is None or array.size != gradient.size or not np.any(gradient):
            return None
        array = np.squeeze(array)
        for transposed, form in ((False, gradient), (True, gradient.T)):
            if array.shape == form.shape and not (found and found[0].transposed != transposed):
                c, error = scale_of(array, form)
                if c and error <= tolerance(step):
                    found.append(Multiple(c, transposed))
                    break
        else:
            return None
    return found[0] if abs(found[0].factor - found[1].factor) <= 10 * max(SAME, tolerance(step)) * abs(found[0].factor) else None


def quantity(held: Any, values: Replay) -> np.ndarray | None:
    """The numbers of an operand, as an array."""
    try:
        array = np.asarray(read(held, values), float)
    except (ValueError, TypeError, KeyError):
        return None
    return array if array.size and np.isfinite(array).all() else None


def gradient_inside(step: Step, point: Point, argument: str) -> Judged | None:
    """The right gradient of a parameter that moves by another rule: everything that reaches it passes through gradients."""
    ends = {a: [part.node for part in parts_in(step.after[a])] for a in step.after}
    if not step.outputs:
        return None
    start = min(node.number for node in step.outputs)
    region = {n for n in step.structure.before(node for nodes in ends.values() for node in nodes) if n.number > start}
    right = {node for node in region if is_nothing(node, step.values) and is_nothing(node, point.values)}
    own: list[tuple[Node, Multiple]] = []
    reaching = step.structure.before(ends[argument])
    for name in step.after:
        for node, multiple in multiples(step, point, region, name):
            right.add(node)
            if name == argument and node in reaching:
                own.append((node, multiple))
    if not own or not covers(step, [multiple for _, multiple in own], argument) or goes_round(step, ends[argument], right):
        return None
    first, multiple = min(own, key=lambda pair: pair[0].number)
    if not follows(step, argument, first, multiple):
        return None
    return Judged(argument, "right", "gradient", multiple.factor, 0.0, first, transposed=multiple.transposed)


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


def multiples(step: Step, point: Point, region: set[Node], argument: str) -> Iterator[tuple[Node, Multiple]]:
    """The nodes that are multiples of a gradient; where the parameter is a list, those that are multiples of its entries."""
    count = sum(1 for _ in parts_in(step.before[argument]))
    if count == 1:
        for node in region:
            if node.kind != "decision" and (multiple := multiple_of(step, point, node, argument)) is not None:
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


def judge_returned(step: Step, point: Point, entries: dict[str, Judged]) -> None:
    """What the program returns or keeps, against the gradients. What equals none is paired by its shape and its neighbours."""
    kept = dict(kept_pieces(step))
    taken: dict[str, str] = {}  # path -> argument
    for argument in entries:
        size = step.evaluation.gradients[argument].size
        for path, held in kept.items():
            if path in taken or size < 2:
                continue
            multiple = multiple_of(step, point, held, argument)
            if multiple is not None:
                node = nodes_of(held)[0]
                entries[argument] = Judged(
                    argument, "right", "returned", multiple.factor, 0.0, node, transposed=multiple.transposed
                )
            elif comes_from(step, held, argument):
                entry = judge_update(dataclasses.replace(step, after={**step.after, argument: held}), point, argument)
                if entry.status not in ("right", "agrees"):
                    continue
                entries[argument] = entry
            else:
                continue
            taken[path] = argument
            break
    holders = {holder_of(path) for path in taken} or {holder_of(path) for path in kept}
    for argument, entry in entries.items():
        if entry.status != "not checked":
            continue
        gradient = np.squeeze(step.evaluation.gradients[argument])
        free = [
            path
            for path, held in kept.items()
            if path not in taken and holder_of(path) in holders and shape_of(held, step) in (gradient.shape, gradient.shape[::-1])
        ]
        rivals = [
            a
            for a, e in entries.items()
            if e.status == "not checked" and np.squeeze(step.evaluation.gradients[a]).shape == gradient.shape
        ]
        only = free[0] if len(free) == len(rivals) == 1 and gradient.size > 1 else None
        place = next((p for p in free if is_called(p, argument)), only)
        if place is None or is_value(step, kept[place]):
            continue
        if all(is_zero(evaluation, argument) for _, evaluation in both(step, point)):
            continue
        entries[argument] = Judged(argument, "wrong", "returned", node=nodes_of(kept[place])[0])
        taken[place] = argument


def kept_pieces(step: Step) -> Iterator[tuple[str, Any]]:
    """(place, operand) of what is returned or kept and was made after the forward pass; also what it was put together from."""
    for path, held in step.record.kept.items():
        if not step.backward & set(nodes_of(held)):
            continue
        yield path, held
        todo = [held] if type(held) is Node else []
        while todo:
            node = todo.pop()
            if getattr(node.function, "__name__", "") in ARRANGED and node.kind == "operation":
                for k, parent in enumerate(step.record.parents(node)):
                    if parent in step.backward:
                        yield f"{path}[piece {k} of {node.number}]", parent
                        todo.append(parent)


def comes_from(step: Step, held: Any, argument: str) -> bool:
    """Whether a kept quantity carries an argument on: a new value that is returned and not stored."""
    before, after = list(parts_in(step.before[argument])), list(parts_in(held))
    if shape_of(held, step) != np.squeeze(step.evaluation.gradients[argument]).shape:
        return False
    return len(before) == len(after) and all(step.structure.way(a.node, b.node) for a, b in zip(before, after, strict=True))


def nodes_of(held: Any) -> list[Node]:
    """The nodes inside of an operand."""
    return [held] if type(held) is Node else [part.node for part in parts_in(held)]


def holder_of(path: str) -> str:
    """What holds a value: `return` for `return[1]`, `self.grads` for `self.grads['W']`."""
    return re.sub(r"(\.\w+|\[[^\[\]]*\])$", "", path)


def is_called(path: str, argument: str) -> bool:
    """Whether the last word of a place is the name of an argument, perhaps with letters around it: `dW1`, `grad_W1`."""
    last = re.findall(r"\w+", path)[-1:]
    return bool(last) and bool(re.fullmatch(rf"(d|g|grad|nabla|delta)?_?{re.escape(argument)}(_grad|_g)?", last[0]))


def shape_of(held: Any, step: Step) -> tuple[int, ...] | None:
    array = quantity(held, step.values)
    return None if array is None else np.squeeze(array).shape


def is_value(step: Step, held: Any) -> bool:
    """Whether a kept quantity is a value of the model, such as its prediction or its loss."""
    array = quantity(held, step.values)
    values = [np.asarray(node._array) for node in step.evaluation.nodes]
    return array is not None and any(
        value.size == array.size and np.allclose(np.ravel(value), np.ravel(array), rtol=1e-7, atol=0) for value in values
    )


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
    rates = scalars_of(step)
    best = max(groups, key=lambda g: (len(g), any(abs(abs(g[0].factor) - r) <= SAME * r for r in rates)))
    for entry in right:
        own_rate = entry.evidence == "update" and any(abs(entry.factor + rate) <= SAME * rate for rate in rates)
        if entry in best or own_rate:
            continue
        entry.status, entry.why = "wrong", f"{entry.factor / best[0].factor:.6g} times the others"
    if group[0].evidence == "update" and best[0].factor > 0:
        for entry in best:
            entry.status, entry.why = "wrong", "it moves uphill"


def scalars_of(step: Step) -> list[float]:
    """The positive numbers that the program was given, or has in its source."""
    held = [node.held for node in step.record.nodes if node.kind in ("leaf", "literal") and node.memory is None]
    return [float(number) for number in held if isinstance(number, (float, np.floating)) and number > 0]
