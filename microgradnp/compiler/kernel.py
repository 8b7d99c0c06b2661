"""A program made ready to run: the text of one function, for arguments of certain shapes, dtypes and Python values."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from microgradnp.compiler.namespace import BackendError, Namespace
from microgradnp.compiler.with_numpy import NumpyText
from microgradnp.core.memory import checksum
from microgradnp.core.signatures import name_of
from microgradnp.core.tensor import Tensor
from microgradnp.program import Program, Value, simplify, trace
from microgradnp.program.arguments import Arguments, Leaf
from microgradnp.program.constants import make_constants
from microgradnp.program.expansions import FOR_MACHINES

BACKENDS = ("numpy", "numba", "jax")
PLAIN = (bool, int, float, complex, str, type(None), bytes)  # Python values that are looked at by ==


class Kernel:
    """`step(*args)` returns (value, gradient), or None when the arguments are others than those that it was made for."""

    def __init__(self, program: Program, arguments: Arguments, parameters: dict[str, Tensor], lines: Lines) -> None:
        self.program, self.arguments, self.parameters, self.lines = program, arguments, parameters, lines
        self.count = -1 if arguments.kwargs else len(arguments.args)  # a call with keywords takes the slower way
        self.read = Outside(arguments.f, parameters.values())
        self.source = self.text()
        namespace = lines.namespace.objects
        exec(compile(self.source, f"<compiled {name_of(arguments.f)}>", "exec"), namespace)
        self.step: Callable[..., Any] = namespace["step"]
        self.source += lines.more

    def run(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """The step for arguments of any kind that mean the same: Tensors, lists of numbers, keywords."""
        arguments = Arguments(self.arguments.f, args, kwargs, tuple(self.arguments.wrt))
        plain, named = arguments.rebuilt([leaf.array for leaf in arguments.leaves])
        return self.lines.namespace.objects["always"](*plain, *named.values())

    def is_current(self) -> bool:
        """Whether what the function reads from outside is still what it was when it was traced."""
        return self.read.is_current()

    # ------------------------------------------------------------------------------------------- the text

    def text(self) -> str:
        names = list(self.arguments.names.values())
        arguments = ", ".join(names)
        inner = [*self.reads(), *self.lines.lines, *self.checked(arguments), f"return {self.result()}"]
        always = [f"def always({arguments}):", *(f"    {line}" for line in inner)]
        fits = " and ".join([*self.conditions(), *self.outside()])
        step = [f"def step({arguments}):"]
        step += [f"    if not ({fits}):", "        return None"] if fits else []
        step += [f"    return always({arguments})"]
        return "\n".join([*step, "", "", *always]) + "\n"

    def conditions(self) -> list[str]:
        """What must be true of the arguments, beginning with what is quickly found out."""
        found: list[str] = []
        space = self.lines.namespace
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
            else:
                return ["False"]  # a tree: the slower way looks into it
        return found

    def outside(self) -> list[str]:
        """Conditions on the variables that the function reads from outside."""
        space = self.lines.namespace
        found = [f"{space.bind('read', read)}() is {space.bind('was', was)}" for read, was in self.read.variables]
        return [*found, *([f"{space.bind('unchanged', self.read.unchanged)}()"] if self.read.contents else [])]

    def reads(self) -> list[str]:
        """Leaves of trees, and parameters that are held outside, as variables."""
        names = self.lines.names
        leaves = zip(self.program.inputs, self.arguments.leaves, strict=False)
        found = [f"{names[id(value)]} = {leaf.path}" for value, leaf in leaves if names[id(value)] != leaf.path]
        outside = [v for v in [*self.program.inputs, *self.program.captured] if isinstance(v.data, Tensor)]
        return [*found, *(f"{names[id(v)]} = {self.lines.namespace.bind('tensor', v.data)}._array" for v in outside)]

    def checked(self, arguments: str) -> list[str]:
        """Where a guard against 0 * inf was left out, a result that is not finite is computed once more, with it."""
        if not self.program.assumed:
            return []
        space = self.lines.namespace
        isfinite, vdot, guarded = space.name(math.isfinite), space.name(np.vdot), space.bind("guarded", self.lines.guarded)
        finite = [f"{isfinite}({vdot}({text}, {text}).real)" for text in self.lines.results]
        return [f"if not ({' and '.join(finite)}):", f"    return {guarded}({arguments})"]

    def result(self) -> str:
        value, *slopes = self.lines.results
        if self.parameters:
            return (
                f"({value}, {{{', '.join(f'{name!r}: {slope}' for name, slope in zip(self.parameters, slopes, strict=True))}}})"
            )
        if all(leaf.path in self.arguments.names.values() for leaf in self.arguments.leaves if leaf.wanted):
            order = [leaf.path for leaf in self.arguments.leaves if leaf.wanted]
            chosen = [slopes[order.index(self.arguments.names[where])] for where in self.arguments.wrt]
            return f"({value}, {chosen[0]})" if self.arguments.single else f"({value}, ({', '.join(chosen)},))"
        structured = self.lines.namespace.bind("in_place_of", self.arguments.gradients)
        return f"({value}, {structured}([{', '.join(slopes)}]))"


class Lines:
    """What a backend makes of a program: lines of Python, the texts of the results, the objects that they refer to."""

    def __init__(
        self, lines: list[str], results: list[str], names: dict[int, str], namespace: Namespace, more: str = "", bytes: int = 0
    ) -> None:
        self.bytes = bytes
        self.lines, self.results, self.names, self.namespace, self.more = lines, results, names, namespace, more
        self.guarded: Callable[..., Any] | None = None


class Outside:
    """Variables that a function reads from its module and from the functions around it: numbers, options, arrays, Tensors.

    Another object under a name is noticed, and other numbers in an array or in a Tensor that is no parameter: NumPy may have
    computed with them while the program was traced. What is not noticed: lists and objects that are changed in place, and what
    functions read that are called.
    """

    def __init__(self, f: Callable[..., Any], parameters: Iterable[Tensor]) -> None:
        self.variables: list[tuple[Callable[[], Any], Any]] = []
        self.contents: list[tuple[Any, int]] = []
        self.parameters = {id(p) for p in parameters}
        code: CodeType | None = getattr(f, "__code__", None)
        if code is None or not isinstance(f, FunctionType):
            return
        for cell in f.__closure__ or ():
            self.watch(functools.partial(getattr, cell, "cell_contents", None))
        for name in code.co_names:
            if name in f.__globals__:
                self.watch(functools.partial(f.__globals__.get, name))

    def watch(self, read: Callable[[], Any]) -> None:
        was = read()
        if not isinstance(was, (*PLAIN, np.ndarray, np.generic, Tensor, tuple)) or was is None:
            return
        self.variables.append((read, was))
        for item in was if isinstance(was, tuple) else (was,):
            if isinstance(item, np.ndarray) or (isinstance(item, Tensor) and id(item) not in self.parameters):
                self.contents.append((item, content_of(item)))

    def unchanged(self) -> bool:
        """Whether the arrays hold the numbers that they held."""
        return all(content_of(item) == content for item, content in self.contents)

    def is_current(self) -> bool:
        return all(read() is was for read, was in self.variables) and self.unchanged()


def content_of(item: Any) -> int:
    return checksum(item._array if isinstance(item, Tensor) else item)


def program_for(arguments: Arguments, parameters: Mapping[str, Tensor], expansions: Any, *, unguarded: bool) -> Program:
    """The simplified program of a call. Two traces tell which arrays the function makes itself. Raises as `trace` does."""

    def traced() -> Program:
        variables, leaves = arguments.variables, parameters.values()
        call = trace(arguments.f, variables, unguarded=unguarded, expansions=expansions, parameters=leaves)
        return call.program(unguarded=unguarded)

    return simplify(make_constants(traced(), traced(), f"compile: {name_of(arguments.f)}"))


def names_of(program: Program, leaves: list[Leaf], parameters: Mapping[str, Tensor], space: Namespace) -> dict[int, str]:
    """The variable that each argument of a program is in."""
    names: dict[int, str] = {}
    for value, leaf in zip(program.inputs, leaves, strict=False):
        names[id(value)] = leaf.path if leaf.path.isidentifier() else space.local(leaf.path)
    for value, name in zip(program.inputs[len(leaves) :], parameters, strict=True):
        names[id(value)] = space.local(name)
    for value in program.captured:
        wish = value.name or "captured"
        names[id(value)] = space.local(wish) if isinstance(value.data, Tensor) else space.bind(wish, value.data)
    return names


def lines_for(program: Program, arguments: Arguments, parameters: Mapping[str, Tensor], backend: str, options: Any) -> Lines:
    """What a backend makes of a program; what the numpy backend makes, with a warning, where it cannot take a step."""
    space = Namespace()
    space.taken |= set(arguments.names.values())
    names = names_of(program, arguments.leaves, parameters, space)
    if backend == "numpy":
        text = NumpyText(program, names, space, reuse=options["reuse"])
        return Lines(text.lines, [text.result(v) for v in program.outputs], names, space, bytes=text.buffers.bytes)
    if backend == "jax":
        from microgradnp.compiler.with_jax import jax_lines as lines
    else:
        from microgradnp.compiler.with_numba import numba_lines as lines
    try:
        return Lines(*lines(program, names, space, options))
    except BackendError as error:
        warnings.warn(f"compile: {backend} cannot take {error}; {name_of(arguments.f)} runs on the numpy backend", stacklevel=5)
    return lines_for(program, arguments, parameters, "numpy", options)


def kernel_for(
    arguments: Arguments, parameters: dict[str, Tensor], backend: str, options: Mapping[str, Any], *, said: bool
) -> Kernel:
    """Trace, simplify and print a function for its arguments. `said`: did the user say what to differentiate?"""
    program = program_for(arguments, parameters, FOR_MACHINES, unguarded=True)
    if not said:
        refuse_lost(program, arguments)
    kernel_lines = lines_for(program, arguments, parameters, backend, options)
    if program.assumed:
        kernel_lines.guarded = Guarded(arguments, parameters, backend, options)
    return Kernel(program, arguments, parameters, kernel_lines)


class Guarded:
    """The same function with all guards of its formulas, compiled when it is first needed."""

    def __init__(self, arguments: Arguments, parameters: dict[str, Tensor], backend: str, options: Mapping[str, Any]) -> None:
        self.made = arguments, parameters, backend, options
        self.kernel: Kernel | None = None

    def __call__(self, *args: Any) -> Any:
        if self.kernel is None:
            arguments, parameters, backend, options = self.made
            program = program_for(arguments, parameters, FOR_MACHINES, unguarded=False)
            self.kernel = Kernel(program, arguments, parameters, lines_for(program, arguments, parameters, backend, options))
        return self.kernel.lines.namespace.objects["always"](*args)


def refuse_lost(program: Program, arguments: Arguments) -> None:
    """Raises TypeError when parameters are read from outside that nobody asked the gradient of."""
    lost: list[Value] = [v for v in program.captured if isinstance(v.data, Tensor) and v.data.requires_grad]
    if lost:
        raise TypeError(
            f"compile: {name_of(arguments.f)} reads {len(lost)} parameters from outside ({lost[0].name or lost[0].shape}, ...); "
            "say wrt=model, or wrt=0 for the gradient with respect to its first argument alone"
        )
