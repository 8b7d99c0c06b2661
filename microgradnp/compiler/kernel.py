"""A program made ready to run: the text of one function, for arguments of certain shapes, dtypes and Python values."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from microgradnp.compiler.code import Code
from microgradnp.compiler.namespace import Namespace
from microgradnp.compiler.outside import PLAIN, Outside
from microgradnp.compiler.with_jax import jax_code
from microgradnp.compiler.with_numba import numba_code
from microgradnp.compiler.with_numpy import numpy_code
from microgradnp.core.entries import overrides
from microgradnp.core.signatures import name_of
from microgradnp.core.table import REPLACED
from microgradnp.core.tensor import Tensor
from microgradnp.loops.names import BackendError
from microgradnp.program.arguments import Arguments, Leaf
from microgradnp.program.calls import trace
from microgradnp.program.constants import make_constants
from microgradnp.program.expansions import FOR_MACHINES
from microgradnp.program.identifiers import LONGEST
from microgradnp.program.passes import simplify
from microgradnp.program.values import Program, Value

BACKENDS: dict[str, Callable[[Program, dict[int, str], Namespace, Mapping[str, Any]], Code]] = {
    "numpy": numpy_code,
    "numba": numba_code,
    "jax": jax_code,
}


class Kernel:
    """A compiled call. `step(*args)` returns (value, gradient), or None for arguments that it was not made for."""

    def __init__(
        self, program: Program, arguments: Arguments, parameters: dict[str, Tensor], code: Code, guarded: Callable[..., Any]
    ) -> None:
        self.program, self.arguments, self.parameters, self.code, self.guarded = program, arguments, parameters, code, guarded
        self.count = -1 if arguments.kwargs else len(arguments.args)  # a call with keywords takes the slower way
        self.rules = overrides.get(), len(REPLACED)  # the rules of `mg.override` and `mg.rule` that it was traced with
        self.outside = Outside(arguments.f, parameters.values(), arguments.objects())
        text = self.text()
        exec(compile(text, f"<compiled {name_of(arguments.f)}>", "exec"), code.namespace.objects)
        self.step: Callable[..., Any] = code.namespace.objects["step"]
        self.always: Callable[..., Any] = code.namespace.objects["always"]
        self.source = text + code.source

    def run(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """The step for arguments that mean the same: Tensors, lists of numbers, keywords."""
        arguments = Arguments(self.arguments.f, args, kwargs, tuple(self.arguments.wrt))
        plain, named = arguments.rebuilt([leaf.array for leaf in arguments.leaves])
        return self.always(*plain, *named.values())

    # ------------------------------------------------------------------------------------------- the text

    def text(self) -> str:
        """Two functions: `always` computes, `step` looks at its arguments before."""
        arguments = ", ".join(self.arguments.names.values())
        inner = [*self.reads(), *self.code.lines, *self.checked(arguments), f"return {self.result()}"]
        always = [f"def always({arguments}):", *(f"    {line}" for line in inner)]
        fits = " and ".join([*self.conditions(), *self.conditions_outside()])
        step = [f"def step({arguments}):"]
        step += [f"    if not ({fits}):", "        return None"] if fits else []
        step += [f"    return always({arguments})"]
        return "\n".join([*step, "", "", *always]) + "\n"

    def conditions(self) -> list[str]:
        """Conditions on the arguments, the quickest first."""
        found: list[str] = []
        space = self.code.namespace
        leaves = {leaf.path: leaf for leaf in self.arguments.leaves}
        for where, name in self.arguments.names.items():
            leaf, value = leaves.get(name), self.arguments.value(where)
            if leaf is not None:
                dtype = space.bind(f"dtype_of_{name}", leaf.array.dtype)
                found.append(
                    f"type({name}) is {space.name(np.ndarray)} and {name}.shape == {leaf.array.shape} and {name}.dtype is {dtype}"
                )
            elif type(value) in PLAIN:
                kind, same = space.bind("kind", type(value)), space.bind("value", value)
                found.append(f"type({name}) is {kind} and {name} == {same}")
                if value == 0 and isinstance(value, (float, complex)):  # 0.0 == -0.0
                    found.append(f"repr({name}) == {repr(value)!r}")
            else:
                return ["False"]  # a tree: the slower way looks into it
        return found

    def conditions_outside(self) -> list[str]:
        """Conditions on the variables that the function reads from outside."""
        space = self.code.namespace
        found = [f"{space.bind('read', v.read)}() is {space.bind('was', v.was)}" for v in self.outside.variables]
        return [*found, *([f"{space.bind('unchanged', self.outside.unchanged)}()"] if self.outside.is_watched else [])]

    def reads(self) -> list[str]:
        """Leaves of trees, and Tensors that are read from outside, as variables."""
        names = self.code.names
        leaves = zip(self.program.inputs, self.arguments.leaves, strict=False)
        found = [f"{names[id(value)]} = {leaf.path}" for value, leaf in leaves if names[id(value)] != leaf.path]
        outside = [v for v in [*self.program.inputs, *self.program.captured] if isinstance(v.data, Tensor)]
        return [*found, *(f"{names[id(v)]} = {self.code.namespace.bind('tensor', v.data)}._array" for v in outside)]

    def checked(self, arguments: str) -> list[str]:
        """Where a guard against 0 * inf was left out, a result that is not finite is computed again with the guard."""
        if not self.program.assumed:
            return []
        space = self.code.namespace
        isfinite, vdot, guarded = space.name(math.isfinite), space.name(np.vdot), space.bind("guarded", self.guarded)
        finite = [f"{isfinite}({vdot}({text}, {text}).real)" for text in self.code.results]
        return [f"if not ({' and '.join(finite)}):", f"    return {guarded}({arguments})"]

    def result(self) -> str:
        """The expression of (value, gradient)."""
        value, *slopes = self.code.results
        if self.parameters:
            gradients = ", ".join(f"{name!r}: {slope}" for name, slope in zip(self.parameters, slopes, strict=True))
            return f"({value}, {{{gradients}}})"
        if all(leaf.path in self.arguments.names.values() for leaf in self.arguments.leaves if leaf.wanted):
            order = [leaf.path for leaf in self.arguments.leaves if leaf.wanted]
            chosen = [slopes[order.index(self.arguments.names[where])] for where in self.arguments.wrt]
            return f"({value}, {chosen[0]})" if self.arguments.single else f"({value}, ({', '.join(chosen)},))"
        structured = self.code.namespace.bind("in_place_of", self.arguments.gradients)
        return f"({value}, {structured}([{', '.join(slopes)}]))"


# ------------------------------------------------------------------------------------------------ making one


def kernel_for(
    arguments: Arguments, parameters: dict[str, Tensor], backend: str, options: Mapping[str, Any], *, is_asked: bool
) -> Kernel:
    """Trace, simplify and print a function for its arguments. `is_asked`: whether the user said what to differentiate."""
    guarded = Guarded(arguments, parameters, backend, options)
    program = program_for(arguments, parameters, FOR_MACHINES, unguarded=True)
    if not is_asked:
        refuse_lost(program, arguments)
    elif parameters:
        warn_of_others(program, arguments, parameters)
    return Kernel(program, arguments, parameters, code_for(program, arguments, parameters, backend, options), guarded)


class Guarded:
    """The same function with all guards of its formulas, compiled when it is first needed."""

    def __init__(self, arguments: Arguments, parameters: dict[str, Tensor], backend: str, options: Mapping[str, Any]) -> None:
        self.arguments, self.parameters, self.backend, self.options = arguments, parameters, backend, options
        self.kernel: Kernel | None = None

    def __call__(self, *args: Any) -> Any:
        if self.kernel is None:
            program = program_for(self.arguments, self.parameters, FOR_MACHINES, unguarded=False)
            code = code_for(program, self.arguments, self.parameters, self.backend, self.options)
            self.kernel = Kernel(program, self.arguments, self.parameters, code, self)
        return self.kernel.always(*args)


def program_for(arguments: Arguments, parameters: Mapping[str, Tensor], expansions: Any, *, unguarded: bool) -> Program:
    """The simplified program of a call. Two traces tell which arrays the function makes itself. Raises as `trace` does."""

    def traced() -> Program:
        variables, leaves = arguments.variables, parameters.values()
        call = trace(arguments.f, variables, unguarded=unguarded, expansions=expansions, parameters=leaves)
        return call.program(unguarded=unguarded)

    return simplify(make_constants(traced(), traced(), f"compile: {name_of(arguments.f)}"))


def code_for(
    program: Program, arguments: Arguments, parameters: Mapping[str, Tensor], backend: str, options: Mapping[str, Any]
) -> Code:
    """What a backend makes of a program. Falls back to the NumPy backend, with a warning, where a step has no text."""
    space = Namespace()
    space.taken |= set(arguments.names.values())
    names = names_of(program, arguments.leaves, parameters, space)
    try:
        code = BACKENDS[backend](program, names, space, options)
    except BackendError as error:
        reason = str(error)
    except Exception as error:  # whatever a compiler raises: the NumPy backend takes every program
        if backend == "numpy" or isinstance(error, ImportError):  # a library that is missing is asked for
            raise
        reason = f"it ({type(error).__name__}: {next(iter(str(error).splitlines()), '')[:200]})"
    else:
        if left := code.stay_numpy:
            amount = "1 step of {} stays" if len(left) == 1 else f"{len(left)} steps of {{}} stay"
            which = f"{', '.join(sorted({*left}))}; {amount.format(name_of(arguments.f))} NumPy"
            warnings.warn(f"compile: {backend} has no loops for {which}", stacklevel=5)
        return code
    message = f"compile: the {backend} backend cannot take {reason}; {name_of(arguments.f)} falls back to the NumPy backend"
    warnings.warn(message, stacklevel=5)
    return code_for(program, arguments, parameters, "numpy", options)


def names_of(program: Program, leaves: list[Leaf], parameters: Mapping[str, Tensor], space: Namespace) -> dict[int, str]:
    """The variable of each argument of a program, by the id of its value. No other variable gets its name."""
    space.taken |= {leaf.path for leaf in leaves}
    names: dict[int, str] = {}
    for value, leaf in zip(program.inputs, leaves, strict=False):
        names[id(value)] = leaf.path if leaf.path.isidentifier() and len(leaf.path) <= LONGEST else space.local(leaf.path)
    for value, name in zip(program.inputs[len(leaves) :], parameters, strict=True):
        names[id(value)] = space.local(name)
    for value in program.captured:
        wish = value.name or "captured"
        names[id(value)] = space.local(wish) if isinstance(value.data, Tensor) else space.bind(wish, value.data)
    return names


def parameters_outside(program: Program) -> list[Value]:
    """The parameters that a program reads from outside, and whose gradient it does not compute."""
    return [v for v in program.captured if isinstance(v.data, Tensor) and v.data.requires_grad]


def warn_of_others(program: Program, arguments: Arguments, parameters: Mapping[str, Tensor]) -> None:
    """Warn when the function does not read a parameter, and reads another one: it was made anew after `compile`."""
    slopes = zip(parameters, program.outputs[-len(parameters) :], strict=True)
    unread = [name for name, slope in slopes if slope.function is np.zeros_like]
    if unread and (others := parameters_outside(program)):
        warnings.warn(
            f"compile: {name_of(arguments.f)} does not depend on {unread[0]}, and reads another parameter, "
            f"{others[0].name or 'one'} {others[0].shape}, which wrt does not name. If that was made anew, compile again",
            stacklevel=5,
        )


def refuse_lost(program: Program, arguments: Arguments) -> None:
    """Raises TypeError when the function reads parameters from outside, and nobody asked for their gradient."""
    if lost := parameters_outside(program):
        raise TypeError(
            f"compile: {name_of(arguments.f)} reads {len(lost)} parameters from outside ({lost[0].name or lost[0].shape}, ...); "
            "say wrt=model, or wrt=0 for the gradient with respect to its first argument alone"
        )
