"""`Report`: what `debug` found, as text, as JSON, as a page, and on the graph of the model."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from microgradnp.debugger.report.facts import Facts
from microgradnp.debugger.report.overlay import page_of
from microgradnp.debugger.report.page import page, table
from microgradnp.debugger.report.text import text
from microgradnp.inspection.files import write_whole
from microgradnp.viewer.view import Page


class Report(Facts):
    """The answer of `mg.debug`. `word` is the verdict, and `ok` says whether that is RIGHT.

    - RIGHT: every gradient was judged on two inputs, and is right.
    - AGREES TO n DIGITS: they are right to so many digits, fewer than the arithmetic allows.
    - WRONG: a gradient differs on two inputs, while the forward pass is the model's on both. `verdict.wrong` names them.
    - CANNOT JUDGE: the proof for either is missing. `verdict.unjudged` says why.
    - NOT CHECKED: no gradient was found of a parameter. `verdict.unchecked` names it.
    """

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return table(self)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write one offline HTML page, and return its path. Raises OSError when it cannot, and then leaves an old file alone."""
        write_whole(Path(path), page(self).encode())
        return str(path)

    def view(self, path: str | os.PathLike[str] | None = None, *, direction: str = "TB", engine: str | None = None) -> Page:
        """The graph of the model as `mg.view` shows it, with the hand-written gradients. It is saved if a path is given.

        A gradient is marked wrong where the report says so, and first wrong where that is known. A value of the code that equals
        a gradient of the model is marked right. All others are unchecked. Raises OSError, as `mg.view` does.
        """
        return page_of(self, path, direction, engine)

    def to_json(self, indent: int | None = 2) -> str:
        """The facts of the text as JSON."""
        gradients = {
            name: {
                "ok": e.ok,
                "status": e.status,
                "variable": e.variable,
                "relation": e.relation,
                "digits": round(e.digits, 1),
                "line": e.line,
            }
            for name, e in self.gradients.items()
        }
        content: dict[str, Any] = {
            "ok": self.ok,
            "verdict": self.word,
            "cannot_judge": self.verdict.unjudged,
            "not_checked": self.verdict.unchecked,
            "proposal": self.proposal,
            "step": self.number,
            "gradients": gradients,
            "findings": [asdict(f) for f in self.findings],
            "suspects": [asdict(s) for s in self.suspects[:20]],
            "bound": self.bound,
            "conventions": self.verdict.conventions,
            "notes": self.notes,
            "reasons": self.reasons,
            "seconds": round(self.seconds, 3),
        }
        return json.dumps(content, indent=indent)
