"""The right gradient of one value of the model as a line of NumPy: `dL/dz1 = dL/dy @ W2.T * h * (1 - h)`.

The rule of each operation that reads the value gives one term, as in `mg.derive`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from microgradnp.core import graph
from microgradnp.debugger.match.references import Evaluation, local_derivative
from microgradnp.derivation.names import namer
from microgradnp.derivation.terms import ONE, added, equations, is_number
from microgradnp.emitter.lines import Lines

MOST_TERMS = 3  # of a sum that a reader takes in at once
LONGEST = 110  # characters
GRADIENT = "d_node"  # begins the placeholder of a gradient; that of a value is its end
SLOPES: dict[str, Callable[[np.ndarray], Any]] = {  # f'(z) by h = f(z); numbers tell which function it is
    "h * (1 - h)": lambda h: h * (1 - h),
    "(1 - h ** 2)": lambda h: 1 - h**2,
    "(h > 0)": lambda h: h > 0,
    "h": lambda h: h,
}
PLACEHOLDER = re.compile(r"\b(d_)?node(\d+)\b")


def equation(evaluation: Evaluation, node: int) -> str:
    """The gradient of a node by the gradients of what reads it. Empty where that has no short and plain formula."""
    return Equations(evaluation).of(node)


class Equations:
    """Writes the gradients of a model's values, in the model's names."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation, self.nodes = evaluation, evaluation.nodes
        self.names = [f"node{k}" for k in range(len(self.nodes))]
        self.index = {id(value): k for k, value in enumerate(self.nodes)}
        self.lines = Lines()

    def of(self, node: int) -> str:
        """`dL/dz = ...`; a value that is only added to others has the gradient of the sum, which is written between."""
        chain = list(self.chain(node))
        right = self.slope(chain[-1]) or self.written(self.gradient(chain[-1]))
        sides = dict.fromkeys(self.gradient_text(k) for k in chain)
        text = " = ".join([*sides, right])
        return text if right and len(text) <= LONGEST else ""

    def slope(self, node: int) -> str:
        """`dL/dh * h * (1 - h)` for a value that functions of each entry turn into a named one. Empty for an unknown slope."""
        slope, k = np.ones(()), node
        while len(readers := self.readers(k)) == 1:
            step = local_derivative(readers[0][0])
            if step is None or step[1] is not self.nodes[k]:
                return ""
            slope, k = slope * step[0], self.index[id(readers[0][0])]
            name = self.text(k)
            if name.isidentifier():
                if np.ptp(slope) == 0:  # several functions have the same slope there
                    return ""
                h = np.asarray(self.nodes[k]._array, float)
                form = next((text for text, f in SLOPES.items() if np.allclose(f(h), slope, rtol=1e-10, atol=1e-300)), "")
                return form and f"dL/d{name} * {form.replace('h', name)}"
        return ""

    @cached_property
    def all_readers(self) -> dict[int, list[tuple[Any, int]]]:
        """id of a value -> the operations that read it, and the position of their argument, in the order of the backward pass."""
        found: dict[int, list[tuple[Any, int]]] = {}
        for reader in reversed(self.nodes):
            if reader.rule is not None and id(reader) in self.evaluation.adjoints:
                for position, argument in enumerate(reader.args):
                    found.setdefault(id(argument), []).append((reader, position))
        return found

    def readers(self, node: int) -> list[tuple[Any, int]]:
        """The operations that read a node."""
        return self.all_readers.get(id(self.nodes[node]), [])

    def chain(self, node: int) -> Iterator[int]:
        """The node, and the nodes above it as long as they hand their gradient on as it is."""
        yield node
        term = self.gradient(node)
        if isinstance(term, ast.Name) and term.id.startswith(GRADIENT):
            yield from self.chain(int(term.id.removeprefix(GRADIENT)))

    def gradient(self, node: int) -> ast.expr | None:
        """The formula of a gradient. None where it has none that is short."""
        return self.sum_of_shares(node, self.numbers)

    def sum_of_shares(self, node: int, numbers: dict[str, ast.expr]) -> ast.expr | None:
        """The sum of the shares that the readers of a node give it. None where one of them is no single expression."""
        readers = self.readers(node)
        if not 0 < len(readers) <= MOST_TERMS:
            return None
        terms = []
        for reader, position in readers:
            if any(isinstance(a, np.ndarray) and a.ndim and not graph.is_node(a) for a in reader.args):
                return None  # an array without a name
            text = self.lines.share(reader, position, namer(reader, self.index, self.names))
            found = equations(text, numbers, self.scalars)
            if len(found) != 1:
                return None
            terms.append(found[0].term)
        return WithoutColumns().visit(added(terms))

    @cached_property
    def numbers(self) -> dict[str, ast.expr]:
        """The gradients that are one number for all entries whatever the model's values are, where it has few digits."""
        found: dict[str, ast.expr] = {}
        for k in reversed(range(len(self.nodes))):  # what reads a node stands behind it
            adjoint = self.evaluation.adjoints.get(id(self.nodes[k]))
            if adjoint is None or not adjoint.size or np.ptp(adjoint) != 0 or short(float(adjoint.flat[0])) is None:
                continue
            term = ONE if k == len(self.nodes) - 1 else self.sum_of_shares(k, found)
            if term is not None and is_number(term):
                found[f"{GRADIENT}{k}"] = ast.Constant(float(adjoint.flat[0]))
        return found

    @cached_property
    def scalars(self) -> set[str]:
        """The placeholders of the gradients that are single numbers."""
        return {f"{GRADIENT}{k}" for k, value in enumerate(self.nodes) if value.shape == ()}

    def text(self, node: int) -> str:
        """The name of a node in the model, or its source text."""
        return self.evaluation.names[id(self.nodes[node])]

    def gradient_text(self, node: int) -> str:
        """`dL/dz`, or `dL/d(np.exp(z))`."""
        text = self.text(node)
        return f"dL/d({text})" if text.endswith(")") and not text.startswith("(") else f"dL/d{text}"

    def written(self, term: ast.expr | None) -> str:
        """A term in the names of the model. Empty where it says little or is hard to read, or a name would mean two values."""
        if term is None or all(node.id.startswith(GRADIENT) for node in ast.walk(term) if isinstance(node, ast.Name)):
            return ""
        term = ShortNumbers().visit(term)
        meant: dict[str, int] = {}
        for node in (n for n in ast.walk(term) if isinstance(n, ast.Name) and PLACEHOLDER.fullmatch(n.id)):
            k = int(node.id.removeprefix("d_").removeprefix("node"))
            if node.id.startswith(GRADIENT):
                *_, k = self.chain(k)
                node.id = f"{GRADIENT}{k}"
            if meant.setdefault(self.text(k), k) != k:
                return ""
        code = ast.unparse(term)
        helpers = [n for n in ast.walk(term) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
        if helpers or "np.where(" in code or ".transpose((" in code:
            return ""
        named = PLACEHOLDER.sub(lambda found: (self.gradient_text if found[1] else self.text)(int(found[2])), code)
        return named.removeprefix("(").removesuffix(")") if isinstance(term, ast.Name) else named


class WithoutColumns(ast.NodeTransformer):
    """Writes a matrix times a vector as such: `M @ v` for `(M @ v[:, None]).reshape((n,))`."""

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        product = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "reshape" else None
        to_one_axis = len(node.args) == 1 and isinstance(node.args[0], ast.Tuple) and len(node.args[0].elts) == 1
        if not to_one_axis or not isinstance(product, ast.BinOp) or not isinstance(product.op, ast.MatMult):
            return node
        right = product.right
        if isinstance(right, ast.Subscript) and ast.unparse(right).endswith("[:, None]"):
            return ast.BinOp(product.left, product.op, right.value)
        return node


class ShortNumbers(ast.NodeTransformer):
    """Writes `1 / 6` for 0.16666666666666666."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return (short(node.value) if isinstance(node.value, float) else None) or node


def short(number: float) -> Any:
    """A number as people write it: with few digits, or as a fraction. None where it has no such form."""
    if len(f"{number:g}") <= 5 and float(f"{number:g}") == number:
        return ast.Constant(int(number) if number.is_integer() else number)
    fraction = Fraction(number).limit_denominator(10_000) if np.isfinite(number) else Fraction(0)
    if not fraction or abs(float(fraction) / number - 1) > 1e-14:
        return None
    return ast.BinOp(ast.Constant(fraction.numerator), ast.Div(), ast.Constant(fraction.denominator))
