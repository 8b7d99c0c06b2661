"""The NumPy backend: straight NumPy calls into buffers that are made once and used again.

A buffer is in use from the step that writes it to the last step that reads it or a view of it. Then another step of its size may
have it. An elementwise step writes over an operand that no later step reads. Views of a buffer are made when the program is
compiled, and cost nothing afterwards.
"""

from __future__ import annotations

import collections
import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from microgradnp.compiler.code import Code
from microgradnp.compiler.namespace import Namespace
from microgradnp.emitter.expressions import Expressions
from microgradnp.emitter.literals import ATOM, Text
from microgradnp.program.passes import ELEMENTWISE, RESHAPES
from microgradnp.program.values import Program, Value, operands, operands_in
from microgradnp.rules.functional import append_bias_unit

VIEWS = {*RESHAPES, np.transpose, np.swapaxes, np.moveaxis, np.broadcast_to, operator.getitem, np.real, np.diagonal}
NEW = {*ELEMENTWISE, np.matmul, np.dot, np.vdot, np.sum, np.mean, np.where, np.concatenate, np.stack}  # return a new array
SMALL = 4096  # entries up to which a step with gaps between its rows costs less than another step
INTO = {f for f in ELEMENTWISE if f.nout == 1} | {np.matmul}  # take out=


def numpy_code(program: Program, names: dict[int, str], space: Namespace, options: Mapping[str, Any]) -> Code:
    """The calls of a program, and the buffers that they work on."""
    text = NumpyText(program, names, space, reuse=options["reuse"])
    return Code(text.lines, [text.result(v) for v in program.outputs], names, space, bytes=text.buffers.bytes)


class Buffers:
    """Arrays that are made once and used again."""

    def __init__(self) -> None:
        self.free: dict[tuple[str, int], list[np.ndarray[Any, Any]]] = collections.defaultdict(list)  # by dtype and size
        self.bytes = 0

    def take(self, value: Value) -> np.ndarray[Any, Any]:
        """An array of a value's shape and dtype, with arbitrary numbers."""
        waiting = self.free[value.dtype.str, value.size]
        if waiting:
            return waiting.pop().reshape(value.shape)
        self.bytes += value.size * value.dtype.itemsize
        return np.empty(value.shape, value.dtype)

    def give(self, array: np.ndarray[Any, Any]) -> None:
        """Take back an array that is no longer in use."""
        self.free[array.dtype.str, array.size].append(array.reshape(-1))


