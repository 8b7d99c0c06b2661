"""An exercise: a forward pass, and the backward pass that is derived from it, as statements with one gradient each.

The statements are those of `emit`, for the gradient of every variable of the forward pass. They have been run: they return what
the graph returns.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.graph import walk
from microgradnp.derivatives.gradients import gradients
from microgradnp.derivatives.variables import recorded
from microgradnp.emitter.emit import proven_sizes, trace_like, with_sizes
from microgradnp.emitter.proof import returns
from microgradnp.emitter.question import Asked, Question
from microgradnp.emitter.quoting import Quotes
from microgradnp.emitter.source import Source
from microgradnp.emitter.statements import Statements
from microgradnp.practice.frames import variables_after
from microgradnp.practice.models import KINDS, Model
from microgradnp.program.arguments import Arguments
from microgradnp.program.calls import TracedCall

LEVELS = {
    "easy": "One line of the backward pass is wrong. Find it, and mend it.",
    "normal": "Write each gradient of the backward pass in place of its `...`.",
    "hard": "Write the backward pass. Call the gradient of `h` `d_h`, so that each line can be checked.",
}
FUNCTION = "loss_and_gradients"


class Statement(NamedTuple):
    """One assignment, with the shape of its value."""

    name: str
    expression: str
    shape: tuple[int, ...]

    @property
    def text(self) -> str:
        """The statement as Python source."""
        return f"{self.name} = {self.expression}"


class Steps(Question):
    """A question for the gradients of the parameters, and of every variable of the forward pass."""

    def trace(self, *, unguarded: bool) -> TracedCall:
        """The traced call. Every named variable of the forward pass that needs a gradient is asked for."""
        traced = super().trace(unguarded=unguarded)
        values = traced.tracer.values
        between = [node for node in walk(traced.result) if node.rule is not None and node.requires_grad]
        traced.wanted += [node for node in between if node is not traced.result and values[id(node)].name.isidentifier()]
        return traced

    def resized(self, shapes: Any) -> Question:
        """The same question at other sizes."""
        return Steps(super().resized(shapes).call)


class Truth(NamedTuple):
    """The right values at one set of arguments: variables of the forward pass, and gradients, by name."""

    arguments: dict[str, Any]
    forward: dict[str, Any]
    gradients: dict[str, Any]


@dataclass(frozen=True)
class Exercise:
    """One exercise of a kind, by its seed and level."""

    kind: str
    seed: int
    level: str

    @property
    def title(self) -> str:
        """Kind, seed and level in one text."""
        return f"{self.kind} {self.seed} {self.level}"

    @property
    def model(self) -> Model:
        """The model that the exercise is about."""
        return model_of(self.kind, self.seed)

    @property
    def statements(self) -> tuple[list[Statement], list[Statement], dict[str, str]]:
        """(forward pass, right backward pass, functions that they call, by name)."""
        return derived(self.kind, self.seed)

    @property
    def gradients(self) -> list[str]:
        """The variables whose gradients are asked for: those of the forward pass from its end, then the parameters."""
        forward, backward, _ = self.statements
        asked = {statement.name for statement in backward}
        names = [*(s.name for s in reversed(forward)), *self.model.parameters]
        return [name for name in names if f"d_{name}" in asked]

    def truth(self, seed: int) -> Truth:
        """The right values at arguments that this seed draws."""
        arguments = self.model.draw(np.random.default_rng((self.seed, seed)))
        loss, forward, nodes = recorded_forward(self.model, arguments)
        names = [name for name, node in nodes.items() if node.requires_grad]
        found = gradients(loss, [nodes[name] for name in names])
        return Truth(arguments, forward, dict(zip(names, map(np.asarray, found), strict=True)))

    @property
    def result(self) -> str:
        """What the function returns."""
        slopes = ", ".join(f"d_{name}" for name in self.model.parameters)
        return f"loss, ({slopes})"


def recorded_forward(model: Model, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """(the loss, the values of the forward pass by name, its Tensors by name)."""
    from microgradnp.core.tensor import Tensor

    tensors = {name: Tensor(a, requires_grad=name in model.parameters, name=name) for name, a in arguments.items()}
    with recorded():
        seen = variables_after(model.function(), list(tensors.values()))
    nodes = {name: value for name, value in seen.variables.items() if isinstance(value, Tensor)}
    return seen.result, {name: node.numpy() for name, node in nodes.items()}, nodes


@functools.lru_cache(maxsize=64)
def model_of(kind: str, seed: int) -> Model:
    """The forward pass of an exercise."""
    return KINDS[kind](np.random.default_rng(seed))


@functools.lru_cache(maxsize=64)
def derived(kind: str, seed: int) -> tuple[list[Statement], list[Statement], dict[str, str]]:
    """The statements of the forward and of the backward pass. Raises ValueError where they do not return what the graph does."""
    model = model_of(kind, seed)
    arguments = model.draw(np.random.default_rng(seed))
    question = Steps(Arguments(model.function(), tuple(arguments.values()), {}, model.parameters))
    traced = trace_like(Asked(question, question.evaluate(), 1))
    found = with_sizes(question, traced, 4)
    source = Source(question, found.program, found.sizes, FUNCTION)
    source = replace(source, sizes=proven_sizes(source, found.families))
    if not returns(source, question, traced.answer):
        raise ValueError("practice: the derived backward pass does not return what the graph does")
    quotes = Quotes()
    body = Statements(source.program, source.names(), quotes, source.sizes, "loss")
    passes: tuple[list[Statement], list[Statement]] = ([], [])
    for line, value in body.lines:
        name, _, expression = line.partition(" = ")
        passes[value.backward].append(Statement(name, expression, value.shape))
    return passes[0], passes[1], quotes.definitions
