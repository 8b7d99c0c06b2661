"""The statements of a program: one for each step, in the user's names. A value that is used once is written where it is used."""

from __future__ import annotations

import collections
import operator
import re
from typing import Any

from microgradnp.core.origin import locate
from microgradnp.emitter.expressions import Expressions, is_transpose
from microgradnp.emitter.literals import Text
from microgradnp.emitter.quoting import Quotes
from microgradnp.emitter.repeats import Rolled
from microgradnp.emitter.sizes import Sizes
from microgradnp.emitter.sums import early_sums, running_sums
from microgradnp.program.differences import Literal
from microgradnp.program.identifiers import identifier
from microgradnp.program.values import Program, Value, operands

WIDTH = 88  # columns, without the comment behind
RESERVED = {"np", "special", "math", "operator"}


def is_entry(value: Value) -> bool:
    """Whether a step picks an entry of an argument, as `x[t]` does."""
    return value.function is operator.getitem and value.args[0].function is None and isinstance(value.args[1], int)


class Statements:
    """Writes the statements of a program.

    `names` are the texts of the arguments by the id of their values. `title` is the name of the first output, if it has none.
    With `loops` a block of statements that repeats itself becomes a loop.
    """

    def __init__(
        self, program: Program, names: dict[int, str], quotes: Quotes, sizes: Sizes, title: str, *, loops: bool = False
    ) -> None:
        self.program, self.quotes, self.sizes, self.title = program, quotes, sizes, title
        self.steps = program.steps()
        self.number = {id(value): k for k, value in enumerate(self.steps)}
        self.names = dict(names)
        self.taken = {re.split(r"\W", text)[0] for text in names.values()} | RESERVED
        quotes.taken = self.taken
        self.inlined: dict[int, Text] = {}
        self.uses = collections.Counter(id(v) for step in self.steps for v in operands(step))
        self.uses.update(id(v) for v in program.outputs)
        self.lines: list[tuple[str, Value]] = []
        self.expressions = Expressions(self.operand, quotes, self.size)
        self.taken.update(quotes.definitions)
        self.outputs = {id(v) for v in program.outputs}
        self.sums = running_sums(program) if loops else None
        for value in self.steps if self.sums is None else early_sums(program, self.sums):
            self.write(value)
        self.rolled = Rolled(self.lines, self.taken, self.outputs) if loops else None
        self.lines = self.rolled.lines if self.rolled else self.lines

    def width(self, text: str) -> int:
        """The length of a text. With loops all numbers count as one digit: what is inlined in one block is so in all."""
        return len(text) if self.sums is None else len(re.sub(r"\d+", "0", text))

    def operand(self, value: Value) -> Text:
        """The text that stands for a value: its expression if it is inlined, else its name."""
        if id(value) in self.inlined:
            return self.inlined[id(value)]
        if id(value) not in self.names:  # a constant
            return Text(self.expressions.array(value.data))
        return Text(self.names[id(value)])

    def output(self, value: Value) -> str:
        """The expression of an output."""
        if value.is_number:
            return self.expressions.typed(value, self.expressions.plain(value.data.item()), strict=True)
        text = self.operand(value).text
        return self.rolled.read(text) if self.rolled else text

    def write(self, value: Value) -> None:
        """Add the statement of a step, or keep its expression for the one place where it is used."""
        shown = self.expressions.expression(value)
        if self.may_be_inlined(value) and self.width(shown.text) < WIDTH // 2:
            self.inlined[id(value)] = shown
            return
        name = self.names[id(value)] = self.name_for(value)
        if self.width(name) + self.width(shown.text) + 7 > WIDTH:
            shown = self.shortened(value)
        self.lines.append((f"{name} = {shown.text}", value))

    def may_be_inlined(self, value: Value) -> bool:
        """Whether the expression of a step may stand where the step is used."""
        if id(value) in self.outputs or (value.name and not value.name.startswith("d_")):
            return False
        if self.sums is not None and (id(value) in self.sums or is_entry(value)):
            return id(value) not in self.sums
        if self.uses[id(value)] == 1:
            return True
        if not is_transpose(value):
            return False
        first = value.args[0]
        # W.T is as good as a name
        return first.name != "" and first.function is None if self.sums is None else id(first) in self.names

    def shortened(self, value: Value) -> Text:
        """A shorter expression of a step: its longest operands get statements and names of their own."""
        parts = sorted((v for v in operands(value) if id(v) in self.inlined), key=lambda v: -len(self.inlined[id(v)].text))
        for part in parts:
            text = self.inlined.pop(id(part)).text
            name = self.names[id(part)] = self.name_for(part)
            self.lines.append((f"{name} = {text}", part))
            shown = self.expressions.expression(value)
            if self.width(shown.text) + 20 < WIDTH:
                break
        return self.expressions.expression(value)

    def name_for(self, value: Value) -> str:
        """A new name: the user's, or a numbered one, v for values and d for gradients."""
        wish = value.name or (self.sums or {}).get(id(value)) or (self.title if value is self.program.outputs[0] else "")
        if not wish:
            letter, number = "d" if value.backward else "v", 1
            while f"{letter}{number}" in self.taken:
                number += 1
            wish = f"{letter}{number}"
        name = identifier(wish.replace("self.", ""), lambda name: name in self.taken or name in self.quotes.definitions)
        self.taken.add(name)
        return name

    # -------------------------------------------------------------------------------------------- sizes

    def size(self, value: Value, path: tuple[Any, ...], item: Any) -> str | None:
        """`x.shape[0]` for a literal that grows with it, `x.shape` for a shape of which an entry grows."""
        step = self.number.get(id(value))
        if step is None:
            return None
        if isinstance(item, tuple):
            grows = any(Literal(step, (*path, k)) in self.sizes.changes for k in range(len(item)))
            return self.whole_shape(value, path, item) if grows and len(item) > 1 else None
        size = self.sizes.sizes.get(Literal(step, path))
        if size is None:
            return None
        axes = [self.axis_text(axis) for axis in size.axes]
        if size.kind == "plus":
            return f"{axes[0]} {'+' if size.factor > 0 else '-'} {abs(size.factor)}"
        if size.kind == "times":
            return " * ".join([*([str(size.factor)] if size.factor != 1 else []), *axes])
        below = " * ".join([*([str(size.factor.denominator)] if size.factor.denominator != 1 else []), *axes])
        return f"({size.factor.numerator} / {below if ' ' not in below else f'({below})'})"

    def whole_shape(self, value: Value, path: tuple[Any, ...], shape: tuple[int, ...]) -> str | None:
        """`h.shape`, where a value that has a name grows as this shape does."""
        target = self.grown(value, path, shape)
        for known in [*self.program.inputs, *self.steps]:
            if known is value:
                return None
            if id(known) in self.names and known.shape == shape and self.grown_shape(known) == target:
                return f"{self.names[id(known)]}.shape"
        return None

    def grown(self, value: Value, path: tuple[Any, ...], numbers: tuple[int, ...]) -> tuple[int, ...]:
        """Numbers of a step as they were in the second trace."""
        step, changes = self.number[id(value)], self.sizes.changes
        places = [Literal(step, (*path, k)) for k in range(len(numbers))]
        return tuple(changes[place].there if place in changes else n for place, n in zip(places, numbers, strict=True))

    def grown_shape(self, value: Value) -> tuple[int, ...]:
        """The shape of a value in the second trace."""
        if value.function is not None:
            return self.grown(value, ("shape",), value.shape)
        shapes = zip(self.program.inputs, self.sizes.shapes, strict=False)
        return next((shape for known, shape in shapes if known is value), value.shape)

    def axis_text(self, axis: tuple[int, int]) -> str:
        return f"{self.names[id(self.program.inputs[axis[0]])]}.shape[{axis[1]}]"

    # ------------------------------------------------------------------------------------------- layout

    def text(self, indent: str = "    ") -> str:
        """The statements in blocks, each with the shape of its value as a comment."""
        width = min(max((len(line) for line, _ in self.lines), default=0), WIDTH - 4)
        rows: list[str] = []
        block: Any = None
        for line, value in self.lines:
            begins = self.block_of(value)
            if begins is not None and begins != block:
                rows += [""] * bool(rows) + [f"{indent}# {' '.join(begins.split())}"]
                block = begins
            shape = f"  # {value.shape}" if value.shape else ""
            rows.append(f"{indent}{line:{width if shape else 0}}{shape}")
        return "\n".join(rows)

    def block_of(self, value: Value) -> str | None:
        """The heading of a statement's block: the user's function that it comes from, or the backward pass."""
        if value.backward:
            return "backward"
        origin = locate(value.place)
        return f"forward: {origin.function.strip('<>')}, {origin}" if origin and self.first_of_function(value) else None

    def first_of_function(self, value: Value) -> bool:
        forward = [v for _, v in self.lines if not v.backward and v.place is not None]
        position = next(k for k, v in enumerate(forward) if v is value)
        return position == 0 or forward[position - 1].place[0] is not value.place[0]  # type: ignore[index]
