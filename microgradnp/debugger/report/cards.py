"""The edit that mends a fault, as a small diff with the words marked that differ."""

from __future__ import annotations

import difflib
import re
from typing import NamedTuple

from microgradnp.debugger.report.facts import MOVE, Finding

CERTAINTIES = {
    "exact": "verified by re-running on fresh inputs",
    "scaled": "verified but for a factor that all gradients share",
    "relative": "verified that all gradients agree with it; or else it is the others that lack the factor",
    "consistent": "agrees with all that was seen, and no edit was found that proves it",
}

Part = tuple[str, bool]  # a piece of a line, and whether the other line lacks it


class Change(NamedTuple):
    """A line before and after its fix. `move` is the fix in words where a statement only changes its place."""

    line: int
    old: list[Part]
    new: list[Part]
    move: str = ""

    @property
    def where(self) -> str:
        """The replaced lines: "line 7", "lines 7 to 9"."""
        last = self.line + sum(text.count("\n") for text, _ in self.old)
        return f"line {self.line}" if last == self.line else f"lines {self.line} to {last}"


def change_of(finding: Finding) -> Change | None:
    """The fix of a finding; None without one."""
    if finding.fix is None:
        return None
    line, old, new = finding.fix
    if MOVE.fullmatch(new):
        return Change(line, [(old, False)], [], new)
    return Change(line, *difference(old, new))


def difference(old: str, new: str) -> tuple[list[Part], list[Part]]:
    """Both lines in pieces, those marked that differ."""
    before, after = (re.findall(r"\w+|\s+|\*\*|[^\w\s]", text) for text in (old, new))
    parts: tuple[list[Part], list[Part]] = ([], [])
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for side, words in zip(parts, (before[i:j], after[k:m]), strict=True):
            if words:
                side.append(("".join(words), tag != "equal"))
    return parts
