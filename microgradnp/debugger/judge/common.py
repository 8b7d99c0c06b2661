"""What no input tells: the factor that all gradients share, which may be a learning rate, and which of two factors is meant."""

from __future__ import annotations

from microgradnp.debugger.judge.judged import SAME, TIMES
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


def turns_all(first: Verdict, again: Verdict) -> bool:
    """Whether all that is returned is a gradient with the other sign, where nothing showed before that this is meant."""
    factors = [entry.factor for entry in again.entries.values() if entry.evidence == "returned" and entry.factor]
    return bool(factors) and not first.right and max(factors) < 0


def is_open_which(verdict: Verdict) -> bool:
    """Whether the moved parameters only differ by a factor, and no more of them have the right one than the wrong one.

    Then nothing tells which of them lack the factor: with a mean for the sum, and the other way round, all agree. Where the right
    ones move by just a rate of the program, the model tells.
    """
    moved = [entry for entry in verdict.entries.values() if entry.evidence == "update" and entry.factor]
    wrong = [entry for entry in moved if entry.status == "wrong"]
    only_a_factor = all(entry.why.endswith(TIMES) for entry in wrong) and len(wrong) == len(verdict.wrong)
    right = [entry for entry in moved if entry.status in ("right", "agrees")]
    rates = Rates(verdict.step, moved)
    is_told = any(map(rates.is_exact, right))
    return bool(wrong) and only_a_factor and not is_told and 2 * len(wrong) >= len(moved)


def drops_rate(first: Verdict, again: Verdict) -> bool:
    """Whether a mended parameter moved by a rate before, and moves by none in the mended program, as the others do.

    Then nothing tells whether the others lack the rate.
    """
    mended = [entry for entry in again.entries.values() if entry.evidence == "update" and entry.argument in first.wrong]
    before = [first.entries[entry.argument] for entry in mended if first.entries[entry.argument].evidence == "update"]
    had, has = Rates(first.step, before), Rates(again.step, mended)
    return any(not has.has_any(again.entries[entry.argument]) and had.has_any(entry) for entry in before)


def moves_by_no_rate(first: Verdict, again: Verdict) -> bool:
    """Whether mended parameters move by a number of which the program has none, as those do that were right before.

    Then nothing tells whether all lack a factor, or have one too many. A fix with a factor of its own only makes them alike.
    """
    mended = [entry for entry in again.entries.values() if entry.evidence == "update" and entry.argument in first.wrong]
    rates = Rates(again.step, mended)
    return bool(mended) and not any(map(rates.is_exact, mended))


def turns_against_model(first: Verdict, again: Verdict) -> bool:
    """Whether a returned gradient with the sign of the model is turned, so that all have the other sign.

    Then nothing tells whether it is the others that should be turned.
    """
    turned = [first.entries[a].factor for a in first.wrong if first.entries[a].evidence == "returned" and a in again.right]
    return is_turned(again) and any(factor > 0 for factor in turned)


def is_turned(verdict: Verdict) -> bool:
    """Whether all gradients that are returned have the other sign than those of the model."""
    signs = [entry.factor for entry in verdict.entries.values() if entry.evidence == "returned" and entry.factor]
    return bool(signs) and max(signs) < 0


def rescales(first: Verdict, again: Verdict) -> bool:
    """Whether gradients that were right have another factor than before: then what was wrong only pulls them along."""
    pairs = ((first.entries[a], again.entries[a]) for a in first.right if a in again.entries)
    same = ((old.factor, new.factor) for old, new in pairs if old.evidence == new.evidence and old.factor and new.factor)
    return any(abs(new - old) > 1e-3 * abs(old) for old, new in same)


def mixes_rules(first: Verdict, again: Verdict) -> bool:
    """Whether mended parameters take plain steps beside others that move by another rule: what mends them is no optimizer's."""
    others = {again.entries[a].evidence for a in first.right if a in again.entries}
    mended = {again.entries[a].evidence for a in first.wrong if a in again.entries and first.entries[a].evidence == "update"}
    return others == {"gradient"} and "update" in mended
