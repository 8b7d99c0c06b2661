"""Where the fault may be: the slice of a wrong gradient, cut where values are known to be right.

A value that equals a quantity of the model is right, whatever it was made from, so the slice stops there. The remaining values
equal no quantity of the model. One of them is the first wrong value; others may be harmless ingredients of right ones. A proof
writes the right value in its place (`intervene`); without a proof the whole stretch is suspected.
"""

from __future__ import annotations

import ast
import time as clock
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from microgradnp.debugger.blame.forward import forward_agrees
from microgradnp.debugger.blame.intervene import Candidate, Proof, candidates
from microgradnp.debugger.blame.scale import behind_right, jump, usual_factor, usual_for_gradients
from microgradnp.debugger.blame.slices import (
    Region,
    ancestors,
    calls,
    deduplicate,
    has_wrong_input,
    headers,
    is_array,
    is_value,
    nearest,
    region,
)
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.capture.writes import Write
from microgradnp.debugger.judge.rerun import Rerun
from microgradnp.debugger.judge.verdict import Verdict
from microgradnp.debugger.match.index import Index, Match
from microgradnp.debugger.match.matches import Matches, looked_up
from microgradnp.debugger.match.references import Reference

MOST_CANDIDATES = 10
MOST_TRIALS = 16
RIGHT = Match(Reference("update", "a right step", np.zeros(0)), 1.0)


@dataclass(eq=False)
class Blame:
    """Regions in order of suspicion, and what is known about the first."""

    regions: list[Region]
    matches: Matches  # corrected: the wrong ends equal nothing, and parameters after a right step are right
    first: Version | None = None  # the value that is wrong first, when that is proved
    proof: Proof | None = None
    expected: str = ""  # what the first value should have been
    certain: bool = False  # the first region is one statement, and its value is proved wrong with right ingredients
    forward_ok: bool = True


def blame(trace: Trace, matches: Matches, verdict: Verdict, rerun: Rerun, deadline: float) -> Blame:
    """Where the fault may be, in order of suspicion. Suspicions are put to the test by quick runs, until the deadline."""
    matches = with_verdict(trace, matches, verdict)
    found = Blame([], matches, forward_ok=forward_agrees(trace, matches))
    if (rate := uphill(trace, verdict)) is not None:
        found.first, found.certain, found.expected = rate.version, True, f"{-rate.version.value:g}"
        found.regions = [Region(rate.version.file, [rate.line], rate.version, "passed", [rate.line])]
        return found
    ends = {a: v for a in verdict.wrong if (v := verdict.entries[a].version) is not None}
    for argument, end in ends.items():
        matches.correct(end, None)  # it is wrong by its factor even where it is some gradient
        suspect_factors(found, end, argument, trace, verdict)
        found.regions += lost_on_the_way(end, argument, trace, matches)
    slice_of_wrong(found, list(ends.values()), trace, verdict, rerun, deadline)
    found.regions = deduplicate(found.regions + remaining(trace, verdict, list(ends.values()), matches))
    return found


def with_verdict(trace: Trace, matches: Matches, verdict: Verdict) -> Matches:
    """The matches again, with what the verdict adds: parameters after their right step, and the factors of this code."""
    right = {argument: entry for argument, entry in verdict.entries.items() if entry.ok}
    updated = [
        Reference("update", f"{argument} after its update", np.asarray(trace.after[argument], float), -1, argument)
        for argument in right
        if argument in trace.after
    ]
    scales = [entry.scale for entry in right.values() if entry.scale]
    index = Index([*matches.index.references, *updated], [*scales, *(-s for s in scales)], trace.single)
    found = looked_up(trace, matches.evaluation, index)
    for entry in right.values():
        if entry.version is not None and entry.kind == "update" and found.of(entry.version) is None:
            found.correct(entry.version, RIGHT)
    return found


@dataclass(frozen=True)
class Rate:
    """A learning rate, and the line that sets it."""

    version: Version
    line: int


def uphill(trace: Trace, verdict: Verdict) -> Rate | None:
    """The negative learning rate, when every parameter moves by exactly that much up its gradient."""
    entries = list(verdict.entries.values())
    if not entries or any(e.fault != "sign" or e.kind != "update" for e in entries):
        return None
    for version in trace.tracer.versions:
        value = version.value
        if isinstance(value, float) and value < 0 and all(abs(e.scale + value) < 1e-6 * -value for e in entries):
            line = version.line or line_of_default(version)
            return Rate(version, line) if line else None
    return None


