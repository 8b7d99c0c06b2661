"""Nests of loops that compute a value entry by entry into memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from microgradnp.core.signatures import name_of
from microgradnp.loops.dialect import Dialect, Index
from microgradnp.loops.entries import Entries
from microgradnp.loops.indices import Flat
from microgradnp.loops.names import Names
from microgradnp.program.values import Program, Value

RESULT = "@"  # stands for an array until it has a name: after the names of all that its loops read


class Nests(Entries):
    """Writes loops over the entries of values: into `prepare` those that are run once, into `body` those of each step.

    `varying` are the values that another step of a training changes.
    """

    def __init__(self, program: Program, names: dict[int, str], space: Names, dialect: Dialect, varying: set[int]) -> None:
        super().__init__(program, names, space, dialect)
        self.varying = set(varying)
        self.prepare: list[str] = []
        self.body: list[str] = []
        self.buffers: dict[str, Value] = {}
        self.counter = itertools.count()

    def add(self, value: Value, lines: list[str]) -> None:
        """Add the lines that compute a value."""
        place = self.body if id(value) in self.varying else self.prepare
        if self.dialect.comment and lines and value.function is not None:
            made = f"{self.arrays[id(value)]} = {name_of(value.function)}"
            place.append(self.dialect.comment.format(text=f"{made}, {value.shape}" if value.shape else made))
        place.extend(lines)

    def number(self, value: Value, text: str) -> list[str]:
        """The line that computes a value without axes."""
        name = self.arrays[id(value)] = self.space.local(value.name or "s")
        return [self.dialect.let(name, text)]

    def memory(self, value: Value) -> str:
        """A buffer for a value."""
        name = self.arrays[id(value)] = self.space.local(value.name or "b")
        self.buffers[name] = value
        return name

    def stored(self, value: Value, lines: list[str]) -> list[str]:
        """Lines that compute a value, with the name of its buffer."""
        name = self.memory(value)
        return [line.replace(RESULT, name, 1) for line in lines]

    def nest(self, shape: tuple[int, ...], inside: Callable[[Index], list[str]]) -> list[str]:
        """Loops over a shape around the lines that `inside(index)` returns."""
        index = tuple(f"i{next(self.counter)}_" for _ in shape)
        lines = inside(index)
        for i, n in reversed([*zip(index, shape, strict=True)]):
            lines = self.dialect.around(i, n, lines)
        return lines

    def assign(self, index: Index, text: str, shape: tuple[int, ...], update: str = "=") -> str:
        """The statement that gives an entry of the result its number."""
        return f"{self.dialect.entry(RESULT, index, shape)} {update} {text}"

    def total(self, value: Value, start: Any = 0) -> tuple[str, str]:
        """A variable to sum up in, and the statement that it begins with."""
        name = self.space.local("total")
        return name, self.dialect.let(name, self.dialect.number(float(start) if value.dtype.kind == "f" else start))

    def elementwise(self, value: Value) -> list[str]:
        """One nest of loops over the entries of a value; a single loop where everything that it reads has its shape."""

        def make(index: Index) -> str:
            return self.at(value.args[0], self.inner_index(value, index)) if self.is_view(value) else self.scalar(value, index)

        if value.shape == ():
            return self.number(value, make(()))
        if self.is_flat(value, value.shape):
            row = self.dialect.flat.format(array=RESULT)

            def inside(i: Index) -> list[str]:
                return [f"{self.dialect.entry(row, i, (value.size,))} = {self.scalar(value, Flat(i))}"]

            lines = self.stored(value, self.nest((value.size,), inside))
            self.flat[self.arrays[id(value)]] = value.size
            return lines
        return self.stored(value, self.nest(value.shape, lambda index: [self.assign(index, make(index), value.shape)]))

    def filled(self, value: Value, number: int) -> list[str]:
        """All entries the same number."""
        if value.shape == ():
            return self.number(value, self.dialect.number(float(number)))
        return [self.dialect.fill.format(array=self.memory(value), number=number)]

    def reshaped(self, value: Value) -> list[str]:
        """The same memory in another shape; a copy where it is a result."""
        first = value.args[0]
        lines = [] if id(first) in self.arrays or first.function is None else self.elementwise(first)
        self.at(first, ("0",) * first.ndim)  # names a constant
        source = self.arrays[id(first)]
        if id(value) in self.results:
            return [*lines, self.dialect.copy_reshaped.format(name=self.memory(value), array=source, shape=value.shape)]
        name = self.arrays[id(value)] = self.space.local(value.name or "b")
        self.same[name] = self.same.get(source, source)
        return [*lines, self.dialect.reshape.format(name=name, array=source, shape=value.shape)]
