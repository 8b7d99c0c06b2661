"""The backward pass of a graph, written down as it runs: its steps, the shares of each gradient, and how they add up."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.core.context import current, mode, switch
from microgradnp.core.sweep import fit_to, sweep
from microgradnp.core.typing import Array


@dataclass(frozen=True)
class Share:
    """A part of a gradient: what one step gives to argument `position` of its node."""

    argument: Any
    position: int
    term: int  # counts the shares of this argument's gradient, from 1
    so_far: Array  # the sum of its shares up to this one


@dataclass
class Backward:
    """A backward pass. Gradients and counts are found by the id of their node."""

    steps: list[tuple[Any, list[Share]]] = field(default_factory=list)  # (node, its shares) in the order of the pass
    gradients: dict[int, Array] = field(default_factory=dict)
    terms: dict[int, int] = field(default_factory=dict)  # how many shares a gradient has
    why_not: str = ""  # the reason why there is no gradient


class Listener:
    """Collects every share of a backward pass. It is one of the engine's watchers, as `debug_nans` is."""

    def __init__(self) -> None:
        self.shares: list[tuple[int, Array]] = []
        self.thread = threading.get_ident()

    def __enter__(self) -> Listener:
        self.token = switch(watchers=(*current().watchers, self))
        return self

    def __exit__(self, *exception: object) -> None:
        mode.reset(self.token)

    def forward(self, *_: Any) -> None:
        """Ignore the forward pass. Every watcher has this method."""

    def backward(self, _node: Any, position: int, _g: Array, share: Array) -> None:
        if threading.get_ident() == self.thread:
            own = share.copy() if isinstance(share, np.ndarray) else share  # the sweep adds the next share to it in place
            self.shares.append((position, own))


def backward_pass(root: Any) -> Backward:
    """Run the backward pass of a loss once. No `.grad` changes, and the graph stays.

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
    """Why a graph has no gradient to show. Empty where it has one."""
    if not root.requires_grad:
        return "nothing that this was computed from requires a gradient"
    if root.shape != ():
        return f"it is no scalar but has shape {root.shape}, so there is no gradient; view the loss"
    return "it is complex, and a loss must be real" if root.dtype.kind == "c" else ""


def shown(g: Array) -> Array:
    """The gradient as the page shows it: a complex one points along steepest ascent."""
    return g.conj() if getattr(g, "dtype", None) is not None and g.dtype.kind == "c" else g