def line_of_default(version: Version) -> int:
    """The line of the function that has this argument with a default value; 0 when there is none."""
    source = source_of(version.file)
    functions = [node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef)] if source else []
    for function in functions:
        here = function.args.defaults and (function.name, version.path) in version.known_as
        if here and any(a.arg == version.path for a in function.args.args):
            return function.lineno
    return 0


# ------------------------------------------------------------------------------------- right up to a factor


def suspect_factors(found: Blame, end: Version, argument: str, trace: Trace, verdict: Verdict) -> None:
    """Add where a stray factor came in on the way to a wrong gradient, or else all places where it may have."""
    only_a_factor = verdict.entries[argument].fault in ("sign", "scale")
    earlier = jump(end, argument, trace, verdict, found.matches)
    if earlier is not None:
        found.regions.append(region(earlier, found.matches, "scale"))
        found.first = found.first or earlier
        wrong = [a for a in verdict.wrong if verdict.entries[a].version is not None]
        found.certain = len(wrong) == 1 and only_a_factor and len(found.regions[0].statements) == 1
    elif only_a_factor:
        found.regions.append(stages(end, argument, trace, verdict, found.matches))


def stages(end: Version, argument: str, trace: Trace, verdict: Verdict, matches: Matches) -> Region:
    """The lines on the way of a gradient that is right up to a factor. Any of them may have the wrong factor.

    Lines with the factor of the right gradients are left out. Where the sign is wrong everywhere, the first adjoint with the
    other sign comes first.
    """
    _, usual = usual_for_gradients(trace, matches, verdict)
    way: list[int] = []
    against: list[int] = []
    for version in ancestors([end], trace.start):
        match = matches.of(version)
        if version.file != end.file or match is None or match.reference.kind != "adjoint" or not version.line:
            continue
        if usual is None and not against and match.scale < 0:
            against.append(version.line)
        if match.reference.argument == argument and (usual is None or abs(match.scale - usual) > 1e-5 * abs(usual)):
            way.append(version.line)
    lines = list(dict.fromkeys([*against, *way, end.line]))
    return Region(end.file, lines, end, "scale", lines)


def lost_on_the_way(end: Version, argument: str, trace: Trace, matches: Matches) -> Iterator[Region]:
    """Where a right value was passed on wrongly: without the targets, or for a part of the samples only."""
    for version in nearest(end, matches):
        match = matches.of(version)
        if match is None:
            continue
        if id(end) not in trace.tainted and match.reference.kind == "derivative":
            matches.correct(version, None)
            yield region(version, matches, "passed", near=end.function)
        elif match.reference.partial and match.reference.argument == argument and any(v is version for v in end.inputs):
            yield region(version, matches, "passed", near=end.function)


# ------------------------------------------------------------------------------------- values that equal nothing


@dataclass(frozen=True)
class Slice:
    """The values behind the wrong gradients that equal no quantity of the model, most suspected first."""

    ends: list[Version]
    values: list[Version]
    first: list[Version]  # those that no other suspected value goes into

    @property
    def trivial(self) -> bool:
        """Whether only the wrong gradient itself is left."""
        return len(self.values) == 1 and any(self.values[0] is end for end in self.ends)


def slice_of_wrong(found: Blame, ends: list[Version], trace: Trace, verdict: Verdict, rerun: Rerun, deadline: float) -> None:
    """Add the regions of the values that equal nothing, the proved one first."""
    matches = found.matches
    suspected = unmatched(ends, trace, verdict, matches)
    values, first, trivial = suspected.values, list(suspected.first), suspected.trivial
    trials = Trials(trace, matches, rerun, deadline)
    proof = trials.prove(values)
    if proof is None and not found.regions:
        proof = trials.prove(shared(values, trace, verdict, matches))
    if proof is not None:
        found.proof, found.first, found.expected = proof, proof.version, proof.expected
        found.regions.insert(0, region(proof.version, matches, "first"))
    elif trivial and not found.regions:
        found.first = values[0]
        if id(values[0]) not in trace.tainted:  # no adjoint went into it: what stands in its place may be wrong as well
            trivial = False
            first += [v for v in values[0].inputs if v.line and is_array(v) and v.inputs]
    found.regions += [region(v, matches, "first") for v in first]
    found.regions += [region(v, matches, "after") for v in values if not any(v is one for one in first)]
    found.regions += calls(values)
    if found.regions and (proof is not None or trivial) and not found.certain:
        found.certain = len(found.regions[0].statements) == 1


