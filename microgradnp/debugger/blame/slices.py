"""What a value was made from, and the lines that made it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.match.matches import Matches

STARTING = re.compile(r"\b(zeros|ones|empty|full)(_like)?\(|\b0\.?0* for\b|\[0\.?0*\]")


@dataclass(eq=False)
class Region:
    """Lines of one file that are suspected together, most suspected first, and the value that they made."""

    file: str
    lines: list[int]
    version: Version | None
    kind: str  # "first", "after", "scale", "passed", "slice" or "rest"
    statements: list[int] = field(default_factory=list)  # the lines without the headers of the loops around them


def ancestors(ends: Iterable[Version], start: float, follow: Callable[[Version], bool] = lambda _: True) -> list[Version]:
    """The ends and everything that they were made from, as far as `follow` lets through; in the order of time."""
    found: dict[int, Version] = {}
    stack = [v for v in ends if follow(v)]
    while stack:
        version = stack.pop()
        if id(version) not in found and version.time >= start:
            found[id(version)] = version
            stack += [v for v in version.inputs if follow(v)]
    return sorted(found.values(), key=lambda v: v.time)


def is_array(version: Version) -> bool:
    """An array that says something: constants made from nothing are starting values, whole numbers are indices or labels."""
    array = version.array
    if array.dtype.kind != "f" or array.size < 2:
        return False
    return not np.isfinite(array).all() or not is_constant(version)


def is_value(version: Version) -> bool:
    """An array, or a number that was computed and that another statement than its own reads."""
    array = version.array
    return is_array(version) or (array.dtype.kind == "f" and array.size == 1 and version.observed and bool(version.inputs))


def has_wrong_input(version: Version, wrong: set[int], matches: Matches) -> bool:
    """Whether one of the values in `wrong` goes into this one, directly or through numbers that are no values."""
    seen = {id(version)}
    stack = list(version.inputs)
    while stack:
        current = stack.pop()
        if id(current) in seen or matches.of(current) is not None:
            continue
        seen.add(id(current))
        if id(current) in wrong:
            return True
        if not is_value(current):
            stack += current.inputs
    return False


def nearest(version: Version, matches: Matches) -> list[Version]:
    """The values that equal something and that this one was made from, directly or through others that equal nothing."""
    found: list[Version] = []
    seen = {id(version)}
    stack = list(version.inputs)
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if matches.of(current) is not None:
            found.append(current)
        else:
            stack += current.inputs
    return found


def silent(version: Version) -> list[int]:
    """Statements of the function that write to this variable, and may have changed nothing in it: a mask that never fires."""
    source = source_of(version.file)
    names = {name.partition("[")[0] for _, name in version.known_as} | {version.path.partition("[")[0]}
    found = []
    for statement in source.by_line.values() if source else ():
        within = statement.function in {function for function, _ in version.known_as}
        if within and any(".".join(path) in names for path in statement.stores):
            found.append(statement.line)
    return [line for line in dict.fromkeys(found) if line not in version.lines]


def region(version: Version, matches: Matches, kind: str, near: str = "") -> Region:
    """The lines that wrote a value, those of its unmatched ingredients, the calls that passed it on, and the loops around.

    When the value is right, and wrong where it went, what passed it on to the function `near` comes first.
    """
    own, passed = [version.line, *sorted(version.lines - {version.line})], sorted(version.alias_lines)
    lines = [*own, *passed]
    if near:
        source = source_of(version.file)
        here = [line for line in passed if source and line in source.by_line and source.by_line[line].function == near]
        lines = [*here, *passed, *own]
    renamed, returned = sorted(version.renamed), []
    seen = {id(version)}
    stack = list(version.inputs)
    while stack:
        current = stack.pop()
        if id(current) in seen or current.file != version.file:
            continue
        if matches.of(current) is not None:
            renamed += [line for line in current.renamed if version.function in {function for function, _ in current.known_as}]
            if current.path.endswith("()"):  # a helper may have returned what is not wanted here
                returned.append(current.line)
            continue
        seen.add(id(current))
        if current.line and current.array.dtype.kind == "f" and not is_constant(current):
            lines += [current.line, *sorted(current.lines), *sorted(current.alias_lines)]
            stack += current.inputs
    statements = list(dict.fromkeys(line for line in ((*lines, *renamed) if near else (*renamed, *lines)) if line))
    lines = list(dict.fromkeys([*statements, *silent(version), *returned, *headers(version.file, statements)]))
    return Region(version.file, lines, version, kind, statements)


def calls(values: list[Version]) -> list[Region]:
    """The calls that led to the statements which made these values: what they pass may be wrong."""
    by_file: dict[str, list[int]] = {}
    for version in values:
        for file, line in reversed(version.calls):
            by_file.setdefault(file, []).append(line)
    return [
        Region(file, list(dict.fromkeys(lines)), None, "slice", list(dict.fromkeys(lines))) for file, lines in by_file.items()
    ]


def is_constant(version: Version) -> bool:
    """A starting value, the same everywhere: a number that was written down, or what `zeros` and the like make."""
    array = version.array
    if array.size == 0 or not np.isfinite(array).all() or float(np.ptp(array.astype(float))) != 0:
        return False
    source = source_of(version.file)
    return not version.inputs or (source is not None and bool(STARTING.search(source.line(version.line))))


def headers(file: str, lines: list[int]) -> list[int]:
    """The lines of the loops around these lines, innermost first."""
    source = source_of(file)
    if source is None:
        return []
    return [loop for line in lines if (statement := source.by_line.get(line)) for loop in reversed(statement.loops)]


def deduplicate(regions: list[Region]) -> list[Region]:
    """Each line once, in the first region that has it."""
    seen: set[tuple[str, int]] = set()
    for one in regions:
        one.lines = [line for line in one.lines if (one.file, line) not in seen]
        seen.update((one.file, line) for line in one.lines)
    return [one for one in regions if one.lines]
