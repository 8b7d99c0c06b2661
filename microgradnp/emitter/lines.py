"""NumPy source for single nodes of a graph: the line that made a value, and the lines of each share of its gradient.

`emit` prints a whole function and simplifies it as a whole. Here every node keeps lines of its own, to be shown beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core import graph
from microgradnp.core.context import confined
from microgradnp.core.memory import arrays_in
from microgradnp.core.sweep import fit_to
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.variables import recorded
from microgradnp.emitter.quoting import Quotes
from microgradnp.emitter.sizes import Sizes
from microgradnp.emitter.statements import Statements
from microgradnp.program.expansions import FOR_PEOPLE
from microgradnp.program.passes import simplify
from microgradnp.program.tracer import Trace
from microgradnp.program.values import Program, Value

LARGEST_CONSTANT = 60  # entries
IMPORTS = {"special": "from scipy import special"}
BLANK = re.compile(r"\bblank_(\w+)\b")  # a name in lines that are kept for nodes of the same kind

Names = Callable[[str], str]  # the text for "g", "y" (or "r"), the arguments "0", "1", ... and their gradients "d0", "d1", ...


class NodeVariables(NamedTuple):
    """A node's arguments, its result and its gradient as variables of a program."""

    args: tuple[Any, ...]
    y: Tensor
    g: Tensor


class Lines:
    """Writes the lines of nodes. Nodes of the same kind are traced once."""

    def __init__(self) -> None:
        self.quotes = Quotes()  # shared by all lines, so that a name means one function
        self.known: dict[Any, list[str]] = {}

    @property
    def definitions(self) -> dict[str, str]:
        """Imports, and definitions of functions that NumPy does not have, for all lines so far."""
        imports = {module: IMPORTS.get(module, f"import {module}") for module in sorted(self.quotes.imports - {"np"})}
        return imports | {name: text for name, text in self.quotes.definitions.items() if text}

    def forward(self, node: Any, names: Names) -> list[str]:
        """The statement that made a node's value."""
        return self.filled(("forward", *kind_of(node)), lambda: self.call(node), names)

    def share(self, node: Any, position: int, names: Names) -> list[str]:
        """The statements of the share of a node's gradient for argument `position`. The last one assigns it."""
        return self.filled((position, *kind_of(node)), lambda: self.formula(node, position), names)

    def filled(self, key: tuple[Any, ...], write: Callable[[], list[str]], names: Names) -> list[str]:
        if key not in self.known:
            try:
                self.known[key] = write()
            except Exception:  # a formula of the user's, or one that looks at numbers, may have no source
                self.known[key] = []
        return [BLANK.sub(lambda found: names(found[1]), line) for line in self.known[key]]

    @confined
    def call(self, node: Any) -> list[str]:
        """The call of a node's function on names."""
        with Trace(unguarded=True) as tracer, recorded():
            variables = self.variables(node, tracer)
            function, sequence = node.rule.function, node.rule.sequence
            value = tracer.step(function, variables.args, node.options, node._array, node.place, sequence=sequence)
            return self.statements(tracer, variables, value, "r")

    @confined
    def formula(self, node: Any, position: int) -> list[str]:
        """A gradient formula on names, with the sum over broadcast axes."""
        with Trace(unguarded=True, expansions=FOR_PEOPLE) as tracer, recorded():
            variables = args, y, g = self.variables(node, tracer)
            tracer.backward_begun = True
            rule = tracer.careful(node.rule)
            which = (rule.vjps[0], position) if rule.variadic else (rule.vjps[position],)
            share = which[0](*which[1:], g, y, *args, **node.options)
            share = fit_to(share, args[position], node, position)
            return self.statements(tracer, variables, tracer.operand(share), f"d{position}")

    def variables(self, node: Any, tracer: Trace) -> NodeVariables:
        """New variables for a node's arguments, result and gradient."""
        made: dict[int, Tensor] = {}
        args = []
        for k, (argument, value) in enumerate(zip(node.args, node.values, strict=True)):
            if is_named(argument):
                if not isinstance(value, (np.ndarray, np.generic)):
                    raise TypeError(f"an array of type {type(value).__name__} is not looked into")
                if id(argument) not in made:
                    made[id(argument)] = tracer.variable(np.asarray(value), requires_grad=False, name=f"blank_{k}")
                argument = made[id(argument)]
            args.append(argument)
        y = tracer.variable(node._array, requires_grad=False, name="blank_y")
        g = tracer.variable(np.ones_like(node._array), requires_grad=False, name="blank_g")
        return NodeVariables(tuple(args), y, g)

    def statements(self, tracer: Trace, variables: NodeVariables, value: Value, target: str) -> list[str]:
        """The statements that compute a value, with blanks for names. Raises ValueError when they would be too long."""
        args, y, g = variables
        inputs = [tracer.values[id(v)] for v in [*dict.fromkeys(a for a in args if isinstance(a, Tensor)), y, g]]
        target = f"blank_{target}"
        program = simplify(Program(inputs, tracer.captured, [value], []))
        without_needless_axes(program)
        names = {id(v): v.name for v in program.inputs}
        if any(v.size > LARGEST_CONSTANT for v in program.captured):
            raise ValueError("a formula makes an array that is too large to be written into a line")
        (result,) = program.outputs
        if result.function is not None:
            result.name = target
        body = Statements(program, names, self.quotes, Sizes(), target)
        lines = [line for line, _ in body.lines]
        return lines if result.function is not None else [f"{target} = {body.output(result)}"]


def without_needless_axes(program: Program) -> None:
    """Leave out the reshape in `np.broadcast_to(g.reshape(1, 1), shape)`: broadcasting adds axes in front by itself."""
    for step in program.steps():
        inner = step.args[0] if step.function is np.broadcast_to else None
        if isinstance(inner, Value) and inner.function is np.reshape and isinstance(inner.args[0], Value):
            shape = inner.args[0].shape
            if inner.shape == (1,) * (len(inner.shape) - len(shape)) + shape:
                step.args = (inner.args[0], *step.args[1:])


def is_named(argument: Any) -> bool:
    """Whether an argument is a Tensor or an array with axes: those are drawn, and have names."""
    return graph.is_node(argument) or (isinstance(argument, np.ndarray) and argument.ndim > 0)


def kind_of(node: Any) -> tuple[Any, ...]:
    """The kind of a node. The lines of nodes of one kind differ in names only."""
    seen: dict[int, int] = {}
    parts: list[Any] = [id(node.rule)]
    for argument in node.args:
        if is_named(argument):
            parts.append((seen.setdefault(id(argument), len(seen)), argument.shape, argument.dtype.str))
        else:
            parts.append(id(node) if any(True for _ in arrays_in(argument)) else repr(argument))
    parts.append(id(node) if any(True for _ in arrays_in(dict(node.options))) else repr(dict(node.options)))
    return tuple(parts)
