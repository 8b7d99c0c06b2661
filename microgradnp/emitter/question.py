"""What `emit` is asked: a function, its arguments, and what to differentiate with respect to. And the graph's answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from microgradnp.core.graph import walk
from microgradnp.core.signatures import name_of
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.gradients import gradients
from microgradnp.derivatives.parameters import Parameters, parameters_of
from microgradnp.derivatives.variables import Argnums, recorded, variable
from microgradnp.emitter.sizes import resized
from microgradnp.program.arguments import Arguments, asked_for
from microgradnp.program.calls import TracedCall, check_scalar, trace
from microgradnp.program.expansions import FOR_PEOPLE


class Answer(NamedTuple):
    """The value and the gradients that the printed function must return."""

    value: Any
    gradients: list[Any]


class Evaluation(NamedTuple):
    """One call of the function, recorded as a graph."""

    result: Any
    variables: list[Tensor]  # the arguments to differentiate with respect to

    def answer(self, parameters: Sequence[Tensor]) -> Answer:
        """The value and the gradients by the graph."""
        return Answer(self.result._array, gradients(self.result, [*self.variables, *parameters]))

    def parameters(self) -> list[Tensor]:
        """Leaves that require a gradient and are no arguments: the parameters of a model."""
        if not isinstance(self.result, Tensor):
            return []
        own = {id(x) for x in self.variables}
        return [node for node in walk(self.result) if node.is_leaf and node.requires_grad and id(node) not in own]


@dataclass(frozen=True)
class Question:
    """A call, and what to differentiate its function with respect to: arguments of the call, and parameters from outside."""

    call: Arguments
    parameters: tuple[Tensor, ...] = ()
    keys: tuple[str, ...] = ()  # names of the parameters where the gradient is a dict

    @property
    def title(self) -> str:
        return name_of(self.call.f)

    def evaluate(self) -> Evaluation:
        """Call the function on the graph."""
        variables = [variable(leaf.array, leaf.path) if leaf.wanted else leaf.array for leaf in self.call.leaves]
        args, kwargs = self.call.rebuilt(variables)
        with recorded():
            return Evaluation(self.call.f(*args, **kwargs), [x for x in variables if isinstance(x, Tensor)])

    def answer(self) -> Answer:
        """Call the function and differentiate it by the graph."""
        evaluation = self.evaluate()
        check_scalar(self.call.f, evaluation.result)
        with recorded():
            return evaluation.answer(self.parameters)

    def trace(self, *, unguarded: bool) -> TracedCall:
        """Call the function and write the call down."""
        variables, parameters = self.call.variables, self.parameters
        return trace(self.call.f, variables, unguarded=unguarded, expansions=FOR_PEOPLE, parameters=parameters)

    def resized(self, shapes: Sequence[tuple[int, ...]]) -> Question:
        """The same question for arguments of other shapes, filled with the same numbers."""
        call = self.call
        args, kwargs = call.rebuilt([resized(leaf.array, s) for leaf, s in zip(call.leaves, shapes, strict=False)])
        return Question(Arguments(call.f, args, kwargs, tuple(call.wrt) if call.wrt else None), self.parameters, self.keys)


class Asked(NamedTuple):
    """A question, the call that answers it, and how often the function was called for it."""

    question: Question
    evaluation: Evaluation
    calls: int


def ask(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], wrt: Argnums | Parameters | None) -> Asked:
    """Find out what to differentiate with respect to, and call `f` on the graph.

    Without `wrt` the Tensors that require a gradient are meant: among the arguments, else among what `f` reads from outside.
    Where there are none the first argument is meant.
    """
    by_name, argnums = parameters_of(wrt)
    call = Arguments(f, args, kwargs, asked_for(args, kwargs) if wrt is None else argnums)
    question = Question(call, tuple(by_name.values()), tuple(by_name))
    if wrt is not None or call.wrt:
        return Asked(question, question.evaluate(), 1)
    trial = Question(with_first(call) or call)
    evaluation = trial.evaluate()
    if parameters := evaluation.parameters():
        return Asked(Question(call, tuple(parameters)), Evaluation(evaluation.result, []), 1)
    if trial.call.wrt:
        return Asked(trial, evaluation, 1)
    question = Question(Arguments(f, args, kwargs, 0))
    return Asked(question, question.evaluate(), 2)


def with_first(call: Arguments) -> Arguments | None:
    """The same call with its first argument to be differentiated; None where that would make another call of it."""
    try:
        first = Arguments(call.f, call.args, call.kwargs, 0)
    except (TypeError, ValueError):
        return None
    return first if len(first.leaves) == len(call.leaves) else None  # else a Python number would become an array
