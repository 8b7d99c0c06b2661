"""The steps of a training, seen as an optimizer: which nodes hold the gradients, and which the parameters after each step."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from microgradnp.debugger.match.references import Evaluation, ModelError, evaluate
from microgradnp.debugger.record.findings import Arrays
from microgradnp.debugger.record.meeting import argument_values
from microgradnp.debugger.record.nodes import Node, Record
from microgradnp.debugger.record.replay import Replay, replay
from microgradnp.debugger.record.step import CannotJudgeError, Ground, Step, find_step, ground_of
from microgradnp.debugger.record.structure import ARRANGED, SUMS, Part, Structure, parts_in, read, root_of, size_of
from microgradnp.derivatives.agreement import scale_of

STEPS = 3  # that are looked at
FAR = 4  # times the operations from a parameter to its gradient, or to the end of the forward pass: no step is longer
MOVES = 3  # of a parameter in one step, by statements one after the other
EXACT = 1e-7  # relative error of a gradient
NOT_MADE = ("decision", "leaf", "literal")
CARRIED = (0.5, 1.05)  # of the old parameter that a new one holds: less than one where it decays


@dataclass(eq=False)
class Stage:
    """One step. By argument: the nodes of the parameter before and after it, that of its gradient, and the gradient's factor."""

    record: Record
    structure: Structure
    before: dict[str, Node]
    ends: dict[str, Node]
    gradients: dict[str, Node]
    factors: dict[str, float]
    updates: dict[Node, set[Node]] = field(default_factory=dict)

    @cached_property
    def start(self) -> int:
        """The number of the first gradient. What the update reads of earlier nodes was carried here."""
        return min(node.number for node in self.gradients.values())

    @cached_property
    def from_gradients(self) -> set[Node]:
        """All that is made from the gradients of this step."""
        return self.structure.after(self.gradients.values())

    def update(self, argument: str) -> set[Node]:
        """What a new parameter is made from: back to the gradients, and to what was there before the step."""
        end = self.ends[argument]
        if (known := self.updates.get(end)) is not None:
            return known
        early = {node for node in self.structure.before([end]) if node.number < self.start}
        inside = self.structure.before([end], without={*self.gradients.values(), *self.before.values(), *early} - {end})
        self.updates[end] = inside | {parent for node in inside for parent in self.record.parents(node)}
        return self.updates[end]

    def carried(self, argument: str) -> set[Node]:
        """What was there before the step, and the update reads. The parameters are not among it."""
        return {node for node in self.update(argument) if node.number < self.start} - set(self.before.values())

    def replayed(self, until: Node, gradient: float | None = None, put: dict[Node, Any] | None = None) -> Replay:
        """The step from the same parameters, with this number in every entry of every gradient, and with `put`."""
        early = put and min(node.number for node in put) < max(node.number for node in self.before.values())
        given = {node: node.value for node in self.before.values()} if early else {}
        for node in self.gradients.values():
            given[node] = node.value if gradient is None else filled(node.value, gradient)
        return replay(self.record, {**given, **(put or {})}, until=until)


@dataclass(eq=False)
class Course:
    """The first steps of a training whose gradients are all right, and the parameters that move in all of them."""

    first: Step
    stages: list[Stage]
    arguments: list[str]
    remembers: bool = True  # whether an update reads more than the parameters and their gradients


def course_of(
    first: Step, arguments: list[str], optional: set[str], number: int, steps: int = STEPS, whole: bool = False
) -> Course | None:
    """Up to so many steps; one where nothing is remembered, unless the `whole` course is asked for.

    None where a parameter moves without its right gradient.
    """
    if not first.outputs:
        return None
    stage = stage_at(first, whole_parts(first), first.evaluation, max(node.number for node in first.outputs) - 1)
    moving = {argument for argument in first.after if first.evaluation.gradients[argument].size > 1}
    if stage is None or not moving <= set(stage.ends):
        return None
    remembering = remembers(stage)
    if not remembering and not whole:
        return Course(first, [stage], sorted(stage.ends), remembers=False)
    stages, ground = [stage], ground_of(first.record, arguments, optional)
    for k in range(1, steps):
        found = found_step(first, arguments, optional, ground, number + k)
        following = next(stages_after(first, stages[-1], found), None)
        if following is None:
            break
        stages[-1].ends = {**stages[-1].ends, **following.before}
        stages.append(following)
    return Course(first, stages, sorted(set.intersection(*(set(stage.ends) for stage in stages))), remembering)


def remembers(stage: Stage) -> bool:
    """Whether an update reads arrays that are not made from gradients, or zeros. A plain step reads none."""
    return bool(memories(stage))


def memories(stage: Stage) -> list[Node]:
    """The arrays of which an update may remember earlier steps: it reads them, and they are not made from gradients, or zeros."""
    arrays = [node for node in read_by(stage) if np.size(node.value) > 1]
    return [node for node in arrays if node not in stage.from_gradients or node.name.startswith("zeros")]


