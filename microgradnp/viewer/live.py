"""A training as it goes on: the loss so far, and the newest values and gradients of the parameters, in a notebook."""

from __future__ import annotations

import math
import sys
from html import escape
from typing import Any

from microgradnp.inspection.heatmap import DARK, LIGHT, drawn, rules, unpacked

MOST_PARAMETERS = 12
WIDTH, HEIGHT, POINTS = 320, 90, 300


class Live:
    """A callback that shows the newest snapshot in a notebook, and does nothing anywhere else."""

    def __init__(self) -> None:
        self.shown: Any = None
        self.handle: Any = None
        self.works = in_notebook()

    def __call__(self, _iteration: int, result: Any) -> None:
        newest = result.snapshots[-1] if result.snapshots else None
        if not self.works or newest is self.shown:
            return
        from IPython.display import HTML, display

        self.shown = newest
        if self.handle is None:
            self.handle = display(HTML(training(result)), display_id=True)  # type: ignore[no-untyped-call]
        elif self.handle is not None:
            self.handle.update(HTML(training(result)))  # type: ignore[no-untyped-call]


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs this; nothing is imported to find out."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    return running is not None and hasattr(running, "kernel")


def training(fit: Any) -> str:
    """HTML of a `Fit`: what it says, its loss, and the parameters of its newest snapshot."""
    style = (
        f"<style>{rules(LIGHT, '.mg-fit ')}@media(prefers-color-scheme:dark){{{rules(DARK, '.mg-fit ')}}}"
        ".mg-fit .lost{stroke:#888;stroke-width:.15;fill:none}.mg-fit td{text-align:left;vertical-align:middle}</style>"
    )
    parts = [f"<p>{escape(str(fit))}</p>", loss_curve(fit.history.loss)]
    if fit.snapshots:
        parts.append(parameters(fit.snapshots[-1]))
    return f'<div class="mg-fit">{style}{"".join(parts)}</div>'


def loss_curve(losses: list[float]) -> str:
    """The loss over the iterations, on a logarithmic scale where it is positive throughout; the ends are written out."""
    finite = [(k, loss) for k, loss in enumerate(losses, 1) if math.isfinite(loss)]
    if len(finite) < 2:
        return ""
    kept = finite[:: max(1, len(finite) // POINTS)]
    kept += [finite[-1]] if kept[-1] != finite[-1] else []
    logarithmic = all(loss > 0 for _, loss in kept)
    heights = [math.log10(loss) if logarithmic else loss for _, loss in kept]
    low, high = min(heights), max(heights)
    x = [4 + (WIDTH - 8) * (k - kept[0][0]) / (kept[-1][0] - kept[0][0]) for k, _ in kept]
    y = [4 + (HEIGHT - 8) * (high - h) / ((high - low) or 1) for h in heights]
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    scale = "logarithmic" if logarithmic else "linear"
    return (
        f'<svg role="img" aria-label="loss from {kept[0][1]:.4g} to {kept[-1][1]:.4g}" width="{WIDTH}" height="{HEIGHT}">'
        f'<polyline points="{points}" fill="none" stroke="#0072b2" stroke-width="1.5"/></svg>'
        f"<p><small>loss from {kept[0][1]:.4g} to {kept[-1][1]:.4g}, {scale}</small></p>"
    )


def parameters(snapshot: Any) -> str:
    """A table of heat maps."""
    rows = [
        f"<tr><td>{escape(name)}</td><td>{small_map(snapshot.values[k], name)}</td>"
        f"<td>{small_map(snapshot.grads[k], f'gradient of {name}')}</td></tr>"
        for name, k in list(snapshot.parameters.items())[:MOST_PARAMETERS]
    ]
    left = len(snapshot.parameters) - len(rows)
    more = f"<p><small>and {left} more parameters</small></p>" if left > 0 else ""
    head = f"<tr><td></td><td>value</td><td>gradient, before step {snapshot.iteration}</td></tr>"
    return f"<table>{head}{''.join(rows)}</table>{more}"


def small_map(packed: Any, label: str) -> str:
    """One map and its largest number."""
    if not packed:
        return ""
    return f"{drawn(unpacked(packed), packed['s'], label, 96.0, 12.0)} <small>\u00b1{packed['s']:.3g}</small>"
