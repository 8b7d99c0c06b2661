"""What a cause's check returns when the cause is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from microgradnp.core.origin import locate
from microgradnp.doctor.chart import Chart


class Finding(NamedTuple):
    """Evidence in numbers, what helps, and what the trial of it did. `score` replaces the row's."""

    evidence: str
    treatment: str = ""
    trial: str = ""
    score: float | None = None
    line: str = ""


class Row(NamedTuple):
    """A cause in the table: name, score, mark, and the check."""

    name: str
    score: float
    mark: str
    check: Callable[[Chart], Finding | None]


def line_of(node: Any) -> str:
    """`model.py:12: h = np.exp(z)`, or nothing where the line is unknown."""
    origin = locate(node.place)
    if origin is None:
        return ""
    text = f": {origin.text}" if origin.text else ""
    return f"{origin.file.rpartition('/')[2]}:{origin.line}{text}"


def better(chart: Chart, name: str) -> str:
    """`weights redrawn, 50 steps: quality 0.31 -> 0.92`: what a trial did against the control."""
    control, run = chart.control, chart.tried[name]
    if run.quality > -1e3:
        how = f"quality {run.quality:.2f}, without it {shown(control.quality)}"
    else:
        how = f"loss {run.loss:.4g}, without it {control.loss:.4g}"
    return f"{name}, {len(run.losses)} steps from the same start: {how}"


def shown(quality: float) -> str:
    """A quality, or that there is none."""
    return f"{quality:.2f}" if quality > -1e3 else "none: it diverged"
