"""What `debug` found: gradients, findings and suspects. The other modules of this folder show them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from microgradnp.core.origin import file_label
from microgradnp.debugger.blame.blame import Blame
from microgradnp.debugger.capture.program import Program
from microgradnp.debugger.capture.source import source_of
from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.judge.evidence import Entry
from microgradnp.debugger.judge.verdict import Verdict
from microgradnp.debugger.match.matches import Matches
from microgradnp.debugger.repair.causes import CALCULUS
from microgradnp.debugger.report.caret import Span, changed_part

MOVE = re.compile(r"move lines? \d+( to \d+)? (after|before|out of the loop of) line \d+")


@dataclass(frozen=True)
class Suspect:
    """A line that may be wrong."""

    file: str
    line: int
    source: str


@dataclass(frozen=True)
class Finding:
    """One fault: its place, its cause, and the edit that mends it if a run proved one."""

    variable: str
    function: str
    file: str
    line: int
    source: str
    cause: str
    explanation: str
    expected: str
    fix: tuple[int, str, str] | None  # first line, the lines that are replaced, and those in their place, or how one moves
    certainty: str  # "exact", "scaled" (but for a factor of all gradients), "relative" (if the other gradients are the right
    # ones), "part" (not all is mended), "consistent", "suspected"
    mends: list[str] = field(default_factory=list)  # gradients that are right with the fix
    leaves: list[str] = field(default_factory=list)  # gradients that are still wrong with it
    shortens: bool = False  # whether the fix takes away a term, which may be one that carries over from step to step
    region: list[int] = field(default_factory=list)
    diff: str = ""  # the whole edit that was proved, as `patch` takes it
    rule: str = ""  # the textbook's rule, where the optimizer breaks it
    follows: str = ""  # the textbook's rule that the steps follow with the fix
    times: float = 1.0  # a factor that all gradients have with the fix; no input tells one from a learning rate
    part: tuple[int, int] | None = None  # the columns of `source` that are wrong, where no fix shows them
    equation: str = ""  # the right gradient in the names of the model, "dL/dz = dL/dh * (1 - h ** 2)", where it is short

    @property
    def place(self) -> str:
        """File and line: `net.py:32`."""
        return f"{file_label(self.file)}:{self.line}"

    @property
    def span(self) -> Span | None:
        """The columns of `source` that are wrong, where they are known."""
        if self.part is not None:
            return Span(*self.part)
        return changed_part(self.source, *self.fix[1:]) if self.fix is not None and self.fix[0] == self.line else None

    @property
    def whereabouts(self) -> str:
        """The lines that are suspected: "in line 7", "between lines 7 and 9"."""
        first, last = min(self.region), max(self.region)
        return f"in line {first}" if first == last else f"between lines {first} and {last}"

    @property
    def proof(self) -> str:
        """What the edit is, and how far it was proved."""
        if self.certainty == "part":
            return f"change that mends {', '.join(self.mends)} only, and perhaps not the mistake itself"
        if self.certainty == "relative":
            return "fix, if the others are the right ones"
        if self.follows:
            return f"fix, verified: the steps are then those of {self.follows}"
        return "fix, verified on fresh inputs" if self.times == 1 else "fix, but for a factor"

    @property
    def calculus(self) -> str:
        """The rule of calculus that is broken; empty where the cause has none."""
        return CALCULUS.get(self.cause, "") if self.certainty != "suspected" else ""

    def __str__(self) -> str:
        lines = [f"{self.place} in {self.function}:", f"    {self.source}"]
        if self.span is not None:
            lines.append(f"    {self.span.under(self.source)}")
        if self.cause != "unknown" and self.certainty != "suspected":
            lines.append(f"  cause: {self.explanation} ({self.cause})")
        if self.expected:
            lines.append(
                f"  right value: {self.variable} = {self.expected}" if self.variable else f"  right value: {self.expected}"
            )
        if self.equation:
            lines.append(f"  in the model: {self.equation}")
        if self.calculus:
            lines.append(f"  calculus: {self.calculus}")
        if self.fix:
            first, *more = mending(*self.fix)
            lines += [f"  {self.proof}: {first}", *(f"    {text}" for text in more)]
            if self.times != 1:
                lines.append(f"  with it all gradients are {self.times:.6g} times the model's: a learning rate, or a mistake")
            if self.certainty == "relative":
                lines.append("  with it all gradients agree; or else it is the others that lack the factor: nothing tells which")
            if self.leaves:
                lines.append(f"  with it these are still wrong: {', '.join(self.leaves)}")
        elif self.rule:
            lines.append(f"  the rule is {self.rule}")
        elif self.certainty == "consistent":
            lines.append(
                f"  {self.variable or 'this value'} is wrong, and all that goes into it is right; no single edit mends it"
            )
        else:
            lines.append(f"  cause not found; what is wrong may stand {self.whereabouts}, but that is not proved")
        return "\n".join(lines)


def mending(line: int, old: str, new: str) -> list[str]:
    """A fix in words: where it is, the lines that are replaced, and those in their place; or how a line moves."""
    before, after = old.split("\n"), new.split("\n")
    if MOVE.fullmatch(new):
        return [f"line {line}: {new}"]
    last = line + len(before) - 1
    where = f"line {line}" if last == line else f"lines {line} to {last}"
    return [where, *(f"- {text}" for text in before), *(f"+ {text}" for text in after if new)]


@dataclass(eq=False)
class Facts:
    """Everything known about one step of the hand-written code. The writers of text and pages take this."""

    program: Program
    trace: Trace
    matches: Matches
    verdict: Verdict
    number: int  # of the step
    notes: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    blame: Blame | None = None
    forward_ok: bool = True
    reasons: list[str] = field(default_factory=list)
    proposal: dict[str, str] = field(default_factory=dict)  # a binding with which the code can be judged
    tried: int = 0
    seconds: float = 0.0
    hurried: bool = False  # whether the budget ended the work before all that was wanted was looked at
    instead: str = ""  # a sentence, where this is not the step that was asked for
    rule_is_open: bool = False  # whether the parameters move by a rule of which nobody knows whether it is right
    parting: str = ""  # where the forward pass is another than the model's, if no gradient could be compared for that

    @property
    def word(self) -> str:
        """RIGHT, AGREES TO n DIGITS, WRONG, CANNOT JUDGE or NOT CHECKED."""
        failed = self.trace.error is not None and not self.verdict.wrong
        return "CANNOT JUDGE" if failed else "WRONG" if self.rule_is_wrong else self.verdict.word

    @property
    def rule_is_wrong(self) -> bool:
        """Whether the gradients are right, and the optimizer does something else with them than its rule says."""
        return self.verdict.ok and any(finding.rule for finding in self.findings)

    @property
    def ok(self) -> bool:
        """Whether every gradient was judged and is right, and the code ran without an error."""
        return self.word == "RIGHT"

    @property
    def gradients(self) -> dict[str, Entry]:
        """The judgement of each gradient, by name."""
        return self.verdict.entries

    @property
    def first_wrong(self) -> Finding | None:
        """The first finding; None where nothing was found."""
        return self.findings[0] if self.findings else None

    @property
    def suspects(self) -> list[Suspect]:
        """Lines in order of suspicion. Those of the findings come first."""
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
        return {name: f"{v.expression} in {v.function}" for name, v in self.trace.variables.items()}
