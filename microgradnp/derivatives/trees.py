"""Nested containers of arrays: dictionaries, lists, tuples, named tuples and dataclasses, however deep.

A *leaf* is whatever is no container. A container is rebuilt with other leaves in the same places: a gradient looks like its
parameters.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Path = str  # ['layers'][0].W


def children(tree: Any) -> list[tuple[Path, Any]] | None:
    """The parts of a container with the text that picks each; None for a leaf."""
    if isinstance(tree, dict):
        return [(f"[{key!r}]", value) for key, value in tree.items()]
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return [(f".{name}", getattr(tree, name)) for name in tree._fields]
    if isinstance(tree, (list, tuple)):
        return [(f"[{k}]", value) for k, value in enumerate(tree)]
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [(f".{field.name}", getattr(tree, field.name)) for field in dataclasses.fields(tree)]
    return None


def rebuilt(tree: Any, parts: list[Any]) -> Any:
    """A container like `tree` with other parts. A dataclass is copied without its `__init__`: a field may hold anything."""
    if isinstance(tree, dict):
        changed = copy.copy(tree)
        changed.update(zip(tree, parts, strict=True))
        return changed
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*parts)
    if isinstance(tree, (list, tuple)):
        return type(tree)(parts)
    changed = copy.copy(tree)
    for field, part in zip(dataclasses.fields(tree), parts, strict=True):
        object.__setattr__(changed, field.name, part)  # also when it is frozen
    return changed


def tree_map(change: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """`change` of every leaf, in a container of the same kind; of the leaves at the same places of several trees."""
    parts = children(tree)
    if parts is None:
        return change(tree, *others)
    rest = [same_parts(tree, other) for other in others]
    return rebuilt(tree, [tree_map(change, part, *(r[k] for r in rest)) for k, (_, part) in enumerate(parts)])


def same_parts(tree: Any, other: Any) -> list[Any]:
    """The parts of a second tree, which must have the structure of the first. Raises TypeError."""
    mine, theirs = children(tree) or [], children(other)
    if theirs is None or [name for name, _ in mine] != [name for name, _ in theirs]:
        raise TypeError(f"two trees differ in structure: {outline(tree)} and {outline(other)}")
    return [part for _, part in theirs]


def leaves_with_paths(tree: Any, path: Path = "") -> Iterator[tuple[Path, Any]]:
    """Every leaf with the text that picks it, such as ['layers'][0].W."""
    parts = children(tree)
    if parts is None:
        yield path, tree
    else:
        for name, part in parts:
            yield from leaves_with_paths(part, path + name)


def leaves(tree: Any) -> list[Any]:
    return [leaf for _, leaf in leaves_with_paths(tree)]


def outline(tree: Any) -> str:
    """The structure of a tree in one line."""
    parts = children(tree)
    if parts is None:
        shape = f" {np.shape(tree)}" if hasattr(tree, "shape") else ""
        return f"{type(tree).__name__}{shape}"
    inside = ", ".join(f"{name.strip('.')}: {outline(part)}" for name, part in parts)
    return f"{type(tree).__name__} of {inside or 'nothing'}"


def is_differentiable(leaf: Any) -> bool:
    """Whether a leaf of a tree is a number or an array that a gradient exists for: floating-point or complex."""
    return isinstance(leaf, (float, complex)) or getattr(getattr(leaf, "dtype", None), "kind", "") in tuple("fc")
