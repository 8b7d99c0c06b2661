"""The last word on an edit: the edited program runs, and its gradients are judged."""

from __future__ import annotations

import time as clock
from collections.abc import Iterable, Iterator

import numpy as np

from microgradnp.debugger.capture.fresh import NEAR, Inputs
from microgradnp.debugger.derive.guard import keeps_forward, keeps_start
from microgradnp.debugger.derive.scene import Question, Scene, judged, latest
from microgradnp.debugger.judge.common import mixes_rules, rescales, turns_all
from microgradnp.debugger.judge.recorded import Verdict
from microgradnp.debugger.optimizer.kept import keeps_rule
from microgradnp.debugger.record.record import NotRecordedError

FRESH = ((1, NEAR), (2, 10 * NEAR))  # seeds of other inputs, and how far from the user's they are
JUDGED = ("right", "agrees", "wrong", "cannot judge")


def elsewhere(question: Question, verdict: Verdict, parameters: set[str]) -> Iterator[Question]:
    """The question on inputs near to the user's, and on inputs far from these."""
    yield from (question.elsewhere(Inputs(seed, contents(verdict, parameters), spread)) for seed, spread in FRESH)


def contents(verdict: Verdict, arguments: Iterable[str]) -> tuple[bytes, ...]:
    """What some arguments of the model hold."""
    values = verdict.step.evaluation.values
    return tuple(np.asarray(values[argument]).tobytes() for argument in arguments)


def wrong_elsewhere(question: Question, verdict: Verdict, until: float) -> set[str]:
    """The gradients that are right on the inputs given, and wrong on inputs far away where the forward pass is the model's.

    Only what the model is given has other values there: what else a program holds, such as labels, the model may hold as well.
    Empty where it cannot be judged.
    """
    right, (seed, spread) = set(verdict.right), FRESH[-1]
    given = frozenset(contents(verdict, verdict.step.evaluation.values))
    far = Inputs(seed, contents(verdict, right), spread, given)
    try:
        other = judged(question.elsewhere(far), {}, 0, until=until)
    except Exception:  # the program may take no other numbers
        return set()
    return right & set(other.wrong) if ends_of(verdict) == ends_of(other) else set()


def ends_of(verdict: Verdict) -> set[tuple[str, int, int] | None]:
    """The expressions in which the forward pass of the model ends."""
    sites = (node.site for node in verdict.step.outputs)
    return {(site.file, site.line, site.column) if site is not None else None for site in sites}


class Judge:
    """Judges edited versions of one program. `needed` are the gradients that a complete fix makes right."""

    def __init__(self, question: Question, first: Scene, deadline: float) -> None:
        self.question, self.first, self.deadline = question, first.verdict, deadline
        self.until = latest(deadline)  # the moment when a run is stopped
        self.needed = {a for a, entry in self.first.entries.items() if entry.status in JUDGED and entry.evidence}
        self.tried = 0
        self.asleep: set[str] = set()  # what was wrong on the last fresh inputs, with an edit and without, but not on the user's

    @property
    def is_over(self) -> bool:
        return clock.thread_time() > self.deadline

    def is_complete(self, verdict: Verdict) -> bool:
        """Whether every gradient that was judged before is right."""
        if verdict.wrong or not self.needed <= set(verdict.right):
            return False
        return not (turns_all(self.first, verdict) or mixes_rules(self.first, verdict) or rescales(self.first, verdict))

    def mends_all(self, texts: dict[str, str], more: int = 0) -> bool:
        """Whether an edited program has all gradients right, in `more` later steps as well."""
        verdict = self.verdict(texts, more)
        return verdict is not None and self.is_complete(verdict)

    def holds_elsewhere(self, texts: dict[str, str]) -> bool:
        """Whether an edited program has no wrong gradient on fresh inputs, on which it may take other branches.

        What cannot be judged there says nothing; where the time ends before, nothing is proved. What is wrong there without the
        edit as well, and right on the user's inputs, is another mistake that is asleep on these.
        """
        self.asleep = set()
        for question in elsewhere(self.question, self.first, self.needed):
            try:
                wrong = self.needed & set(judged(question, texts, 0, until=self.until).wrong)
                if wrong and not wrong & set(self.first.wrong):  # right by accident, perhaps, on the inputs that were given
                    self.asleep |= wrong & set(judged(question, {}, 0, until=self.until).wrong)
                    wrong -= self.asleep
            except NotRecordedError:
                return False
            except Exception:  # the program may take no other numbers
                continue
            if wrong:
                return False
        return True

    def verdict(self, texts: dict[str, str], more: int = 0) -> Verdict | None:
        """The verdict on an edited program with the start and the forward pass of the user's; None where they differ.

        None as well where the time ends before the run.
        """
        self.tried += 1
        first = self.first
        try:
            verdict = judged(self.question, texts, more if first.number == self.question.number else 2, until=self.until)
        except Exception:  # an edited program may raise anything
            return None
        if verdict.number != first.number and verdict.wrong:
            return None
        if verdict.number == first.number == 0 and not keeps_start(first, verdict):
            return None
        if not (keeps_forward(first, verdict) and keeps_roles(first, verdict)):
            return None
        mends = self.is_complete(verdict)
        return verdict if not mends or keeps_rule(first, verdict, self.question.wanted, texts) else None


def keeps_roles(first: Verdict, verdict: Verdict) -> bool:
    """Whether no array that a program returns turns from a moved parameter into a gradient, or the other way round."""
    pairs = ((first.entries[a].evidence, entry.evidence) for a, entry in verdict.entries.items() if a in first.entries)
    return not any({before, after} == {"update", "returned"} for before, after in pairs)
