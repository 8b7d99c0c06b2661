"""One step of the recorded training: what the model's arguments were before it, where the forward pass ended, and what moved."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time as clock
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.capture.bind import BindingError, Variable
from microgradnp.debugger.match.references import Evaluation, ModelError
from microgradnp.debugger.match.trained import untrained
from microgradnp.debugger.record.ends import behind_branches, gradients_kept
from microgradnp.debugger.record.findings import Values
from microgradnp.debugger.record.meeting import bound_at, first_use, meeting_by_names, nearer, whole_numbers
from microgradnp.debugger.record.nodes import Node, Record
from microgradnp.debugger.record.replay import Replay, replay
from microgradnp.debugger.record.structure import ARRANGED, Structure, exchanged, parts_in, read, size_of
from microgradnp.debugger.record.upstream import given_gradients, made_from
from microgradnp.debugger.record.ways import is_mixed, last_of, moved_to, tail_of

TRIES = 60
INSIDE = "a parameter goes on inside of a larger array"
SOON = 20  # so many steps are looked for at any cost


class CannotJudgeError(Exception):
    """The program and the model cannot be compared. The message says why."""


@dataclasses.dataclass(eq=False)
class Step:
    """A step. `before` and `after` hold the model's arguments as parts of recorded values; `after` only those that moved."""

    record: Record
    model: Callable[..., Any]
    structure: Structure
    values: Replay
    found: Values
    before: dict[str, Any]
    after: dict[str, Any]
    evaluation: Evaluation
    outputs: list[Node]  # the nodes that hold the end of the forward pass
    backward: set[Node]  # what is made from them
    last: Node  # the last operation of the step
    whole: frozenset[str] = frozenset()  # arguments that are arrays of whole numbers, and move
    replaced: dict[str, Any] = dataclasses.field(default_factory=dict)  # arguments that the backward pass writes anew
    first: dict[str, Any] = dataclasses.field(default_factory=dict)  # the arguments when they were first seen
    upstream: frozenset[str] = frozenset()  # arguments that are the gradient of the loss behind the program's last layer


def begin_as_ints(record: Record, arguments: list[str]) -> set[str]:
    """The arguments that are a whole number of Python, such as `b = 0`, until the first step has made a float of them."""
    variables = {a: v for a in arguments if (v := record.sightings.variable(a)) is not None}
    whole = {a: any(type(held.value) is int for held in v.history) for a, v in variables.items()}
    return {a for a, v in variables.items() if whole[a] and type(v.history[-1].value) is Node}


