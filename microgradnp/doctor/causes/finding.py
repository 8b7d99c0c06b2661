"""What a cause's check returns when the cause is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

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
    """`weights redrawn, 50 steps from the same start: SSE 2.1 (quality 0.92), without it 3.04 (0.31)`."""
    control, run = chart.control, chart.trials[name]
    with_it = f"{chart.said(run.loss)}{of_quality(run.quality)}"
    without = f"{chart.said(control.loss)}{of_quality(control.quality)}" if np.isfinite(control.loss) else "it diverges"
    return f"{name}, {len(run.losses)} steps from the same start: {with_it}; without it {without}"


def is_worse(chart: Chart, trial: str) -> bool:
    """Whether the trial that a text tells of ended worse than the training without it."""
    told = [name for name in chart.trials if trial.startswith(better(chart, name))] if trial else []
    if not told or not np.isfinite(chart.control.loss):
        return False
    run = chart.trials[told[0]]
    return run.quality < chart.control.quality if "targets" in told[0] else not run.loss <= chart.control.loss


def of_quality(quality: float) -> str:
    """A quality in brackets, where there is one to speak of."""
    return f" (quality {quality:.2f})" if quality > 0.05 else ""
