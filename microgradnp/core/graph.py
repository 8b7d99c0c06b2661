"""Walk the graph, and sweep it backwards.

A graph is nothing but Tensors that name their arguments; this module reads their attributes (`rule`, `args`, `values`,
`options`, `needs`) and creates none. The sweep is the only place that sums over broadcast axes, adds up the
contributions of several uses, casts to the argument's dtype, and frees what it has consumed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np

from microgradnp.core.captured import arrays_in, own_gradient, read_only
from microgradnp.core.context import watchers
from microgradnp.core.origin import locate, operands
from microgradnp.core.table import name_of

Node = Any  # a Tensor; this module stands below the class
Array = Any  # an ndarray, or a Tensor when the backward pass is recorded


def parents(node: Node) -> list[Node]:
    """The Tensors among a node's arguments, in order, repeated as often as they are used."""
    return [argument for argument in node.args if is_node(argument)]


def is_node(argument: Any) -> bool:
    return hasattr(argument, "requires_grad") and hasattr(argument, "rule")


def walk(root: Node) -> list[Node]:
    """Every node that `root` depends on and `root` itself, each once, arguments before results."""
    order: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, arguments_done = stack.pop()
        if arguments_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in reversed(parents(node)))
    return order


def sweep(
    root: Node, seed: Array, *, free: bool, record: bool = False, until: Collection[Node] = ()
) -> Iterator[tuple[Node, Array, bool]]:
    """Yield (node, gradient, private) for each node that `root` depends on and that needs a gradient, results first.

    A gradient is complete when its node is yielded. `private` says that nobody else holds that array. With `record` the
    rules get Tensors, so that what they compute is a graph again. With `free` a node forgets its arguments as soon as they
    have their share. `until` are nodes at which it ends, as if they were leaves.

    Raises RuntimeError when the graph was freed by an earlier sweep or a captured array has changed since the forward pass;
    both are found before any gradient is yielded.
    """
    uses = count_uses(root, record, until)
    gradients: dict[Node, Array] = {root: seed}
    private: set[Node] = set()  # nodes whose gradient array was made here
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
    rule = node.rule
    if not rule.trusted:
        return foreign_gradient(node, position, g, record)
    if rule.variadic:
        return rule.vjps[0](position, g, y, *values, **node.options)
    return rule.vjps[position](g, y, *values, **node.options)


def foreign_gradient(node: Node, position: int, g: Array, record: bool) -> Array:
    """A user's formula at work: it gets arrays that it cannot write to, and may return anything that is an array."""
    vjp = node.rule.vjps[position]
    if not record:
        share = vjp(read_only(g), read_only(node._array), *node.values, **node.options)
        return own_gradient(share._array if is_node(share) else share, node.rule.name, position)
    share = vjp(g, node, *node.args, **node.options)
    return share if is_node(share) else type(g)(own_gradient(share, node.rule.name, position))


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


# ----------------------------------------------------------------------------------------------- messages


def describe(node: Node) -> str:
    """A node by the user's name for it, its shape and the line that made it: `h (20, 4), made at model.py:12`."""
    origin = locate(node.place)
    name = node.name or (origin and (origin.name or origin.text)) or (node.rule.name if node.rule else "a tensor")
    made = f", made at {origin}" if origin else ""
    return f"{name} {node.shape}{made}"


def freed_message(node: Node) -> str:
    return (
        f"backward: the graph of {describe(node)} was already consumed by an earlier backward pass, which frees it. "
        "Call backward(retain_graph=True) the first time to sweep twice, or run the forward pass again"
    )


def mutated_message(node: Node, array: Any, position: int | None) -> str:
    origin = locate(node.place)
    texts = operands(origin.text, node.rule.name) if origin else ()
    name = texts[position] if position is not None and position < len(texts) else "an argument"
    where = f" at {origin}" if origin else ""
    return (
        f"{node.rule.name}: the array {name} {array.shape} used{where} was changed between the forward and the backward pass, "
        "so its gradient rule would read wrong values. Change a copy of it, or pass mg.Tensor(array), which keeps its own copy"
    )


def wrong_shape_message(share: Array, shape: tuple[int, ...], node: Node, position: int) -> str:
    function: Callable[..., Any] = node.rule.function
    return (
        f"{name_of(function)}: the gradient rule of argument {position} returned shape {share.shape}, but that argument has "
        f"shape {shape} and the result {node.shape}. A rule is vjp(g, y, *arrays, **options) and returns the argument's "
        "shape, or one that the argument broadcasts to"
    )
