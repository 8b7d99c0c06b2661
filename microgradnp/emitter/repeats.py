"""Loops in a text of statements: where blocks of statements repeat themselves, one block in a `for` says the same.

Statements repeat where they differ in two things only: whole numbers that count up or down, and names of values that stand in the
same place of their own block, of the block before, or of a block of an earlier loop.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from microgradnp.program.identifiers import identifier
from microgradnp.program.values import Value

FEWEST = 4  # repetitions that are worth a loop
LONGEST = 60  # statements of one block
TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|[A-Za-z_]\w*|\d[\w.]*(?:(?<=e)[+-]\d+)?|\s+|.")

ENDING = re.compile(r"_?\d+$")  # the number of a name

Line = tuple[str, Value]


class Counted(NamedTuple):
    """A whole number that changes by `step` from block to block."""

    first: int
    step: int
    alone: bool = True  # whether nothing stands beside it, as between brackets


BLOCKS = Counted(0, 1)  # the number of a block


class Member(NamedTuple):
    """The value of line `place` of a block: of the same block (`back` 0), or of the block before (`back` 1)."""

    place: int
    back: int


class Kept(NamedTuple):
    """The value of line `place` of a block of an earlier loop: of block `number`, which counts."""

    loop: int
    place: int
    number: Counted


Part = str | Counted | Member | Kept


@dataclass
class Loop:
    """`count` blocks of `period` statements from line `start` on."""

    start: int
    period: int
    count: int
    index: str
    parts: list[list[Part]] = field(default_factory=list)  # of each statement of a block
    initial: dict[int, int] = field(default_factory=dict)  # place -> the line that stands for it before the first block
    counter: Counted = BLOCKS  # what the index of the loop counts
    names: dict[int, str] = field(default_factory=dict)  # place -> name
    lists: set[int] = field(default_factory=set)  # places whose values are all kept

    @property
    def end(self) -> int:
        return self.start + self.period * self.count

    def block_of(self, line: int) -> tuple[int, int] | None:
        """The place and the block of a line: block -1 for the line that stands for a value before the first block."""
        if self.start <= line < self.end:
            return (line - self.start) % self.period, (line - self.start) // self.period
        return next(((place, -1) for place, first in self.initial.items() if first == line), None)

    def expression(self, number: Counted) -> str:
        """A number that counts, in terms of the loop's index `t`."""
        first, step, _ = self.counter
        t = self.index
        times, left = divmod(number.step, step)
        if left:
            text = f"{number.first} + {number.step} * (({t} - {first}) // {step})"
        else:
            rest = number.first - times * first
            text = {0: "", 1: t, -1: f"-{t}"}.get(times, f"{times} * {t}")
            if rest or not text:
                text = (
                    str(rest)
                    if not text
                    else f"{rest} - {t}"
                    if times == -1
                    else f"{text} {'+' if rest > 0 else '-'} {abs(rest)}"
                )
        return text if number.alone or text.isidentifier() or text.isdigit() else f"({text})"

    @property
    def head(self) -> str:
        first, step, _ = self.counter
        end = first + step * self.count
        numbers = (end,) if (first, step) == (0, 1) else (first, end) if step == 1 else (first, end, step)
        return f"for {self.index} in range({', '.join(map(str, numbers))}):"


