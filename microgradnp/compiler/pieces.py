"""A program in pieces: runs of steps that have loops, and the steps between them, which stay calls of NumPy.

A view costs nothing, so each piece makes the views that it reads. The same holds for np.arange.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from microgradnp.compiler.namespace import Namespace
from microgradnp.core.graph import topological_order
from microgradnp.core.signatures import name_of
from microgradnp.loops.dialect import Dialect
from microgradnp.loops.loops import Loops
from microgradnp.loops.names import BackendError
from microgradnp.loops.products import LARGE_PRODUCT
from microgradnp.program.passes import RESHAPES, is_uniform, key_of
from microgradnp.program.values import Program, Value, operands, operands_in, substituted
from microgradnp.rules.indexing import is_basic, scatter

LONGEST = 60  # steps of a piece: the time of LLVM grows faster than the length of a function
VIEWS = {*RESHAPES, np.transpose, np.swapaxes, np.broadcast_to, np.flip}


@dataclass
class Piece:
    """Some steps as a program of their own. Its inputs are what other pieces compute, its outputs what others read."""

    program: Program
    inputs: list[Value]  # the same inputs in the whole program
    outputs: list[Value]  # the same outputs in the whole program
    has_loops: bool

    @property
    def functions(self) -> list[str]:
        """The names of its steps that are no views."""
        return [name_of(v.function) for v in self.program.steps() if v.function is not None and not is_view(v)]


class Pieces:
    """Cuts a program for a dialect: `pieces` run one after the other.

    Raises BackendError for a program without a step to compile, or with more steps than can be compiled in a few seconds.
    """

    def __init__(self, program: Program, dialect: Dialect) -> None:
        self.program = program
        has_loops = LoopForms(dialect)
        outputs, steps = {id(v) for v in program.outputs}, program.steps()
        self.looped = {id(v) for v in steps if has_loops(v)}
        views = [v for v in steps if v.function is np.arange or (is_view(v) and id(v) in self.looped)]
        self.free = {id(v) for v in views} - outputs
        self.steps = [v for v in steps if id(v) not in self.free]
        loops = [v for v in self.steps if id(v) in self.looped]
        if not loops and self.steps:
            raise BackendError(", ".join(sorted({name_of(v.function) for v in self.steps if v.function is not None})))
        if len(loops) > dialect.most_steps:
            raise BackendError(f"a program of {len(loops)} steps, which would take minutes to compile")
        self.reads = self.seen_through_views()
        runs = self.runs()
        number = {id(v): k for k, run in enumerate(runs) for v in run}
        elsewhere = {id(v) for run in runs for step in run for v in self.reads[id(step)] if number[id(v)] != number[id(step)]}
        self.pieces = [self.piece(run, [v for v in run if id(v) in elsewhere | outputs]) for run in runs]

    def seen_through_views(self) -> dict[int, list[Value]]:
        """Step -> the steps, other than free views, that it reads."""
        reads: dict[int, list[Value]] = {}
        for step in self.program.steps():
            found = [v for v in operands(step) if v.function is not None]
            reads[id(step)] = [base for v in found for base in (reads[id(v)] if id(v) in self.free else [v])]
        return reads

    def runs(self) -> list[list[Value]]:
        """The steps in runs of one kind, each run as long as the order of the program allows."""
        runs: list[list[Value]] = []
        rest, done, in_loops = self.steps, set[int](), True
        while rest:
            run: list[Value] = []
            later: list[Value] = []
            for step in rest:
                ready = (id(step) in self.looped) is in_loops and all(id(v) in done for v in self.reads[id(step)])
                (run if ready else later).append(step)
                if ready:
                    done.add(id(step))
            runs += [run[k : k + LONGEST] for k in range(0, len(run), LONGEST)]
            rest, in_loops = later, not in_loops
        return runs

    def piece(self, run: list[Value], outputs: list[Value]) -> Piece:
        """Some steps, and the views that they read, as a program."""
        inside = {id(v) for v in run} | self.free
        whole = {id(v) for v in [*self.program.inputs, *self.program.captured]}
        new: dict[int, Value] = {}
        read: list[Value] = []
        for value in topological_order(outputs, lambda v: operands(v) if id(v) in inside else []):
            if id(value) in inside:
                args, options = substituted((value.args, dict(value.options)), lambda v: new[id(v)])
                new[id(value)] = replace(value, args=args, options=options)
                continue
            is_constant = value.function is None and id(value) not in whole
            new[id(value)] = value if is_constant else Value(value.shape, value.dtype, name=value.name)
            read += [] if is_constant else [value]
        program = Program([new[id(v)] for v in read], [], [new[id(v)] for v in outputs], [])
        return Piece(program, read, outputs, id(run[0]) in self.looped)


def is_view(value: Value) -> bool:
    """Whether a step gives the numbers of one array other indices."""
    return value.function in VIEWS or (value.function is operator.getitem and is_basic(value.args[1])) or is_uniform(value)


class LoopForms:
    """Whether a step has loops in a dialect: whether a program of this one step has."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.known: dict[Any, bool] = {}

    def __call__(self, value: Value) -> bool:
        if value.function in (operator.getitem, scatter) and any(is_computed(v) for v in operands_in(value.args[-1])):
            return False  # the loops do not check indices that they compute
        if value.function is np.matmul and value.ndim > 2 and value.size * value.args[0].shape[-1] > LARGE_PRODUCT:
            return False  # NumPy calls BLAS for each matrix of a stack
        key = value.function, value.shape, value.dtype.str, key_of(substituted((value.args, dict(value.options)), form))
        if key not in self.known:
            self.known[key] = self.is_printed(value)
        return self.known[key]

    def is_printed(self, value: Value) -> bool:
        """Whether a step can be printed as loops, by printing it alone."""
        if any(v.dtype.kind not in "fbiu" or v.dtype.itemsize > 8 for v in operands(value)):
            return False
        space = Namespace()
        given: dict[int, Value] = {}

        def operand(v: Value) -> Value:
            return v if is_known(v) else given.setdefault(id(v), Value(v.shape, v.dtype))

        args, options = substituted((value.args, dict(value.options)), operand)
        step = replace(value, args=args, options=options)
        names = {id(v): space.local("x") for v in given.values()}
        try:
            Loops(Program([*given.values()], [], [step], []), names, space, self.dialect, set())
        except BackendError:
            return False
        return True


def is_known(value: Value) -> bool:
    """Whether a value is a constant of the program."""
    return (value.function is None and isinstance(value.data, (np.ndarray, np.generic))) or value.function is np.arange


def is_computed(value: Value) -> bool:
    return value.function not in (None, np.arange)


def form(value: Value) -> Any:
    """What the loops of a step depend on in an operand."""
    return value.shape, value.dtype.str, repr(value.data) if value.is_number else is_known(value)
