"""The backward pass: carry the gradient of the loss from each result to its arguments, results first.

The sweep (reverse mode) starts with the gradient of the loss and applies the formulas of each node. Here alone gradients are
summed over broadcast axes, added up over several uses of a node, and cast to the argument's dtype. What one node contributes
to the gradient of an argument is called a share.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, TypeVar

import numpy as np

from microgradnp.core.checks import checked_gradient
from microgradnp.core.context import mode
from microgradnp.core.graph import is_node
from microgradnp.core.memory import check_leaves, check_seals, read_only
from microgradnp.core.messages import describe, freed_message, wrong_shape_message
from microgradnp.core.typing import NO_OPTIONS, Array, Node

N = TypeVar("N", bound=Node)


def sweep(
    root: N, seed: Array, *, free: bool, record: bool = False, until: Collection[N] = (), every: bool = True
) -> Iterator[tuple[N, Array, bool]]:
    """Yield (node, gradient, is_private) for each node that `root` depends on and that needs a gradient, results first.

    A gradient is complete when its node is yielded. `is_private`: nobody else holds that array. `record`: the formulas get
    Tensors, so that the backward pass is a graph, too. `free`: a node forgets its arguments as soon as they have their shares.
    `until`: nodes at which the sweep stops, as if they were leaves. Without `every`, only leaves are yielded, and nodes that
    retain their gradient. Raises RuntimeError, before the first gradient, for a graph that was freed or an array that changed.
    """
    waiting = checked_graph(root, record, until)
    how = mode.get()
    watchers = how.watchers if how else ()
    ready: list[tuple[N, Array, bool]] = [(root, seed, True)]
    while ready:
        node, g, is_shared = ready.pop()
        rule = node.rule
        if every or rule is None or node.retains_grad:
            yield node, g, not is_shared and type(g) is np.ndarray and g.base is None
        if rule is None or (until and node in until):
            continue
        args, vjps = node.args, rule.vjps
        is_simple = rule.is_simple and not node.options
        inputs = (g, node) + args if record else (g, node._array) + node.values  # noqa: RUF005 - quicker than unpacking
        for position in node.needs:
            parent = args[position]
            try:
                share = vjps[position](*inputs) if is_simple else contribution(node, position, inputs, record)
                if watchers:
                    for watcher in watchers:
                        watcher.backward(node, position, g, share)
                data = parent._array
                if share.dtype is not data.dtype or share.shape != data.shape:
                    share = fit_to(share, parent, node, position)
            except Exception as error:
                error.add_note(f"in the gradient rule of argument {position} of {describe(node)}")
                raise
            is_shared = share is g or not rule.trusted
            uses = waiting.get(parent)
            if uses is not None:
                share, is_shared = added_up(uses, share, is_shared)
                if uses.to_come:
                    continue
                del waiting[parent]
            ready.append((parent, share, is_shared))
        if free:
            node.rule = node.seals = None
            node.args = node.values = node.needs = ()
            node.options = NO_OPTIONS
            node.freed = True


class Uses:
    """The shares of a node that is used several times: how many are still to come, and the sum of those that came."""

    def __init__(self) -> None:
        self.to_come = 2
        self.total: Array | None = None
        self.is_shared = False  # whether somebody else holds the array of the sum


def checked_graph(root: N, record: bool, until: Collection[N]) -> dict[N, Uses]:
    """Find the nodes that are used several times, and check on the way that the graph may be swept."""
    several: dict[N, Uses] = {}
    seen = {root}
    found = [root]
    known: dict[int, int] = {}  # check sums of large arrays
    for node in found:  # the list grows meanwhile
        if until and node in until:
            continue
        if node.freed:
            raise RuntimeError(freed_message(node))
        if node.seals is not None:
            check_seals(node, known)
        if record:
            check_leaves(node)
        args = node.args
        for position in node.needs:
            parent = args[position]
            if parent not in seen:
                seen.add(parent)
                found.append(parent)
            elif parent in several:
                several[parent].to_come += 1
            else:
                several[parent] = Uses()
    return several


def added_up(uses: Uses, share: Array, is_shared: bool) -> tuple[Array, bool]:
    """The sum of the shares that came, with this one. An array that nobody else holds is added to in place."""
    total = uses.total
    if not uses.is_shared and type(total) is type(share) is np.ndarray and total.base is None:
        total += share
        share, is_shared = total, False
    elif total is not None:
        share, is_shared = total + share, False
    uses.to_come -= 1
    uses.total, uses.is_shared = share, is_shared
    return share, is_shared


def contribution(node: Node, position: int, inputs: tuple[Any, ...], record: bool) -> Array:
    """The share of argument `position`, for a formula with options, for any number of arrays, or of the user's own.

    A formula of the user's gets read-only arrays, and may return any kind of array or number.
    """
    rule: Any = node.rule  # not None: a leaf has no arguments
    if rule.variadic:
        return rule.vjps[0](position, *inputs, **node.options)
    vjp, g = rule.vjps[position], inputs[0]
    if rule.trusted:
        return vjp(*inputs, **node.options)
    if record:
        share = vjp(*inputs, **node.options)
        return share if is_node(share) else type(g)(checked_gradient(share, rule.name, position))
    share = vjp(read_only(g), read_only(node._array), *node.values, **node.options)
    return checked_gradient(share._array if is_node(share) else share, rule.name, position)


def fit_to(share: Array, parent: Node, node: Node, position: int) -> Array:
    """Sum over the axes that broadcasting added or stretched, and cast to the argument's dtype."""
    shape, dtype = parent.shape, parent.dtype
    if share.shape != shape:
        extra = share.ndim - len(shape)
        stretched = tuple(
            axis for axis in range(share.ndim) if axis < extra or (shape[axis - extra] == 1 and share.shape[axis] != 1)
        )
        summed = np.sum(share, axis=stretched, keepdims=True)
        if summed.shape[extra:] != shape:
            raise ValueError(wrong_shape_message(share, shape, node, position))
        share = np.reshape(summed, shape)
    if share.dtype != dtype:
        if share.dtype.kind == "c" and dtype.kind != "c":
            share = np.real(share)
        share = share.astype(dtype)
    return share
