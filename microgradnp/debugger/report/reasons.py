"""Lines that look wrong and are right, with the reason. Half of all users suspect a line that has no bug."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.match.index import Index, Match

NAME = r"[A-Za-z_][\w.]*(?:\[[^\[\]]*\])*"
PRODUCT = re.compile(rf"({NAME}) \* \(1(?:\.0)? - \1\)|\(1(?:\.0)? - ({NAME})\) \* \2")
SQUARE = re.compile(rf"1(?:\.0)? - (?:np\.(?:power|square)\(({NAME})|({NAME}) ?\*\* ?2|({NAME}) \* \3)")
DIFFERENCE = re.compile(rf"({NAME}) - {NAME}")
SLOPES = {
    "sigmoid": "{a} is sigmoid(z) already, so {a} * (1 - {a}) is its derivative",
    "tanh": "{a} is tanh(z) already, so 1 - {a}**2 is its derivative",
}


MOST_TRIES = 3  # versions of one line that are tried


def reasons(trace: Trace, index: Index) -> list[str]:
    """One sentence for each line that is right and often accused, in the order of the source."""
    found: dict[tuple[str, int], str] = {}
    tries: Counter[tuple[str, int]] = Counter()
    names = values_by_name(trace)
    doubtful: set[tuple[str, int]] = set()  # lines that gave a value that the model does not have: in a loop, say
    for version in sorted(trace.versions, key=lambda v: v.line):
        where = version.file, version.line
        tries[where] += 1
        source = source_of(version.file)
        if source is None or where in doubtful or tries[where] > MOST_TRIES:
            continue
        match = index.match(version.array)
        if match is None:
            doubtful.add(where)
            continue
        if where in found:
            continue
        text = source.line(version.line).strip()
        if why := next(explanations(text, version, match, names, index), None):
            found[where] = f"line {version.line} is right: `{text}`: {why}"
    return [reason for where, reason in found.items() if where not in doubtful]


Names = dict[tuple[str, str], list[Version]]


def values_by_name(trace: Trace) -> Names:
    """(function, variable) -> its first values there."""
    found: Names = {}
    for version in trace.versions:
        for function, text in version.known_as:
            held = found.setdefault((function, text.partition("[")[0]), [])
            if len(held) < MOST_TRIES:
                held.append(version)
    return found


def explanations(text: str, version: Version, match: Match, names: Names, index: Index) -> Iterator[str]:
    """Why a value that looks wrong is right, one sentence for each reason."""
    if match.reference.kind not in ("adjoint", "derivative"):
        return
    for pattern, rule in ((PRODUCT, "sigmoid"), (SQUARE, "tanh")):
        for hit in pattern.finditer(text):
            name = next(group for group in hit.groups() if group)
            if any(m.reference.rule == rule for m in known(name, version, names, index)):
                yield SLOPES[rule].format(a=name)
    for hit in DIFFERENCE.finditer(text):
        squashed = [m.reference.squashed for m in known(hit[1], version, names, index) if m.reference.squashed]
        if squashed and match.reference.kind == "adjoint":
            yield f"{hit[0]} is the whole derivative of the {squashed[0]} with cross-entropy: the two derivatives cancel to it"


def known(name: str, version: Version, names: Names, index: Index) -> list[Match]:
    """The quantities of the model that a name's values in this function equal."""
    held = names.get((version.function, name.partition("[")[0]), ())
    return [m for v in held if (m := index.match(v.array)) is not None and m.reference.kind == "value"]
