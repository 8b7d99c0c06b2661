"""The graph as boxes, edges and groups, before a layout gives them places.

One box stands for one Tensor. The header of a result names the operation that made it, so a graph of 61 nodes has 61 boxes.
Leaves and plain arrays are boxes of other kinds. Python numbers are written inside the operation.
"""

from __future__ import annotations

import re
import reprlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.origin import file_label, locate
from microgradnp.drawing.groups import Group
from microgradnp.drawing.numbers import lines_of, number
from microgradnp.drawing.outline import outline_of
from microgradnp.drawing.text import cells, clean, shorten

WIDEST = 42  # cells of the header and of the line below
NARROWEST = 24
TAG = 24  # cells that an operation may take of the header
PLACE = 22
TOOLTIP = 300
VARIABLE = re.compile(r"""[\w.\[\]'"]+( #\d+)?""")


@dataclass(frozen=True)
class Box:
    """One Tensor or array. `kind` is "parameter", "data", "result", "constant" (a result without gradient) or "loss"."""

    id: str
    kind: str
    name: str
    named: bool  # whether `name` is a name, and not an expression of the source
    tag: str  # the operation, or the kind of leaf
    shape: str
    place: str
    lines: tuple[str, ...]
    tooltip: tuple[str, ...]

    @property
    def columns(self) -> int:
        """Width in cells of a monospaced font."""
        pairs = max(cells(self.name) + cells(self.tag), cells(self.shape) + cells(self.place)) + 2
        return max(NARROWEST, pairs, *(cells(line) for line in self.lines))


@dataclass(frozen=True)
class Edge:
    """An argument: the box `source` is argument number `position` of the box `target`. Boxes are given by index."""

    source: int
    target: int
    position: int
    tooltip: str


@dataclass(frozen=True)
class Picture:
    title: str
    direction: str  # "TB" or "LR"
    boxes: list[Box]
    edges: list[Edge]
    groups: list[Group] = field(default_factory=list)
    group_of: list[int | None] = field(default_factory=list)  # the innermost group of each box
    sizes: list[tuple[float, float]] = field(default_factory=list)  # of the boxes, where their text does not give the size


def picture_of(root: Any, variables: dict[int, str], direction: str = "TB") -> Picture:
    """The picture of a graph that ends at `root`, with boxes in topological order.

    `variables` are the names of the caller's variables by id. Raises TypeError when `root` is no Tensor, ValueError when an
    earlier `backward` has freed the graph or the direction is unknown.
    """
    if direction not in ("TB", "LR"):
        raise ValueError(f'draw: direction must be "TB" (top to bottom) or "LR" (left to right), got {direction!r}')
    outline = outline_of(root, variables)
    boxes = [
        box_of(value, i, outline.names[i], outline.uses.get(id(value)), is_root=value is root)
        for i, value in enumerate(outline.values)
    ]
    edges = [edge_of(boxes, *edge) for edge in outline.edges]
    return Picture(
        title_of(boxes[-1].name or boxes[-1].tag, len(boxes)), direction, boxes, edges, outline.groups, outline.group_of
    )


def title_of(name: str, count: int) -> str:
    return f"Computation graph of {name}: {count} {'box' if count == 1 else 'boxes'}"


# ---------------------------------------------------------------------------------------------------- boxes


