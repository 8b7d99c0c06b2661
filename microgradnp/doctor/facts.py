"""What the doctor found: causes in order, each with its evidence, and what was measured and tried."""

from __future__ import annotations

from dataclasses import dataclass, field

EXACT, TRIED, MEASURED = "exact", "tried", "measured"
CONFIDENCE = {EXACT: 0.99, TRIED: 0.9, MEASURED: 0.7}


@dataclass
class Cause:
    """One reason why the training stalled. `mark` is "exact" (an equality or a count), "tried" (a paired trial) or "measured"."""

    name: str
    score: float  # causes are told in this order, largest first
    mark: str
    evidence: str
    treatment: str = ""
    trial: str = ""  # what the treatment did, in numbers
    line: str = ""  # file:line, where one line is to blame
    confidence: float = 0.0
    after: str = ""  # the cause that was treated first, where this one was seen only then

    def __str__(self) -> str:
        lines = [f"{self.name.replace('_', ' ')} ({self.mark}): {self.evidence}"]
        lines += [f"     after treating {self.after.replace('_', ' ')}"] if self.after else []
        lines += [f"     {part}" for part in (self.line, self.trial) if part]
        lines += [f"     treatment: {self.treatment}"] if self.treatment else []
        return "\n".join(lines)


@dataclass
class Facts:
    """Everything known about a training. The writers of text and pages take this."""

    name: str = "the training"
    verdict: str = "healthy"  # "healthy", "at its floor", "sick" or "could not tell"
    summary: str = ""
    causes: list[Cause] = field(default_factory=list)
    levels: dict[str, float] = field(default_factory=dict)
    level_of: str = "loss"
    trials: dict[str, dict[str, float]] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)
    ruled_out: list[str] = field(default_factory=list)
    to_do: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    curves: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    strips: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # parameter -> gradient norms over the steps
    steps: float = 0.0
    seconds: float = 0.0

    @property
    def healthy(self) -> bool:
        """Whether no cause was found."""
        return not self.causes and self.verdict != "could not tell"