class Rolled:
    """Statements with loops. `lines` is the new text; `read` a text behind it in the new names."""

    def __init__(self, lines: list[Line], taken: Iterable[str], outputs: set[int]) -> None:
        self.old, self.taken = lines, {*taken}
        self.index = identifier("t", self.taken.__contains__)
        self.taken.add(self.index)
        self.outputs = [k for k, (_, value) in enumerate(lines) if id(value) in outputs]
        self.defined = {text.partition(" = ")[0]: k for k, (text, _) in enumerate(lines)}
        self.tokens = [TOKEN.findall(text.partition(" = ")[2]) for text, _ in lines]
        known: dict[object, int] = {}
        self.keys = [known.setdefault(self.key(k), len(known)) for k in range(len(lines))]
        self.names = [text.partition(" = ")[0] for text, _ in lines]
        self.loops: list[Loop] = []
        start = 0
        while start < len(lines):
            loop = self.loop_from(start)
            self.loops += [loop] if loop else []
            start = loop.end if loop else start + 1
        if self.loops:
            self.choose_storage()
        self.lines = [*self.written()]

    # ------------------------------------------------------------------------------------------------ finding

    def names_at(self, tokens: list[str]) -> Iterator[tuple[int, int]]:
        """Position of each name of a line in some tokens, and the number of the line."""
        for k, token in enumerate(tokens):
            is_keyword = k + 1 < len(tokens) and tokens[k + 1] == "=" and tokens[k + 2 : k + 3] != ["="]
            if token in self.defined and not is_keyword and (k == 0 or tokens[k - 1] != "."):
                yield k, self.defined[token]

    def key(self, line: int) -> object:
        """What is equal in two statements that may repeat each other."""
        tokens = ["#" if token.isdigit() else token for token in self.tokens[line]]
        for k, _ in self.names_at(self.tokens[line]):
            tokens[k] = "@"
        value = self.old[line][1]
        return tuple(tokens), value.shape, value.dtype.str, value.backward

    def loop_from(self, start: int) -> Loop | None:
        """The loop that replaces most statements from a line on; None where there is no repetition."""
        found = []
        for period in range(1, min(LONGEST, (len(self.keys) - start) // FEWEST) + 1):
            same = start
            while same + period < len(self.keys) and self.keys[same] == self.keys[same + period]:
                same += 1
            count = (same - start) // period + 1
            if count >= FEWEST:
                found.append((period * count, -period))
        for size, period in sorted(found, reverse=True):
            for count in range(size // -period, FEWEST - 1, -1):
                loop = self.explained(Loop(start, -period, count, self.index))
                if loop:
                    return self.turned(loop)
        return None

    def turned(self, loop: Loop) -> Loop:
        """The same loop begun some statements later, where its blocks read less of the block before."""

        def carried(loop: Loop) -> int:
            return len({part.place for parts in loop.parts for part in parts if isinstance(part, Member) and part.back})

        best = loop
        for later in range(1, loop.period):
            start = loop.start + later
            count = (
                loop.count if all(self.keys[k - loop.period] == key for k, key in self.beyond(loop, later)) else loop.count - 1
            )
            other = self.explained(Loop(start, loop.period, count, self.index)) if count >= FEWEST else None
            if other and carried(other) < carried(best):
                best = other
        return best

    def beyond(self, loop: Loop, later: int) -> list[tuple[int, int]]:
        """The keys of the lines behind a loop that it takes when it begins later; -1 behind the end."""
        return [(k, self.keys[k] if k < len(self.keys) else -1) for k in range(loop.end, loop.end + later)]

    def explained(self, loop: Loop) -> Loop | None:
        """The loop with the parts of its statements; None where its blocks differ in something else."""
        loop = replace(loop, parts=[], initial={})
        for place in range(loop.period):
            rows = [loop.start + place + loop.period * block for block in range(loop.count)]
            named = [dict(self.names_at(self.tokens[row])) for row in rows]
            parts: list[Part] = []
            for k, token in enumerate(self.tokens[rows[0]]):
                if k in named[0]:
                    part = self.reference([names[k] for names in named], loop)
                else:
                    part = counted([self.tokens[row][k] for row in rows]) if token.isdigit() else token
                    if isinstance(part, Counted):
                        part = part._replace(alone="".join(self.tokens[rows[0]][k - 1 : k + 2 : 2]) == "[]")
                if part is None:
                    return None
                parts.append(part)
            loop.parts.append(parts)
        return loop

    def reference(self, lines: list[int], loop: Loop) -> Part | None:
        """What a name stands for, from the line that it means in each block."""
        place, last = (lines[-1] - loop.start) % loop.period, (lines[-1] - loop.start) // loop.period
        back = loop.count - 1 - last
        if lines[-1] >= loop.start and back in (0, 1):
            expected = [loop.start + place + loop.period * (block - back) for block in range(loop.count)]
            if lines[back:] != expected[back:]:
                return None
            if back and (lines[0] >= loop.start or loop.initial.setdefault(place, lines[0]) != lines[0]):
                return None
            return Member(place, back)
        if len(set(lines)) == 1:
            return next(name for name, line in self.defined.items() if line == lines[0]) if lines[0] < loop.start else None
        for number, earlier in enumerate(self.loops):
            found = [earlier.block_of(line) for line in lines]
            if all(found) and len({f[0] for f in found if f}) == 1:
                blocks = counted([str(f[1]) for f in found if f])
                first = found[0]
                return Kept(number, first[0], blocks) if first and isinstance(blocks, Counted) else None
        return None

    # ------------------------------------------------------------------------------------------------ writing

    def choose_storage(self) -> None:
        """A name for each value of a block, and whether all its values are kept."""
        inside = {k for loop in self.loops for k in range(loop.start, loop.end)}
        outside = [
            *self.outputs,
            *(line for k in range(len(self.old)) if k not in inside for _, line in self.names_at(self.tokens[k])),
        ]
        parts = [part for loop in self.loops for statement in loop.parts for part in statement]
        outside += [self.defined[part] for part in parts if isinstance(part, str) and part in self.defined]
        for number, loop in enumerate(self.loops):
            loop.lists |= {part.place for part in parts if isinstance(part, Kept) and part.loop == number}
            for reader, statement in enumerate(loop.parts):  # the value of the block before is overwritten when it is read
                loop.lists |= {p.place for p in statement if isinstance(p, Member) and p.back and reader > p.place}
            loop.lists |= {(k - loop.start) % loop.period for k in outside if loop.start <= k < loop.end - loop.period}
            for place in range(loop.period):
                before = loop.start - loop.period + place
                if (
                    place in loop.lists
                    and before >= 0
                    and before not in inside
                    and self.keys[before] == self.keys[loop.start + place]
                ):
                    loop.initial.setdefault(place, before)  # computed alike, but not by the loop
                self.name_place(loop, place)
        for loop in self.loops:
            own = [part for statement in loop.parts for part in statement]
            numbers = [p for p in own if isinstance(p, Counted)] + [self.index_of(p) for p in own if isinstance(p, Kept)]
            loop.counter = next((number for number in numbers if number.step), loop.counter)

    def index_of(self, part: Kept) -> Counted:
        """The index of a value in the list that an earlier loop keeps."""
        return part.number._replace(first=part.number.first + (part.place in self.loops[part.loop].initial))

    def name_place(self, loop: Loop, place: int) -> None:
        """The name of a value of a block. The value before the first block gets the same name where nothing else reads it."""
        wish = ENDING.sub("", self.names[loop.start + place])
        first = loop.initial.get(place)
        if first is not None and place not in loop.lists and self.is_read_by_loop_alone(first, loop):
            self.taken.discard(self.names[first])
            self.names[first] = loop.names[place] = identifier(wish, self.taken.__contains__)
        else:
            loop.names[place] = identifier(wish, self.taken.__contains__)
        self.taken.add(loop.names[place])

    def is_read_by_loop_alone(self, line: int, loop: Loop) -> bool:
        readers = [k for k, tokens in enumerate(self.tokens) for _, read in self.names_at(tokens) if read == line]
        in_loop = any(other.start <= line < other.end for other in self.loops)
        return not in_loop and line not in self.outputs and all(k < loop.start + loop.period for k in readers)

    def read(self, text: str) -> str:
        """A text behind the loops."""
        tokens = TOKEN.findall(text)
        for k, line in [*self.names_at(tokens)]:
            tokens[k] = self.name_of(line)
        found = "".join(tokens)
        for loop in self.loops:
            for place in loop.lists & loop.names.keys():
                name, first = loop.names[place], [self.name_of(loop.initial[place])] if place in loop.initial else []
                entries = [*first, *(f"{name}[{k + len(first)}]" for k in range(loop.count))]
                found = found.replace(f"([{', '.join(entries)}]", f"({name}")  # all of them
        return found

    def name_of(self, line: int) -> str:
        """The value of a line, outside of the loop that computes it."""
        for loop in self.loops:
            if loop.start <= line < loop.end:
                place, block = (line - loop.start) % loop.period, (line - loop.start) // loop.period
                name = loop.names.get(place, self.names[line])
                return f"{name}[{block + (place in loop.initial)}]" if place in loop.lists else name
        return self.names[line]

    def written(self) -> Iterator[Line]:
        """The new lines."""
        starts = {loop.start: loop for loop in self.loops}
        k = 0
        while k < len(self.old):
            text, value = self.old[k]
            if k not in starts:
                yield f"{self.names[k]} = {self.read(text.partition(' = ')[2])}", value
                k += 1
                continue
            yield from self.block(starts[k])
            k = starts[k].end

    def block(self, loop: Loop) -> Iterator[Line]:
        """The lines of a loop, and what its values are before the first block."""
        values = [self.old[loop.start + place][1] for place in range(loop.period)]
        for place, value in enumerate(values):
            first = self.name_of(loop.initial[place]) if place in loop.initial else ""
            if place in loop.lists or first not in ("", loop.names[place]):
                yield f"{loop.names[place]} = {f'[{first}]' if place in loop.lists else first}", replace(value, shape=())
        yield loop.head, replace(values[0], shape=())
        for place, value in enumerate(values):
            text = "".join(map(self.speller(loop, place), loop.parts[place]))
            name = loop.names[place]
            yield f"    {name}.append({text})" if place in loop.lists else f"    {name} = {text}", value

    def speller(self, loop: Loop, reader: int) -> Callable[[Part], str]:
        """How the parts of one statement are written."""

        def spelled(part: Part) -> str:
            if isinstance(part, str):
                return self.name_of(self.defined[part]) if part in self.defined else part
            if isinstance(part, Counted):
                return loop.expression(part)
            if isinstance(part, Member):
                back = 1 + part.back - (part.back == 1 and reader <= part.place)
                return f"{loop.names[part.place]}[-{back}]" if part.place in loop.lists else loop.names[part.place]
            earlier = self.loops[part.loop]
            return f"{earlier.names[part.place]}[{loop.expression(self.index_of(part))}]"

        return spelled


def counted(texts: list[str]) -> str | Counted | None:
    """Whole numbers as one that stays the same or counts; None where it does neither."""
    numbers = [int(text) for text in texts]
    steps = {b - a for a, b in itertools.pairwise(numbers)}
    if len(steps) > 1:
        return None
    (step,) = steps
    return Counted(numbers[0], step) if step else texts[0]
