"""A whole graph as JavaScript: its values and gradients as a function of its leaves, for a page that computes."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.errors import ConcretizationError
from microgradnp.emitter.javascript_body import Body, NotJavaScript
from microgradnp.loops.javascript import needed_helpers, statements
from microgradnp.loops.lowered import lowered
from microgradnp.program.recorded import program_of

LONGEST_PART = 100  # lines of one function
WORD = re.compile(r"\w+")
DECLARED = re.compile(r"(?:let|const) (\w+) = ")  # a variable outside of all loops

__all__ = ["Live", "NotJavaScript", "live_program"]


class Live(NamedTuple):
    """A graph as a JavaScript program (see `live_program`)."""

    text: str
    nodes: list[Any]
    leaves: list[int]
    shapes: list[tuple[int, ...]]
    has_gradient: list[bool]


def live_program(loss: Any) -> Live:
    """The values and gradients of a whole graph as a JavaScript function of its leaves.

    `text` is one statement that defines `run`, and needs no library, no `eval` and no other name:

        run(leaves) -> {values: [...], gradients: [...]}

    `nodes` are the Tensors and arrays of the graph, operands first, the loss last. `leaves` are the positions among them of the
    parameters, inputs and constant arrays. Argument `leaves[i]` of `run` is a Float64Array with the entries of that node, row
    after row; a number has one entry. `values[k]` is the value of node k, and `gradients[k]` the gradient of the loss with
    respect to it, or null where `has_gradient[k]` is False. `shapes` are those of the nodes.

    All arrays that `run` returns are made once; its next call overwrites them. Arrays of other lengths throw a RangeError. All
    numbers are doubles, whatever the dtypes of the graph.

    Raises
    ------
    NotJavaScript
        For an operation without JavaScript. The message names it and its line.
    TypeError, ValueError
        If `loss` is no Tensor, or its graph was freed.
    """
    try:
        program, nodes, leaves, differentiated = program_of(loss, "live", lowered())
    except ConcretizationError as error:
        raise NotJavaScript(f"live: {error}") from None
    has_gradient = [k in set(differentiated) for k in range(len(nodes))]
    shapes = [tuple(node.shape) for node in nodes]
    wishes = [v.name or f"leaf{k}" for k, v in zip(leaves, program.inputs, strict=True)]
    taken = "run leaves values gradients result"
    body = Body(program, [*zip(program.inputs, wishes, strict=True)], "live", in_arrays=True, taken=taken)
    given = body.names
    lengths = [int(np.prod(shapes[k], dtype=int)) for k in leaves]
    values, slopes = body.results[: len(nodes)], iter(body.results[len(nodes) :])
    gradients = [next(slopes) if there else "null" for there in has_gradient]
    found = [*body.buffers(), *body.prepare]
    found.append(f"const values = [{', '.join('null' if text in given else text for text in values)}]")
    found.append(f"const gradients = [{', '.join('null' if text in given else text for text in gradients)}]")
    found.append("const result = { values, gradients }")
    parts, numbers = in_parts(body.lines)
    found += [f"let {', '.join(numbers)}"] if numbers else []
    for k, lines in enumerate(parts):
        read = {*WORD.findall("\n".join(lines))}
        given_here = [f"const {name} = leaves[{i}]" for i, name in enumerate(given) if name in read]
        found += [f"function part{k}_(leaves) {{", *given_here, *lines, "}"]
    inside = [f"const [{', '.join(given)}] = leaves"]
    inside += [f'whole_({name}, {n}, "leaf {k}")' for k, (name, n) in enumerate(zip(given, lengths, strict=True))]
    inside += [f"values[{k}] = {text}" for k, text in enumerate(values) if text in given]
    inside += [f"gradients[{k}] = {text}" for k, text in enumerate(gradients) if text in given]
    inside += [*body.checks(), *(f"part{k}_(leaves)" for k in range(len(parts))), *body.numbers(), "return result"]
    found += ["return function run(leaves) {", *inside, "}"]
    text = "\n".join(line.lstrip() for line in statements(found) if not line.lstrip().startswith("//"))
    helpers = needed_helpers(text)
    return Live("\n".join(["const run = (() => {", *helpers, text, "})();", ""]), nodes, leaves, shapes, has_gradient)


def in_parts(lines: list[str]) -> tuple[list[list[str]], list[str]]:
    """The steps of a program as the bodies of functions, and the variables that these share.

    Engines do not optimize a function that is very long. A comment stands above each step.
    """
    parts: list[list[str]] = []
    shared: list[str] = []
    for line in lines:
        if not parts or (line.startswith("//") and len(parts[-1]) > LONGEST_PART):
            parts.append([])
        declared = DECLARED.match(line)
        shared += [declared[1]] if declared else []
        parts[-1].append(line[declared.start(1) :] if declared else line)
    return parts, shared
