"""Nested containers of arrays: dictionaries, lists, tuples, named tuples and dataclasses, of any depth.

A *leaf* is anything that is not a container. `tree_map` rebuilds a container with other leaves in the same places, so the
gradient of a tree of parameters is a tree of the same structure.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Path = str  # ['layers'][0].W


def children(tree: Any) -> list[tuple[Path, Any]] | None:
    """The parts of a container, each with the source text that selects it; None for a leaf."""
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
    """A container like `tree` with other parts. A dataclass is copied without its `__init__`, which might check the parts."""
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
        object.__setattr__(changed, field.name, part)  # works for frozen dataclasses, too
    return changed


def tree_map(change: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """A container like `tree`, with `change(leaf, ...)` in place of each leaf. Other trees supply further arguments."""
    parts = children(tree)
    if parts is None:
        return change(tree, *others)
    rest = [same_parts(tree, other) for other in others]
    return rebuilt(tree, [tree_map(change, part, *(r[k] for r in rest)) for k, (_, part) in enumerate(parts)])


def same_parts(tree: Any, other: Any) -> list[Any]:
    """The parts of a second tree. Raises TypeError when its structure differs from the first tree's."""
    mine, theirs = children(tree) or [], children(other)
    if theirs is None or [name for name, _ in mine] != [name for name, _ in theirs]:
        raise TypeError(f"two trees differ in structure: {outline(tree)} and {outline(other)}")
    return [part for _, part in theirs]


def leaves_with_paths(tree: Any, path: Path = "") -> Iterator[tuple[Path, Any]]:
    """Every leaf with the source text that selects it, such as ['layers'][0].W."""
    parts = children(tree)
    if parts is None:
        yield path, tree
    else:
        for name, part in parts:
            yield from leaves_with_paths(part, path + name)


def leaves(tree: Any) -> list[Any]:
    """Every leaf, in the order of the container."""
    return [leaf for _, leaf in leaves_with_paths(tree)]


def pairs_in(tree: Any, other: Any) -> list[tuple[Any, Any]]:
    """The leaves at the same places of two trees. Raises TypeError when the trees differ in structure."""
    found: list[tuple[Any, Any]] = []
    tree_map(lambda a, b: found.append((a, b)), tree, other)
    return found


def structure(tree: Any) -> Any:
    """The types of all containers in their places: a list and a tuple of the same parts differ."""
    parts = children(tree)
    return None if parts is None else (type(tree), *(structure(part) for _, part in parts))


def outline(tree: Any) -> str:
    """One line that describes the structure of a tree."""
    parts = children(tree)
    if parts is None:
        shape = f" {np.shape(tree)}" if hasattr(tree, "shape") else ""
        return f"{type(tree).__name__}{shape}"
    inside = ", ".join(f"{name.strip('.')}: {outline(part)}" for name, part in parts)
    return f"{type(tree).__name__} of {inside or 'nothing'}"


def is_differentiable(leaf: Any) -> bool:
    """Whether a gradient with respect to this leaf exists: floating-point and complex numbers and arrays."""
    return isinstance(leaf, (float, complex)) or getattr(getattr(leaf, "dtype", None), "kind", "") in tuple("fc")