def states(
    record: Record, arguments: list[str], optional: set[str], later: Collection[str] = ()
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(time, what was bound to the arguments) whenever that changed, as soon as all have a value.

    The arguments that come `later` have none before they are numbers of the record.
    """
    chosen: dict[str, Variable] = {}
    for argument in arguments:
        variable = record.sightings.variable(argument)
        if variable is not None:
            chosen[argument] = variable
        elif argument not in optional:
            raise BindingError(record.sightings.binder.explain(argument), missing=(argument,))
    found = ((held.time, argument, held.value) for argument, variable in chosen.items() for held in variable.history)
    changes = sorted((c for c in found if c[1] not in later or type(c[2]) is Node), key=lambda change: change[0])
    state: dict[str, Any] = {}
    for time, together in itertools.groupby(changes, key=lambda change: change[0]):
        state = {**state, **{argument: value for _, argument, value in together}}
        if set(state) == set(chosen):
            yield time, {argument: state[argument] for argument in chosen}


class Seen(NamedTuple):
    """Where the search for the next step goes on, once a step was found."""

    start: int  # in the history
    done: int  # the number of the step
    least: int  # the next step begins after this node
    carried: dict[str, Any]  # the parameters after the step
    ever: frozenset[str]  # the arguments that have moved, or will


class Ground(NamedTuple):
    """What all steps of a record have in common."""

    structure: Structure
    values: Replay
    history: list[tuple[int, dict[str, Any]]]
    ints: frozenset[str] = frozenset()  # parameters that are whole numbers in the first step, which is left out
    until: float = math.inf  # the processor time after which no later step is looked for
    found: dict[int, Seen] | None = None  # by the numbers of the steps that were found

    @property
    def skipped(self) -> int:
        """How many steps of the training come before those of the record."""
        return int(bool(self.ints))


def ground_of(record: Record, arguments: list[str], optional: set[str], whole: bool = False, until: float = math.inf) -> Ground:
    """Without the first step where a parameter is a whole number of Python in it, unless the `whole` run is asked for.

    Raises BindingError where an argument without a default has no variable.
    """
    ints = frozenset() if whole else frozenset(begin_as_ints(record, arguments))
    history = list(states(record, arguments, optional, ints))
    return Ground(Structure(record), replay(record, everything=True), history, ints, until, {})


def find_step(
    record: Record,
    model: Callable[..., Any],
    arguments: list[str],
    optional: set[str],
    number: int = 0,
    ground: Ground | None = None,
) -> Step:
    """The step with this number, counted from 0. Raises BindingError and CannotJudgeError."""
    ground = ground or ground_of(record, arguments, optional)
    structure, values, history, *_ = ground
    last: dict[str, Any] = {a: v.history[-1].value for a in arguments if (v := record.sightings.variable(a)) is not None}
    tails = {a: tail_of(v.expression) for a in arguments if (v := record.sightings.variable(a)) is not None}
    why, inside = "the model's arguments never had values at the same time", False
    blind: tuple[dict[str, Any], Evaluation] | None = None
    begin: Seen = (ground.found or {}).get(number - 1, Seen(0, -1, 0, {}, frozenset()))
    done: int = begin.done
    least: int = begin.least
    carried, ever = begin.carried, set(begin.ever)
    for tries, (time, seen) in enumerate(history[begin.start :], begin.start):
        if done > SOON and clock.process_time() > ground.until:
            break
        if tries > TRIES + 20 * number or time < least:
            continue
        state = {**seen, **{a: held for a, held in carried.items() if a in seen}}
        try:
            state, met = meeting_by_names(record, structure, model, values, state, last, tails, least, ever)
        except ModelError as error:
            why = str(error)
            continue
        evaluation, moving, found, outputs = met
        if not outputs:
            blind = blind or (state, evaluation)
            continue
        moving = {a for a in moving if last_of(structure, state[a], last.get(a), tails[a]) > max(n.number for n in outputs)}
        later = {**bound_at(history, first_use(structure, outputs)), **{a: state[a] for a in (*moving, *carried) if a in state}}
        met, how = (evaluation, moving, found, outputs), (last, tails, least, ever)
        state, (evaluation, moving, found, outputs) = nearer(structure, model, values, state, met, later, *how)
        after = {a: moved_to(structure, state[a], last.get(a), tails[a], outputs) for a in evaluation.gradients}
        after = {a: moved for a, moved in after.items() if moved is not None}
        after = learned(structure, model, evaluation, state, after, outputs)
        if any(np.shape(read(after[a], values)) != np.shape(read(state[a], values)) for a in after):
            why, inside = INSIDE, True
            continue
        if inside and is_mixed(structure, (state[a] for a in after)):
            continue
        done += 1
        if after:
            carried = after
            least = max(part.node.number for held in after.values() for part in parts_in(held))
            if ground.found is not None:
                ground.found[done] = Seen(tries + 1, done, least, carried, frozenset(ever))
        if done == number:
            return step_at(record, model, ground, state, after, evaluation, found, outputs)
        if not after:
            break
    if blind is None or number:
        raise CannotJudgeError(unfound(record, ground, number, done) or why)
    state, evaluation = blind
    return without_forward(structure, model, values, state, evaluation)


def learned(
    structure: Structure,
    model: Callable[..., Any],
    evaluation: Evaluation,
    state: dict[str, Any],
    after: dict[str, Any],
    outputs: list[Node],
) -> dict[str, Any]:
    """What moved, but for data that change for another reason than the loss: they are shuffled for each epoch, or get noise."""
    made, _ = structure.around(outputs)
    by_loss = {a for a, held in after.items() if any(part.node in made for part in parts_in(held))}
    data = untrained(evaluation, by_loss, set(after), model) if by_loss and len(by_loss) < len(after) else set()
    end = max((node.number for node in outputs), default=0)
    data -= {a for a in data if a in after and is_scaled(structure, state[a], after[a], end)}
    return {a: held for a, held in after.items() if a in by_loss or a not in data}


def is_scaled(structure: Structure, before: Any, after: Any, end: int) -> bool:
    """Whether something is only changed by numbers, behind the `end` of the forward pass: a parameter that reads no gradient."""
    starts = {part.node for part in parts_in(before)}
    todo, seen = [part.node for part in parts_in(after)], set(starts)
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        parents = structure.record.parents(node)
        large = [parent for parent in parents if size_of(parent) > 1]
        if size_of(node) > 1 and (not large or node.number <= end or node.name in ARRANGED - {"copy"} or node.kind == "draw"):
            return False
        todo += large
    return True


def unfound(record: Record, ground: Ground, number: int, done: int) -> str | None:
    """Why the record has no step with this number, where `done` is the last one that was found; None where none was."""
    if number and (not record.finished or clock.process_time() > ground.until):
        return "the training could not be followed so far; raise the budget, or ask for an earlier step"
    return f"the code takes {done + 1} step{'s' if done else ''}" if done >= 0 else None


def step_at(
    record: Record,
    model: Callable[..., Any],
    ground: Ground,
    state: dict[str, Any],
    after: dict[str, Any],
    evaluation: Evaluation,
    found: Values,
    outputs: list[Node],
) -> Step:
    """The step that leads from a state to what the parameters are `after` it."""
    structure, values, history, *_ = ground
    before = {a: exchanged(held, parts_in(held)) for a, held in state.items()}
    upstream = given_gradients(evaluation, found, outputs, structure) - after.keys()
    backward = structure.after(outputs) | made_from(structure, before, upstream)
    if not after and not gradients_kept(record, evaluation) & backward:
        backward |= behind_branches(structure, outputs)
    this_step = backward - structure.after(part.node for held in after.values() for part in parts_in(held))
    anew = {a: n for a in state.keys() - after.keys() if (n := written_anew(record, a, outputs, this_step)) is not None}
    moved = [part.node.number for held in (*after.values(), *anew.values()) for part in parts_in(held)]
    if upstream and moved:  # a layer that moves itself returns the gradient of its input afterwards
        moved += [node.number for node in returned_nodes(record) & this_step]
    last = record.nodes[max(moved, default=len(record.nodes) - 1)]
    whole = whole_numbers(state, values) & evaluation.gradients.keys()
    made = (before, after, evaluation, outputs, backward, last, whole, anew, history[0][1], upstream)
    return Step(record, model, structure, values, found, *made)


def returned_nodes(record: Record) -> set[Node]:
    """What a program returns."""
    returned = (held for path, held in record.kept.items() if path.startswith("return"))
    return {part.node for held in returned for part in parts_in(held)}


def without_forward(
    structure: Structure, model: Callable[..., Any], values: Replay, state: dict[str, Any], evaluation: Evaluation
) -> Step:
    """A step of which no end of the forward pass was found: a gradient in it may be proved right, but none wrong."""
    nodes = structure.record.nodes
    before = {a: exchanged(held, parts_in(held)) for a, held in state.items()}
    given = structure.after(part.node for held in before.values() for part in parts_in(held))
    found = Values([node for node in nodes if node in given], values)
    return Step(structure.record, model, structure, values, found, before, {}, evaluation, [], set(nodes), nodes[-1])


def written_anew(record: Record, argument: str, outputs: list[Node], this_step: set[Node]) -> Node | None:
    """The value that the backward pass of a step gives to the variable of an argument."""
    end, variable = max(node.number for node in outputs), record.sightings.variable(argument)
    values = [held.value for held in variable.history] if variable is not None else []
    return next((value for value in values if type(value) is Node and value.number > end and value in this_step), None)
