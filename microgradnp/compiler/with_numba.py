"""The Numba backend: the loops of a program, compiled to machine code, and the lines of Python around them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from microgradnp.compiler.code import Code
from microgradnp.compiler.dialect import NUMBA
from microgradnp.compiler.loops import Loops
from microgradnp.compiler.namespace import BackendError, Namespace, needs, within
from microgradnp.compiler.numba_modules import module_of
from microgradnp.program.constants import constants_of
from microgradnp.program.values import Program

DECORATOR = '@njit(cache=True, fastmath=FAST, error_model="numpy")'


def numba_code(program: Program, names: dict[int, str], space: Namespace, options: Mapping[str, Any]) -> Code:
    """The lines that call the compiled loops. Raises BackendError for a step that has no loops."""
    kernel = NumbaKernel(program, names, space, {id(v) for v in program.inputs})
    return Code(kernel.lines(reuse=options["reuse"]), kernel.results(), names, space, f"\n\n{kernel.text}")


class NumbaKernel:
    """The compiled functions of a program. Names of ours end in an underscore.

    Their arguments are the arrays of the program, then its buffers, in the order of `variables`.
    """

    def __init__(self, program: Program, names: dict[int, str], space: Namespace, varying: set[int]) -> None:
        needs("numba", "fast")
        self.program, self.names, self.space = program, names, space
        loops = self.loops = Loops(program, names, space, NUMBA, varying)
        given = [v for v in [*program.inputs, *program.captured] if id(v) in names]
        constants = [v for v in constants_of(program) if id(v) in loops.arrays]
        self.given = [names[id(v)] for v in given] + [loops.arrays[id(v)] for v in constants]
        self.scalars = {names[id(v)] for v in given if v.shape == ()}
        self.outputs = self.output_buffers()
        self.variables = [*self.given, *loops.buffers]
        if ours := [name for name in self.variables if name.endswith("_")]:
            raise BackendError(f"the name {ours[0]}, which ends as ours do")
        self.text = self.whole()

    def function(self, name: str, lines: list[str]) -> list[str]:
        """The definition of a compiled function of all variables."""
        loops = self.loops
        flat = [f"{array}_flat_ = {array}.reshape({size})" for array, size in loops.flat.items()]
        return [DECORATOR, f"def {name}({', '.join(self.variables)}):", *(f"    {line}" for line in [*flat, *lines]), "\n"]

    def numbers(self) -> str:
        """The statement that returns the results without axes."""
        return f"return ({''.join(f'{self.loops.at(v, ())}, ' for v in self.program.outputs if v.shape == ())})"

    def whole(self) -> str:
        """One step as one function, `kernel_`."""
        return "\n".join(self.function("kernel_", [*self.loops.prepare, *self.loops.body, self.numbers()]))

    def apart(self) -> str:
        """One step as two functions: `prepare_`, which depends on the data alone, and `step_`."""
        prepare = self.function("prepare_", self.loops.prepare or ["pass"])
        return "\n".join([*prepare, *self.function("step_", [*self.loops.body, self.numbers()])])

    def output_buffers(self) -> list[str]:
        """The buffers that results with axes are in."""
        names = [self.loops.arrays.get(id(v), "") for v in self.program.outputs if v.shape != ()]
        return [name for name in dict.fromkeys(names) if name in self.loops.buffers]

    def lines(self, *, reuse: bool) -> list[str]:
        """The lines of Python around one call of the kernel."""
        space, found = self.space, []
        compiled = space.bind("kernel", self.compiled())
        contiguous, empty = space.name(np.ascontiguousarray), space.name(np.empty)
        constants = set(self.given) & set(space.objects)
        for name in self.given:
            if name in self.scalars:
                found.append(f"{name} = {name}.item()")
            elif name not in constants:
                found.append(f"{name} = {contiguous}({name})")
        for name, n in sorted(self.loops.bounded):
            found.append(f"{space.bind_once('within', within)}({name}, {n})")
        for name, value in self.loops.buffers.items():
            if name in self.outputs and not reuse:
                found.append(f"{name} = {empty}({value.shape}, {space.bind('dtype', value.dtype)})")
            else:
                space.objects[name] = np.empty(value.shape, value.dtype)
        return [*found, f"numbers = {compiled}({', '.join(self.variables)})"]

    def compiled(self) -> Any:
        """The kernel, called once with arrays of zeros. Raises BackendError for what Numba cannot compile."""
        from numba.core.errors import NumbaError

        kernel = module_of(self.text).kernel_
        given = [v for v in [*self.program.inputs, *self.program.captured] if id(v) in self.names]
        arrays: dict[str, Any] = {self.names[id(v)]: 1.0 if v.shape == () else np.zeros(v.shape, v.dtype) for v in given}
        arrays |= {name: np.empty(v.shape, v.dtype) for name, v in self.loops.buffers.items()}
        try:
            kernel(*(arrays[name] if name in arrays else self.space.objects[name] for name in self.variables))
        except NumbaError as error:
            raise BackendError(f"it ({type(error).__name__}: {str(error).splitlines()[0]})") from None
        return kernel

    def results(self) -> list[str]:
        """An expression for each output. No two results share an array."""
        texts, seen, scalars = [], set(), itertools.count()
        for value in self.program.outputs:
            if value.shape == ():
                texts.append(f"{self.space.bind('dtype', value.dtype.type)}(numbers[{next(scalars)}])")
                continue
            name = self.loops.arrays[id(value)]
            texts.append(f"{name}.copy()" if name in seen or name not in self.outputs else name)
            seen.add(name)
        return texts
