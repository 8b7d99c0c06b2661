"""A recorded graph as a program: its leaves are the arguments, and every value and every gradient is an output."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.context import confined
from microgradnp.core.graph import is_node
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.variables import recorded
from microgradnp.drawing.outline import drawn
from microgradnp.program.passes import simplify
from microgradnp.program.traced import Traced
from microgradnp.program.tracer import Expansions, Trace
from microgradnp.program.values import Program


class Recorded(NamedTuple):
    """The program of a graph. Its outputs are the values of all nodes, then the gradients of those that have one."""

    program: Program
    nodes: list[Any]  # Tensors and arrays, operands first, the root last
    leaves: list[int]  # the nodes that are the program's inputs, in their order
    differentiated: list[int]  # the nodes that have a gradient, in the order of the outputs


@confined
def program_of(root: Any, who: str, expansions: Expansions) -> Recorded:
    """Write a graph and its backward pass down. Messages speak of the function `who`.

    Only a real scalar has gradients. Raises ValueError when an earlier `backward` has freed the graph.
    """
    nodes = list(drawn(root, who))
    copies: dict[int, Tensor] = {}
    with Trace(expansions=expansions) as tracer, recorded(), np.errstate(all="ignore"):
        for node in nodes:
            copies[id(node)] = copied(node, copies, tracer) if getattr(node, "rule", None) is not None else leaf(node, tracer)
        tracer.give_names()
        for copy in copies.values():
            if copy.rule is not None:
                copy.rule = tracer.careful(copy.rule)
        values = [tracer.values[id(copies[id(node)])] for node in nodes]
        has_gradient = root.requires_grad and root.shape == () and root.dtype.kind == "f"
        slopes = tracer.slopes(copies[id(root)]) if has_gradient else {}
    differentiated = [k for k, node in enumerate(nodes) if id(copies[id(node)]) in slopes]
    leaves = [k for k, node in enumerate(nodes) if copies[id(node)].rule is None]
    outputs = [*values, *(slopes[id(copies[id(nodes[k])])].value for k in differentiated)]
    program = simplify(Program([values[k] for k in leaves], tracer.captured, outputs, []))
    return Recorded(program, nodes, leaves, differentiated)


def leaf(value: Any, tracer: Trace) -> Tensor:
    """The variable for a leaf of the graph."""
    array = np.asarray(value._array if is_node(value) else value)
    node = tracer.variable(
        array, requires_grad=bool(getattr(value, "requires_grad", False)), name=getattr(value, "name", None) or ""
    )
    node.place = getattr(value, "place", None)
    return node


def copied(node: Any, copies: dict[int, Tensor], tracer: Trace) -> Tensor:
    """A traced copy of a node, with copies as its arguments."""
    copy = Tensor(0.0, name=node.name)
    copy._array, copy.rule, copy.options, copy.place = node._array, node.rule, node.options, node.place
    copy.args = tuple(copies.get(id(argument), argument) for argument in node.args)
    copy.values, copy.needs, copy.needs_grad = node.values, node.needs, node.needs_grad
    tracer.forward(copy, node.rule, copy.args, node.values, node.options)
    assert isinstance(copy, Traced)
    return copy
