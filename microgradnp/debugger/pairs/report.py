"""`PairReport`: what `check` found, as text, in a notebook, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

from microgradnp.core.origin import file_label
from microgradnp.debugger.report.facts import mending


@dataclass(frozen=True)
class Gradient:
    """One gradient: what it is called, its verdict, its relative error and digits, and how it differs."""

    name: str
    source: str
    verdict: str
    error: float
    digits: int
    how: str = ""

    @property
    def ok(self) -> bool:
        """Whether this gradient was judged, and is right."""
        return self.verdict == "RIGHT"


@dataclass(frozen=True)
class Line:
    """The line that makes a gradient wrong, with its cause and a fix, where they are known."""

    file: str
    line: int
    function: str
    source: str
    cause: str = ""
    explanation: str = ""
    expected: str = ""
    fix: str = ""
    fix_line: int = 0
    fix_old: str = ""
    region: tuple[int, ...] = ()

    @property
    def place(self) -> str:
        """File and line, as `layers.py:12`."""
        return f"{file_label(self.file)}:{self.line}"

    def __str__(self) -> str:
        lines = [f"{self.place} in {self.function}: {self.source}"]
        lines += [f"  cause: {self.explanation} ({self.cause})"] if self.explanation else []
        lines += [f"  expected: {self.expected}"] if self.expected else []
        told = mending(self.fix_line, self.fix_old, self.fix) if self.fix else []
        lines += [f"  fix, proved by running it: {told[0]}", *(f"    {text}" for text in told[1:])] if told else []
        if not self.explanation and not self.fix and len(self.region) > 1:
            lines.append(f"  cause not found; wrong between lines {self.region[0]} and {self.region[-1]}")
        return "\n".join(lines)


@dataclass(eq=False)
class PairReport:
    """The answer of `mg.check`.

    `verdict` is "RIGHT", "AGREES TO n DIGITS", "WRONG", "CANNOT JUDGE" or "NOT CHECKED", and `ok` says whether it is "RIGHT".
    `gradients` holds a `Gradient` for each argument and parameter, by name. `unchecked` names those without one. `lines` holds
    the wrong lines, the first one first.
    """

    name: str
    verdict: str
    call: str = ""
    gradients: dict[str, Gradient] = field(default_factory=dict)
    unchecked: list[str] = field(default_factory=list)
    reason: str = ""
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    oracle: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every gradient was judged, and is right."""
        return self.verdict == "RIGHT"

    @property
    def first_wrong(self) -> Line | None:
        """The first wrong line; None where none was found."""
        return self.lines[0] if self.lines else None

    @property
    def exit_status(self) -> int:
        """0 for right, 1 for wrong, 2 for everything in between."""
        return 0 if self.ok else 1 if self.verdict == "WRONG" else 2

    @property
    def headline(self) -> str:
        """The verdict, the name of the pair, and what was not judged."""
        told = f"{self.verdict}: {self.name}"
        if self.verdict == "NOT CHECKED":
            return f"NOT CHECKED: {', '.join(self.unchecked)} of {self.name}"
        if self.reason:
            told += f": {self.reason}"
        return told + (f"; NOT CHECKED: {', '.join(self.unchecked)}" if self.unchecked else "")

    def rows(self) -> list[tuple[str, str, str, str]]:
        """(verdict, name, source, what is said) of each gradient."""
        found = []
        for g in self.gradients.values():
            told = g.how if g.verdict == "WRONG" else f"{g.digits} digits" if g.verdict in ("RIGHT", "AGREES") else g.how
            word = {"RIGHT": "right", "AGREES": "agrees", "WRONG": "WRONG"}.get(g.verdict, "not judged")
            found.append((word, g.name, g.source, told))
        return found

    def __str__(self) -> str:
        rows = self.rows()
        widths = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
        lines = [self.headline]
        lines += [f"  {w:<{widths[0]}}  {n:<{widths[1]}}  {s:<{widths[2]}}  {t}".rstrip() for w, n, s, t in rows]
        for number, line in enumerate(self.lines):
            lines.append(("First wrong: " if number == 0 else "Then: ") + str(line))
        lines += [f"Note: {note}." for note in self.notes]
        if self.call:
            lines.append(f"Called: {self.call}. Compared with {self.oracle}.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{title}</th>" for title in ("verdict", "gradient of", "found in", ""))
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows())
        rest = str(self).split("\n")[1 + len(self.gradients) :]
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<p><b>{escape(self.headline)}</b></p>{table}<pre>{escape(chr(10).join(rest))}</pre>"

    def to_json(self, indent: int | None = 2) -> str:
        """The facts of the text as JSON."""
        content: dict[str, Any] = {
            "ok": self.ok,
            "verdict": self.verdict,
            "name": self.name,
            "call": self.call,
            "gradients": {name: asdict(g) | {"error": finite(g.error)} for name, g in self.gradients.items()},
            "not_checked": self.unchecked,
            "reason": self.reason,
            "lines": [asdict(line) for line in self.lines],
            "notes": self.notes,
            "oracle": self.oracle,
            "seconds": round(self.seconds, 3),
        }
        return json.dumps(content, indent=indent)


def finite(value: float) -> float | None:
    """The number, or None where JSON has no number for it."""
    return value if abs(value) < float("inf") else None
