"""The picture of a diagnosis: loss against steps, the training and the best treatments, with lines for the levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microgradnp.drawing.curves import powers_of_ten, style_of

if TYPE_CHECKING:
    from microgradnp.doctor.facts import Facts

COLORS = ("#000000", "#999999", "#0072b2", "#009e73", "#d55e00")  # the training, its repeat, three treatments
LEVEL_COLORS = ("#56b4e9", "#cc79a7", "#e69f00")


def picture(found: Facts) -> bytes:
    """SVG: the training is solid with a dot where it ended, the trials are thin, the levels are dashed."""
    import pygal

    levels = {name: value for name, value in found.levels.items() if name not in ("start", "now") and value > 0}
    curves = {name: [(k, v) for k, v in points if v > 0] for name, points in found.curves.items()}
    curves = {name: points for name, points in curves.items() if points}
    longest = max((points[-1][0] for points in curves.values()), default=1)
    chart = pygal.XY(
        logarithmic=True,
        js=[],
        style=style_of(COLORS[: len(curves)] + LEVEL_COLORS[: len(levels)]),
        title=f"{found.verdict}: {found.name}",
        x_title="steps",
        y_title=found.level_of,
        dots_size=0,
        legend_at_bottom=True,
        legend_at_bottom_columns=3,
        value_formatter=lambda value: f"{value:.3g}",
        x_labels=powers_of_ten(longest),
        x_value_formatter=lambda steps: f"{steps:,.0f}",
        width=900,
        height=520,
    )
    for name, points in curves.items():
        shown: list[Any] = list(points)
        if name == "training":
            shown[-1] = {"value": shown[-1], "node": {"r": 5}}
        chart.add(name, shown, stroke_style={"width": 3 if name == "training" else 1})
    for name, value in levels.items():
        chart.add(name, [(1, value), (max(longest, 2), value)], stroke_style={"width": 1, "dasharray": "3, 7"})
    drawn: bytes = chart.render()
    return drawn