def read_by(stage: Stage) -> set[Node]:
    """What the updates of a step read."""
    return {node for argument in stage.ends for node in stage.update(argument)} - set(stage.before.values())


def beginnings(stage: Stage) -> list[Node]:
    """The memories of a step that are more than the start of a sum of gradients."""
    read = read_by(stage)
    return in_order(node for node in memories(stage) if not is_sum_begun(node, stage.structure, read, stage.from_gradients))


def beginnings_in(step: Step) -> list[Node]:
    """The same where the program forms no array that is the gradient: all zeros that its new parameters are made from.

    What else an update remembers would show in its first step, which then is not plain.
    """
    structure = step.structure
    given, ends = ({part.node for held in ends.values() for part in parts_in(held)} for ends in (step.before, step.after))
    read, made = structure.before(ends, without=given - ends), structure.after(given)
    zeros = {n for n in read - made if np.size(n.value) > 1 and (array := numbers(n.value)) is not None and not array.any()}
    first = (node for node in zeros if zeros.isdisjoint(step.record.parents(node)))
    return in_order(node for node in first if not is_sum_begun(node, structure, read, made))


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """Nodes in the order in which the program made them."""
    return sorted(nodes, key=lambda node: node.number)


def is_sum_begun(node: Node, structure: Structure, read: set[Node], made: set[Node]) -> bool:
    """Whether an array is the start of a sum: zeros to which what is `made` is added, and which are zeros again at the end.

    A velocity is none: it is multiplied by a number before a gradient is added.
    """
    if np.any(node.value) or (node.kind == "leaf" and (node.array is None or np.any(node.array))):
        return False
    todo = [node]
    for held in todo:
        for reader in structure.consumers[held.number]:
            if reader not in read:
                continue
            if reader.name not in SUMS and not is_arranged(reader):
                return False
            if reader not in made:
                todo.append(reader)
    return True


def is_arranged(node: Node) -> bool:
    """Whether a node hands on, or stores, the numbers of others as they are."""
    return node.kind in ("write", "view", "hold", "part") or node.name in ARRANGED


def moves_on(stage: Stage) -> bool:
    """Whether a parameter goes on from where a step has left it. A bias that is added to a batch does not."""
    ends = stage.ends.values()
    readers = [(end, n) for end in ends for n in stage.structure.consumers[end.number] if size_of(n) == size_of(end)]
    return any(reader.name not in ARRANGED and end in stage.structure.carried(reader) for end, reader in readers)


def stages_after(first: Step, stage: Stage, found: Step | None) -> Iterator[Stage]:
    """The next step, from wherever the parameters of the last one ended: it may move them by several statements."""
    ways, before = {argument: ends_of(stage, argument) for argument in stage.ends}, stage.ends
    for _ in range(MOVES):
        before = {argument: next(way, before[argument]) for argument, way in ways.items()}
        evaluation = evaluation_at(first, before, found)
        following = (
            stage_at(first, before, evaluation, max(n.number for n in before.values())) if evaluation is not None else None
        )
        if following is not None and following.ends.keys() >= stage.ends.keys():
            yield following


def found_step(step: Step, arguments: list[str], optional: set[str], ground: Ground, number: int) -> Step | None:
    """The step with a number, as far as the variables of the program show it."""
    if number < ground.skipped:
        return None
    try:
        return find_step(step.record, step.model, arguments, optional, number - ground.skipped, ground)
    except CannotJudgeError:
        return None


def whole_parts(step: Step) -> dict[str, Node]:
    """The arguments that are arrays of the program, by their nodes. One number is a multiple of any gradient, and is left out."""
    parts = {argument: list(parts_in(held)) for argument, held in step.before.items() if argument in step.evaluation.gradients}
    single = {a: found[0].node for a, found in parts.items() if len(found) == 1 and step.evaluation.gradients[a].size > 1}
    single = {argument: node for argument, node in single.items() if argument in step.after or not step.after}
    return {argument: home_of(node, step) for argument, node in single.items()}


def home_of(node: Node, step: Step) -> Node:
    """The array that a parameter was copied into before the forward pass: one flat vector of all parameters, perhaps."""
    start = min(output.number for output in step.outputs)
    used = step.structure.before(step.outputs)
    for reader in step.structure.consumers[node.number]:
        copies = reader.name in ARRANGED and reader.kind == "operation" and node in step.structure.carried(reader)
        if copies and reader.number < start and root_of(reader) is not node and reader in used:
            return home_of(root_of(reader), step)
    views = [r for r in step.structure.consumers[node.number] if r.name in ARRANGED and root_of(r) is node and r is not node]
    homes = [c for view in views for c in step.structure.consumers[view.number] if c.name in ARRANGED and root_of(c) is not node]
    found = next((c for c in homes if c.number < start and c in used), None)
    return node if found is None else home_of(root_of(found), step)


