"""Which gradients of the hand-written code are right: the useful half of the debugger, with no guessing in it.

Evidence for a parameter, best first: the step that was made, (after - before), which must be a negative multiple of the
gradient; a returned array; a variable that holds the gradient; a variable that is named like it. A factor common to all
(sign of a gradient variable, learning rate, 1/N, 2) is a convention.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import numpy as np

from microgradnp.debugger.capture.roles import data_of, is_mask, lengths
from microgradnp.debugger.capture.step import Step
from microgradnp.debugger.evidence import (
    EXACT,
    STEP,
    Entry,
    from_idle,
    from_match,
    from_name,
    from_returned,
    from_update,
    left_over,
    locate_version,
    returned_by_name,
    tolerance,
)
from microgradnp.debugger.match.index import Index
from microgradnp.debugger.match.references import Evaluation
from microgradnp.derivatives.agreement import cosine, scale_of

ROUNDING = 1e-11  # of the largest gradient: what is smaller is zero
RATE = re.compile(r"lr|eta|alpha|rate|step|epsilon|mu")
SAME = 1e-5  # relative; factors that differ by less are the same


@dataclass(eq=False)
class Verdict:
    """All entries, and what is said about all of them at once."""

    entries: dict[str, Entry]
    conventions: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(entry.ok for entry in self.entries.values())

    @property
    def wrong(self) -> list[str]:
        return [name for name, entry in self.entries.items() if not entry.ok]


def judge(step: Step, evaluation: Evaluation, index: Index) -> Verdict:
    """The verdict on one traced step."""
    versions = step.versions
    matches = {id(v): index.match(v.array) for v in versions if v.line}
    entries: dict[str, Entry] = {}
    claimed: set[str] = set()
    zero = zero_gradients(evaluation)
    gradients = {a: g for a, g in evaluation.gradients.items() if g.size and a not in zero}
    data = data_of(step.before, step.changed)
    for argument, gradient in gradients.items():
        entry = from_update(argument, step, gradient) if argument in step.changed else None
        if entry is not None and entry.error > tolerance(step, STEP):
            better = from_match(argument, versions, matches)
            itself = {id(held.version) for held in step.variables[argument].history}
            if better is not None and id(better.version) not in itself:
                entry.path = ("optimizer", better)
        if entry is None and argument not in data:
            entry = from_returned(argument, step, gradient)
        if entry is not None:
            entries[argument] = entry
            claimed.add(entry.variable)
    moved = {e.kind for e in entries.values()} >= {"update"}
    parameters = {a: g for a, g in gradients.items() if a not in data}
    for argument, gradient in parameters.items():
        if argument in entries:
            continue
        entry = returned_by_name(argument, step, gradient, claimed, entries)
        entry = entry or from_match(argument, versions, matches) or from_name(argument, versions, gradient, matches)
        entry = entry or left_over(argument, parameters, entries, step, claimed, index) or from_idle(argument, step)
        if entry is None:
            continue
        if moved and entry.error < tolerance(step, EXACT):
            entry.kind, entry.fault = "missing", "missing"
            entry.version = step.idle.get(argument, entry.version)
            entry.error = math.inf
        elif moved:
            entry.kind = "variable"
        entries[argument] = entry
        claimed.add(entry.variable)
    verdict = Verdict(entries)
    data = data_of(step.before, entries)
    verdict.unchecked = [a for a in parameters if a not in entries and a not in data and not is_mask(step.before[a])]
    for argument, entry in entries.items():
        entry.expected = gradients[argument]
        locate_version(entry, step)
    settle(verdict, step)
    if resting := [argument for argument in zero if argument not in data]:
        verdict.conventions.append(f"the gradient of {', '.join(resting)} is zero here, so nothing is said about it")
    return verdict


def zero_gradients(evaluation: Evaluation) -> list[str]:
    """Parameters whose true gradient is zero, or nothing but rounding: no factor can be told, and a momentum may move them."""
    sizes = {a: float(np.max(np.abs(g), initial=0)) for a, g in evaluation.gradients.items()}
    least = ROUNDING * max(sizes.values(), default=0.0)
    return [argument for argument, size in sizes.items() if size <= least]


# ------------------------------------------------------------------------------- conventions and faults


def settle(verdict: Verdict, step: Step) -> None:
    """Decide from scales and errors which entries are right, and say what all have in common."""
    optimizers = [e for e in verdict.entries.values() if e.path and e.path[0] == "optimizer"]
    updates = [e for e in verdict.entries.values() if e.kind == "update"]
    if optimizers and (len(optimizers) == len(updates) or all(is_known_rule(e) for e in optimizers)):
        for entry in optimizers:
            found: Entry = entry.path[1]
            entry.variable, entry.scale, entry.error, entry.kind, entry.path = (
                found.variable,
                found.scale,
                found.error,
                "variable",
                found.path,
            )
            entry.version, entry.line, entry.found = found.version, found.version.line if found.version else None, found.found
        verdict.conventions.append(
            "the parameters move by another rule than a plain step (momentum, Adam, clipping); the gradients were checked"
        )
    for kinds in (("update",), ("returned", "variable")):
        group = [e for e in verdict.entries.values() if e.kind in kinds]
        settle_group(group, kinds[0] == "update", step, verdict)
    for entry in verdict.entries.values():
        entry.relation = relation(entry, step)


def is_known_rule(entry: Entry) -> bool:
    """Whether a parameter moves as in the first step of Adam and its kin: by the same amount everywhere, against its gradient;
    or by a multiple of its gradient that is cut at a largest value.
    """
    if entry.found is None or entry.expected is None or entry.found.shape != entry.expected.shape:
        return False
    moved, gradient = entry.found, entry.expected
    largest = float(np.max(np.abs(moved), initial=0))
    clear = np.abs(gradient) > 1e-6 * np.max(np.abs(gradient), initial=0)
    if not largest or not np.array_equal(np.sign(moved[clear]), -np.sign(gradient[clear])):
        return False
    free = clear & (np.abs(moved) < largest * (1 - 1e-2))
    return not free.any() or (free.sum() > 1 and scale_of(moved[free], gradient[free])[1] < EXACT)


def settle_group(group: list[Entry], is_update: bool, step: Step, verdict: Verdict) -> None:
    """Decide about the gradients of one kind of evidence: those with the common factor are right."""
    exact = [e for e in group if e.error < tolerance(step, STEP if is_update else EXACT) and e.scale != 0]
    alike = tolerance(step, SAME)
    for entry in group:
        if entry not in exact:
            entry.fault = entry.fault or "gradient"
    if not exact:
        return
    common, known = common_scale([e.scale for e in exact], is_update, step)
    if not known and len(group) > 1 and not is_supported(common, exact, alike):
        return  # a single number is a multiple of any other: its factor says something only when it is known or shared
    for entry in exact:
        if is_update and common > 0:
            entry.fault = "sign"
        elif abs(entry.scale - common) <= alike * abs(common):
            entry.ok = True
        elif is_update and has_its_own_rate(entry):
            entry.ok = True
            verdict.conventions.append(f"{entry.argument} moves with a learning rate of its own, {-entry.scale:.6g}")
        else:
            entry.fault = "sign" if abs(entry.scale + common) <= alike * abs(common) else "scale"
    if not is_update and abs(common - 1) > 1e-6 and any(e.ok for e in exact):
        verdict.conventions.append(
            f"every gradient is {common:.6g} times that of the model{reason(common, step)}: a convention, not a bug"
        )
    elif is_update and common < 0:
        verdict.conventions.append(f"every parameter moves by {common:.6g} times its gradient{reason(common, step)}")
    if any(e.transposed for e in exact if e.ok):
        names = ", ".join(e.argument for e in exact if e.ok and e.transposed)
        verdict.conventions.append(f"{names}: stored transposed: a convention, not a bug")


def is_supported(common: float, exact: list[Entry], alike: float) -> bool:
    """Whether an array, or more than one gradient, has the common factor."""
    sharing = [e for e in exact if abs(e.scale - common) <= alike * abs(common)]
    return len(sharing) > 1 or any(e.expected is not None and e.expected.size > 1 for e in sharing)


def has_its_own_rate(entry: Entry) -> bool:
    """Whether the statement that moves a parameter reads a rate, by its name, that is exactly the factor it moves by."""
    inputs = entry.version.inputs if entry.version is not None else []
    named = [v for v in inputs if RATE.search(" ".join((v.path, *v.names)).lower())]
    rates = [float(v.array) for v in named if v.array.size == 1 and v.array.ndim == 0 and v.array.dtype.kind == "f"]
    return entry.scale < 0 and any(abs(rate + entry.scale) < 1e-6 * rate for rate in rates)


def common_scale(scales: list[float], is_update: bool, step: Step) -> tuple[float, bool]:
    """The factor that most share, at a tie the one that looks natural; and whether it is natural."""
    groups: list[list[float]] = []
    for scale in scales:
        for group in groups:
            if abs(group[0] - scale) <= tolerance(step, SAME) * abs(scale):
                group.append(scale)
                break
        else:
            groups.append([scale])
    known = scalars(step)
    size = samples(step)

    def naturalness(c: float) -> int:
        """How far down the list of usual factors one stands."""
        if is_update:
            if c > 0:
                return 9
            ranks = [abs(c), abs(c) * size, abs(c) / 2, abs(c) * 2, abs(c) * size / 2]
            return next((k for k, s in enumerate(ranks) if any(abs(s - v) < 1e-6 * v for v in known)), 8)
        ranks = [1.0, 1 / size, float(size), -1.0, 2.0, 0.5, *known, *[-v for v in known]]
        return next((k for k, s in enumerate(ranks) if abs(c - s) < 1e-6 * abs(s)), len(ranks) + (c < 0))

    common = min(groups, key=lambda g: (-len(g), naturalness(g[0])))[0]
    return common, naturalness(common) < 8


def samples(step: Step) -> int:
    """The number of samples, as far as the data shows it."""
    return max(lengths(step.before, data_of(step.before, step.changed)), default=1)


def scalars(step: Step) -> list[float]:
    """Positive numbers below one or so that the code knew: candidates for a learning rate."""
    found = set()
    for version in step.tracer.versions:
        if isinstance(version.value, (float, int)) and not isinstance(version.value, bool) and 0 < version.value <= 10:
            names = " ".join((version.path, *version.names)).lower()
            if (version.is_argument and isinstance(version.value, float)) or RATE.search(names):
                found.add(float(version.value))
    return sorted(found)


def reason(c: float, step: Step) -> str:
    """What a common factor probably is: " (-lr)"."""
    size = samples(step)
    if any(abs(abs(c) - v) < 1e-6 * v and v != 1 for v in scalars(step)):
        return " (-lr)" if c < 0 else " (lr)"
    for value, text in (
        (-1.0, "-1"),
        (2.0, "2"),
        (0.5, "1/2"),
        (size if size > 1 else 0, "N: a sum where the model has a mean"),
        (1 / size if size > 1 else 0, "1/N: a mean where the model has a sum"),
    ):
        if value and abs(c - value) < 1e-6 * abs(value):
            return f" ({text})"
    return ""


def relation(entry: Entry, step: Step) -> str:
    """How a gradient compares with the right one, in words."""
    if entry.fault == "missing":
        return "right, but never applied"
    if entry.error < tolerance(step, STEP) and entry.scale:
        text = "equal" if abs(entry.scale - 1) < 1e-6 else f"equal x {entry.scale:.6g}{reason(entry.scale, step)}"
        if entry.transposed:
            text = "transposed" if text == "equal" else f"transposed, {text}"
        return text if entry.ok else f"{text}, unlike the others" if entry.fault == "scale" else f"{text}: the sign is wrong"
    if entry.found is not None and not np.any(entry.found):
        return "zero: it does not move" if entry.kind == "update" else "zero"
    if entry.found is not None and entry.expected is not None and np.size(entry.found) == np.size(entry.expected):
        a, b = np.ravel(entry.found), np.ravel(entry.expected)
        if not np.isfinite(a).all():
            return "not finite"
        return f"different (cosine {cosine(a, b):.4f})"
    return "different"
