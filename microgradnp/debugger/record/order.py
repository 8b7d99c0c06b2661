"""Data in the order in which the program reads them: `x = x[order]` before each epoch."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from microgradnp.debugger.record.nodes import Node
from microgradnp.debugger.record.replay import Replay
from microgradnp.debugger.record.structure import Part, Structure, parts_in, read


def in_order(
    structure: Structure, state: dict[str, Any], moving: Collection[str], values: Replay, outputs: list[Node]
) -> dict[str, Any]:
    """The state with its data as they are after `x = x[order]`; the same state where the forward pass reads no such data.

    All data of so many samples must be read in the same order: labels that were left behind belong to other samples.
    """
    data = arrays_in(state, moving, values)
    while True:
        taken = {a: shuffles_of(structure, held, values) for a, held in data.items()}
        ways = [(node, order) for found in taken.values() for node, order in found if leads_to(structure, node, outputs)]
        if not ways:
            return state
        order = max(ways, key=lambda way: way[0].number)[1]
        with_them = [a for a, held in data.items() if len(order) in np.shape(read(held, values))]
        found = {a: next((node for node, own in taken[a] if np.array_equal(own, order)), None) for a in with_them}
        if None in found.values():
            return state
        state, data = {**state, **found}, {**data, **found}


def parted(state: dict[str, Any], moving: Collection[str], values: Replay) -> tuple[str, str] | None:
    """Data whose samples were put into another order, and others of as many samples that were not. None where there are none."""
    data = arrays_in(state, moving, values)
    orders: dict[str, np.ndarray] = {}
    for argument, held in data.items():
        [part] = parts_in(held)
        parent = part.node.args[0] if part.node.name == "getitem" else None
        found = order_of(part.node, parent, values) if type(parent) is Node else None
        if found is not None and found[0] == 0:
            orders[argument] = found[1]
    for argument, order in orders.items():
        with_it = (a for a, held in data.items() if len(read(held, values)) == len(order))
        if other := next((a for a in with_it if a not in orders or not np.array_equal(orders[a], order)), None):
            return argument, other
    return None


def arrays_in(state: dict[str, Any], moving: Collection[str], values: Replay) -> dict[str, Any]:
    """The arrays among the arguments that do not move."""
    data = {a: held for a, held in state.items() if a not in moving and type(held) in (Node, Part)}
    return {a: held for a, held in data.items() if np.ndim(read(held, values))}


def leads_to(structure: Structure, node: Node, outputs: list[Node]) -> bool:
    return not structure.after([node]).isdisjoint(outputs)


def shuffles_of(structure: Structure, held: Any, values: Replay) -> list[tuple[Node, np.ndarray]]:
    """(the samples in another order, that order), where data are read in no other way: first the last one."""
    [part] = parts_in(held)
    readers = structure.consumers[part.node.number]
    found = [(node, order_of(node, part.node, values)) for node in readers]
    known = [(node, order[1]) for node, order in found if order is not None]
    return known[::-1] if len(known) == len(readers) else []


def order_of(node: Node, parent: Node, values: Replay) -> tuple[int, np.ndarray] | None:
    """(axis, order) where a node is another one with an axis in another order. None for all others."""
    if node.name != "getitem" or node.args[0] is not parent or node in values.failed:
        return None
    index = values.resolve(node.args[1])
    items = index if isinstance(index, tuple) else (index,)
    orders = [(axis, np.asarray(item)) for axis, item in enumerate(items) if isinstance(item, (list, np.ndarray))]
    if len(orders) != 1 or sum(isinstance(item, slice) and item == slice(None) for item in items) != len(items) - 1:
        return None
    [(axis, order)] = orders
    shape = np.shape(values[parent])
    is_permutation = order.dtype.kind == "i" and axis < len(shape) and np.array_equal(np.sort(order), np.arange(shape[axis]))
    return (axis, order) if is_permutation else None
