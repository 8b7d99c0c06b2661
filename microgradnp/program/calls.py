"""Tracing a call: a function is called once on traced Tensors, and the call becomes a program."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from microgradnp.core.context import confined
from microgradnp.core.graph import walk
from microgradnp.core.messages import describe
from microgradnp.core.signatures import name_of
from microgradnp.core.tensor import Tensor
from microgradnp.derivatives.variables import check_result, recorded
from microgradnp.program.traced import TracedParameter
from microgradnp.program.tracer import Expansions, Gradient, Trace
from microgradnp.program.values import Program

SHARED = threading.RLock()  # who holds it may change the class of leaves, which threads share


class Variables(NamedTuple):
    """The arguments of a traced call."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: list[Tensor]  # all variables of the program
    wanted: list[Tensor]  # those to differentiate with respect to


class TracedCall:
    """A call that was traced forward. `program` writes its backward pass down, as often as one likes.

    `parameters` are leaves that the function reads from outside, to be differentiated with respect to as well.
    """

    def __init__(self, tracer: Trace, variables: Variables, parameters: list[Tensor], result: Tensor) -> None:
        self.tracer, self.result, self.parameters = tracer, result, parameters
        self.inputs = [tracer.values[id(x)] for x in [*variables.inputs, *parameters]]
        self.wanted = [*variables.wanted, *parameters]
        self.assumed = tracer.assumed  # whether the forward pass itself left a guard out: it holds a gradient

    def program(self, *, unguarded: bool) -> Program:
        """The value and the gradients as a program, with or without the guards of the formulas of the backward pass."""
        tracer = self.tracer
        tracer.leaves_guards_out, tracer.assumed = unguarded, self.assumed
        with tracer, recorded(), as_traced(self.parameters), np.errstate(all="ignore"):
            value = Gradient(tracer.operand(self.result), self.result._array)
            outputs = [value, *tracer.gradients(self.result, self.wanted)]
        program = Program(self.inputs, [], [o.value for o in outputs], [o.array for o in outputs], tracer.assumed)
        needed = {id(v) for v in program.values()} - {id(v) for v in self.inputs}
        program.captured = [v for v in tracer.captured if id(v) in needed]
        return program


@confined
def trace(
    f: Callable[..., Any],
    call: Callable[[Trace], Variables],
    *,
    unguarded: bool,
    expansions: Expansions | None = None,
    parameters: Iterable[Tensor] = (),
) -> TracedCall:
    """Trace one call of `f`. `call` makes its arguments; `parameters` are leaves that it reads from outside.

    Raises TypeError when `f` returns no Tensor or reads the numbers of one, ValueError when its value is no real scalar.
    """
    parameters = list(parameters)
    tracer = Trace(unguarded=unguarded, expansions=expansions)
    with tracer, recorded(), as_traced(parameters), np.errstate(all="ignore"):  # without its guards a formula may divide by zero
        variables = call(tracer)
        for parameter in parameters:
            tracer.outside(parameter)
        result = f(*variables.args, **variables.kwargs)
        check_scalar(f, result)
        tracer.give_names()
        for node in walk(result):
            if node.rule is not None and node.traced:
                node.rule = tracer.careful(node.rule)
    return TracedCall(tracer, variables, parameters, result)


@contextlib.contextmanager
def as_traced(leaves: list[Tensor]) -> Iterator[None]:
    """Forbid to read the numbers of leaves, which belong to the user. One thread at a time: the next one changes them, too."""
    with SHARED:
        yield from marked(leaves)


def marked(leaves: list[Tensor]) -> Iterator[None]:
    """Change the class of leaves, and change it back."""
    kinds = [leaf.__class__ for leaf in leaves]
    restored, again = (map(setattr, leaves, ["__class__"] * len(leaves), kinds) for _ in range(2))
    try:
        try:
            for leaf in leaves:
                leaf.__class__ = TracedParameter
            yield
        finally:
            deque(restored, 0)  # one call of compiled code, which Ctrl-C does not interrupt
    finally:
        deque(again, 0)  # Ctrl-C may have come just before that call


def check_scalar(f: Callable[..., Any], result: Any) -> None:
    """Raises TypeError when a function did not return a Tensor, ValueError when it is no real scalar."""
    check_result(f, result)
    if result.shape != () or result.dtype.kind == "c":
        raise ValueError(f"{name_of(f)} returned {describe(result)}, and must return a real scalar")
