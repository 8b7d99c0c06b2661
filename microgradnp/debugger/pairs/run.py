"""One run of a pair: what forward returned, and every array that backward returned or wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.debugger.pairs.protocol import Plan, Returned, take
from microgradnp.debugger.pairs.world import Path, Subject, World, leaves


@dataclass(frozen=True, eq=False)
class Seen:
    """The outputs, what backward returned, the arrays that it wrote into the object, and the parameters that it moved."""

    outputs: list[np.ndarray]
    returned: list[Returned]
    stored: dict[Path, np.ndarray]  # the object's arrays after backward
    written: set[Path]  # those that backward made or changed
    held: dict[Path, np.ndarray]  # the object's arrays before the run
    identity: dict[Path, int]  # the same for paths of one array


def outputs_at(subject: Subject, plan: Plan, values: Mapping[Path, Any]) -> list[Any]:
    """The outputs of forward alone."""
    with subject.opened(values) as world:
        result = world.call_forward()
        return [as_output(take(source, result, world, [])) for source in plan.outputs]


def as_output(value: Any) -> Any:
    """The value; a copy if it is an array."""
    return np.array(value) if isinstance(value, (np.ndarray, float, np.floating)) else value


def run(subject: Subject, plan: Plan, values: Mapping[Path, Any], douts: list[np.ndarray]) -> Seen:
    """Forward, then backward, in a world of copies. Raises what the user's code raises."""
    with subject.opened(values) as world:
        held = snapshot(world)
        result = world.call_forward()
        outputs = [as_output(take(source, result, world, douts)) for source in plan.outputs]
        before = snapshot(world)
        answer = call_backward(plan, result, world, douts)
        returned = returned_leaves(answer)
        after = snapshot(world)
        new = {
            path for path, array in after.items() if path not in before or not np.array_equal(before[path], array, equal_nan=True)
        }
        identity = {path: id(array) for path, array in world.arrays().items()}
        identity |= {path: id(value) for path, value in leaves({"args": world.args, "kwargs": world.kwargs})}
        return Seen(outputs, returned, after, new, held, identity)


def call_backward(plan: Plan, result: Any, world: World, douts: list[np.ndarray]) -> Any:
    """What backward returns; the gradients among forward's result where there is no backward."""
    if plan.call is None:
        parts = [take(source, result, world, douts) for source in plan.returned]
        return parts[0] if len(parts) == 1 else tuple(parts)
    backward = take(plan.returned[0], result, world, douts) if plan.returned else world.backward
    if backward is None:
        raise TypeError("there is no backward function")
    return backward(*(take(source, result, world, douts) for source in plan.call))


def snapshot(world: World) -> dict[Path, np.ndarray]:
    return {path: np.array(array) for path, array in world.arrays().items()}


def returned_leaves(value: Any, label: tuple[Any, ...] = ()) -> list[Returned]:
    """The arrays and numbers in a returned value, with their positions and keys. None keeps its position."""
    if isinstance(value, (tuple, list)):
        return [leaf for k, item in enumerate(value) for leaf in returned_leaves(item, (*label, k))]
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in returned_leaves(item, (*label, key))]
    if isinstance(value, (float, int, np.number)) and not isinstance(value, bool):
        return [Returned(label, np.asarray(value, float))]
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        return [Returned(label, np.array(value))]
    return [Returned(label, np.empty(0))] if value is None else []
