"""Gradients that are right up to a factor: where a sign, a learning rate or 1/N comes in that the other gradients do not have.

Every adjoint carries a factor. From one adjoint to the next the factor stays. From an adjoint to the gradient of a parameter it
stays or becomes 1/N, the same for all parameters. The stray factor came in at the first value that breaks this rule.
"""

from __future__ import annotations

from collections import Counter

from microgradnp.debugger.blame.slices import ancestors, nearest
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.judge.verdict import Verdict
from microgradnp.debugger.match.index import Match
from microgradnp.debugger.match.matches import Matches


def jump(end: Version, argument: str, trace: Trace, verdict: Verdict, matches: Matches) -> Version | None:
    """The earliest value on the way to `end` whose factor is another than the one that it was made from."""
    ratio, factor = usual_for_gradients(trace, matches, verdict)
    harmless = behind_right(trace, verdict, matches)
    for version in ancestors([end], trace.start):
        match = matches.of(version)
        if version is end or match is None or not is_adjoint(match, version) or id(version) in harmless:
            continue
        if match.reference.argument not in (None, argument):
            continue
        came_with = incoming(version, matches)
        expected = came_with
        if match.reference.argument is not None:
            expected = factor if came_with is None else came_with * ratio
        if expected is not None and abs(match.scale - expected) > 1e-5 * abs(expected):
            return version
    return None


def behind_right(trace: Trace, verdict: Verdict, matches: Matches) -> set[int]:
    """Ids of what the right gradients were made from: their factors, whatever they are, do no harm."""
    gradients: dict[str, Version] = {}
    for version in trace.versions:
        match = matches.of(version)
        if match is not None and match.reference.kind == "adjoint" and match.reference.argument:
            gradients.setdefault(match.reference.argument, version)
    right = [v for a, v in gradients.items() if a in verdict.entries and verdict.entries[a].ok]
    return {id(v) for v in ancestors(right, trace.start)}


def is_adjoint(match: Match | None, version: Version) -> bool:
    """Whether a value that a line wrote is the adjoint of something."""
    return match is not None and match.reference.kind == "adjoint" and bool(version.line)


def incoming(version: Version, matches: Matches) -> float | None:
    """The factor of the adjoints that a value was made from; None when there are none, or they differ."""
    held = [match for value in nearest(version, matches) if (match := matches.of(value)) is not None]
    factors = {rounded(m.scale) for m in held if m.reference.kind == "adjoint" and m.reference.argument is None}
    return factors.pop() if len(factors) == 1 else None


def rounded(factor: float) -> float:
    """A factor to six digits, so that equal ones can be counted."""
    return float(f"{factor:.6g}")


def usual_for_gradients(trace: Trace, matches: Matches, verdict: Verdict) -> tuple[float, float | None]:
    """For the gradients of the parameters that are right: their factor over that of the adjoint they were made from, and itself.

    The first is 1 and the second None when they cannot be told.
    """
    ratios: Counter[float] = Counter()
    factors: Counter[float] = Counter()
    wrong = set(verdict.wrong)
    for version in trace.versions:
        match = matches.of(version)
        if not is_adjoint(match, version) or match is None or not match.reference.argument or match.reference.argument in wrong:
            continue
        factors[rounded(match.scale)] += not match.reference.partial
        came_with = incoming(version, matches)
        if came_with:
            ratios[rounded(match.scale / came_with)] += 1
    return most(ratios) or 1.0, most(factors)


def most(counts: Counter[float]) -> float | None:
    """The commonest; None when there is no majority."""
    ranked = counts.most_common(2)
    alone = bool(ranked) and (len(ranked) == 1 or ranked[0][1] > ranked[1][1])
    return ranked[0][0] if alone else None


def usual_factor(trace: Trace, matches: Matches) -> float | None:
    """The factor that most intermediate adjoints have."""
    counts: Counter[float] = Counter()
    for version in trace.versions:
        match = matches.of(version)
        if is_adjoint(match, version) and match is not None and match.reference.argument is None and not match.reference.partial:
            counts[rounded(match.scale)] += 1
    return counts.most_common(1)[0][0] if counts else None
