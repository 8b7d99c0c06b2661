"""Right up to a factor: where on the way a sign, a learning rate or 1/N comes in that the other gradients do not have.

Along a path every adjoint carries a factor; it is the same for all intermediate adjoints, the same for all gradients of
parameters, and the same for all updates. The first value whose factor differs from that of its class is where it came in.
"""

from __future__ import annotations

from collections import Counter

from microgradnp.debug.blame.slices import Matches, ancestors
from microgradnp.debug.capture.step import Step
from microgradnp.debug.capture.tracer import Version
from microgradnp.debug.verdict import Verdict


def jump(end: Version, argument: str, step: Step, verdict: Verdict, matches: Matches) -> Version | None:
    """The earliest value on the way to `end` whose factor differs from the others of its class."""
    usual = usual_factors(step, matches, verdict)
    for version in ancestors([end], step.start):
        match = matches.get(id(version))
        if version is end or match is None or match.reference.kind != "adjoint" or not version.line or version.array.size < 2:
            continue
        kind = class_of(match)
        if match.reference.argument not in (None, argument) or kind not in usual:
            continue
        if abs(match.scale - usual[kind]) > 1e-5 * abs(usual[kind]):
            return version
    return None


def usual_factors(step: Step, matches: Matches, verdict: Verdict) -> dict[str, float]:
    """Class of adjoints -> the factor that most of its right values have; nothing where there is no majority."""
    counts: dict[str, Counter[float]] = {}
    wrong = set(verdict.wrong)
    for version in step.versions:
        match = matches.get(id(version))
        if match is None or match.reference.kind != "adjoint" or not version.line or version.array.size < 2:
            continue
        if match.reference.argument in wrong:
            continue
        counts.setdefault(class_of(match), Counter())[float(f"{match.scale:.6g}")] += 1
    found = {}
    for kind, counter in counts.items():
        (first, most), *rest = counter.most_common(2)
        if not rest or most > rest[0][1]:
            found[kind] = first
    return found


def class_of(match: object) -> str:
    reference = match.reference  # type: ignore[attr-defined]
    whole = "one sample's " if reference.partial else ""
    return f"{whole}gradient" if reference.argument else f"{whole}adjoint"
