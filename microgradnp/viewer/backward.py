"""The reverse sweep of a graph, written down as it runs: which node, which shares, and how gradients add up."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.core.context import watchers
from microgradnp.core.sweep import fit_to, sweep

Array = Any


@dataclass(frozen=True)
class Share:
    """What argument `position` of a step's node is given: term number `term`, and the sum of all terms so far."""

    argument: Any
    position: int
    term: int
    so_far: Array


@dataclass
class Backward:
    """Steps in the order in which the sweep made them; gradients by the id of their node."""

    steps: list[tuple[Any, list[Share]]] = field(default_factory=list)
    gradients: dict[int, Array] = field(default_factory=dict)
    terms: dict[int, int] = field(default_factory=dict)  # how many shares a gradient is the sum of
    why_not: str = ""  # why there is no gradient to show


class Listener:
    """Hears of every share that the sweep hands out, through the same door as `debug_nans`."""

    def __init__(self) -> None:
        self.shares: list[tuple[int, Array]] = []
        self.thread = threading.get_ident()

    def __enter__(self) -> Listener:
        watchers.append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        watchers.remove(self)

    def forward(self, *_: Any) -> None:
        """Part of the watchers' protocol."""

    def backward(self, _node: Any, position: int, _g: Array, share: Array) -> None:
        if threading.get_ident() == self.thread:
            own = share.copy() if isinstance(share, np.ndarray) else share  # the sweep adds the next share to it in place
            self.shares.append((position, own))


def swept(root: Any) -> Backward:
    """Sweep the graph of a loss once; no `.grad` is touched and nothing is freed.

    Raises RuntimeError when an array that the graph captured has changed since the forward pass.
    """
    found = Backward(why_not=reason(root))
    if found.why_not:
        return found
    sums: dict[int, Array] = {}
    with Listener() as listener:
        handed: list[tuple[Any, list[tuple[int, Array]]]] = []
        for node, g, _ in sweep(root, root.seed(), free=False):
            found.gradients[id(node)] = shown(g)
            handed.append((node, []))
            listener.shares = handed[-1][1]
    for node, shares in handed:
        step: list[Share] = []
        for position, share in shares:
            argument = node.args[position]
            term = found.terms[id(argument)] = found.terms.get(id(argument), 0) + 1
            share = fit_to(share, argument, node, position)
            sums[id(argument)] = share if term == 1 else sums[id(argument)] + share
            step.append(Share(argument, position, term, shown(sums[id(argument)])))
        if step:
            found.steps.append((node, step))
    return found


def reason(root: Any) -> str:
    """Why a graph has no gradient to show; empty where it has."""
    if not root.requires_grad:
        return "nothing that this was computed from requires a gradient"
    if root.shape != ():
        return f"it is no scalar but has shape {root.shape}, so there is no gradient; view the loss"
    return "it is complex, and a loss must be real" if root.dtype.kind == "c" else ""


def shown(g: Array) -> Array:
    """Complex gradients point along steepest ascent."""
    return g.conj() if getattr(g, "dtype", None) is not None and g.dtype.kind == "c" else g
