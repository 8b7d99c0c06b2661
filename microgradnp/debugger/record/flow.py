"""Does the record know everything that the numbers depend on? A second run on slightly different inputs tells.

The first record is evaluated at the inputs of the second. A number that left the record, through a file or a library's memory, is
a constant in the first and another constant in the second: there the values part.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from microgradnp.debugger.record.nodes import Node, Record
from microgradnp.debugger.record.record import run_recorded
from microgradnp.debugger.record.replay import is_empty, replay
from microgradnp.debugger.record.world import World

AMOUNTS = (1e-3, 1e-6)


class Flow(NamedTuple):
    """`lost` is the first node with a value that the record cannot explain. `checked` of the nodes were compared."""

    lost: Node | None
    checked: float


def flow(world: World, made: Record, most: int, seed: int = 1) -> Flow:
    """Compare the record with a run on other inputs. With smaller changes the program takes the same branches more often."""
    found = Flow(None, 0.0)
    for amount in AMOUNTS:
        rng = np.random.default_rng(seed)
        other, _ = run_recorded(world, most, functools.partial(disturbed, rng=rng, amount=amount))
        found = compare(made, other, amount)
        if found.checked == 1:
            break
    return found


def compare(first: Record, second: Record, amount: float) -> Flow:
    """Where the values of the second record cannot be had from the first, as far as both took the same way."""
    end = same_way(first, second)
    pairs = list(zip(first.nodes[:end], second.nodes[:end], strict=True))
    put = {a: b.value for a, b in pairs if (a.kind in ("leaf", "draw") and a.written is None) or is_empty(a)}
    again = replay(first, put)
    wanted = ancestors(first)
    lost = next(
        (
            a
            for a, b in pairs
            if a in wanted and a.kind != "decision" and (a in again.failed or not close(again[a], b.value, amount))
        ),
        None,
    )
    return Flow(lost, end / max(1, len(first.nodes)))


def same_way(first: Record, second: Record) -> int:
    """For how many nodes two runs of one program did the same."""
    for k, (a, b) in enumerate(zip(first.nodes, second.nodes, strict=False)):
        if a.kind != b.kind or a.site is None or b.site is None:
            if a.kind != b.kind:
                return k
        elif (a.site.line, a.site.column, a.execution) != (b.site.line, b.site.column, b.execution):
            return k
        if a.kind == "decision" and np.any(a.held != b.held):
            return k + 1
    return min(len(first.nodes), len(second.nodes))


def ancestors(made: Record) -> set[Node]:
    """The nodes that the results are made from."""
    todo = [node for node in made.ends.values() if isinstance(node, Node)]
    found = set(todo)
    while todo:
        for parent in made.parents(todo.pop()):
            if parent not in found:
                found.add(parent)
                todo.append(parent)
    return found


def close(a: Any, b: Any, amount: float) -> bool:
    """Whether two values are equal, but for a small part of the change of the inputs."""
    if a is None or b is None or isinstance(a, (list, tuple, dict, str)):
        return True
    try:
        first, second = np.asarray(a), np.asarray(b)
        return first.shape == second.shape and bool(np.allclose(first, second, rtol=1e-5 * amount, atol=1e-12, equal_nan=True))
    except TypeError:
        return True


def disturbed(value: Any, rng: np.random.Generator, amount: float) -> Any:
    """A number or an array, slightly changed. Whole numbers stay: they may be labels or counts."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "f" and value.flags.writeable and value.size:
            noise = amount * rng.uniform(0.5, 1.0, value.shape)
            value[...] = np.where(value == np.round(value), value, value * (1 + noise))
        return value
    if not isinstance(value, (float, np.floating)) or value == np.round(value):
        return value
    return type(value)(value * (1 + amount * rng.uniform(0.5, 1.0)))
