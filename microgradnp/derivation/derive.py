"""The derivation of a gradient: the backward pass as mathematics, from the same lines of NumPy that the page and `emit` print."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from microgradnp.derivation.backward import Backward, backward_pass
from microgradnp.derivation.names import code_names, namer
from microgradnp.derivation.notations import Latex, MathML, Text, escaped
from microgradnp.derivation.reasons import is_chain, rule_of, sentences
from microgradnp.derivation.terms import ONE, Equation, added, equations, is_number, replaced
from microgradnp.drawing.outline import Outline, outline_of
from microgradnp.emitter.lines import Lines
from microgradnp.inspection.names import names_from

__all__ = ["Derivation", "Step", "derive"]

MOST_TERMS = 24  # contributions to a gradient; a longer sum is described in a sentence


@dataclass(frozen=True)
class Step:
    """The gradient of one value.

    `where` are the equations of what the formula needs besides. `middle` is the slope that a chain rule multiplies with:
    (gradient, function, argument). `formula` is None for a rule without a source, or with a long one, and for a sum of many
    contributions.
    """

    name: str
    formula: ast.expr | None
    rule: str
    shape: tuple[int, ...]
    says: list[str]
    where: list[Equation] = field(default_factory=list)
    middle: tuple[str, str, str] | None = None
    node: int = -1  # the number of the value in the graph

    def written(self, notation: Text) -> str:
        """The equation in a notation."""
        sides = [notation.gradient(self.name)[0]]
        if self.formula is None:
            return notation.equal(*sides, notation.code(f"({self.rule}: no equation)"))
        if self.middle is not None:
            before, function, argument = self.middle
            g = notation.gradient(before)[0]
            sides.append(notation.times(g, notation.slope(function, notation.symbol(argument)), True))
        return notation.equal(*sides, notation.write(self.formula)[0])


@dataclass(frozen=True)
class Derivation:
    """A derivation. `str` is its text; a notebook shows its LaTeX.

    `steps` hold the gradients in the order of the backward pass, and `forward` the equations of the values.
    """

    title: str
    forward: list[Equation]
    steps: list[Step]
    definitions: dict[str, str]  # source of the functions in the formulas that NumPy does not have

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<derivation of the gradient of {self.title}: {len(self.steps)} steps>"

    def text(self, *, says: bool = True) -> str:
        """Plain text: one line a step, with the shape and the rule; a sentence below where there is something to say."""
        notation = Text()
        lines = [f"{e.name} = {notation.write(e.term)[0]}" for e in self.forward]
        rows = [(step.written(notation), str(step.shape), step.rule, step) for step in self.steps]
        wide = min(72, max((len(row[0]) for row in rows), default=0))
        room = max((len(row[1]) for row in rows), default=0)
        lines = ["forward", *(f"  {line}" for line in lines), "backward"]
        for equation, shape, rule, step in rows:
            lines += [f"  {e.name} = {notation.write(e.term)[0]}" for e in step.where]
            lines.append(f"  {equation:<{wide}}  {shape:<{room}}  {rule}")
            lines += [f"      {sentence}" for sentence in step.says] if says else []
        return "\n".join(lines)

    def latex(self, *, document: bool = False) -> str:
        """LaTeX: an `align*` environment, or a whole document."""
        notation = Latex()
        rows = [rf"{notation.symbol(e.name)} &= {notation.write(e.term)[0]}" for e in self.forward]
        for step in self.steps:
            rows += [rf"{notation.symbol(e.name)} &= {notation.write(e.term)[0]}" for e in step.where]
            left, _, right = step.written(notation).partition(" = ")
            size = r" \times ".join(map(str, step.shape)) or "1"
            rows.append(rf"{left} &= {right} && {size} && \text{{{escaped(step.rule)}}}")
        body = "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"
        if not document:
            return body
        packages = "\\usepackage{amsmath}\n\\usepackage[margin=2cm]{geometry}\n\\allowdisplaybreaks"
        return f"\\documentclass{{article}}\n{packages}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"

    def mathml(self) -> str:
        """A fragment of HTML: an ordered list of equations in MathML, with rules and sentences."""
        from html import escape

        notation = MathML()
        rows = [f"<li>{notation.equal(notation.symbol(e.name), notation.write(e.term)[0])}</li>" for e in self.forward]
        for step in self.steps:
            where = "".join(notation.equal(notation.symbol(e.name), notation.write(e.term)[0]) for e in step.where)
            notes = "; ".join([f"{step.shape}", step.rule, *step.says])
            rows.append(f"<li>{where}{step.written(notation)}<small>{escape(notes)}</small></li>")
        return "<ol>" + "\n".join(rows) + "</ol>"

    def markdown(self) -> str:
        """Markdown for lecture notes: each equation between `$$`, with its rule and its sentences."""
        notation = Latex()
        blocks = ["## Forward", *(f"$$ {notation.symbol(e.name)} = {notation.write(e.term)[0]} $$" for e in self.forward)]
        blocks.append("## Backward")
        for step in self.steps:
            blocks += [f"$$ {notation.symbol(e.name)} = {notation.write(e.term)[0]} $$" for e in step.where]
            notes = " ".join([f"`{step.shape}` {step.rule}.", *step.says])
            blocks += [f"$$ {step.written(notation)} $$", notes]
        return "\n\n".join(blocks) + "\n"

    def _repr_latex_(self) -> str:
        return self.latex()


def derive(loss: Any) -> Derivation:
    """The backward pass of `loss` as mathematics, one equation for each value that has a gradient.

    Parameters
    ----------
    loss : Tensor
        A real scalar, before `backward` or after `backward(retain_graph=True)`. No `.grad` changes.

    Returns
    -------
    Derivation
        `print` shows it as text: name, formula, shape and rule of each step, and sentences about the arrays. `.latex()`,
        `.mathml()` and `.markdown()` write it in other notations.

    Raises
    ------
    TypeError
        If `loss` is no Tensor.
    ValueError
        If it has no gradient, or a plain `backward()` has freed the graph.

    In the text, a space between two factors is a matrix product, `*` multiplies entry by entry, and `^T` transposes.

    >>> import numpy as np, microgradnp as mg
    >>> x, W, targets = np.ones((4, 2)), mg.Tensor(np.eye(2), requires_grad=True, name="W"), np.zeros((4, 2))
    >>> print(mg.derive(mg.sse(x @ W, targets)))
    forward
      v1 = x W
      loss = sse(v1, targets)
    backward
      dL/dloss = 1                 ()      the loss itself
      dL/dv1 = 2 * (v1 - targets)  (4, 2)  derivative of the squared error
      dL/dW = x^T dL/dv1           (2, 2)  product rule for matrices
          The product sums over the 4 rows of x.
    """
    outline = outline_of(loss, names_from(sys._getframe(1)), "derive")
    backward = backward_pass(loss)
    if backward.why_not:
        raise ValueError(f"derive: there is no gradient: {backward.why_not}")
    return Deriving(outline, backward).derivation()


class Deriving:
    """Derives the gradients of one graph.

    `names` are those of its values in lines of Python. With `short`, an unnamed value whose gradient equals another one gets no
    equation. `lines` may have been used for the same graph before.
    """

    def __init__(self, outline: Outline, backward: Backward, lines: Lines | None = None, *, short: bool = True) -> None:
        self.outline, self.backward, self.short = outline, backward, short
        self.names = code_names(self.outline)
        self.index = {id(value): k for k, value in enumerate(self.outline.values)}
        self.lines = lines if lines is not None else Lines()
        self.shapes = {f"d_{name}": value.shape for name, value in zip(self.names, self.outline.values, strict=True)}
        self.scalars = {name for name, shape in self.shapes.items() if shape == ()}
        self.taken = set(self.names)
        self.known: dict[str, ast.expr] = {f"d_{self.names[-1]}": ONE}  # gradients that need no equation

    def derivation(self) -> Derivation:
        """The forward pass and the backward pass as equations."""
        steps = list(self.steps())
        forward = [e for value in self.outline.values if getattr(value, "rule", None) is not None for e in self.forward(value)]
        return Derivation(self.names[-1], forward, steps, self.lines.definitions)

    def forward(self, node: Any) -> list[Equation]:
        """The equations of one call of the forward pass."""
        return equations(self.lines.forward(node, namer(node, self.index, self.names)), {})

    def steps(self) -> Iterator[Step]:
        """The gradients, each when its last contribution is there."""
        yield Step(self.names[-1], ONE, "the loss itself", (), [], node=len(self.names) - 1)
        given: dict[int, list[tuple[Any, int]]] = {}
        for node, shares in self.backward.steps:
            for share in shares:
                uses = given.setdefault(id(share.argument), [])
                uses.append((node, share.position))
                if len(uses) == self.backward.terms[id(share.argument)]:
                    yield from self.gradient(share.argument, uses)

    def gradient(self, value: Any, uses: list[tuple[Any, int]]) -> Iterator[Step]:
        """The step of one value."""
        k = self.index[id(value)]
        name = self.names[k]
        texts = [self.lines.share(node, position, namer(node, self.index, self.names)) for node, position in uses]
        found = [equations(text, self.known, self.scalars) if len(uses) <= MOST_TERMS else [] for text in texts]
        alone = found[0][-1].term if len(found) == 1 and found[0] else None
        if (
            self.short
            and isinstance(alone, ast.Name)
            and self.shapes.get(alone.id) == value.shape
            and re.fullmatch(r"v\d+", name)
        ):
            self.known[f"d_{name}"] = alone
            return
        found = [with_free_names(part, self.taken) for part in found]
        where = [equation for part in found for equation in part[:-1]]
        terms = [part[-1].term for part in found if part]
        gradient = self.backward.gradients.get(id(value), np.zeros(value.shape))
        if len(terms) == len(found) == 1 and is_number(terms[0]) and (value.shape == () or isinstance(terms[0], ast.Constant)):
            self.known[f"d_{name}"] = terms[0]
        nodes = [node for node, _ in uses]
        says = sentences(value, self.name_of, nodes, [" ".join(text) for text in texts], np.asarray(gradient))
        rules = list(dict.fromkeys(rule_of(node) for node in nodes))
        formula = added(terms) if len(terms) == len(found) else None
        yield Step(name, formula, "; ".join(rules), value.shape, list(says), where, self.middle(nodes, formula), k)

    def name_of(self, value: Any) -> str:
        return self.names[self.index[id(value)]] if id(value) in self.index else "a number"

    def middle(self, nodes: list[Any], formula: ast.expr | None) -> tuple[str, str, str] | None:
        """The slope of a chain rule, for a value that one function of every entry uses."""
        if len(nodes) != 1 or not is_chain(nodes[0]) or formula is None:
            return None
        own = self.names[self.index[id(nodes[0])]]
        before = self.known.get(f"d_{own}", ast.Name(f"d_{own}"))
        if not isinstance(before, ast.Name):
            return None
        return before.id.removeprefix("d_"), str(nodes[0].rule.name), self.names[self.index[id(nodes[0].args[0])]]


def with_free_names(part: list[Equation], taken: set[str]) -> list[Equation]:
    """The equations of a contribution, with names for its intermediate results that nothing else has. They are taken then."""
    own: dict[str, str] = {}
    for equation in part[:-1]:
        names = (equation.name, *(f"d{k}" for k in range(1, len(taken) + 2)))
        own[equation.name] = next(name for name in names if name not in taken)
        taken.add(own[equation.name])
    new: dict[str, ast.expr] = {name: ast.Name(free) for name, free in own.items()}
    return [Equation(own.get(e.name, e.name), replaced(e.term, new)) for e in part]
