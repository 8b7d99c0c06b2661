"""The graph as a data structure: the parents of a node, and a topological order.

A graph consists of Tensors that hold their arguments. There is no tape and no list of nodes: `walk` finds them from the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from microgradnp.core.typing import Node

Item = TypeVar("Item")


def is_node(value: Any) -> bool:
    """Whether a value is a Tensor."""
    return hasattr(value, "requires_grad") and hasattr(value, "rule")


def parents(node: Node) -> list[Any]:
    """The Tensors among a node's arguments, in order, repeated as often as they are used."""
    return [argument for argument in node.args if is_node(argument)]


def walk(root: Any) -> list[Any]:
    """`root` and every node that it depends on, each once, arguments before results."""
    return topological_order([root], parents)


def topological_order(roots: Iterable[Item], depends_on: Callable[[Item], Sequence[Item]]) -> list[Item]:
    """The roots and everything that they depend on, each once, dependencies first.

    Items are compared by identity. The search is depth-first and does not recurse, so depth has no limit.

    >>> topological_order([6], {6: [2, 3], 2: [1], 3: [1], 1: []}.__getitem__)
    [1, 2, 3, 6]
    """
    order: list[Item] = []
    seen: set[int] = set()
    stack = [(root, False) for root in reversed([*roots])]
    while stack:
        item, is_done = stack.pop()
        if is_done:
            order.append(item)
        elif id(item) not in seen:
            seen.add(id(item))
            stack.append((item, True))
            stack.extend([(dependency, False) for dependency in reversed(depends_on(item))])
    return order
