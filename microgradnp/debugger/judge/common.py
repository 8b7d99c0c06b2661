"""The factor that all gradients of a mended program share. No input tells one from a learning rate."""

from __future__ import annotations

from microgradnp.debugger.judge.judged import SAME
from microgradnp.debugger.judge.rates import Rates
from microgradnp.debugger.judge.recorded import Verdict


def common_factor(first: Verdict, again: Verdict) -> float:
    """What the gradients of a mended program are multiplied by, as against the model and the rates in the program's text.

    1 where a returned gradient is the model's but for the sign, where a parameter moves by just a rate, and where the gradients
    that were right in the `first` verdict have the same factor.
    """
    known = [(e.evidence, abs(e.factor)) for e in first.entries.values() if e.argument in first.right]
    right = [e for e in again.entries.values() if e.argument in again.right and e.factor and e.evidence != "gradient"]
    rates = Rates(again.step, [e for e in right if e.evidence == "update"])
    for entry in right:
        size = abs(entry.factor)
        is_known = any(evidence == entry.evidence and abs(size - other) <= SAME * other for evidence, other in known)
        moves = entry.evidence == "update"
        is_one = abs(size - 1) <= SAME and not (moves and rates.has_any(entry))  # a rate of 0.1 times 10 is no factor of 1
        if is_known or is_one or (moves and rates.is_exact(entry)):
            return 1.0
    return right[0].factor if right else 1.0