def box_of(value: Any, i: int, name: str, use: tuple[Any, int] | None, *, is_root: bool) -> Box:
    kind = kind_of(value, is_root)
    node = value if graph.is_node(value) else None
    operation = operation_of(node) if node is not None and node.rule is not None else ""
    tag = shorten(operation or kind, TAG)
    origin = locate(node.place) if node is not None else None
    array = seen_by_graph(value, use)
    gradient, why = gradient_of(node)
    pairs = [("value", readable(array))]
    if kind != "data":
        pairs.append(("grad", why if gradient is None else readable(gradient)))
    shape = f"{tuple(array.shape)} {array.dtype}"
    tooltip = [f"{clean(name)[:TOOLTIP]}: {operation or kind}" if name else operation or kind, shape]
    if origin:
        tooltip.append(f"{origin} in {origin.function}" + (f": {clean(origin.text)[:TOOLTIP]}" if origin.text else ""))
    if why == NOT_COMPUTED:
        tooltip.append("no gradient yet: loss.backward(retain_grads=True) computes and keeps one for every node")
    place = shorten(f"{shorten(file_label(origin.file), PLACE - 6)}:{origin.line}", PLACE) if origin else ""
    named = bool(not name or getattr(value, "name", None) or VARIABLE.fullmatch(name))
    if not named and node is not None and node.rule is not None:
        tag = shorten(node.rule.name, TAG)  # its arguments are in the expression
    if not name:
        name, tag = (operation, "") if operation else (f"unnamed {kind}", kind)
    return Box(
        id=f"n{i}",
        kind=kind,
        named=named,
        name=shorten(name, WIDEST - 2 - cells(tag)),
        tag=tag,
        shape=shorten(shape, WIDEST - 2 - cells(place)),
        place=place,
        lines=tuple(lines_of(pairs)),
        tooltip=tuple(tooltip),
    )


def kind_of(value: Any, is_root: bool) -> str:
    if getattr(value, "rule", None) is None:
        return "parameter" if getattr(value, "requires_grad", False) else "data"
    if is_root:
        return "loss"
    return "result" if value.requires_grad else "constant"


NOT_COMPUTED = "not computed"


def gradient_of(node: Any) -> tuple[Any, str]:
    """(the gradient of a node or None, the reason why there is none)."""
    if node is None or not node.requires_grad:
        return None, "not needed"
    return node._grad, NOT_COMPUTED if node._grad is None else ""


def seen_by_graph(value: Any, use: tuple[Any, int] | None) -> Any:
    """The value as the forward pass saw it. A leaf's data may have changed since."""
    if not graph.is_node(value):
        return value
    if value.rule is None and use is not None:
        node, position = use
        return node.values[position]
    return value._array


def readable(array: Any) -> Any:
    """An array whose numbers can be read here. Of others a text with their type, such as on a GPU, or with their dtype."""
    if not isinstance(array, (np.ndarray, np.generic)):
        return f"not read: a {shorten(type(array).__name__, TAG)}"
    return np.asarray(array) if array.dtype.kind in "fciub" else f"not numbers: {shorten(array.dtype, TAG)}"


def operation_of(node: Any) -> str:
    """The operation with its numbers and options. Arrays are dots: `power(·, 2)`, `sum(·, axis=0)`."""
    name = node.rule.name
    if name == "getitem" and len(node.args) == 2:
        return f"getitem[{index_text(node.args[1])}]"
    arguments = [argument_text(argument) for argument in node.args]
    options = [f"{key}={argument_text(option)}" for key, option in node.options.items() if option is not None]
    if not options and all(text == "·" for text in arguments):
        return str(name)
    return f"{name}({', '.join([*arguments, *options])})"


def argument_text(argument: Any) -> str:
    if graph.is_node(argument) or (isinstance(argument, np.ndarray) and argument.ndim):
        return "·"
    if isinstance(argument, np.ndarray):
        return number(argument[()])
    if isinstance(argument, (bool, int, float, complex, np.number, np.bool_)):
        return number(argument)
    return reprlib.repr(argument)


def index_text(index: Any) -> str:
    if isinstance(index, tuple):
        return ", ".join(index_text(part) for part in index[:8])
    if isinstance(index, slice):
        parts = ["" if part is None else str(part) for part in (index.start, index.stop, index.step)]
        return ":".join(parts if parts[2] else parts[:2])
    if isinstance(index, list):
        return f"[{', '.join(index_text(part) for part in index[:8])}{', ...' if len(index) > 8 else ''}]"
    return "..." if index is Ellipsis else argument_text(index)


def edge_of(boxes: list[Box], source: int, target: int, position: int) -> Edge:
    start, end = boxes[source], boxes[target]
    return Edge(source, target, position, f"{start.name} is argument {position + 1} of {end.tag or end.name}")
