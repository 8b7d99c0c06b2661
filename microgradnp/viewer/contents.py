"""The data of a page: nodes, edges, modules, places in the source, heat maps, and the steps of the backward pass."""

from __future__ import annotations

import linecache
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from microgradnp.core import graph
from microgradnp.core.origin import file_label, locate
from microgradnp.derivation.backward import Backward, Share, backward_pass
from microgradnp.derivation.derive import Deriving, Step
from microgradnp.derivation.names import code_names, namer
from microgradnp.derivation.notations import MathML, Text, tree_of
from microgradnp.drawing.outline import Outline, outline_of
from microgradnp.drawing.picture import kind_of, operation_of, seen_by_graph
from microgradnp.emitter.lines import Lines
from microgradnp.inspection.heatmap import numeric, packed
from microgradnp.viewer.boxes import Boxes
from microgradnp.viewer.layers import folds_of

MOST_MAPS = 20_000  # nodes; larger graphs are shown without heat maps
MOST_MATH = 60  # steps; larger derivations are sent as text
MOST_LINES = 2_000  # nodes; larger graphs are shown without the NumPy text of each step
LONGEST = 20_000  # characters of a name or a source line

Json = dict[str, Any]


@dataclass(frozen=True)
class Contents:
    """A graph on its way to the page. `data` becomes the page's JSON. Overlays use the rest."""

    outline: Outline
    backward: Backward
    index: dict[int, int]  # id of a Tensor or array -> its number
    data: Json


def contents_of(root: Any, variables: dict[int, str], given: Collection[int] = ()) -> Contents:
    """The contents of a page on the graph of `root`. `given` are the ids of leaves that are shown as data.

    Raises TypeError when `root` is no Tensor, ValueError when its graph was freed.
    """
    outline = outline_of(root, variables, "view")
    backward = backward_pass(root)
    index = {id(value): i for i, value in enumerate(outline.values)}
    names = code_names(outline)
    places = Places()
    nodes = [node_row(outline, i, value is root, places, given) for i, value in enumerate(outline.values)]
    folds = folds_of(outline, given)
    boxes = Boxes(outline, folds, names, index, given).rows()
    title = outline.names[-1] or function_of(root) or (root.rule.name if root.rule else "a tensor")
    data: Json = {
        "title": title[:LONGEST],
        "nodes": nodes,
        "edges": [list(edge) for edge in outline.edges],
        "groups": [{**row, "parent": parent} for row, parent in zip(boxes, folds.parents, strict=True)],
        "member": folds.member,
        "places": places.rows,
        "code": names,
        "needs": [bool(getattr(value, "requires_grad", False)) and id(value) not in given for value in outline.values],
        "noGradient": backward.why_not,
        "first": None,
    }
    data |= maps(outline, backward) | steps(outline, backward, index, names)
    return Contents(outline, backward, index, data)


def function_of(root: Any) -> str:
    """The name of the user's function that made a node; empty for a script."""
    origin = locate(root.place) if graph.is_node(root) else None
    return origin.function if origin and origin.function.isidentifier() else ""


def node_row(outline: Outline, i: int, is_root: bool, places: Places, given: Collection[int]) -> list[Any]:
    """One node: [operation, name, kind, shape, dtype, number of its place]."""
    value = outline.values[i]
    node = value if graph.is_node(value) else None
    operation = operation_of(node)[:LONGEST] if node is not None and node.rule is not None else ""
    kind = "data" if id(value) in given else kind_of(value, is_root)
    return [operation, outline.names[i][:LONGEST], kind, list(value.shape), str(value.dtype), places.number_of(node)]


class Places:
    """The source lines of a graph, each once, as [file, line, function, text of the line, whole path]."""

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []
        self.known: dict[tuple[str, int, str], int] = {}

    def number_of(self, node: Any) -> int | None:
        """The row of a node's source line, made when it is first asked for; None where the line is unknown."""
        origin = locate(node.place) if node is not None else None
        if origin is None:
            return None
        key = origin.file, origin.line, origin.function
        if key not in self.known:
            self.known[key] = len(self.rows)
            text = linecache.getline(origin.file, origin.line).strip() or origin.text or ""
            self.rows.append([file_label(origin.file), origin.line, origin.function, text[:LONGEST], origin.file])
        return self.known[key]


def maps(outline: Outline, backward: Backward) -> Json:
    """Heat maps of values and gradients, except in large graphs."""
    if len(outline.values) > MOST_MAPS:
        return {"values": [], "grads": [], "noMaps": f"{len(outline.values):,} nodes: heat maps are drawn up to {MOST_MAPS:,}"}
    arrays = [seen_by_graph(value, outline.uses.get(id(value))) for value in outline.values]
    return {
        "values": [packed(array) if numeric(array) else unread(array) for array in arrays],
        "grads": [packed(backward.gradients.get(id(value))) for value in outline.values],
    }


def unread(array: Any) -> Json:
    """The text of an array without numbers, or the type of an array that is elsewhere, such as on a GPU."""
    text = repr(array)[:LONGEST] if type(array).__module__ == "numpy" else f"not read: a {type(array).__name__}"
    return {"text": text}


def steps(outline: Outline, backward: Backward, index: dict[int, int], names: list[str]) -> Json:
    """The steps of the backward pass in their order, as [node, shares] (see `share_row`), and the NumPy text of both passes.

    Also the derivation: node -> its equation, its rule and sentences about it.
    """
    count = len(outline.values)
    lines = Lines() if count <= MOST_LINES else None
    derived = Deriving(outline, backward, lines, short=False).steps() if lines is not None and not backward.why_not else ()
    rows = []
    for node, shares in backward.steps:
        rows.append([index[id(node)], [share_row(node, share, backward, index, names, lines) for share in shares]])
    found: Json = {"steps": rows, "terms": {index[i]: n for i, n in backward.terms.items() if n > 1 and i in index}}
    found["derivation"] = {step.node: reasons_row(step, with_math=len(backward.steps) <= MOST_MATH) for step in derived}
    if lines is not None:
        found["forward"] = {
            index[id(node)]: lines.forward(node, namer(node, index, names)) for node, _ in backward.steps if node.rule is not None
        }
        found["definitions"] = lines.definitions
    return found


def reasons_row(step: Step, *, with_math: bool) -> Json:
    """Why a gradient is as it is: its equation as MathML or as text, the rule, and sentences made from facts."""
    text, mathml = Text(), MathML()
    found: Json = {"rule": step.rule, "says": step.says}
    if step.where:
        found["where"] = [f"{e.name} = {text.write(e.term)[0]}" for e in step.where]
    return found | ({"math": tree_of(step.written(mathml))} if with_math else {"text": step.written(text)})


def share_row(
    node: Any, share: Share, backward: Backward, index: dict[int, int], names: list[str], lines: Lines | None
) -> list[Any]:
    """One share: [argument, position, term, NumPy statements, map of the sum so far while it is incomplete]."""
    text = lines.share(node, share.position, namer(node, index, names)) if lines is not None else []
    if text and share.term > 1:
        so_far = f"d_{names[index[id(share.argument)]]}"
        text[-1] = text[-1].replace(" = ", f" = {so_far} + ", 1)  # without +=, because it may be a view
    incomplete = share.term < backward.terms[id(share.argument)] and lines is not None
    return [index[id(share.argument)], share.position, share.term, text, packed(share.so_far) if incomplete else None]
