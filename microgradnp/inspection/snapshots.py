"""Snapshots of a training: all values and gradients of the graph as small heat maps, taken at some iterations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.origin import locate
from microgradnp.derivatives.gradients import sweep_and_keep
from microgradnp.inspection.heatmap import packed

CELLS = 16  # along one side of a map

Signature = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Snapshot:
    """The state before step `iteration`: heat maps of the nodes that need a gradient, arguments before results.

    The maps are those of `heatmap.packed`; None where an array holds no numbers. `parameters` gives the position of each leaf in
    these lists, by its name.
    """

    iteration: int
    loss: float
    signature: Signature
    values: list[Any]
    grads: list[Any]
    parameters: dict[str, int]


def swept_nodes(loss: Any) -> list[Any]:
    """The nodes that need a gradient, arguments before results. Other nodes may differ between runs: data may be an array."""
    return [node for node in graph.walk(loss) if node.requires_grad]


def signature(nodes: Iterable[Any]) -> Signature:
    """The operations and the shapes of the parameters. Graphs with the same signature can be shown with the same boxes."""
    return tuple((node.rule.name, ()) if node.rule is not None else ("", node.shape) for node in nodes)


def snapshot(loss: Any, iteration: int) -> Snapshot:
    """The values and gradients of a loss before its backward pass. Changes no `.grad` and keeps the graph."""
    nodes = swept_nodes(loss)
    with np.errstate(all="ignore"):  # the maps show numbers that are not finite
        gradients = {id(node): packed(g, CELLS) for node, g, _ in sweep_and_keep(loss)}
        values = [packed(node._array, CELLS) for node in nodes]
    named: dict[str, int] = {}
    for position, node in enumerate(nodes):
        if node.rule is None:
            origin = locate(node.place)
            named[node.name or (origin and origin.name) or f"parameter {len(named) + 1}"] = position
    grads = [gradients.get(id(node)) for node in nodes]
    return Snapshot(iteration, float(loss.item()), signature(nodes), values, grads, named)


class Album:
    """At most `most` snapshots, spread evenly over a training of unknown length. A full album drops every second one."""

    def __init__(self, most: int, kept: list[Snapshot]) -> None:
        if most < 2:
            raise ValueError(f"fit: snapshots={most} must be at least 2: one before the first step, one after the last")
        self.most, self.every, self.kept = most, 1, kept
        self.batch: tuple[Any, ...] | None = None

    def remembering(self, batches: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """The same batches. The album remembers the last one, for `finish`."""
        for batch in batches:
            self.batch = batch
            yield batch

    def wants(self, iteration: int) -> bool:
        """Whether to keep step number `iteration`, counted from 1."""
        return (iteration - 1) % self.every == 0

    def keep(self, loss: Any, iteration: int) -> None:
        """Take a snapshot of this step if it is wanted. One place stays free for the state after the last step."""
        if not self.wants(iteration):
            return
        if len(self.kept) == self.most - 1:
            self.kept[:] = self.kept[::2]
            self.every *= 2
        if self.wants(iteration):
            self.kept.append(snapshot(loss, iteration))

    def finish(self, loss: Callable[..., Any], iteration: int) -> None:
        """Take the snapshot after the last step, with the last batch."""
        if self.batch is not None:
            self.kept.append(snapshot(loss(*self.batch), iteration))
