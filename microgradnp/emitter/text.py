"""The text of a program: one statement a step, single uses written where they are used, in the user's names."""

from __future__ import annotations

import collections
import keyword
import math
import re
from fractions import Fraction
from typing import Any

from microgradnp.core.origin import locate
from microgradnp.emitter.expressions import Expressions, Text
from microgradnp.emitter.quoting import Quotes
from microgradnp.emitter.sizes import LARGEST_FACTOR, Family, explained
from microgradnp.program.values import Program, Value, operands

WIDTH = 88  # columns, without the comment behind
RESERVED = {"np", "special", "math", "operator"}


class Body:
    """The statements of a program.

    `names` gives the arguments' texts by id; `sizes` are the families of axes that are proven to be free.
    """

    def __init__(self, program: Program, names: dict[int, str], quotes: Quotes, sizes: list[Family], title: str) -> None:
        self.program, self.quotes, self.sizes = program, quotes, sizes
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
        for name in list(quotes.definitions):
            self.taken.add(name)
        self.wanted = {id(v) for v in program.outputs}
        if not program.outputs[0].name:
            program.outputs[0].name = title
        for value in self.steps:
            self.write(value)

    def operand(self, value: Value) -> Text:
        if id(value) in self.inlined:
            return self.inlined[id(value)]
        if id(value) not in self.names:  # a constant
            return Text(self.expressions.array(value.data))
        return Text(self.names[id(value)])

    def output(self, value: Value) -> str:
        if value.is_number:
            return self.expressions.typed(value, self.expressions.plain(value.data.item()), strict=True)
        return self.operand(value).text

    def write(self, value: Value) -> None:
        """Add the statement of a step, or keep its expression for the one place where it is used."""
        shown = self.expressions.expression(value)
        if self.may_be_inlined(value) and len(shown.text) < WIDTH // 2:
            self.inlined[id(value)] = shown
            return
        name = self.names[id(value)] = self.name_for(value)
        if len(name) + len(shown.text) + 7 > WIDTH:
            shown = self.shortened(value)
        self.lines.append((f"{name} = {shown.text}", value))

    def may_be_inlined(self, value: Value) -> bool:
        if id(value) in self.wanted or (value.name and not value.name.startswith("d_")):
            return False
        if self.uses[id(value)] == 1:
            return True
        view = Expressions(self.operand, self.quotes, self.size).is_transpose(value) and value.args[0].name != ""
        return view and value.args[0].function is None  # W.T is as good as a name

    def shortened(self, value: Value) -> Text:
        """The statement once more, its longest operands with names of their own."""
        parts = sorted((v for v in operands(value) if id(v) in self.inlined), key=lambda v: -len(self.inlined[id(v)].text))
        for part in parts:
            text = self.inlined.pop(id(part)).text
            name = self.names[id(part)] = self.name_for(part)
            self.lines.append((f"{name} = {text}", part))
            shown = self.expressions.expression(value)
            if len(shown.text) + 20 < WIDTH:
                break
        return self.expressions.expression(value)

    def name_for(self, value: Value) -> str:
        """A new name: the user's, or a numbered one, v for values and d for gradients."""
        if value.name:
            return self.identifier(value.name)
        letter, number = "d" if value.backward else "v", 1
        while f"{letter}{number}" in self.taken:
            number += 1
        return self.identifier(f"{letter}{number}")

    def identifier(self, name: str) -> str:
        """A name that nothing else in the text has, made of what an identifier may be made of."""
        plain = re.sub(r"\W+", "_", name.replace("self.", "")).strip("_") or "v"
        plain = f"_{plain}" if plain[0].isdigit() else plain
        plain = f"{plain}_" if keyword.iskeyword(plain) else plain
        numbered, number = plain, 1
        while numbered in self.taken or numbered in self.quotes.definitions:
            number += 1
            numbered = f"{plain}_{number}"
        self.taken.add(numbered)
        return numbered

    # -------------------------------------------------------------------------------------------- sizes

    def size(self, value: Value, path: tuple[Any, ...], item: Any) -> str | None:
        """`x.shape[0]` for a literal that grows with it, `x.shape` for a shape of which an entry does."""
        step = self.number.get(id(value))
        if step is None:
            return None
        if isinstance(item, tuple):
            grows = any((step, (*path, k)) in family.literals for family in self.sizes for k in range(len(item)))
            return self.whole_shape(value, item) if grows and len(item) > 1 else None
        pairs = [(family, family.literals[step, path]) for family in self.sizes if (step, path) in family.literals]
        if not pairs:
            return None
        found = [explained(pair, [family]) for family, pair in pairs]
        hows = [how for how in found if how is not None]
        if len(hows) < len(found):
            return None
        axes = [self.axis_text(axis) for _, axis, _ in hows]
        if hows[0][0] == "plus" and len(hows) == 1:
            return f"{axes[0]} {'+' if hows[0][2] > 0 else '-'} {abs(hows[0][2])}"
        entries = math.prod(self.program.inputs[k].shape[axis] for _, (k, axis), _ in hows)
        if all(how == "times" for how, _, _ in hows) and item % entries == 0:
            return " * ".join([*([str(item // entries)] if item != entries else []), *axes])
        if all(how == "over" for how, _, _ in hows):
            ratio = Fraction(item * entries).limit_denominator(LARGEST_FACTOR)
            below = " * ".join([*([str(ratio.denominator)] if ratio.denominator != 1 else []), *axes])
            return f"({ratio.numerator} / {below if ' ' not in below else f'({below})'})"
        return None

    def whole_shape(self, value: Value, shape: tuple[int, ...]) -> str | None:
        for known in [*self.program.inputs, *self.steps]:
            if known is value:
                return None
            if id(known) in self.names and known.shape == shape and self.grow_alike(known, value, shape):
                return f"{self.names[id(known)]}.shape"
        return None

    def grow_alike(self, known: Value, value: Value, shape: tuple[int, ...]) -> bool:
        """Whether a value's shape is the shape that is asked for under all changes of sizes."""
        return all(self.grown(known, family) == self.grown_literal(value, family, shape) for family in self.sizes)

    def grown(self, known: Value, family: Family) -> tuple[int, ...]:
        if known.function is None:
            k = next((k for k, v in enumerate(self.program.inputs) if v is known), -1)
            return tuple(family.grown.get((k, axis), n) for axis, n in enumerate(known.shape))
        step = self.number[id(known)]
        return tuple(family.literals.get((step, ("shape", axis)), (n, n))[1] for axis, n in enumerate(known.shape))

    def grown_literal(self, value: Value, family: Family, shape: tuple[int, ...]) -> tuple[int, ...]:
        step = self.number[id(value)]
        for path in (("options", "shape"), ("args", 1), ("args", 0), ("shape",)):
            if any((step, (*path, k)) in family.literals for k in range(len(shape))):
                return tuple(family.literals.get((step, (*path, k)), (n, n))[1] for k, n in enumerate(shape))
        return shape

    def axis_text(self, axis: tuple[int, int]) -> str:
        return f"{self.names[id(self.program.inputs[axis[0]])]}.shape[{axis[1]}]"

    # ------------------------------------------------------------------------------------------- layout

    def text(self, indent: str = "    ") -> str:
        """The statements with the shapes behind them, in blocks."""
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
        """What a block of statements is about: the function of the user's that they come from, or the backward pass."""
        if value.backward:
            return "backward"
        origin = locate(value.place)
        return f"forward: {origin.function.strip('<>')}, {origin}" if origin and self.first_of_function(value) else None

    def first_of_function(self, value: Value) -> bool:
        forward = [v for _, v in self.lines if not v.backward and v.place is not None]
        position = next(k for k, v in enumerate(forward) if v is value)
        return position == 0 or forward[position - 1].place[0] is not value.place[0]  # type: ignore[index]
