"""Where the model's forward pass ends: the last quantities that do not know the targets yet."""

from __future__ import annotations

from typing import Any

import numpy as np

from microgradnp.debugger.capture.roles import targets_of

LOSSES = frozenset(["sse", "mse", "mae", "nll", "cross_entropy"])


def outputs(nodes: list[Any], values: dict[str, Any]) -> list[frozenset[int]]:
    """Where the forward pass ends: nodes that depend on parameters and not on targets, and that only the loss looks at.

    A node that is compared with the targets by one of our own losses, or indexed by them, ends the forward pass too. Each end
    comes with the nodes that show as well that it was right: what it is an elementwise function of (`p` for `log(p)`), and what
    the loss makes of it (`y - t`).
    """
    names = targets_of(values)
    targets = [np.asarray(values[name]) for name in names if np.ndim(values[name])]
    knows: dict[int, bool] = {}
    learns: dict[int, bool] = {}
    consumers: dict[int, list[Any]] = {}
    numbers = {id(node): number for number, node in enumerate(nodes)}
    for node in nodes:
        mine = list(node.args)
        for argument in mine:
            consumers.setdefault(id(argument), []).append(node)
        if node.rule is None:
            knows[id(node)] = node.name in names
            learns[id(node)] = bool(node.requires_grad and node.name) and not knows[id(node)]
        else:
            learns[id(node)] = any(learns.get(id(a), False) for a in mine)
            knows[id(node)] = (
                any(knows.get(id(a), False) for a in mine) or node.rule.name in LOSSES or holds_target(node, targets)
            )
    found = []
    for node in nodes:
        after = [c for c in consumers.get(id(node), ()) if knows[id(c)]]
        if node.rule is not None and learns[id(node)] and not knows[id(node)] and after:
            same = [c for c in after if c.shape == node.shape and c.rule.name in ("subtract", "add", "negative")]
            found.append((node.shape, frozenset(numbers[id(n)] for n in (*chain(node), *same))))
    arrays = [end for shape, end in found if shape]
    return arrays or [end for _, end in found]  # a single number beside arrays is a penalty, which code need not compute


def chain(node: Any) -> list[Any]:
    """A node, and before it what it is an elementwise function of, as long as that has one argument only."""
    found = [node]
    while True:
        parents = [a for a in found[-1].args if id(a) and getattr(a, "requires_grad", False)]
        if len(parents) != 1 or parents[0].rule is None or parents[0].shape != node.shape:
            return found
        found.append(parents[0])


def holds_target(node: Any, targets: list[np.ndarray]) -> bool:
    """Whether a plain array that the operation was given, an index mostly, is or contains the targets."""
    given = [*node.values, *node.options.values()]
    given += [item for value in given if isinstance(value, tuple) for item in value]
    for value in given:
        if isinstance(value, (np.ndarray, list)):
            array = np.asarray(value)
            if any(array.shape == t.shape and np.array_equal(array, t) for t in targets):
                return True
    return False
