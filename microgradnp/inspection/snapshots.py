"""A training remembered: every now and then all values and gradients of the graph, as small heat maps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.origin import locate
from microgradnp.core.sweep import sweep
from microgradnp.inspection.heatmap import packed

CELLS = 16  # along one side of a map

Signature = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Snapshot:
    """The nodes that need a gradient, arguments before results, before step `iteration`: heat maps (`heatmap.packed`) or None.

    `parameters` are the places of the leaves in these lists, by name.
    """

    iteration: int
    loss: float
    signature: Signature
    values: list[Any]
    grads: list[Any]
    parameters: dict[str, int]


def swept_nodes(loss: Any) -> list[Any]:
    """The nodes that need a gradient, arguments before results; the others may be Tensors in one place and arrays in another."""
    return [node for node in graph.walk(loss) if node.requires_grad]


def signature(nodes: Iterable[Any]) -> Signature:
    """What two graphs have in common that can be shown with the same boxes: operations, and shapes of parameters."""
    return tuple((node.rule.name, ()) if node.rule is not None else ("", node.shape) for node in nodes)


def snapshot(loss: Any, iteration: int) -> Snapshot:
    """The graph of a loss that is not swept yet. Its sweep here touches no `.grad` and frees nothing."""
    nodes = swept_nodes(loss)
    with np.errstate(all="ignore"):  # numbers that are not finite are drawn as such
        gradients = {id(node): packed(g, CELLS) for node, g, _ in sweep(loss, loss.seed(), free=False)}
        values = [packed(node._array, CELLS) for node in nodes]
    named: dict[str, int] = {}
    for place, node in enumerate(nodes):
        if node.rule is None:
            origin = locate(node.place)
            named[node.name or (origin and origin.name) or f"parameter {len(named) + 1}"] = place
    grads = [gradients.get(id(node)) for node in nodes]
    return Snapshot(iteration, float(loss.item()), signature(nodes), values, grads, named)


class Album:
    """At most `most` snapshots, evenly spread over a training of unknown length: when it is full, every second one goes."""

    def __init__(self, most: int, kept: list[Snapshot]) -> None:
        if most < 2:
            raise ValueError(f"fit: snapshots={most} must be at least 2: one before the first step, one after the last")
        self.most, self.every, self.kept = most, 1, kept
        self.batch: tuple[Any, ...] | None = None

    def remembering(self, batches: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """The same batches; the last is known afterwards."""
        for batch in batches:
            self.batch = batch
            yield batch

    def wants(self, iteration: int) -> bool:
        """Whether step number `iteration`, counted from 1, is one to remember."""
        return (iteration - 1) % self.every == 0

    def look(self, loss: Any, iteration: int) -> None:
        """Keep this step if it is wanted; one place stays free for the state after the last step."""
        if not self.wants(iteration):
            return
        if len(self.kept) == self.most - 1:
            self.kept[:] = self.kept[::2]
            self.every *= 2
        if self.wants(iteration):
            self.kept.append(snapshot(loss, iteration))

    def finish(self, loss: Callable[..., Any], iteration: int) -> None:
        """Keep the state after the last step, of the batch that was seen last."""
        if self.batch is not None:
            self.kept.append(snapshot(loss(*self.batch), iteration))
