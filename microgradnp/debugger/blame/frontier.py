"""The slice of a wrong gradient, cut where values are known to be right; its first wrong value comes first.

A value that equals a quantity of the model is right, whatever it was made from, so the slice stops there. What is left equals
nothing: the first wrong value is among it, and so may be harmless ingredients of right ones. Which of them is wrong first is
proved by writing the right value into it (`intervene`); without a proof the whole stretch is suspected.
"""

from __future__ import annotations

import ast
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from microgradnp.debugger.blame.forward import forward_agrees
from microgradnp.debugger.blame.gauge import behind_right, jump, usual_factor, usual_for_gradients
from microgradnp.debugger.blame.intervene import Proof, candidates
from microgradnp.debugger.blame.slices import (
    Matches,
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
from microgradnp.debugger.capture.step import Step
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.capture.writes import Write, Writes
from microgradnp.debugger.match.index import Index, Match
from microgradnp.debugger.match.references import Evaluation, Reference
from microgradnp.debugger.verdict import Verdict

MOST_CANDIDATES = 10
MOST_TRIALS = 16

Test = Callable[[Writes], set[str]]  # runs the code with these writes, and says which gradients are right


@dataclass(frozen=True)
class Case:
    """What is known when blame begins, and how a suspicion is put to the test."""

    step: Step
    evaluation: Evaluation
    verdict: Verdict
    index: Index
    test: Test
    deadline: float


@dataclass(eq=False)
class Blame:
    """Regions in order of suspicion, and what is known about the first."""

    regions: list[Region]
    matches: dict[int, Match | None]
    first: Version | None = None  # the value that is wrong first, when that is proved
    proof: Proof | None = None
    expected: str = ""
    certain: bool = False  # the first region is one statement, and its value is proved wrong with right ingredients
    forward_ok: bool = True
    tainted: set[int] = field(default_factory=set)
    references: list[Reference] = field(default_factory=list)
    accumulated: bool = False  # what is wrong is that an earlier step is still in it


RIGHT = Match(Reference("update", "a right step", np.zeros(0)), 1.0)


def blame(case: Case) -> Blame:
    """Where the fault may be, in order of suspicion."""
    step, verdict = case.step, case.verdict
    matches: dict[int, Match | None] = {id(v): case.index.match(v.array) for v in step.versions}
    for entry in verdict.entries.values():  # a parameter after its right step is right
        if entry.ok and entry.version is not None and entry.kind == "update":
            matches[id(entry.version)] = matches[id(entry.version)] or RIGHT
    found = Blame([], matches, tainted=step.tainted, references=case.index.references)
    found.forward_ok = forward_agrees(step, case.evaluation, matches)
    if (rate := uphill(step, verdict)) is not None:
        version, line = rate
        found.first, found.certain, found.expected = version, True, f"{-version.value:g}"
        found.regions = [Region(version.file, [line], version, "passed", [line])]
        return found
    ends = {a: v for a in verdict.wrong if (v := verdict.entries[a].version) is not None}
    for argument, end in ends.items():  # an end is wrong by its factor even where it is some gradient
        matches[id(end)] = None
        earlier = jump(end, argument, step, verdict, matches)
        if earlier is not None:
            found.regions.append(region(earlier, matches, "gauge"))
            found.first = found.first or earlier
            only_a_factor = len(ends) == 1 and verdict.entries[argument].fault in ("sign", "scale")
            found.certain = only_a_factor and len(found.regions[0].statements) == 1
        elif verdict.entries[argument].fault in ("sign", "scale"):
            found.regions.append(stages(end, argument, step, verdict, matches))
        for version in nearest(end, matches):
            match = matches[id(version)]
            if match is None:
                continue
            if id(end) not in found.tainted and match.reference.kind == "derivative":  # the targets were lost on the way
                matches[id(version)] = None
                found.regions.append(region(version, matches, "passed", near=end.function))
            elif match.reference.partial and match.reference.argument == argument and any(v is version for v in end.inputs):
                found.regions.append(region(version, matches, "passed", near=end.function))  # a part of the samples is not enough
    slice_of_wrong(found, list(ends.values()), case)
    found.regions = deduplicate(found.regions + remaining(step, verdict, list(ends.values()), matches))
    return found


def uphill(step: Step, verdict: Verdict) -> tuple[Version, int] | None:
    """The negative learning rate, and the line that sets it, when every parameter moves by exactly that much up its gradient."""
    entries = list(verdict.entries.values())
    if not entries or any(e.fault != "sign" or e.kind != "update" for e in entries):
        return None
    for version in step.tracer.versions:
        value = version.value
        if isinstance(value, float) and value < 0 and all(abs(e.scale + value) < 1e-6 * -value for e in entries):
            line = version.line or line_of_default(version)
            return (version, line) if line else None
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


def stages(end: Version, argument: str, step: Step, verdict: Verdict, matches: Matches) -> Region:
    """The lines where a gradient, right up to a factor, goes on its way to the parameter, and any may have the wrong factor.

    Those with the factor that the right gradients have are left out. Where the sign is wrong everywhere, the first adjoint
    that has the other sign comes first.
    """
    _, usual = usual_for_gradients(step, matches, verdict)
    way: list[int] = []
    against: list[int] = []
    for version in ancestors([end], step.start):
        match = matches.get(id(version))
        if version.file != end.file or match is None or match.reference.kind != "adjoint" or not version.line:
            continue
        if usual is None and not against and match.scale < 0:
            against.append(version.line)
        if match.reference.argument == argument and (usual is None or abs(match.scale - usual) > 1e-5 * abs(usual)):
            way.append(version.line)
    lines = list(dict.fromkeys([*against, *way, end.line]))
    return Region(end.file, lines, end, "gauge", lines)


def slice_of_wrong(found: Blame, ends: list[Version], case: Case) -> None:
    """Add the regions of the values that equal nothing, the proved one first."""
    step, verdict, matches = case.step, case.verdict, found.matches
    if not ends:
        ends = [v for v in step.versions if v.line and matches[id(v)] is None and is_array(v)][-3:]
    right_ends = [e.version for e in verdict.entries.values() if e.ok and e.version is not None]
    unmatched = ancestors(ends, step.start, lambda v: matches.get(id(v)) is None)
    behind_right = [v for end in right_ends for v in (end, *(v for v in end.inputs if v.array.size == 1))]
    innocent = {id(v) for v in ancestors(behind_right, step.start, lambda v: matches.get(id(v)) is None)}
    slice_ = [v for v in unmatched if id(v) not in innocent and v.line]
    values = [v for v in slice_ if is_value(v) or any(v is end for end in ends)] or slice_
    harmless = {id(v) for v in ancestors([v for v in step.versions if is_right(matches.get(id(v)))], step.start)}
    values.sort(key=lambda v: (id(v) in harmless, v.time))  # what went into something right is hardly wrong itself
    inside = {id(v) for v in values if id(v) not in harmless} or {id(v) for v in values}
    first = [v for v in values if not has_wrong_input(v, inside, matches)]
    gauges = len(found.regions)
    proof = prove(values, found, case) or (None if gauges else prove(shared(values, case, found), found, case))
    trivial = len(values) == 1 and any(values[0] is end for end in ends)
    if proof is not None:
        found.proof, found.first, found.expected = proof, proof.version, proof.expected
        found.regions.insert(0, region(proof.version, matches, "first"))
    elif trivial and not found.regions:
        found.first = values[0]
        if id(values[0]) not in found.tainted:  # it was made without any adjoint: what stands for one may be wrong as well
            trivial = False
            first += [v for v in values[0].inputs if v.line and is_array(v) and v.inputs]
    found.regions += [region(v, matches, "first") for v in first]
    found.regions += [region(v, matches, "after") for v in values if not any(v is one for one in first)]
    found.regions += calls(values)
    if found.regions and (proof is not None or trivial) and not found.certain:
        found.certain = len(found.regions[0].statements) == 1


def is_right(match: Match | None) -> bool:
    """Whether a value is a whole quantity of the model that was computed, not an argument or a part."""
    return (
        match is not None
        and match.whole
        and match.reference.array.size > 1
        and not (match.reference.kind == "value" and match.reference.argument)
    )


def shared(values: list[Version], case: Case, found: Blame) -> list[Version]:
    """Adjoints that only wrong values are made from: right, but perhaps of the quantity before or after the one meant."""
    used = behind_right(case.step, case.verdict, found.matches)
    inputs = {id(v): v for value in values for v in nearest(value, found.matches)}
    return [v for v in inputs.values() if id(v) not in used and is_intermediate(found.matches.get(id(v))) and v.line]


def is_intermediate(match: Match | None) -> bool:
    """Whether a value is the adjoint of something that is no argument."""
    return is_right(match) and match is not None and match.reference.kind == "adjoint" and match.reference.argument is None


def prove(values: list[Version], found: Blame, case: Case) -> Proof | None:
    """The earliest value that, once it is made right, turns wrong gradients right."""
    usual = usual_factor(case.step, found.matches)
    right = case.test({})
    scales = list(dict.fromkeys([*([usual] if usual else []), 1.0, -1.0]))
    trials = 0
    for version in [v for v in values if is_array(v)][:MOST_CANDIDATES]:
        kinds = {"adjoint"} if id(version) in found.tainted else {"value", "derivative"}
        for reference, transposed in candidates(version, case.index.references, found.matches, kinds):
            if reference.partial or reference.argument is not None:
                continue
            array = np.squeeze(reference.array)
            array = array.T if transposed else array
            for scale in scales if reference.kind == "adjoint" else [1.0]:
                if trials >= MOST_TRIALS or clock.perf_counter() > case.deadline:
                    return None
                trials += 1
                writes = {version.time: Write(version.path, scale * array)}
                mended = case.test(writes)
                if mended > right:
                    return Proof(version, reference, scale, transposed, mended, writes)
    return None


def remaining(step: Step, verdict: Verdict, wrong_ends: list[Version], matches: Matches) -> list[Region]:
    """Lines that only wrong gradients depend on, then all that they depend on, then everything that ran."""
    wrong = ancestors(wrong_ends, step.start)
    right = {id(v) for v in ancestors([e.version for e in verdict.entries.values() if e.ok and e.version], step.start)}
    regions: list[Region] = []
    for kind, chosen in (
        ("slice", [v for v in wrong if id(v) not in right]),
        ("slice", [v for v in wrong if id(v) in right]),
        ("rest", step.versions),
    ):
        by_file: dict[str, list[int]] = {}
        for version in sorted(chosen, key=lambda v: -v.time):
            if version.line:
                own, passed = [version.line, *sorted(version.lines)], sorted(version.alias_lines)
                right_so_far = is_right(matches.get(id(version)))  # what it was given on as is then the suspect
                by_file.setdefault(version.file, []).extend([*passed, *own] if right_so_far else [*own, *passed])
        for file, lines in by_file.items():
            lines += headers(file, lines) if kind == "rest" else []
            regions.append(Region(file, list(dict.fromkeys(lines)), None, kind, list(dict.fromkeys(lines))))
    return regions
