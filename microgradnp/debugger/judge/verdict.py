"""Which gradients of the hand-written code are right: the useful half of the debugger, with no guessing in it.

The evidence for each parameter (`evidence`) is compared with the gradient of the model. A factor that all share is a convention:
the sign of a gradient variable, the learning rate, 1/N, 2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from microgradnp.debugger.capture.roles import data_of, is_mask, lengths
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.judge.evidence import (
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
from microgradnp.debugger.match.matches import Matches
from microgradnp.debugger.match.references import Evaluation
from microgradnp.derivatives.agreement import cosine, degrees, scale_of

ANOTHER_RULE = "the parameters move by another rule than a plain step (momentum, Adam, clipping); the gradients were checked"
FORGOTTEN = "never updated"
NOT_FOUND = "it does not move, and no gradient of it was found"
ROUNDING = 1e-11  # of the largest gradient: what is smaller is zero
SAME = 1e-5  # relative; factors that differ by less are the same


@dataclass(eq=False)
class Verdict:
    """All entries, and what is said about all of them at once."""

    entries: dict[str, Entry]
    conventions: list[str] = field(default_factory=list)
    unjudged: dict[str, str] = field(default_factory=dict)  # argument -> why its gradient cannot be judged
    unchecked: dict[str, str] = field(default_factory=dict)  # argument -> why nothing was found of it
    asleep: bool = False  # whether what is wrong does not show with the values that were given

    @property
    def word(self) -> str:
        """RIGHT, AGREES TO n DIGITS, WRONG, CANNOT JUDGE or NOT CHECKED: the loudest that holds of any argument."""
        if self.wrong:
            return "WRONG"
        if self.unjudged or not self.entries:
            return "CANNOT JUDGE"
        if self.unchecked:
            return "NOT CHECKED"
        agreeing = [entry.digits for entry in self.entries.values() if entry.agrees]
        return f"AGREES TO {int(min(agreeing))} DIGITS" if agreeing else "RIGHT"

    @property
    def doubtful(self) -> set[str]:
        """The arguments of which something was found, and could not be judged: a fix must make them right, too."""
        return {*self.unjudged, *(argument for argument, why in self.unchecked.items() if why != NOT_FOUND)}

    @property
    def ok(self) -> bool:
        """Whether no gradient is wrong."""
        return all(entry.ok for entry in self.entries.values())

    @property
    def wrong(self) -> list[str]:
        """Names of the gradients that are not right."""
        return [name for name, entry in self.entries.items() if not entry.ok]


def judge(trace: Trace, matches: Matches) -> Verdict:
    """The verdict on one traced step."""
    zero = zero_gradients(matches.evaluation)
    gradients = {a: g for a, g in matches.evaluation.gradients.items() if g.size and a not in zero}
    entries = moved_or_returned(trace, matches, gradients)
    parameters = {a: g for a, g in gradients.items() if a not in data_of(trace.before, trace.changed)}
    add_what_is_named(entries, trace, matches, parameters)
    verdict = Verdict(entries)
    data = data_of(trace.before, entries)
    for argument in parameters:
        if argument not in entries and argument not in data and not is_mask(trace.before[argument]):
            verdict.unchecked[argument] = "no gradient of it was found"
    for argument, entry in entries.items():
        entry.expected = gradients[argument]
        locate_version(entry, trace)
    decide(verdict, trace)
    verdict.conventions = conventions(verdict, trace)
    if resting := [argument for argument in zero if argument not in data]:
        verdict.conventions.append(f"the gradient of {', '.join(resting)} is zero here, so nothing is said about it")
    return verdict


def moved_or_returned(trace: Trace, matches: Matches, gradients: dict[str, np.ndarray]) -> dict[str, Entry]:
    """The evidence that needs no names: parameters that moved, and returned arrays that are a gradient."""
    entries: dict[str, Entry] = {}
    data = data_of(trace.before, trace.changed)
    for argument, gradient in gradients.items():
        entry = None
        if argument in trace.changed:
            entry = from_update(argument, trace, gradient)
            if entry.error > tolerance(trace, STEP):
                entry.behind = gradient_behind(argument, trace, matches)
        elif argument not in data:
            entry = from_returned(argument, trace, gradient)
        if entry is not None:
            entries[argument] = entry
    return entries


def gradient_behind(argument: str, trace: Trace, matches: Matches) -> Entry | None:
    """The variable that holds the gradient of a parameter which moves by another rule; not the parameter itself."""
    found = from_match(argument, trace.versions, matches)
    itself = {id(held.version) for held in trace.variables[argument].history}
    return found if found is not None and id(found.version) not in itself else None


def add_what_is_named(entries: dict[str, Entry], trace: Trace, matches: Matches, parameters: dict[str, np.ndarray]) -> None:
    """Evidence for the parameters that have none yet: variables with the right value, the right name or the right place."""
    moved = {e.kind for e in entries.values()} >= {"update"}
    claimed = {entry.variable for entry in entries.values()}
    versions = trace.versions
    for argument, gradient in parameters.items():
        if argument in entries:
            continue
        entry = (
            returned_by_name(argument, trace, gradient, claimed, entries)
            or from_match(argument, versions, matches)
            or from_name(argument, versions, gradient, matches)
            or left_over(argument, parameters, entries, trace, claimed, matches)
            or from_idle(argument, trace)
        )
        if entry is None:
            continue
        if moved and entry.error < tolerance(trace, EXACT):
            entry.kind, entry.fault = "missing", "missing"
            entry.version = trace.idle.get(argument, entry.version)
            entry.error = math.inf
        elif moved:
            entry.kind = "variable"
        entries[argument] = entry
        claimed.add(entry.variable)


def zero_gradients(evaluation: Evaluation) -> list[str]:
    """Parameters whose true gradient is zero, or nothing but rounding: no factor can be told, and a momentum may move them."""
    sizes = {a: float(np.max(np.abs(g), initial=0)) for a, g in evaluation.gradients.items()}
    least = ROUNDING * max(sizes.values(), default=0.0)
    return [argument for argument, size in sizes.items() if size <= least]


# ------------------------------------------------------------------------------- conventions and faults


def decide(verdict: Verdict, trace: Trace) -> None:
    """Decide from scales and errors which entries are right, and say what all have in common."""
    look_behind(verdict, trace)
    for kinds in (("update",), ("returned", "variable")):
        group = [e for e in verdict.entries.values() if e.kind in kinds]
        decide_group(group, kinds[0] == "update", trace)
    for entry in verdict.entries.values():
        entry.relation = relation(entry, trace)


def look_behind(verdict: Verdict, trace: Trace) -> None:
    """Judge the gradients themselves where the parameters move by another rule than a plain step."""
    ruled = [e for e in verdict.entries.values() if e.behind is not None]
    updates = [e for e in verdict.entries.values() if e.kind == "update"]
    if not ruled or (len(ruled) < len(updates) and not all(is_known_rule(e) for e in ruled)):
        return
    for entry in ruled:
        if entry.behind is not None:
            found = replace(entry.behind, expected=entry.expected, transposed=entry.transposed)
            locate_version(found, trace)
            verdict.entries[entry.argument] = found


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


def decide_group(group: list[Entry], is_update: bool, trace: Trace) -> None:
    """Decide about the gradients of one kind of evidence: those with the common factor are right."""
    exact = [e for e in group if e.error < tolerance(trace, STEP if is_update else EXACT) and e.scale != 0]
    alike = tolerance(trace, SAME)
    for entry in group:
        if entry not in exact:
            entry.fault = entry.fault or "gradient"
    if not exact:
        return
    common, known = common_scale([e.scale for e in exact], is_update, trace)
    if not known and len(group) > 1 and not is_supported(common, exact, alike):
        return  # a single number is a multiple of any other: its factor says something only when it is known or shared
    for entry in exact:
        if is_update and common > 0:
            entry.fault = "sign"
        elif abs(entry.scale - common) <= alike * abs(common) or (is_update and has_its_own_rate(entry, exact)):
            entry.ok = True
        else:
            entry.fault = "sign" if abs(entry.scale + common) <= alike * abs(common) else "scale"


def conventions(verdict: Verdict, trace: Trace) -> list[str]:
    """What the right gradients have in common, or differ in without harm: factors, layouts, rules of optimizers."""
    said = []
    right = [e for e in verdict.entries.values() if e.ok]
    updates = [e for e in right if e.kind == "update" and e.scale]
    others = [e for e in right if e.kind != "update" and e.scale]
    alike = tolerance(trace, SAME)
    if any(e.argument in trace.changed for e in others if e.kind == "variable"):
        said.append(ANOTHER_RULE)
    for group, is_update in ((updates, True), (others, False)):
        if not group:
            continue
        common, _ = common_scale([e.scale for e in group], is_update, trace)
        own = [e for e in group if abs(e.scale - common) > 10 * alike * abs(common)]
        if is_update:
            said += [f"{e.argument} moves with a learning rate of its own, {-e.scale:.6g}" for e in own]
            names = [e.argument for e in updates]
            which = "every parameter" if not others else f"each of {', '.join(names)}" if names[1:] else names[0]
            said.append(f"{which} moves by {common:.6g} times its gradient{reason(common, trace)}")
        elif abs(common - 1) > 1e-6:
            said.append(f"every gradient is {common:.6g} times that of the model{reason(common, trace)}: a convention, not a bug")
    if turned := [e.argument for e in right if e.transposed]:
        said.append(f"{', '.join(turned)}: stored transposed: a convention, not a bug")
    return said


def is_supported(common: float, exact: list[Entry], alike: float) -> bool:
    """Whether an array, or more than one gradient, has the common factor."""
    sharing = [e for e in exact if abs(e.scale - common) <= alike * abs(common)]
    return len(sharing) > 1 or any(e.expected is not None and e.expected.size > 1 for e in sharing)


def has_its_own_rate(entry: Entry, group: list[Entry]) -> bool:
    """Whether the statement that moves a parameter reads a number that is exactly the factor it moves by.

    No statement that moves another parameter by another factor may read the same number.
    """
    others = [other for other in group if abs(other.scale - entry.scale) > SAME * abs(entry.scale)]
    shared = {rate for other in others for rate in numbers_read(other)}
    return entry.scale < 0 and any(abs(rate + entry.scale) < 1e-6 * rate for rate in numbers_read(entry) - shared)


def numbers_read(entry: Entry) -> set[float]:
    """The single numbers that the statement of an entry reads."""
    inputs = entry.version.inputs if entry.version is not None else []
    return {float(v.array) for v in inputs if v.array.size == 1 and v.array.ndim == 0 and v.array.dtype.kind == "f"}


def common_scale(scales: list[float], is_update: bool, trace: Trace) -> tuple[float, bool]:
    """The factor that three in four share, else the model's own, else that of most; and whether it looks natural."""
    groups: list[list[float]] = []
    for scale in scales:
        for group in groups:
            if abs(group[0] - scale) <= tolerance(trace, SAME) * abs(scale):
                group.append(scale)
                break
        else:
            groups.append([scale])
    known = scalars(trace)
    size = samples(trace)

    def naturalness(c: float) -> int:
        """How far down the list of usual factors one stands."""
        if is_update:
            if c > 0:
                return 9
            ranks = [abs(c), abs(c) * size, abs(c) / 2, abs(c) * 2, abs(c) * size / 2]
            return next((k for k, s in enumerate(ranks) if any(abs(s - v) < 1e-6 * v for v in known)), 8)
        ranks = [1.0, 1 / size, float(size), -1.0, 2.0, 0.5, *known, *[-v for v in known]]
        return next((k for k, s in enumerate(ranks) if abs(c - s) < 1e-6 * abs(s)), len(ranks) + (c < 0))

    def unlikely(group: list[float]) -> tuple[bool, bool, int, int]:
        rank = naturalness(group[0])
        return 4 * len(group) < 3 * len(scales), rank > 0, -len(group), rank

    common = min(groups, key=unlikely)[0]
    return common, naturalness(common) < 8