def unmatched(ends: list[Version], trace: Trace, verdict: Verdict, matches: Matches) -> Slice:
    """The values behind the wrong gradients that equal nothing, without those that also lie behind right gradients."""
    if not ends:
        ends = [v for v in trace.versions if v.line and matches.of(v) is None and is_array(v)][-3:]

    def behind(some: list[Version]) -> list[Version]:
        return ancestors(some, trace.start, lambda v: matches.of(v) is None)

    right_ends = [e.version for e in verdict.entries.values() if e.ok and e.version is not None]
    innocent = {id(v) for v in behind([v for end in right_ends for v in (end, *(v for v in end.inputs if v.array.size == 1))])}
    slice_ = [v for v in behind(ends) if id(v) not in innocent and v.line]
    values = [v for v in slice_ if is_value(v) or any(v is end for end in ends)] or slice_
    harmless = {id(v) for v in ancestors([v for v in trace.versions if is_right(matches.of(v))], trace.start)}
    values.sort(key=lambda v: (id(v) in harmless, v.time))  # what went into something right is hardly wrong itself
    inside = {id(v) for v in values if id(v) not in harmless} or {id(v) for v in values}
    return Slice(ends, values, [v for v in values if not has_wrong_input(v, inside, matches)])


def is_right(match: Match | None) -> bool:
    """Whether a value is a whole quantity of the model that was computed, not an argument or a part."""
    return (
        match is not None
        and match.whole
        and match.reference.array.size > 1
        and not (match.reference.kind == "value" and match.reference.argument)
    )


def shared(values: list[Version], trace: Trace, verdict: Verdict, matches: Matches) -> list[Version]:
    """Adjoints that only wrong values are made from: right, but perhaps of the quantity before or after the one meant."""
    used = behind_right(trace, verdict, matches)
    inputs = {id(v): v for value in values for v in nearest(value, matches)}
    return [v for v in inputs.values() if id(v) not in used and is_intermediate(matches.of(v)) and v.line]


def is_intermediate(match: Match | None) -> bool:
    """Whether a value is the adjoint of something that is no argument."""
    return is_right(match) and match is not None and match.reference.kind == "adjoint" and match.reference.argument is None


@dataclass(frozen=True)
class Trials:
    """Writes right values into suspected ones, and looks which gradients turn right."""

    trace: Trace
    matches: Matches
    rerun: Rerun
    deadline: float

    def prove(self, values: list[Version]) -> Proof | None:
        """The earliest value that, once it is made right, turns wrong gradients right."""
        right = self.rerun.right_with({})
        for trial, (version, candidate, scale) in enumerate(self.trials(values)):
            if trial >= MOST_TRIALS or clock.thread_time() > self.deadline:
                return None
            writes = {version.time: Write(version.path, scale * candidate.array)}
            mended = self.rerun.right_with(writes)
            if mended > right:
                return Proof(version, candidate.reference, scale, candidate.transposed, mended, writes)
        return None

    def trials(self, values: list[Version]) -> Iterator[tuple[Version, Candidate, float]]:
        """What to write where, and times which factor: the likeliest first."""
        usual = usual_factor(self.trace, self.matches)
        scales = list(dict.fromkeys([*([usual] if usual else []), 1.0, -1.0]))
        for version in [v for v in values if is_array(v)][:MOST_CANDIDATES]:
            kinds = {"adjoint"} if id(version) in self.trace.tainted else {"value", "derivative"}
            for candidate in candidates(version, self.matches, kinds):
                if candidate.reference.partial or candidate.reference.argument is not None:
                    continue
                for scale in scales if candidate.reference.kind == "adjoint" else [1.0]:
                    yield version, candidate, scale


# ------------------------------------------------------------------------------------- everything else


def remaining(trace: Trace, verdict: Verdict, wrong_ends: list[Version], matches: Matches) -> list[Region]:
    """Lines that only wrong gradients depend on, then all that they depend on, then everything that ran."""
    wrong = ancestors(wrong_ends, trace.start)
    right = {id(v) for v in ancestors([e.version for e in verdict.entries.values() if e.ok and e.version], trace.start)}
    regions: list[Region] = []
    for kind, chosen in (
        ("slice", [v for v in wrong if id(v) not in right]),
        ("slice", [v for v in wrong if id(v) in right]),
        ("rest", trace.versions),
    ):
        by_file: dict[str, list[int]] = {}
        for version in sorted(chosen, key=lambda v: -v.time):
            if version.line:
                own, passed = [version.line, *sorted(version.lines)], sorted(version.alias_lines)
                right_so_far = is_right(matches.of(version))  # then the lines that passed it on are the suspects
                by_file.setdefault(version.file, []).extend([*passed, *own] if right_so_far else [*own, *passed])
        for file, lines in by_file.items():
            lines += headers(file, lines) if kind == "rest" else []
            regions.append(Region(file, list(dict.fromkeys(lines)), None, kind, list(dict.fromkeys(lines))))
    return regions
