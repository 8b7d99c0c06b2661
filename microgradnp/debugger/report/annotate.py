"""The traced source, line by line, with a mark for each line and the meaning of each value in the model.

A line is `wrong` where a finding proves it, `suspected` where a finding names a stretch of lines, `after` where a value was made
from a wrong one, and `right` where every value equals a quantity of the model. `unknown` is no accusation: the value has no
counterpart in the model.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from types import CodeType

import numpy as np

from microgradnp.core.origin import file_label
from microgradnp.debugger.blame.slices import is_constant, is_value
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.judge.evidence import Entry
from microgradnp.debugger.match.index import Match
from microgradnp.debugger.report.facts import Facts

RANK = ("", "right", "unknown", "after", "suspected", "wrong")  # the loudest mark of a line wins
MOST_APART = 3  # values of one variable that a line shows one by one

Place = tuple[str, int]  # file and line


@dataclass(frozen=True)
class Value:
    """A variable as one line wrote it, once or many times, with what it equals or should have been."""

    name: str
    state: str  # a mark: "right", "unknown", "after", "suspected" or "wrong"
    meaning: str  # "dL/dz1 x 0.1", or what was expected; empty where the model says nothing
    shape: str
    details: str  # the range of its numbers, or the number
    count: int = 1
    matched: int = 0

    @property
    def size(self) -> str:
        """How many values there were, or the shape of the one, or its number."""
        if self.count == 1:
            return self.shape or self.details
        some = f", {self.matched} right" if 0 < self.matched < self.count else ""
        return f"{self.count} values{some}"


@dataclass
class Line:
    """A line of source and its mark."""

    number: int
    text: str
    mark: str = ""
    values: list[Value] = field(default_factory=list)

    @property
    def is_definition(self) -> bool:
        """Whether a function begins here. The values beside it are its arguments."""
        return self.text.lstrip().startswith(("def ", "async def "))

    @property
    def indent(self) -> int:
        """The columns that its indentation takes."""
        text = self.text.expandtabs(4)
        return len(text) - len(text.lstrip())


@dataclass
class Block:
    """A function that ran, or a whole module."""

    file: str
    name: str
    lines: list[Line]

    @property
    def file_name(self) -> str:
        """The name of the file without its folders."""
        return file_label(self.file)


def annotate(report: Facts) -> list[Block]:
    """Every traced function in the order of files and lines, with marks and values."""
    meanings = Meanings(report)
    written: dict[Place, list[Value]] = {}
    marks: dict[Place, str] = dict.fromkeys(meanings.suspected, "suspected") | dict.fromkeys(meanings.wrong, "wrong")
    blocks = list(blocks_of(report.trace.tracer.code_objects))
    for version in finished([v for v in report.trace.versions if tells(v)]):
        value = meanings.value(version)
        line = version.line or definition(version, blocks)
        written.setdefault((version.file, line), []).append(value)
        others = dict.fromkeys(version.lines, value.state) if value.state == "right" else {}
        for alias in version.alias_lines - version.lines:
            others[alias] = meanings.state_at(version, alias)
            name = name_at(version, alias)
            if name:
                written.setdefault((version.file, alias), []).append(replace(value, name=name, state=others[alias]))
        for number, state in ({**others, version.line: value.state} if version.line else others).items():
            place = version.file, number
            marks[place] = max(marks.get(place, ""), state, key=RANK.index)
    for block in blocks:
        for line_ in block.lines:
            place = block.file, line_.number
            line_.mark, line_.values = marks.get(place, ""), summed_up(written.get(place, []))
    return blocks


def tells(version: Version) -> bool:
    """Whether a value is worth showing. Counters, starting values and partial sums of numbers are not."""
    returned = version.path.endswith("()") and version.array.dtype.kind == "f" and version.array.size == 1
    return (is_value(version) or returned) and not is_constant(version)


def finished(versions: list[Version]) -> list[Version]:
    """The versions without those that the same line went on to fill in place."""
    unfinished = {id(v) for w in versions for v in w.inputs if v is not w and v.key == w.key and v.line == w.line}
    return [v for v in versions if id(v) not in unfinished]


def name_at(version: Version, line: int) -> str:
    """The name that a line gives to a value that it passes on. Empty where that is not clear."""
    source = source_of(version.file)
    statement = source.by_line.get(line) if source else None
    stored = {".".join(path) for path in statement.stores} if statement else set()
    return min((name for name in version.names if name.partition("[")[0] in stored), default="")


def definition(version: Version, blocks: list[Block]) -> int:
    """The line of the function that got this value as an argument. 0 where two functions have its name."""
    found = [b for b in blocks if b.file == version.file and b.name.rpartition(".")[2] == version.function]
    return next((line.number for line in found[0].lines if line.is_definition), 0) if len(found) == 1 else 0


# ------------------------------------------------------------------------------------------- functions


def blocks_of(codes: Iterable[CodeType]) -> Iterator[Block]:
    """The functions that ran. A function inside another one is shown with it."""
    by_file: dict[str, list[CodeType]] = {}
    for code in codes:
        by_file.setdefault(code.co_filename, []).append(code)
    for file, inside in sorted(by_file.items()):
        source = source_of(file)
        if source is None:
            continue
        text = source.text.split("\n")  # as Python counts lines: a form feed ends none
        shown = 0
        for start, end, name in sorted(
            ((*span(c, source.tree, len(text)), c.co_qualname) for c in inside), key=lambda s: (s[0], -s[1])
        ):
            if end > shown:
                yield Block(file, name, [Line(n, text[n - 1]) for n in range(max(start, shown + 1), end + 1)])
                shown = end


def span(code: CodeType, tree: ast.Module, length: int) -> tuple[int, int]:
    """The first and the last line of a code object, with its decorators."""
    if code.co_name == "<module>":
        return 1, length
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
            start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if start == code.co_firstlineno:
                return start, min(node.end_lineno or start, length)
    lines = [line for _, _, line in code.co_lines() if line]
    return min(lines, default=1), min(max(lines, default=1), length)


# -------------------------------------------------------------------------------------------- meanings


class Meanings:
    """The mark and the meaning of every version, as far as this report knows them."""

    def __init__(self, report: Facts) -> None:
        self.blame = report.blame
        self.matches = report.matches
        self.ends = {id(e.version): e for e in report.gradients.values() if e.version is not None}
        self.wrong = {(f.file, f.line) for f in report.findings if f.certainty != "suspected"}
        self.suspected = {(f.file, n) for f in report.findings if f.certainty == "suspected" for n in f.region}
        self.after = self.made_from_wrong(report.trace.versions) if self.wrong or self.suspected else set()

    def match(self, version: Version) -> Match | None:
        """The quantity of the model that a value equals; None where it equals none."""
        return self.matches.of(version)

    def is_right(self, version: Version) -> bool:
        """Whether a value is a right gradient, or equals a quantity of the model."""
        entry = self.ends.get(id(version))
        return entry.ok if entry is not None else self.match(version) is not None

    def made_from_wrong(self, versions: list[Version]) -> set[int]:
        """The values made from what a wrong or suspected line wrote, except those that equal a quantity of the model."""
        found: set[int] = set()
        for version in sorted(versions, key=lambda v: v.time):
            match = self.match(version)
            known = match is not None and abs(match.scale - 1) < 1e-9
            lines = {(version.file, line) for line in version.lines | version.alias_lines}  # that wrote it or called for it
            begins = tells(version) and bool(lines & (self.wrong if known else self.wrong | self.suspected))
            if begins or (not known and version.array.dtype.kind == "f" and any(id(v) in found for v in version.inputs)):
                found.add(id(version))
        return found

    def state(self, version: Version) -> str:
        """The mark of a value at the line that wrote it."""
        return self.state_at(version, version.line)

    def state_at(self, version: Version, line: int) -> str:
        """The mark of a value at one of the lines that wrote it or gave it a name."""
        if self.is_right(version):
            return "right"
        if (version.file, line) in self.wrong:
            return "wrong"
        if id(version) in self.after:
            return "suspected" if (version.file, line) in self.suspected else "after"
        return "suspected" if id(version) in self.ends else "unknown"

    def meaning(self, version: Version) -> str:
        """What a value is or should be, as text; empty where that is unknown."""
        entry = self.ends.get(id(version))
        if entry is not None:
            return entry_text(entry)
        if self.blame is not None and version is self.blame.first:
            return re.sub(r" \([0-9x]*\)$", "", self.blame.expected)  # the shape is shown beside it
        match = self.match(version)
        return str(match) if match is not None else ""

    def value(self, version: Version) -> Value:
        """What the listing shows of a value."""
        state = self.state(version)
        shape = "\u00d7".join(str(n) for n in version.array.shape)
        return Value(version.path, state, self.meaning(version), shape, details(version.array), matched=state == "right")


def entry_text(entry: Entry) -> str:
    """The quantity that a gradient is, or should have been: "W1 - 0.1 dL/dW1" for a parameter after its step."""
    gradient = f"dL/d{entry.argument}"
    if entry.kind != "update":
        plain = not entry.ok or abs(entry.scale - 1) < 1e-9
        return gradient + (".T" if entry.ok and entry.transposed else "") + ("" if plain else f" x {entry.scale:.4g}")
    factor = f"{abs(entry.scale):.4g}" if entry.ok else "lr"
    return f"{entry.argument} - {factor} {gradient}"


# ---------------------------------------------------------------------------------------------- values


def summed_up(values: list[Value]) -> list[Value]:
    """The values of a line, variable by variable. Many values of one variable become one."""
    groups: dict[str, list[Value]] = {}
    for value in values:
        groups.setdefault(re.sub(r"\[[^]]*\]", "[]", value.name), []).append(value)
    found: list[Value] = []
    for group in groups.values():
        found += group if len(set(group)) <= MOST_APART else [summary(group)]
    return list(dict.fromkeys(found))


def summary(values: list[Value]) -> Value:
    """One value for many: the first and the last of them, and how many are right."""
    loudest = max((v.state for v in values), key=RANK.index)
    known = [v.meaning for v in values if v.meaning and v.state == loudest]
    return Value(
        first_to_last([v.name for v in values]),
        loudest,
        first_to_last(known),
        first_to_last([v.shape for v in values]),
        first_to_last([v.details for v in values]),
        len(values),
        sum(v.matched for v in values),
    )


def first_to_last(texts: list[str]) -> str:
    if not texts:
        return ""
    return texts[0] if len(set(texts)) == 1 else f"{texts[0]} \u2026 {texts[-1]}"


def details(array: np.ndarray) -> str:
    """A number, or the range of many."""
    if array.size == 1:
        return f"{array.item():.4g}"
    numbers = array[np.isfinite(array)]
    extent = f"from {numbers.min():.4g} to {numbers.max():.4g}" if numbers.size else ""
    missing = array.size - numbers.size
    return f"{extent}, {missing} not finite".lstrip(", ") if missing else extent
