"""A program as a module: imports, the functions that it calls, and one function that returns the value and the gradient."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from microgradnp.core.origin import locate
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.trees import tree_map
from microgradnp.emitter.families import Axis
from microgradnp.emitter.question import Question
from microgradnp.emitter.quoting import STANDARD, Quotes
from microgradnp.emitter.sizes import Sizes
from microgradnp.emitter.statements import RESERVED, Statements
from microgradnp.program.identifiers import identifier
from microgradnp.program.values import Program


@dataclass(frozen=True)
class Source:
    """The text of a program, and what its function is called with."""

    question: Question
    program: Program
    sizes: Sizes
    name: str  # of the printed function
    loops: bool = False  # whether blocks of statements that repeat themselves are loops

    @functools.cached_property
    def text(self) -> str:
        """The module."""
        quotes = Quotes()
        names = self.names()
        title = self.question.title if self.question.title.isidentifier() else "value"
        body = Statements(self.program, names, quotes, self.sizes, title, loops=self.loops)
        lines = [f"def {self.name}({', '.join(self.parameters)}):", f'    """{self.document(names)}"""']
        function = "\n".join([*lines, *self.checks(names), body.text(), f"    return {self.result(body)}"])
        imports = [f"import {module}" for module in sorted(STANDARD) if module in quotes.imports]
        imports += ["" for _ in imports[:1]] + ["import numpy as np"]
        imports += ["from scipy import special"] if "special" in quotes.imports else []
        return "\n\n\n".join(["\n".join(imports), *quotes.definitions.values(), function]) + "\n"

    def names(self) -> dict[int, str]:
        """The text of each argument of the program, by the id of its value."""
        taken = {*RESERVED, self.name}

        def free(wish: str) -> str:
            taken.add(name := identifier(wish, taken.__contains__))
            return name

        roots: dict[str, str] = {}
        names: dict[int, str] = {}
        leaves = self.question.call.leaves
        for value, leaf in zip(self.program.inputs, leaves, strict=False):
            root = root_of(leaf.path)
            roots[root] = roots.get(root) or free(root)
            names[id(value)] = roots[root] + leaf.path[len(root) :]
        own = names_of_variables(self.question.call.f)
        own |= {id(p): key for key, p in zip(self.question.keys, self.question.parameters, strict=False)}
        for value in [*self.program.inputs[len(leaves) :], *self.program.captured]:
            origin = locate(value.place)
            names[id(value)] = free(own.get(id(value.data)) or value.name or (origin and origin.name) or "array")
        return names

    @property
    def parameters(self) -> list[str]:
        """The parameters of the printed function."""
        names = self.names()
        return list(dict.fromkeys(root_of(names[id(v)]) for v in [*self.program.inputs, *self.program.captured]))

    def arguments(self, question: Question) -> list[Any]:
        """What the printed function is called with to answer a question."""
        call = question.call
        values = {name: call.value(where) for where, name in call.names.items()}
        given = [values[name] for name in dict.fromkeys(root_of(leaf.path) for leaf in call.leaves)]
        outside = [*question.parameters, *(v.data for v in self.program.captured)]
        return [tree_map(lambda leaf: leaf._array if isinstance(leaf, Tensor) else leaf, tree) for tree in [*given, *outside]]

    def result(self, body: Statements) -> str:
        """The expression that is returned."""
        question = self.question
        value, *slopes = [body.output(v) for v in self.program.outputs]
        count = len(slopes) - len(question.parameters)
        if question.keys:
            return f"{value}, {displayed(dict(zip(question.keys, slopes[count:], strict=True)))}"
        if question.parameters:
            return f"{value}, {slopes[count] if len(question.parameters) == 1 else displayed(tuple(slopes[count:]))}"
        return f"{value}, {displayed(question.call.gradients(slopes)) if question.call.wrt else ''}"

    def document(self, names: dict[int, str]) -> str:
        """The docstring of the printed function."""
        call, title = self.question.call, self.question.title
        wanted = [names[id(v)] for v, leaf in zip(self.program.inputs, call.leaves, strict=False) if leaf.wanted]
        wanted += [names[id(v)] for v in self.program.inputs[len(call.leaves) :]]
        value = f"{title}({', '.join(dict.fromkeys(call.names.values()))})" if title.isidentifier() else "The value"
        text = f"{value}, and its gradient with respect to {listed(wanted)}; {self.validity()}."
        return text.replace("\\", "/").replace('"', "'")  # nothing that ends a docstring

    def validity(self) -> str:
        """For which sizes the code holds, as a part of a sentence."""
        fixed = self.fixed_axes()
        if not fixed:
            return "for arrays of any sizes that fit together"
        axes = sum(v.ndim for v in self.program.inputs)
        return "for the sizes that it checks" + (", and any others that fit together" if len(fixed) < axes else "")

    def fixed_axes(self) -> set[tuple[int, int]]:
        """(number of the argument, axis) of each size that the code checks."""
        return {(k, axis) for k, v in enumerate(self.program.inputs) for axis in range(v.ndim)} - self.sizes.free

    def checks(self, names: dict[int, str]) -> list[str]:
        """Statements that refuse arguments of shapes that the text is not for."""
        fixed = self.fixed_axes()
        found, expected = [], []
        for k, value in enumerate(self.program.inputs):
            axes = [axis for axis in range(value.ndim) if (k, axis) in fixed]
            if axes and len(axes) == value.ndim:
                found.append(f"{names[id(value)]}.shape")
                expected.append(str(value.shape))
            else:
                found += [f"{names[id(value)]}.shape[{axis}]" for axis in axes]
                expected += [str(value.shape[axis]) for axis in axes]
        lines = []
        if found:
            left, right = (f"({', '.join(part)})" if len(part) > 1 else part[0] for part in (found, expected))
            problem = f"{self.name} was written for other shapes; emit it again for these"
            lines += [f"    if {left} != {right}:", f'        raise ValueError("{problem}")']
        return [*lines, *self.checks_of_equal_axes(names)]

    def checks_of_equal_axes(self, names: dict[int, str]) -> list[str]:
        """Statements that refuse arguments that NumPy would broadcast. The gradient would not be summed."""
        inputs, lines = self.program.inputs, []

        def size(axis: Axis, more: int = 0) -> str:
            text = f"{names[id(inputs[axis[0]])]}.shape[{axis[1]}]"
            return f"{text} {'+' if more > 0 else '-'} {abs(more)}" if more else text

        def shape(axes: list[Axis], sizes: list[str]) -> str:
            first = axes[0][0]
            is_whole = sizes == [size((first, axis)) for axis in range(inputs[first].ndim)]
            return f"{names[id(inputs[first])]}.shape" if is_whole else f"({', '.join(sizes)})"

        for argument in dict.fromkeys(pair.axis[0] for pair in self.sizes.equal):
            pairs = sorted(pair for pair in self.sizes.equal if pair.axis[0] == argument)
            own, others = [pair.axis for pair in pairs], [pair.other for pair in pairs]
            found, expected = [size(axis) for axis in own], [size(pair.other, pair.more) for pair in pairs]
            if len(pairs) == inputs[argument].ndim > 1:
                found, expected = [shape(own, found)], [shape(others, expected)]
            for left, right in zip(found, expected, strict=True):
                problem = f"{left} must be {right}".replace("\\", "/").replace('"', "'")  # nothing that ends a string
                lines += [f"    if {left} != {right}:", f'        raise ValueError("{problem}")']
        return lines


def names_of_variables(f: Callable[..., Any]) -> dict[int, str]:
    """id of each object that a function reads from its module or from the functions around it -> the name there."""
    code = getattr(f, "__code__", None)
    if code is None:
        return {}
    cells = dict(zip(code.co_freevars, (cell.cell_contents for cell in f.__closure__ or ()), strict=True))
    found = {name: f.__globals__[name] for name in code.co_names if name in f.__globals__} | cells
    return {id(value): name for name, value in found.items()}


def root_of(path: str) -> str:
    """The variable that a path such as `p['W'][0]` begins with."""
    return path[: min((path.find(c) for c in "[." if c in path), default=len(path))]


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nothing"


def displayed(tree: Any) -> str:
    """A tree of texts as an expression. Named tuples and dataclasses become dictionaries by field."""
    if isinstance(tree, str) or tree is None:
        return str(tree)
    if isinstance(tree, dict):
        return f"{{{', '.join(f'{key!r}: {displayed(part)}' for key, part in tree.items())}}}"
    if isinstance(tree, list):
        return f"[{', '.join(map(displayed, tree))}]"
    if isinstance(tree, tuple) and not hasattr(tree, "_fields"):
        return f"({', '.join(map(displayed, tree))}{',' * (len(tree) == 1)})"
    fields = tree._fields if hasattr(tree, "_fields") else tree.__dataclass_fields__
    return f"{{{', '.join(f'{name!r}: {displayed(getattr(tree, name))}' for name in fields)}}}"
