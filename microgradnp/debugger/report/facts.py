"""What `debug` found: gradients, findings and suspects. How they are shown is the business of the modules above."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from microgradnp.debugger.blame.causes import EXPLAIN, cause_of
from microgradnp.debugger.blame.frontier import Blame
from microgradnp.debugger.blame.unmended import cause_without_fix
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.step import Step
from microgradnp.debugger.evidence import Entry
from microgradnp.debugger.match.index import Index
from microgradnp.debugger.match.references import Evaluation
from microgradnp.debugger.repair.search import Fix
from microgradnp.debugger.verdict import Verdict


@dataclass(frozen=True)
class Suspect:
    """A line that may be wrong."""

    file: str
    line: int
    source: str


@dataclass(frozen=True)
class Finding:
    """One fault: where, why, and the edit that mends it when one was proved by running it."""

    variable: str
    function: str
    file: str
    line: int
    source: str
    cause: str
    explanation: str
    expected: str
    fix: tuple[int, str, str] | None
    certainty: str  # "exact", "consistent" or "suspected"
    mends: list[str] = field(default_factory=list)
    shortens: bool = False  # the fix takes a term away, which may be one that carries on from step to step
    region: list[int] = field(default_factory=list)

    @property
    def place(self) -> str:
        """File and line: `net.py:32`."""
        return f"{os.path.basename(self.file)}:{self.line}"

    def __str__(self) -> str:
        lines = [f"{self.place} in {self.function}: {self.source}"]
        if self.cause != "unknown" and self.certainty != "suspected":
            lines.append(f"  cause: {self.explanation} ({self.cause})")
        if self.expected:
            lines.append(f"  expected: {self.variable} = {self.expected}")
        if self.fix:
            lines.append(f"  fix, verified on fresh inputs: line {self.fix[0]}: {self.fix[2]}")
        elif self.certainty == "consistent":
            lines.append(
                f"  {self.variable or 'this value'} is wrong, and all that goes into it is right; no single edit mends it"
            )
        else:
            between = sorted(self.region)
            lines.append(f"  cause not found; wrong between lines {between[0]} and {between[-1]}")
        return "\n".join(lines)


def finding(fix: Fix | None, blamed: Blame, step: Step, verdict: Verdict) -> Finding:
    """One fault as a Finding: the edit that mends it, or the statement or stretch of lines to blame."""
    region = fix.region if fix else blamed.regions[0]
    version = blamed.first if fix is None or blamed.first is not None else fix.region.version
    version = version or region.version
    own = region.version is not None and region.version.line and region.kind != "passed"
    line = fix.line if fix else region.version.line if region.version is not None and own else region.lines[0]
    source = source_of(region.file)
    statement = source.by_line.get(line) if source else None
    cause = cause_of(fix, blamed, step, verdict) if fix else cause_without_fix(blamed, verdict, step)
    return Finding(
        variable=version.path if version else "",
        function=statement.function if statement else "",
        file=region.file,
        line=line,
        source=source.line(line).strip() if source else "",
        cause=cause,
        explanation=EXPLAIN.get(cause, ""),
        expected=blamed.expected,
        fix=(fix.line, fix.old, fix.new) if fix else None,
        certainty="exact" if fix else "consistent" if blamed.certain else "suspected",
        shortens=fix is not None and fix.edit.kind == "term" and len(fix.edit.new) < len(fix.edit.old),
        mends=sorted(fix.right if fix else blamed.proof.mends if blamed.proof else ()),
        region=list(region.lines),
    )


@dataclass(eq=False)
class Facts:
    """All that was found about one step of the hand-written code. The writers of text and pages take this."""

    program: Program
    step: Step
    evaluation: Evaluation
    verdict: Verdict
    index: Index
    number: int
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    blame: Blame | None = None
    forward_ok: bool = True
    reasons: list[str] = field(default_factory=list)
    tried: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether a gradient was found, every one is right, and the code ran without an error."""
        return bool(self.verdict.entries) and self.verdict.ok and self.step.error is None

    @property
    def gradients(self) -> dict[str, Entry]:
        return self.verdict.entries

    @property
    def first_wrong(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    @property
    def suspects(self) -> list[Suspect]:
        """Lines in order of suspicion: those of the findings first."""
        found = [Suspect(f.file, f.line, f.source) for f in self.findings]
        for region in self.blame.regions if self.blame else []:
            if region.kind == "rest":
                continue
            source = source_of(region.file)
            found += [Suspect(region.file, n, source.line(n).strip() if source else "") for n in region.lines]
        return list(dict.fromkeys(found))

    @property
    def bound(self) -> dict[str, str]:
        """Model argument -> the expression that was found for it."""
        return {name: f"{v.expression} in {v.function}" for name, v in self.step.variables.items()}
