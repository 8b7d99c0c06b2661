"""A training on the page: the snapshots of `fit` on the nodes of the graph."""

from __future__ import annotations

from typing import Any

from microgradnp.inspection.heatmap import written
from microgradnp.inspection.snapshots import signature, swept_nodes
from microgradnp.viewer.contents import Contents, Json

MOST_LOSSES = 500  # points of the loss curve


def replayed(contents: Contents, fit: Any) -> Json:
    """The snapshots for the page. Raises ValueError when there are none, or none of this graph."""
    snapshots = getattr(fit, "snapshots", None)
    if not snapshots:
        raise ValueError("view: this training kept no snapshots; call mg.fit(..., snapshots=20)")
    nodes = swept_nodes(contents.outline.values[-1])
    own = signature(nodes)
    fitting = [s for s in snapshots if s.signature == own]
    if not fitting:
        raise ValueError(
            f"view: the snapshots are of a graph of {len(snapshots[-1].values)} nodes that is not this one ({len(nodes)} nodes): "
            "give the loss of the same model, computed as in the training"
        )
    numbers = [contents.index[id(node)] for node in nodes]
    losses = fit.history.loss
    every = max(1, -(-len(losses) // MOST_LOSSES))
    return {
        "replay": {
            "nodes": numbers,
            "snapshots": [[s.iteration, written(s.loss), s.values, s.grads] for s in fitting],
            "losses": [[k + 1, written(losses[k])] for k in sorted({*range(0, len(losses), every), max(len(losses) - 1, 0)})],
            "leftOut": len(snapshots) - len(fitting),
        }
    }
