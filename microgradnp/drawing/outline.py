"""The outline of a graph: its Tensors and arrays, with their names, edges and modules. Pictures and pages start from it."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.messages import describe
from microgradnp.drawing.groups import Group, group_boxes
from microgradnp.inspection.names import name_boxes


@dataclass(frozen=True)
class Outline:
    """The values in topological order. All else refers to them by number."""

    values: list[Any]
    names: list[str]
    edges: list[tuple[int, int, int]]  # (argument, result, position)
    uses: dict[int, tuple[Any, int]]  # id of a value -> a node that has it as an argument, and the position
    groups: list[Group]
    group_of: list[int | None]  # the innermost group of each value


def outline_of(root: Any, variables: dict[int, str], who: str = "draw") -> Outline:
    """The outline of a graph that ends at `root`; messages speak of the function `who`.

    Raises TypeError when `root` is no Tensor, ValueError when an earlier `backward` has freed the graph.
    """
    if not graph.is_node(root):
        raise TypeError(
            f"{who}: needs a Tensor, got {type(root).__name__}; {who} the result of a computation, for example the loss"
        )
    values = list(drawn(root, who))
    index = {id(value): i for i, value in enumerate(values)}
    uses: dict[int, tuple[Any, int]] = {}
    edges: list[tuple[int, int, int]] = []
    for i, node in enumerate(values):
        for position, argument in enumerate(getattr(node, "args", ())):
            if id(argument) in index:
                uses.setdefault(id(argument), (node, position))
                edges.append((index[id(argument)], i, position))
    names = name_boxes(values, uses, variables)
    groups, group_of = group_boxes(list(scopes(values, edges)), [(source, target) for source, target, _ in edges])
    return Outline(values, names, edges, uses, groups, group_of)


def drawn(root: Any, who: str) -> Iterator[Any]:
    """Every Tensor and every array that gets a box, in topological order."""
    seen: set[int] = set()
    for node in graph.walk(root):
        if node.freed:
            raise ValueError(
                f"{who}: the graph of {describe(root)} was freed by backward(). {who.capitalize()} before backward(), "
                "or call loss.backward(retain_grads=True), which keeps the graph and the gradient of every node"
            )
        for argument in node.args:
            if isinstance(argument, np.ndarray) and argument.ndim and id(argument) not in seen:
                seen.add(id(argument))
                yield argument
        yield node


def scopes(values: list[Any], edges: Iterable[tuple[int, int, int]]) -> Iterator[tuple[str, ...]]:
    """The modules around each box, outermost first. A parameter stands in the innermost module that all its users share."""
    users: dict[int, list[int]] = collections.defaultdict(list)
    for source, target, _ in edges:
        users[source].append(target)
    paths = [path_of(value) for value in values]
    for i, value in enumerate(values):
        if getattr(value, "rule", None) is None and getattr(value, "requires_grad", False) and users[i]:
            yield common([paths[user] for user in users[i]])
        else:
            yield paths[i]


def common(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The longest beginning that all paths share."""
    least, most = min(paths), max(paths)
    length = next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), min(len(least), len(most)))
    return least[:length]


def path_of(value: Any) -> tuple[str, ...]:
    scope = getattr(value, "scope", None)
    return tuple(scope.split(".")) if scope else ()
