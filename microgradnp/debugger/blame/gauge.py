"""Right up to a factor: where on the way a sign, a learning rate or 1/N comes in that the other gradients do not have.

Along a path every adjoint carries a factor. From one adjoint to the next it stays; from an adjoint to the gradient of a
parameter it stays or becomes 1/N, the same for all parameters. The first value whose factor is not that of the adjoint that
it was made from is where the stray factor came in.
"""

from __future__ import annotations

from collections import Counter

from microgradnp.debugger.blame.slices import Matches, ancestors
from microgradnp.debugger.capture.step import Step
from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.match.index import Match
from microgradnp.debugger.verdict import Verdict


def jump(end: Version, argument: str, step: Step, verdict: Verdict, matches: Matches) -> Version | None:
    """The earliest value on the way to `end` whose factor is another than the one that it was made from."""
    ratio, factor = usual_for_gradients(step, matches, verdict)
    harmless = behind_right(step, verdict, matches)
    for version in ancestors([end], step.start):
        match = matches.get(id(version))
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


def behind_right(step: Step, verdict: Verdict, matches: Matches) -> set[int]:
    """Ids of what the right gradients were made from: their factors, whatever they are, do no harm."""
    gradients: dict[str, Version] = {}
    for version in step.versions:
        match = matches.get(id(version))
        if match is not None and match.reference.kind == "adjoint" and match.reference.argument:
            gradients.setdefault(match.reference.argument, version)
    right = [v for a, v in gradients.items() if a in verdict.entries and verdict.entries[a].ok]
    return {id(v) for v in ancestors(right, step.start)}


def is_adjoint(match: Match | None, version: Version) -> bool:
    """Whether a value that a line wrote is the adjoint of something."""
    return match is not None and match.reference.kind == "adjoint" and bool(version.line)


def incoming(version: Version, matches: Matches) -> float | None:
    """The factor of the adjoints that a value was made from; None when there are none, or they differ."""
    factors = set()
    seen = {id(version)}
    stack = list(version.inputs)
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        match = matches.get(id(current))
        if match is None:
            stack += current.inputs
        elif match.reference.kind == "adjoint" and match.reference.argument is None:
            factors.add(float(f"{match.scale:.6g}"))
    return factors.pop() if len(factors) == 1 else None


def usual_for_gradients(step: Step, matches: Matches, verdict: Verdict) -> tuple[float, float | None]:
    """For the gradients of the parameters that are right: their factor over that of the adjoint they were made from, and itself.

    The first is 1 and the second None when they cannot be told.
    """
    ratios: Counter[float] = Counter()
    factors: Counter[float] = Counter()
    wrong = set(verdict.wrong)
    for version in step.versions:
        match = matches.get(id(version))
        if not is_adjoint(match, version) or match is None or not match.reference.argument or match.reference.argument in wrong:
            continue
        factors[float(f"{match.scale:.6g}")] += not match.reference.partial
        came_with = incoming(version, matches)
        if came_with:
            ratios[float(f"{match.scale / came_with:.6g}")] += 1
    return most(ratios) or 1.0, most(factors)


def most(counts: Counter[float]) -> float | None:
    """The commonest; None when there is no majority."""
    ranked = counts.most_common(2)
    alone = bool(ranked) and (len(ranked) == 1 or ranked[0][1] > ranked[1][1])
    return ranked[0][0] if alone else None


def usual_factor(step: Step, matches: Matches) -> float | None:
    """The factor that most intermediate adjoints have."""
    counts: Counter[float] = Counter()
    for version in step.versions:
        match = matches.get(id(version))
        if is_adjoint(match, version) and match is not None and match.reference.argument is None and not match.reference.partial:
            counts[float(f"{match.scale:.6g}")] += 1
    return counts.most_common(1)[0][0] if counts else None
