"""The Numba backend: the loops of a program, compiled to machine code, and the lines of Python around them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from microgradnp.compiler.code import Code
from microgradnp.compiler.namespace import Namespace, needs, within
from microgradnp.compiler.numba_modules import module_of
from microgradnp.compiler.pieces import Piece, Pieces
from microgradnp.compiler.simpler import in_simpler_steps
from microgradnp.compiler.with_numpy import NumpyText
from microgradnp.loops.loops import Loops
from microgradnp.loops.names import BackendError
from microgradnp.loops.numba import NUMBA
from microgradnp.program.constants import constants_of
from microgradnp.program.values import Program

DECORATOR = '@njit(cache=True, fastmath=FAST, error_model="numpy")'


def numba_code(program: Program, names: dict[int, str], space: Namespace, options: Mapping[str, Any]) -> Code:
    """The lines that call the compiled loops, and NumPy between them. Raises BackendError where no step has loops."""
    needs("numba", "fast")
    program = in_simpler_steps(program)
    texts = dict(names)  # the variable of each value that is computed so far
    code = Code([], [], names, space)
    returned = {id(v) for v in program.outputs}
    for piece in Pieces(program, NUMBA).pieces:
        own = {id(inside): texts[id(v)] for inside, v in zip(piece.program.inputs, piece.inputs, strict=True)}
        results = compiled_piece(piece, own, code, returned, reuse=options["reuse"]) if piece.has_loops else None
        if results is None:
            code.stay_numpy += piece.functions
            text = NumpyText(piece.program, own, space, reuse=options["reuse"] or returned.isdisjoint(map(id, piece.outputs)))
            code.lines += text.lines
            code.bytes += text.buffers.bytes
            results = [text.result(v) for v in piece.program.outputs]
        for value, result in zip(piece.outputs, results, strict=True):
            texts[id(value)] = result if result.isidentifier() else space.local(value.name or "v")
            code.lines += [] if result.isidentifier() else [f"{texts[id(value)]} = {result}"]
    code.results = results_of(program, texts, space)
    return code


def compiled_piece(piece: Piece, names: dict[int, str], code: Code, returned: set[int], *, reuse: bool) -> list[str] | None:
    """Add the call of a compiled piece, and return an expression for each of its outputs. None where Numba cannot compile it."""
    try:
        kernel = NumbaKernel(piece.program, names, code.namespace, {id(v) for v in piece.program.inputs})
        lines = kernel.lines(reuse=reuse or returned.isdisjoint(map(id, piece.outputs)))
    except BackendError:
        return None
    code.lines += lines
    code.source += f"\n\n{kernel.text}"
    return kernel.results()


def results_of(program: Program, texts: dict[int, str], space: Namespace) -> list[str]:
    """An expression for each output of a program: no two share an array, and none is an argument or a constant."""
    plain = Program(program.inputs, program.captured, [v for v in program.outputs if v.function is None], [])
    given = NumpyText(plain, texts, space, reuse=False)
    found: list[str] = []
    for value in program.outputs:
        text = given.result(value) if value.function is None else texts[id(value)]
        found.append(f"{text}.copy()" if text in found else text)
    return found


class NumbaKernel:
    """The compiled functions of a program. Names of ours end in an underscore.

    Their arguments are the arrays of the program, then its buffers, in the order of `variables`.
    """

    def __init__(self, program: Program, names: dict[int, str], space: Namespace, varying: set[int]) -> None:
        self.program, self.names, self.space = program, names, space
        loops = self.loops = Loops(program, names, space, NUMBA, varying)
        given = [v for v in [*program.inputs, *program.captured] if id(v) in names]
        constants = [v for v in constants_of(program) if id(v) in loops.arrays]
        self.given = [names[id(v)] for v in given] + [loops.arrays[id(v)] for v in constants]
        self.scalars = {names[id(v)] for v in given if v.shape == ()}
        self.outputs = self.output_buffers()
        self.numbers_name = space.local("numbers")
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
        arrays = [name for name in self.given if name not in constants and name not in self.scalars]
        found += [f"{name} = {contiguous}({name})" for name in arrays]
        found += [f"{space.bind_once('within', within)}({name}, {n})" for name, n in sorted(self.loops.bounded)]
        for name, value in self.loops.buffers.items():
            if name in self.outputs and not reuse:
                found.append(f"{name} = {empty}({value.shape}, {space.bind('dtype', value.dtype)})")
            else:
                space.objects[name] = np.empty(value.shape, value.dtype)
        arguments = [f"{name}.item()" if name in self.scalars else name for name in self.variables]
        return [*found, f"{self.numbers_name} = {compiled}({', '.join(arguments)})"]

    def compiled(self) -> Any:
        """The kernel, called once with arrays of zeros. Raises BackendError for what Numba cannot compile."""
        from numba.core.errors import NumbaError

        kernel = module_of(self.text).kernel_
        given = [v for v in [*self.program.inputs, *self.program.captured] if id(v) in self.names]
        arrays: dict[str, Any] = {
            self.names[id(v)]: np.ones((), v.dtype).item() if v.shape == () else np.zeros(v.shape, v.dtype) for v in given
        }
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
                texts.append(f"{self.space.bind('dtype', value.dtype.type)}({self.numbers_name}[{next(scalars)}])")
                continue
            name = self.loops.arrays[id(value)]
            texts.append(f"{name}.copy()" if name in seen or name not in self.outputs else name)
            seen.add(name)
        return texts
