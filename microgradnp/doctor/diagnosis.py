"""`Diagnosis`: what the doctor found, as text, as JSON, as a page, and as a picture."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from microgradnp.doctor.facts import Facts
from microgradnp.doctor.report.page import page, table
from microgradnp.doctor.report.picture import picture
from microgradnp.inspection.files import write_whole


class Diagnosis(Facts):
    """The answer of `mg.diagnose`. It prints as text; `to_json`, `save` and `draw` write the same facts."""

    def __str__(self) -> str:
        lines = [f"{self.verdict.upper()}: {self.summary}"]
        lines += [f"  {number}. {cause}" for number, cause in enumerate(self.causes, 1)]
        if self.levels:
            lines.append(f"Levels ({self.level_of}): " + ", ".join(f"{k} {v:.4g}" for k, v in self.levels.items()))
        if self.ruled_out and not self.causes:
            lines.append("Ruled out: " + ", ".join(name.replace("_", " ") for name in self.ruled_out))
        lines += [f"Note: {note}." for note in self.notes]
        if self.to_do:
            lines.append("What to do: " + "; ".join(f"{k}. {what}" for k, what in enumerate(self.to_do, 1)))
        lines.append(f"Cost: {self.steps:.0f} gradient evaluations, {self.seconds:.2g} s")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return table(self)

    def facts(self) -> dict[str, Any]:
        """Everything as numbers, strings, lists and dicts."""
        fields = ("name", "verdict", "summary", "levels", "level_of", "trials", "measured", "ruled_out", "to_do", "notes")
        return {
            **{name: getattr(self, name) for name in fields},
            "healthy": self.healthy,
            "causes": [vars(cause) for cause in self.causes],
            "curves": self.curves,
            "steps": round(self.steps, 1),
            "seconds": round(self.seconds, 3),
        }

    def to_json(self, indent: int | None = 2) -> str:
        """The facts as JSON. A number that is not finite becomes null."""
        return json.dumps(finite(self.facts()), indent=indent)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write one offline HTML page, and return its path. Raises OSError when it cannot, and then leaves an old file alone."""
        write_whole(Path(path), page(self).encode())
        return str(path)

    def draw(self, path: str | os.PathLike[str]) -> str:
        """Write the picture as SVG, and return its path: the loss of the training, of the best trials, and the levels."""
        write_whole(Path(path), picture(self))
        return str(path)


def finite(value: Any) -> Any:
    """The same with None for each number that is not finite."""
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    if isinstance(value, bool) or value is None or isinstance(value, (str, int)):
        return value
    return float(value) if math.isfinite(value) else None
