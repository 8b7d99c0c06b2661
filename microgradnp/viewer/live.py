"""A running training in a notebook: the loss so far, and the newest values and gradients of the parameters."""

from __future__ import annotations

import math
import sys
from typing import Any

from microgradnp.inspection.heatmap import unpacked
from microgradnp.viewer.document import filled
from microgradnp.viewer.heat import heat_map

MOST_PARAMETERS = 12
WIDTH, HEIGHT, POINTS = 320, 90, 300


class Live:
    """A callback that shows the newest snapshot in a notebook. It does nothing anywhere else."""

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
    """Whether a Jupyter kernel runs this. Nothing is imported to find out."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    return running is not None and hasattr(running, "kernel")


def training(fit: Any) -> str:
    """HTML of a `Fit`: its one-line summary, its loss, and the parameters of its newest snapshot."""
    newest = fit.snapshots[-1] if fit.snapshots else None
    return filled(
        "training.html",
        summary=str(fit),
        curve=loss_curve(fit.history.loss),
        newest=newest,
        rows=parameters(newest) if newest else [],
        more=max(0, len(newest.parameters) - MOST_PARAMETERS) if newest else 0,
    )


def loss_curve(losses: list[float]) -> dict[str, Any] | None:
    """The loss over the iterations as a polyline. The scale is logarithmic where all losses are positive."""
    finite = [(k, loss) for k, loss in enumerate(losses, 1) if math.isfinite(loss)]
    if len(finite) < 2:
        return None
    kept = finite[:: max(1, len(finite) // POINTS)]
    kept += [finite[-1]] if kept[-1] != finite[-1] else []
    logarithmic = all(loss > 0 for _, loss in kept)
    heights = [math.log10(loss) if logarithmic else loss for _, loss in kept]
    low, high = min(heights), max(heights)
    x = [4 + (WIDTH - 8) * (k - kept[0][0]) / (kept[-1][0] - kept[0][0]) for k, _ in kept]
    y = [4 + (HEIGHT - 8) * (high - h) / ((high - low) or 1) for h in heights]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "points": " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True)),
        "range": f"loss from {kept[0][1]:.4g} to {kept[-1][1]:.4g}",
        "scale": "logarithmic" if logarithmic else "linear",
    }


def parameters(snapshot: Any) -> list[tuple[str, list[dict[str, Any] | None]]]:
    """(name, [map of its value, map of its gradient]) of the first parameters."""
    rows = []
    for name, k in list(snapshot.parameters.items())[:MOST_PARAMETERS]:
        rows.append((name, [small_map(snapshot.values[k], name), small_map(snapshot.grads[k], f"gradient of {name}")]))
    return rows


def small_map(packed: Any, label: str) -> dict[str, Any] | None:
    """One map and its largest number."""
    if not packed:
        return None
    return {"map": heat_map(unpacked(packed), packed["s"], label, 96.0, 12.0), "largest": f"\u00b1{packed['s']:.3g}"}
