"""Print a program as JavaScript: loops over typed arrays, which need no library."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from microgradnp.loops.javascript import JAVASCRIPT, JavaScriptNames, literal, needed_helpers, statements
from microgradnp.loops.loops import Loops
from microgradnp.loops.names import BackendError
from microgradnp.program import Program, Value
from microgradnp.program.expansions import FOR_MACHINES
from microgradnp.program.recorded import program_of

__all__ = ["Live", "NotJavaScript", "live_program"]

LARGEST_CONSTANT = 10_000  # entries


class NotJavaScript(ValueError):  # noqa: N818 - it names what is not
    """An operation of the program has no JavaScript. The message names it and its line."""


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
    program, nodes, leaves, differentiated = program_of(loss, "live", FOR_MACHINES)
    has_gradient = [k in set(differentiated) for k in range(len(nodes))]
    shapes = [tuple(node.shape) for node in nodes]
    body = Body(program, [f"leaf{k}" for k in leaves], "live", in_arrays=True)
    given = body.names
    lengths = [int(np.prod(shapes[k], dtype=int)) for k in leaves]
    values, slopes = body.results[: len(nodes)], iter(body.results[len(nodes) :])
    gradients = [next(slopes) if there else "null" for there in has_gradient]
    inputs = dict(zip(leaves, given, strict=True))
    found = [*body.buffers(), *body.prepare]
    found.append(f"const values = [{', '.join('null' if k in inputs else text for k, text in enumerate(values))}]")
    found.append(f"const gradients = [{', '.join('null' if text in given else text for text in gradients)}]")
    found.append("const result = { values, gradients }")
    inside = [f"const [{', '.join(given)}] = leaves"]
    inside += [f'whole_({name}, {n}, "leaf {k}")' for k, (name, n) in enumerate(zip(given, lengths, strict=True))]
    inside += [f"values[{k}] = {name}" for k, name in inputs.items()]
    inside += [f"gradients[{k}] = {text}" for k, text in enumerate(gradients) if text in given]
    inside += [*body.checks(), *body.lines, *body.numbers(), "return result"]
    found += ["return function run(leaves) {", *(f"  {line}" for line in inside), "}"]
    text = "\n".join(statements(found))
    helpers = "\n".join(needed_helpers(text))
    indented = "\n".join(f"  {line}" for line in f"{helpers}\n{text}".strip().split("\n"))
    return Live(f"const run = (() => {{\n{indented}\n}})();\n", nodes, leaves, shapes, has_gradient)


class Body:
    """The statements of a program, and the expression of each of its outputs.

    `wishes` are names for the inputs. `in_arrays`: numbers are given and returned as arrays of one entry.
    """

    def __init__(self, program: Program, wishes: list[str], who: str, *, in_arrays: bool) -> None:
        self.program, self.space = program, JavaScriptNames()
        self.space.taken |= {"run", "leaves", "values", "gradients", "result"}
        self.names = [self.space.local(v.name or wish) for v, wish in zip(program.inputs, wishes, strict=True)]
        texts = {
            id(v): f"{name}[0]" if in_arrays and v.shape == () else name
            for v, name in zip(program.inputs, self.names, strict=True)
        }
        for value in program.captured:
            texts[id(value)] = self.captured(value)
        self.loops = loops_of(program, texts, self.space, who)
        self.lines, self.prepare = self.loops.body, self.loops.prepare
        self.outputs: dict[str, Value] = {}
        self.results = [self.result(v, in_arrays) for v in program.outputs]

    def captured(self, value: Value) -> str:
        """The text of an array that is part of the program."""
        array = np.asarray(getattr(value.data, "_array", value.data))
        return JAVASCRIPT.number(array.item()) if array.shape == () else self.space.bind("constant", array)

    def result(self, value: Value, in_arrays: bool) -> str:
        """The expression of an output."""
        text = self.loops.at(value, ()) if value.shape == () else self.loops.arrays[id(value)]
        if value.shape != () or not in_arrays:
            return text
        for value_of, name in zip(self.program.inputs, self.names, strict=True):
            if value_of is value:
                return name
        name = self.space.local("number")
        self.outputs[name] = value
        return name

    def buffers(self) -> list[str]:
        """The declarations of the arrays that the statements write to, and of constants."""
        made = [f"const {name} = {literal(array)}" for name, array in self.space.objects.items()]
        made += [f"const {name} = new Float64Array({v.size})" for name, v in self.loops.buffers.items()]
        return [*made, *(f"const {name} = new Float64Array(1)" for name in self.outputs)]

    def checks(self) -> list[str]:
        """Statements that refuse indices out of bounds."""
        return [f"within_({name}, {n})" for name, n in sorted(self.loops.bounded) if name in self.names]

    def numbers(self) -> list[str]:
        """Statements that put results without axes into their arrays."""
        return [f"{name}[0] = {self.loops.at(value, ())}" for name, value in self.outputs.items()]


def loops_of(program: Program, texts: dict[int, str], space: JavaScriptNames, who: str) -> Loops:
    """The loops of a program. Raises NotJavaScript for a step that has none."""
    try:
        return Loops(program, texts, space, JAVASCRIPT, {id(v) for v in program.inputs})
    except BackendError as error:
        raise NotJavaScript(f"{who}: {error} has no JavaScript") from None
