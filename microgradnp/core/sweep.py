"""The backward pass: carry the gradient of the loss from each result to its arguments, results first.

The sweep reads the attributes of the nodes and creates none. It is the only place that sums over broadcast axes, adds up the
shares of several uses, casts to the argument's dtype, and frees what it has consumed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, TypeVar

import numpy as np

from microgradnp.core.checks import checked_gradient
from microgradnp.core.context import mode
from microgradnp.core.graph import is_node
from microgradnp.core.memory import arrays_in, checksum, read_only
from microgradnp.core.messages import describe, freed_message, mutated_message, wrong_shape_message
from microgradnp.core.table import Rule
from microgradnp.core.typing import NO_OPTIONS, Array, Node

N = TypeVar("N", bound=Node)


def sweep(
    root: N, seed: Array, *, free: bool, record: bool = False, until: Collection[N] = (), every: bool = True
) -> Iterator[tuple[N, Array, bool]]:
    """Yield (node, gradient, is_private) for each node that `root` depends on and that needs a gradient, results first.

    A gradient is complete when its node is yielded. `is_private` says that nobody else holds that array. With `record` the
    rules get Tensors, so that what they compute is a graph again. With `free` a node forgets its arguments as soon as they
    have their share. `until` are nodes at which it ends, as if they were leaves. Without `every` it yields only leaves and nodes
    that retain their gradient.

    Raises RuntimeError when the graph was freed by an earlier sweep or a captured array has changed since the forward pass;
    both are found before any gradient is yielded.
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
            is_shared = share is g or record or not rule.trusted
            uses = waiting.get(parent)
            if uses is None:
                ready.append((parent, share, is_shared))
                continue
            to_come, total, total_is_shared = uses
            if total is not None and not total_is_shared and type(total) is type(share) is np.ndarray and total.base is None:
                total += share
                share, is_shared = total, False
            elif total is not None:
                share, is_shared = total + share, record
            if to_come > 1:
                uses[:] = to_come - 1, share, is_shared
            else:
                del waiting[parent]
                ready.append((parent, share, is_shared))
        if free:
            node.rule = node.seals = None
            node.args = node.values = node.needs = ()
            node.options = NO_OPTIONS
            node.freed = True


def checked_graph(root: N, record: bool, until: Collection[N]) -> dict[N, list[Any]]:
    """Find the nodes that are used several times: node -> [shares to come, their sum so far, does somebody hold that array?].

    Checks on the way that the graph may be swept.
    """
    several: dict[N, list[Any]] = {}
    seen = {root}
    found = [root]
    known: dict[int, int] = {}  # check sums of large arrays
    for node in found:  # which grows meanwhile
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
                several[parent][0] += 1
            else:
                several[parent] = [2, None, False]
    return several


def contribution(node: Node, position: int, inputs: tuple[Any, ...], record: bool = False) -> Array:
    """The share of argument `position`, where the formula has options, is one for any number of arrays, or the user's own."""
    rule: Any = node.rule  # not None: a leaf has no arguments
    if not rule.trusted:
        return foreign_gradient(node, rule, position, inputs[0], record)
    if rule.variadic:
        return rule.vjps[0](position, *inputs, **node.options)
    return rule.vjps[position](*inputs, **node.options)


def foreign_gradient(node: Node, rule: Rule, position: int, g: Array, record: bool) -> Array:
    """Call a user's formula. It gets arrays that it cannot write to, and may return anything that is an array."""
    vjp = rule.vjps[position]
    if not record:
        share = vjp(read_only(g), read_only(node._array), *node.values, **node.options)
        return checked_gradient(share._array if is_node(share) else share, rule.name, position)
    share = vjp(g, node, *node.args, **node.options)
    return share if is_node(share) else type(g)(checked_gradient(share, rule.name, position))


def check_leaves(node: Node) -> None:
    """A recorded sweep reads the leaves themselves, not what the forward pass captured: they must be the same."""
    for position, argument in enumerate(node.args):
        if getattr(argument, "is_leaf", False) and not same(argument._array, node.values[position]):
            raise RuntimeError(mutated_message(node, argument._array, position))


def same(now: Array, then: Array) -> bool:
    return now is then or now.tobytes() == then.tobytes()  # bytes: NaN is equal to NaN, -0 is not 0


def fit_to(share: Array, parent: Node, node: Node, position: int) -> Array:
    """Sum over the axes that broadcasting added or stretched, and cast to the argument's dtype."""
    shape, dtype = parent.shape, parent.dtype
    if share.shape != shape:
        extra = share.ndim - len(shape)
        stretched = tuple(
            axis for axis in range(share.ndim) if axis < extra or (shape[axis - extra] == 1 and share.shape[axis] != 1)
        )
        summed = np.sum(share, axis=stretched, keepdims=True) if extra >= 0 else share
        if extra < 0 or summed.shape[extra:] != shape:
            raise ValueError(wrong_shape_message(share, shape, node, position))
        share = np.reshape(summed, shape)
    if share.dtype != dtype:
        if share.dtype.kind == "c" and dtype.kind != "c":
            share = np.real(share)
        share = share.astype(dtype)
    return share


def check_seals(node: Node, known: dict[int, int]) -> None:
    """Refuse to sweep when an array that a gradient formula of this node will read has changed."""
    for array, before, shape, dtype in node.seals:
        now = array.tobytes() if type(before) is bytes else known_checksum(array, known)
        if now != before or array.shape != shape or array.dtype is not dtype:  # `array.shape = ...` changes no byte
            position = next((i for i, value in enumerate(node.values) if any(a is array for a in arrays_in(value))), None)
            raise RuntimeError(mutated_message(node, array, position))


def known_checksum(array: np.ndarray[Any, Any], known: dict[int, int]) -> int:
    """The check sum of an array that several nodes may have sealed, taken once a sweep."""
    if id(array) not in known:
        known[id(array)] = checksum(array)
    return known[id(array)]
