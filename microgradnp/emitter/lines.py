"""One step of a graph as it really ran, as NumPy source: the line that made a value, and the line of each share of a gradient.

`emit` prints a whole function, simplify as a whole; here every node keeps its own line, to stand beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.core.memory import arrays_in
from microgradnp.core.sweep import fit_to
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.variables import recorded
from microgradnp.emitter.quoting import Quotes
from microgradnp.emitter.sizes import Sizes
from microgradnp.emitter.statements import Statements
from microgradnp.program import Program, Trace, Value, simplify
from microgradnp.program.expansions import FOR_PEOPLE

LARGEST_CONSTANT = 60  # entries
IMPORTS = {"special": "from scipy import special"}
BLANK = re.compile(r"\bblank_(\w+)\b")  # stands for a name in a text that is kept for steps of the same kind

Names = Callable[[str], str]  # what to write for "g", "y" (or "r"), the arguments "0", "1", ... and their gradients "d0", ...


class Lines:
    """Writes lines; equal steps are traced once."""

    def __init__(self) -> None:
        self.quotes = Quotes()  # one for all lines, so that a name means one function
        self.known: dict[Any, list[str]] = {}

    @property
    def definitions(self) -> dict[str, str]:
        """Imports, and functions that the lines call and NumPy does not have."""
        imports = {module: IMPORTS.get(module, f"import {module}") for module in sorted(self.quotes.imports - {"np"})}
        return imports | {name: text for name, text in self.quotes.definitions.items() if text}

    def forward(self, node: Any, names: Names) -> list[str]:
        """The statement that made a node's value."""
        return self.filled(("forward", *kind_of(node)), lambda: self.call(node), names)

    def share(self, node: Any, position: int, names: Names) -> list[str]:
        """The statements of the share that argument `position` gets of a node's gradient; the last one assigns it."""
        return self.filled((position, *kind_of(node)), lambda: self.formula(node, position), names)

    def filled(self, key: tuple[Any, ...], write: Callable[[], list[str]], names: Names) -> list[str]:
        if key not in self.known:
            try:
                self.known[key] = write()
            except Exception:  # a formula of the user's own, or one that looks at numbers, may not be one that has a text
                self.known[key] = []
        return [BLANK.sub(lambda found: names(found[1]), line) for line in self.known[key]]

    def call(self, node: Any) -> list[str]:
        """A node's own function, called on names."""
        with Trace(unguarded=True) as tracer, recorded():
            variables = self.variables(node, tracer)
            value = tracer.step(
                node.rule.function, variables[0], node.options, node._array, node.place, sequence=node.rule.sequence
            )
            return self.statements(tracer, variables, value, "r")

    def formula(self, node: Any, position: int) -> list[str]:
        """A gradient rule at work on names, with the sum over axes that were broadcast."""
        with Trace(unguarded=True, expansions=FOR_PEOPLE) as tracer, recorded():
            variables = args, y, g = self.variables(node, tracer)
            tracer.backward_begun = True
            rule = tracer.careful(node.rule)
            which = (rule.vjps[0], position) if rule.variadic else (rule.vjps[position],)
            share = which[0](*which[1:], g, y, *args, **node.options)
            share = fit_to(share, args[position], node, position)
            return self.statements(tracer, variables, tracer.operand(share), f"d{position}")

    def variables(self, node: Any, tracer: Trace) -> tuple[tuple[Any, ...], Any, Any]:
        """Arguments, result and gradient as variables of a program."""
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
        return tuple(args), y, g

    def statements(self, tracer: Trace, variables: tuple[tuple[Any, ...], Any, Any], value: Value, target: str) -> list[str]:
        """The text that computes a value of a trace, in blanks for names. Raises ValueError where it would be too long."""
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
    """`np.broadcast_to(g.reshape(1, 1), shape)` does the same without its reshape, which only adds axes in front."""
    for step in program.steps():
        inner = step.args[0] if step.function is np.broadcast_to else None
        if isinstance(inner, Value) and inner.function is np.reshape and isinstance(inner.args[0], Value):
            shape = inner.args[0].shape
            if inner.shape == (1,) * (len(inner.shape) - len(shape)) + shape:
                step.args = (inner.args[0], *step.args[1:])


def is_named(argument: Any) -> bool:
    """Whether an argument is a Tensor or array that is drawn, and so has a name."""
    return graph.is_node(argument) or (isinstance(argument, np.ndarray) and argument.ndim > 0)


def kind_of(node: Any) -> tuple[Any, ...]:
    """What two nodes have in common whose lines differ in names only."""
    seen: dict[int, int] = {}
    parts: list[Any] = [id(node.rule)]
    for argument in node.args:
        if is_named(argument):
            parts.append((seen.setdefault(id(argument), len(seen)), argument.shape, argument.dtype.str))
        else:
            parts.append(id(node) if any(True for _ in arrays_in(argument)) else repr(argument))
    parts.append(id(node) if any(True for _ in arrays_in(dict(node.options))) else repr(dict(node.options)))
    return tuple(parts)