def evaluation_at(first: Step, before: dict[str, Node], found: Step | None) -> Evaluation | None:
    """The model at the parameters of a later step: with the data that the program's variables show, or with the same data."""
    if found is not None and all(part.node is before[a] for a in before for part in parts_in(found.before[a])):
        return found.evaluation
    held = {a: part_at(before[a], first, a) if a in before else value for a, value in first.before.items()}
    try:
        return evaluate(first.model, argument_values(held, first.values))
    except (ModelError, KeyError):
        return None


def part_at(node: Node, first: Step, argument: str) -> Part:
    """The part of a later node in which an argument lies: where the forward pass of the first step has read it."""
    value = np.asarray(read(first.before[argument], first.values))
    if np.shape(node.value) == value.shape:
        return Part(node)
    views = [n for n in first.structure.before(first.outputs) if n.memory is node.memory and np.shape(n.value) == value.shape]
    return Part(node, next((n.array for n in views if np.array_equal(n.value, value)), None))


def stage_at(first: Step, before: dict[str, Node], evaluation: Evaluation, least: int) -> Stage | None:
    """The step that leads on from some parameters. Those without a gradient, or that do not move, are no part of it."""
    structure, gradients, factors = first.structure, {}, {}
    reach = least + FAR * (least - min(node.number for node in before.values()) + 50)
    later = sorted((n for n in structure.after(before.values()) if least < n.number < reach), key=lambda node: node.number)
    arrays = Arrays((n, array) for n in later if n.kind not in NOT_MADE and (array := numbers(n.value)) is not None)
    for argument in before:
        alike = arrays.multiples(evaluation.gradients[argument], EXACT)
        found = ((node, factor_of(node, evaluation, argument)) for node in alike)
        node, factor = next(((n, c) for n, c in found if c is not None), (None, None))
        if node is not None and factor is not None:
            gradients[argument], factors[argument] = node, factor
    stage = Stage(first.record, structure, {a: before[a] for a in gradients}, {}, gradients, factors)
    stage.ends = {a: end for a in gradients if (end := next(ends_of(stage, a), None)) is not None}
    for argument in gradients.keys() - stage.ends.keys():
        del stage.gradients[argument], stage.before[argument], stage.factors[argument]
    return stage if stage.ends else None


def factor_of(node: Node, evaluation: Evaluation, argument: str) -> float | None:
    """The factor with which a node is the gradient of an argument; None where it is not."""
    gradient = np.squeeze(evaluation.gradients[argument])
    if node.kind in NOT_MADE or np.size(node.value) != gradient.size or not np.any(gradient):
        return None
    array = numbers(node.value)
    if array is None or np.squeeze(array).shape != gradient.shape:
        return None
    factor, error = scale_of(np.squeeze(array), gradient)
    return factor if factor and error <= EXACT else None


def ends_of(stage: Stage, argument: str) -> Iterator[Node]:
    """The parameter after the step: the arrays that are made from its gradient and hold the old one, the first one first."""
    start, gradient = stage.before[argument], stage.gradients[argument]
    made, reach = stage.structure.after([gradient]), gradient.number + FAR * (gradient.number - start.number + 50)
    todo, seen = [(start.number, start)], {start}
    while todo:
        _, node = heapq.heappop(todo)
        if node in made and holds(node, start, stage):
            yield node
        for reader in stage.structure.consumers[node.number]:
            if reader in seen or reader.number > reach or np.shape(reader.value) != np.shape(start.value):
                continue
            if node in stage.structure.carried(reader):
                seen.add(reader)
                heapq.heappush(todo, (reader.number, reader))


def holds(node: Node, start: Node, stage: Stage) -> bool:
    """Whether an array grows with the parameter itself, as the new parameter does and a penalty does not."""
    old = numbers(start.value)
    if old is None:
        return False
    push = np.random.default_rng(5).uniform(0.5, 1.5, old.shape) * (np.std(old) or 1.0)
    plain, pushed = numbers(node.value), numbers(stage.replayed(node, None, {start: like(start.value, old + push)})[node])
    if plain is None or pushed is None:
        return True  # not finite: a root of a negative mean, say
    shares = (pushed - plain) / push
    return bool(np.all((CARRIED[0] <= shares) & (shares <= CARRIED[1])))


def numbers(value: Any) -> np.ndarray | None:
    """A value as an array of finite floats; None where it is none."""
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        return None
    return array if array.size and np.isfinite(array).all() else None


def like(value: Any, array: np.ndarray) -> Any:
    """An array in the layout of a value."""
    if not isinstance(value, np.ndarray):
        return type(value)(array)
    made = np.copy(value, order="K")
    made[...] = array
    return made


def filled(value: Any, number: float) -> Any:
    """A value of the same kind in which every entry is this number."""
    return like(value, np.full(np.shape(value), number))