def samples(trace: Trace) -> int:
    """The number of samples, as far as the data shows it."""
    return max(lengths(trace.before, data_of(trace.before, trace.changed)), default=1)


def scalars(trace: Trace) -> list[float]:
    """Positive numbers below one or so that the code was given or has in its text: candidates for a learning rate."""
    given = (v.value for v in trace.tracer.versions if v.is_argument or not v.inputs)
    return sorted({float(value) for value in given if isinstance(value, float) and 0 < value <= 10})


def reason(c: float, trace: Trace) -> str:
    """What a common factor probably is: " (-lr)"."""
    size = samples(trace)
    if any(abs(abs(c) - v) < 1e-6 * v and v != 1 for v in scalars(trace)):
        return " (-lr)" if c < 0 else " (lr)"
    for value, text in (
        (size if size > 1 else 0, "N: a sum where the model has a mean"),
        (1 / size if size > 1 else 0, "1/N: a mean where the model has a sum"),
    ):
        if value and abs(c - value) < 1e-6 * abs(value):
            return f" ({text})"
    return ""


def relation(entry: Entry, trace: Trace) -> str:
    """How a gradient compares with the right one, in words."""
    if entry.fault == "missing":
        return "right, but never applied"
    other = "does not follow its gradient" if entry.kind == "update" else "differs from the gradient"
    if entry.error < tolerance(trace, STEP) and entry.scale:
        text = multiple(entry, trace)
        return text if entry.ok else f"{text}, unlike the others" if entry.fault == "scale" else f"{text}: the sign is wrong"
    if entry.found is not None and not np.any(entry.found):
        return "zero: it does not move" if entry.kind == "update" else "zero"
    if entry.found is not None and entry.expected is not None and np.size(entry.found) == np.size(entry.expected):
        a, b = np.ravel(entry.found), np.ravel(entry.expected)
        if not np.isfinite(a).all():
            return "not finite"
        return f"{other}: {angle(-a if entry.kind == 'update' else a, b)}"
    return other


def angle(found: np.ndarray, expected: np.ndarray) -> str:
    """How far the direction of an array is from the right one, in words."""
    off = degrees(cosine(found, expected))
    if off < 0.1:
        return "its direction is less than 0.1 degrees off"
    return f"its direction is {off:.{0 if off > 9.5 else 1}f} degrees off"


def multiple(entry: Entry, trace: Trace) -> str:
    """A multiple of the gradient in words: "moves by -0.1 times its gradient (-lr)", "equal", "has the opposite sign"."""
    times = f"{entry.scale:.6g} times"
    if entry.kind == "update":
        text = f"moves by {times} its gradient{reason(entry.scale, trace)}"
    elif abs(entry.scale - 1) < 1e-6:
        text = "equal"
    elif abs(entry.scale + 1) < 1e-6:
        text = "has the opposite sign"
    else:
        text = f"{times} the gradient{reason(entry.scale, trace)}"
    if entry.transposed:
        return "transposed" if text == "equal" else f"transposed, {text}"
    return text
