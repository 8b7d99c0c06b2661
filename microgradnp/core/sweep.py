"""The backward pass: carry the gradient of the loss from each result to its arguments, results first.

The sweep reads the attributes of the nodes and creates none. It is the only place that sums over broadcast axes, adds up the
shares of several uses, casts to the argument's dtype, and frees what it has consumed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, TypeVar

import numpy as np

from microgradnp.core.checks import checked_gradient
from microgradnp.core.context import watchers
from microgradnp.core.graph import is_node
from microgradnp.core.memory import arrays_in, read_only
from microgradnp.core.messages import describe, freed_message, mutated_message, wrong_shape_message
from microgradnp.core.table import Rule
from microgradnp.core.typing import Array, Node

N = TypeVar("N", bound=Node)


def sweep(
    root: N, seed: Array, *, free: bool, record: bool = False, until: Collection[N] = ()
) -> Iterator[tuple[N, Array, bool]]:
    """Yield (node, gradient, private) for each node that `root` depends on and that needs a gradient, results first.

    A gradient is complete when its node is yielded. `private` says that nobody else holds that array. With `record` the
    rules get Tensors, so that what they compute is a graph again. With `free` a node forgets its arguments as soon as they
    have their share. `until` are nodes at which it ends, as if they were leaves.

    Raises RuntimeError when the graph was freed by an earlier sweep or a captured array has changed since the forward pass;
    both are found before any gradient is yielded.
    """
    uses = count_uses(root, record, until)
    gradients: dict[N, Array] = {root: seed}
    private: set[N] = set()  # nodes whose gradient array was made here
    ready = [root]
    while ready:
        node = ready.pop()
        g = gradients.pop(node)
        owned = node in private
        yield node, g, owned
        if owned:
            private.remove(node)
        rule = node.rule
        if rule is None or (until and node in until):
            continue
        args, trusted = node.args, rule.trusted
        y, values = (node, args) if record else (node._array, node.values)
        simple = trusted and not node.options and not rule.variadic
        for position in node.needs:
            try:
                share = rule.vjps[position](g, y, *values) if simple else contribution(node, position, g, y, values, record)
                if watchers:
                    for watcher in list(watchers):
                        watcher.backward(node, position, g, share)
                parent = args[position]
                data, fresh = parent._array, share is not g
                if share.dtype is not data.dtype or share.shape != data.shape:
                    share, fresh = fit_to(share, parent, node, position), True
            except Exception as error:
                error.add_note(f"in the gradient rule of argument {position} of {describe(node)}")
                raise
            if parent not in gradients:
                gradients[parent] = share
                if fresh and trusted and not record and share.base is None:
                    private.add(parent)
            elif parent in private and type(gradients[parent]) is np.ndarray:  # a scalar cannot be added to in place
                gradients[parent] += share
            else:
                gradients[parent] = gradients[parent] + share
                private.add(parent)
            left = uses[parent] - 1
            if left:
                uses[parent] = left
            else:
                ready.append(parent)
        del uses[node]
        if free:
            node.free()


def contribution(node: Node, position: int, g: Array, y: Array, values: tuple[Any, ...], record: bool) -> Array:
    """The share of argument `position`, where the formula has options, is one for any number of arrays, or the user's own."""
    rule: Any = node.rule  # not None: a leaf has no arguments
    if not rule.trusted:
        return foreign_gradient(node, rule, position, g, record)
    if rule.variadic:
        return rule.vjps[0](position, g, y, *values, **node.options)
    return rule.vjps[position](g, y, *values, **node.options)


def foreign_gradient(node: Node, rule: Rule, position: int, g: Array, record: bool) -> Array:
    """Call a user's formula. It gets arrays that it cannot write to, and may return anything that is an array."""
    vjp = rule.vjps[position]
    if not record:
        share = vjp(read_only(g), read_only(node._array), *node.values, **node.options)
        return checked_gradient(share._array if is_node(share) else share, rule.name, position)
    share = vjp(g, node, *node.args, **node.options)
    return share if is_node(share) else type(g)(checked_gradient(share, rule.name, position))


def count_uses(root: Node, record: bool, until: Collection[Node] = ()) -> dict[Node, int]:
    """How often each node that needs a gradient is an argument of another; also the check before a sweep begins."""
    uses = {root: 0}
    stack = [root]
    known: dict[int, int] = {}
    while stack:
        node = stack.pop()
        if until and node in until:
            continue
        if node.freed:
            raise RuntimeError(freed_message(node))
        if node.seals is not None:
            check_seals(node, known)
        if record:
            check_leaves(node)
        for position in node.needs:
            parent = node.args[position]
            if parent in uses:
                uses[parent] += 1
            else:
                uses[parent] = 1
                stack.append(parent)
    return uses


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
    for seal in node.seals:
        if seal.broken(known):
            position = next((i for i, value in enumerate(node.values) if any(a is seal.array for a in arrays_in(value))), None)
            raise RuntimeError(mutated_message(node, seal.array, position))
