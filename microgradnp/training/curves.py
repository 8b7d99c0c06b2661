"""The curves of a training as one SVG picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from microgradnp.drawing.curves import style_of

WIDTH, HEIGHT, POINTS = 760, 260, 400
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


class Curves(str):
    """SVG text that a notebook shows as a picture."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"Curves({len(self)} characters of SVG)"


def curves(history: Any) -> Curves:
    """Panels of loss and validation, metrics, learning rate and gradient norm, one below the other."""
    steps = range(1, len(history.loss) + 1)
    panels = {
        "loss": {"loss": (steps, history.loss), "validation": (history.validated, history.validation)},
        "metrics": {name: (history.validated, entries) for name, entries in history.metrics.items()},
        "learning rate": {"learning rate": (steps, history.learning_rate)},
        "gradient norm": {"gradient norm": (steps, history.gradient_norm)},
    }
    drawn = [panel(title, lines) for title, lines in panels.items() if any(len(y) for _, y in lines.values())]
    inner = [
        text.replace("<svg ", f'<svg y="{k * HEIGHT}" width="{WIDTH}" height="{HEIGHT}" ', 1) for k, text in enumerate(drawn)
    ]
    size = f'width="{WIDTH}" height="{HEIGHT * len(drawn)}"'
    return Curves(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(inner)}</svg>')


def panel(title: str, lines: dict[str, tuple[Sequence[int], Sequence[float]]]) -> str:
    """Some curves over the iterations. The scale is logarithmic where all values are positive and differ much."""
    import pygal

    points = {name: thinned(*line) for name, line in lines.items() if len(line[1])}
    values = [y for line in points.values() for _, y in line]
    chart = pygal.XY(
        logarithmic=bool(values) and min(values) > 0 and max(values) > 20 * min(values),
        js=[],
        style=style_of(COLORS),
        title=title,
        x_title="iterations",
        show_legend=len(points) > 1,
        value_formatter=lambda value: f"{value:.3g}",
        x_value_formatter=lambda iterations: f"{iterations:,.0f}",
        dots_size=1,
        width=WIDTH,
        height=HEIGHT,
    )
    for name, line in points.items():
        chart.add(name, line, show_dots=len(line) <= 30)
    return str(chart.render(is_unicode=True, disable_xml_declaration=True))


def thinned(steps: Sequence[int], values: Sequence[float]) -> list[tuple[int, float]]:
    """At most about `POINTS` finite points of a curve, evenly spread."""
    finite = [(x, y) for x, y in zip(steps, values, strict=True) if math.isfinite(y)]
    every = max(1, len(finite) // POINTS)
    return finite[::every] + (finite[-1:] if (len(finite) - 1) % every else [])
