"""The two types of the engine: arrays, and nodes of the graph.

An array is whatever speaks NumPy's protocols. A node is a Tensor. The modules below the class Tensor know it by the protocol
`Node`, so that no import runs in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from microgradnp.core.origin import Place
from microgradnp.core.table import Rule

Array = Any  # an ndarray, a NumPy scalar, a Tensor, or another array that speaks NumPy's protocols


NO_OPTIONS: Mapping[str, Any] = {}


class Made(Protocol):
    """What a message tells about a node: the rule that made it, its name, its place in the source, and its shape."""

    rule: Rule | None
    name: str | None
    place: Place | None  # where in the user's code it was made

    @property
    def shape(self) -> tuple[int, ...]: ...


class Node(Made, Protocol):
    """One recorded call: its rule, its arguments, and their values at the time of the call. A leaf has no rule."""

    args: tuple[Any, ...]  # Tensors and arrays, as the user passed them
    values: tuple[Any, ...]  # the arrays in them: what the gradient formulas read
    options: Mapping[str, Any]
    needs: tuple[int, ...]  # positions of the arguments that need a gradient
    needs_grad: bool
    seals: Any  # a list of `memory.Seal`, or None
    retains_grad: bool  # whether `backward` shall keep its gradient
    freed: bool  # whether a backward pass has consumed it
    _array: Array

    @property
    def dtype(self) -> Any: ...

    @property
    def is_leaf(self) -> bool: ...