class NumpyText:
    """The lines of a program, and the arrays that they work on.

    `names` are the texts of the arguments by the id of their values. With `reuse` the results are buffers too.
    """

    def __init__(self, program: Program, names: dict[int, str], namespace: Namespace, *, reuse: bool) -> None:
        self.program, self.reuse = program, reuse
        self.namespace = namespace
        self.texts = dict(names)
        self.arrays: dict[int, np.ndarray[Any, Any]] = {}  # arrays that are known when the program is compiled, by value
        self.owned: dict[int, np.ndarray[Any, Any]] = {}  # buffers in use, by the value that they were taken for
        self.base_of: dict[int, set[int]] = {}  # value -> the values whose buffers it may be a view of
        self.end_of: dict[int, int] = {}  # value -> the last step that reads its buffer or a view of it
        self.steps = program.steps()
        self.last = self.last_uses()
        self.results = {id(v) for v in program.outputs}
        self.buffers = Buffers()
        self.expressions = Expressions(self.operand, self.namespace, lambda *_: None)
        self.lines: list[str] = []
        self.bias = self.placed_beside_a_bias()
        for number, value in enumerate(self.steps):
            self.lines += self.written(number, value)
            self.release(number, value)

    # ----------------------------------------------------------------------------------------- lifetimes

    def last_uses(self) -> dict[int, int]:
        """Value -> number of the last step that reads it. Results are read after the last step."""
        last: dict[int, int] = {}
        for number, step in enumerate(self.steps):
            last.update((id(v), number) for v in operands(step))
        last.update((id(v), len(self.steps)) for v in self.program.outputs)
        return last

    def release(self, number: int, value: Value) -> None:
        """Give back the buffers that nothing reads after this step."""
        for owner in set().union(*(self.base_of.get(id(v), ()) for v in [value, *operands(value)])):
            if owner in self.owned and self.end_of[owner] <= number:
                self.buffers.give(self.owned.pop(owner))

    def set_base(self, value: Value, owners: set[int]) -> None:
        """Remember whose buffers a value may be a view of."""
        self.base_of[id(value)] = owners
        for owner in owners:
            self.end_of[owner] = max(self.end_of.get(owner, -1), self.last.get(id(value), -1))

    # --------------------------------------------------------------------------------------------- lines

    def operand(self, value: Value) -> Text:
        """The name of a value. A constant is bound to one when it is first used."""
        if id(value) not in self.texts and value.function is None:
            self.texts[id(value)] = self.namespace.bind("constant", value.data)
        return Text(self.texts[id(value)], ATOM)

    def array_of(self, value: Any) -> Any:
        """The buffer of a value; None where it has none."""
        return self.arrays.get(id(value)) if isinstance(value, Value) else None

    def written(self, number: int, value: Value) -> list[str]:
        """The lines of one step."""
        view = self.as_view(value)
        if view is not None:
            return self.keep(value, view, self.base_of.get(id(value.args[0]), set()))
        if value.function is append_bias_unit and not set(value.options) - {"value"} and value.dtype == value.args[0].dtype:
            return self.with_bias(value)
        if value.shape == () or value.size == 0 or (id(value) in self.results and not self.reuse and id(value) not in self.bias):
            return [self.assigned(value, self.expressions.expression(value).text)]
        if value.function in INTO and not value.options and len(value.args) == value.function.nin:
            return self.into(number, value)
        if value.function is np.sum and not set(value.options) - {"axis", "keepdims"}:
            return self.summed(value)
        return [self.assigned(value, self.expressions.expression(value).text)]

    def assigned(self, value: Value, text: str) -> str:
        """The statement that gives a value its name."""
        self.texts[id(value)] = self.namespace.local(value.name or "v")
        if value.function not in NEW:  # it may return its argument or a view of it
            self.set_base(value, set().union(*(self.base_of.get(id(v), ()) for v in operands(value))))
        return f"{self.texts[id(value)]} = {text}"

    def keep(self, value: Value, array: Any, owners: set[int]) -> list[str]:
        """Remember the array of a value, which is part of the buffers of `owners`."""
        self.set_base(value, owners)
        over = next((v for v in operands(value) if self.arrays.get(id(v)) is array), None)
        self.arrays[id(value)] = array
        self.texts[id(value)] = self.namespace.bind(value.name or "v", array) if over is None else self.texts[id(over)]
        return []

    def as_view(self, value: Value) -> Any:
        """The view that a step makes of a known array; None when it makes a new array."""
        array = self.array_of(value.args[0]) if value.args else None
        if array is None or value.function not in VIEWS or any(operands_in(value.args[1:])):
            return None
        made = value.function(array, *value.args[1:], **value.options)
        return made if np.may_share_memory(made, array) and id(value) not in self.results else None

    def into(self, number: int, value: Value) -> list[str]:
        """A call that writes its result into an array."""
        if id(value) in self.bias:
            lines = self.keep(value, self.bias[id(value)][0], set())
        else:
            lines = self.keep(value, *self.place(number, value))
        args = [self.expressions.literal(value, ("args", k), a) for k, a in enumerate(value.args)]
        function, out = value.function, self.texts[id(value)]
        if function is np.reciprocal:  # the same numbers in half the time
            function, args = np.divide, ["1.0", *args]
        if function in (np.maximum, np.minimum):  # they deprecate out by position
            out = f"out={out}"
        return [*lines, f"{self.namespace.name(function)}({', '.join([*args, out])})"]  # type: ignore[arg-type]

    def place(self, number: int, value: Value) -> tuple[np.ndarray[Any, Any], set[int]]:
        """The array for a result, and whose buffer that is: an operand that no later step reads, or a new buffer."""
        if value.function is not np.matmul:
            for operand in operands(value):
                array, owners = self.array_of(operand), self.base_of.get(id(operand), set())
                if array is None or len(owners) != 1 or not owners <= self.owned.keys():
                    continue
                (owner,) = owners
                whole = array.size == self.owned[owner].size and array.flags.c_contiguous
                if whole and array.shape == value.shape and array.dtype == value.dtype and self.end_of[owner] <= number:
                    return array, owners
        return self.buffer(value)

    def buffer(self, value: Value) -> tuple[np.ndarray[Any, Any], set[int]]:
        """A buffer for a value."""
        array = self.owned[id(value)] = self.buffers.take(value)
        return array, {id(value)}

    def summed(self, value: Value) -> list[str]:
        lines = self.keep(value, *self.buffer(value))
        axis, keep = value.options.get("axis"), bool(value.options.get("keepdims"))
        add_reduce, operand = self.namespace.bind_once("add_reduce", np.add.reduce), self.operand(value.args[0]).text
        return [*lines, f"{add_reduce}({operand}, {axis!r}, None, {self.texts[id(value)]}, {keep})"]

    # -------------------------------------------------------------------------------------- a bias column

    def placed_beside_a_bias(self) -> dict[int, tuple[Any, int]]:
        """Values that get a bias column next: they are written to their place beside it."""
        found: dict[int, tuple[Any, int]] = {}
        for step in self.steps:
            if step.function is not append_bias_unit:
                continue
            inner = step.args[0]
            ready = inner.function in INTO and not inner.options and inner.size in range(1, SMALL) and inner.dtype == step.dtype
            if ready and id(inner) not in found:
                array = self.with_column(step)
                found[id(inner)] = array[..., :-1], id(step)
                self.arrays[id(step)] = array
        return found

    def with_column(self, value: Value) -> np.ndarray[Any, Any]:
        """An array with the bias in its last column."""
        array = np.empty(value.shape, value.dtype)
        array[..., -1] = value.options.get("value", -1.0)
        self.buffers.bytes += array.nbytes
        return array

    def with_bias(self, value: Value) -> list[str]:
        inner = value.args[0]
        known = self.arrays.get(id(value))
        array = self.with_column(value) if known is None else known
        lines = self.keep(value, array, set())
        if id(inner) in self.bias and self.bias[id(inner)][1] == id(value):
            return lines
        copyto = self.namespace.name(np.copyto)
        body = self.namespace.bind(f"{value.name or 'v'}_body", array[..., :-1])
        return [*lines, f"{copyto}({body}, {self.operand(inner).text})"]

    # ------------------------------------------------------------------------------------------- results

    def result(self, value: Value) -> str:
        """The expression of an output: never an array that a later call or the caller writes to."""
        if value.is_number:
            return self.expressions.typed(value, self.expressions.plain(value.data.item()), strict=True)
        text = self.operand(value).text
        borrowed = value.function not in NEW or id(value) in self.arrays
        return f"{text}.copy()" if borrowed and (not self.reuse or value.function is None) else text
