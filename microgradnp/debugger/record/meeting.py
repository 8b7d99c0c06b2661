"""The model at a state of the program, and where its forward pass ends there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from microgradnp.debugger.match.references import Evaluation, ModelError, evaluate
from microgradnp.debugger.record.ends import ends_by_branches, ends_on_all_ways, gradients_kept
from microgradnp.debugger.record.findings import Values
from microgradnp.debugger.record.model import outputs_of
from microgradnp.debugger.record.nodes import Node, Record
from microgradnp.debugger.record.order import in_order
from microgradnp.debugger.record.replay import Replay
from microgradnp.debugger.record.sightings import is_same
from microgradnp.debugger.record.structure import Part, Structure, parts_in, read
from microgradnp.debugger.record.ways import final_of, goes_on, is_filled_only, pairs


def argument_values(held: dict[str, Any], values: Replay, whole: Collection[str] = ()) -> dict[str, Any]:
    """The arguments of the model as plain values; those in `whole` as floats, so that they have a gradient."""
    return {name: plain(read(value, values), name in whole) for name, value in held.items()}


def plain(value: Any, floating: bool = False) -> Any:
    if isinstance(value, np.matrix):
        return np.asarray(value)
    return np.array(value, float if floating else None) if isinstance(value, np.ndarray) else value


Meeting = tuple[Evaluation, set[str], Values, list[Node]]


def meeting_by_names(
    record: Record,
    structure: Structure,
    model: Callable[..., Any],
    values: Replay,
    state: dict[str, Any],
    *how: Any,
) -> tuple[dict[str, Any], Meeting]:
    """A state and its meeting. Where the model fails, data may have had its name before: `x = np.hstack([ones, x])`.

    Raises ModelError as `meeting` does.
    """
    try:
        return state, meeting(structure, model, values, state, *how)
    except ModelError:
        for argument, held in state.items():
            variable = record.sightings.variable(argument)
            for earlier in reversed(variable.history if variable is not None else ()):
                if np.shape(read(earlier.value, values)) == np.shape(read(held, values)):
                    continue
                other = {**state, argument: earlier.value}
                with contextlib.suppress(ModelError):
                    return other, meeting(structure, model, values, other, *how)
        raise


def meeting(
    structure: Structure,
    model: Callable[..., Any],
    values: Replay,
    state: dict[str, Any],
    last: dict[str, Any],
    tails: dict[str, str],
    least: int,
    ever: set[str],
) -> Meeting:
    """The model at a state, the arguments that go on from there, and where its forward pass ends in the program.

    Adds those that go on to the ones that `ever` do: behind the end of the forward pass none of these comes in.
    """
    whole = {a for a in whole_numbers(state, values) if goes_on(structure, state[a], last.get(a), tails[a])}
    evaluation = evaluate(model, argument_values(state, values, whole))
    moving = {a for a in evaluation.gradients if goes_on(structure, state[a], last.get(a), tails[a])}
    ever |= {a for a in moving if not is_filled_only(structure, state[a], last.get(a), tails[a])}
    found = Values(useful_nodes(structure, state, last, moving, tails, least), values)
    ways = [way for a in moving for p, end in pairs(state[a], last.get(a)) if (way := final_of(structure, p, end, tails[a]))]
    outputs = ends_on_all_ways(structure, evaluation, ever, found, ways)
    if not outputs or (not moving and not gradients_kept(structure.record, evaluation) & structure.after(outputs)):
        everything = Values(useful_nodes(structure, state, last, set(), tails, least, everything=True), values)
        branched = [] if moving else ends_by_branches(structure, evaluation, everything, ever)
        if not branched and not outputs:
            branched = [node for _, nodes in outputs_of(evaluation, ever, everything.located) for node in nodes]
        found, outputs = (everything, branched) if branched or not outputs else (found, outputs)
    return evaluation, moving, found, outputs


def nearer(
    structure: Structure,
    model: Callable[..., Any],
    values: Replay,
    state: dict[str, Any],
    met: Meeting,
    later: dict[str, Any],
    *how: Any,
) -> tuple[dict[str, Any], Meeting]:
    """A state and its meeting, with the data that the forward pass has read.

    What was bound `later` may be the targets of this sample; until then they were those of another. Data that are shuffled
    before each epoch are taken in the order in which they are read.
    """
    if not all(is_same(later[a], state[a]) for a in state):
        with contextlib.suppress(ModelError):
            again = meeting(structure, model, values, later, *how)
            if again[3]:
                state, met = later, again
    shuffled = in_order(structure, state, met[1], values, met[3])
    if shuffled is not state:
        with contextlib.suppress(ModelError):
            again = meeting(structure, model, values, shuffled, *how)
            if again[3]:
                return shuffled, again
    return state, met


def whole_numbers(state: dict[str, Any], values: Replay) -> frozenset[str]:
    """The arguments that are arrays of whole numbers."""
    arrays = {a: read(held, values) for a, held in state.items() if type(held) in (Node, Part)}
    return frozenset(a for a, array in arrays.items() if isinstance(array, np.ndarray) and array.dtype.kind in "iu")


def first_use(structure: Structure, outputs: list[Node]) -> int:
    """The number of the first operation that reads the end of the forward pass."""
    ends = set(outputs)
    readers = [c.number for node in outputs for c in structure.consumers[node.number] if c not in ends]
    return min(readers, default=max(node.number for node in outputs))


def bound_at(history: list[tuple[int, dict[str, Any]]], number: int) -> dict[str, Any]:
    """What was bound when an operation ran."""
    return [history[0][1], *(state for time, state in history if time <= number)][-1]


def useful_nodes(
    structure: Structure,
    state: dict[str, Any],
    last: dict[str, Any],
    moving: set[str],
    tails: dict[str, str],
    least: int,
    everything: bool = False,
) -> list[Node]:
    """The nodes that are made from the model's arguments, and that the results are made from.

    The results are the last values of the parameters; where none moves, all that is returned or kept.
    """
    record = structure.record
    roots = [part.node for held in state.values() for part in parts_in(held)]
    given = structure.after(roots) - set(roots)
    if everything:
        return [node for node in record.nodes if node.number >= least and node in given]
    ends: list[Node] = []
    for argument in moving:
        for part, end in pairs(state[argument], last.get(argument)):
            way = final_of(structure, part, end, tails[argument])
            ends += way[-1:] if way else []
    if not moving:
        ends = [node for node in record.ends.values() if type(node) is Node and np.size(node.value) > 1]
        ends = ends or [node for node in record.ends.values() if type(node) is Node]
    before = structure.before(ends)
    return [node for node in record.nodes if node.number >= least and node in given and node in before]
