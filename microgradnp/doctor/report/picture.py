"""The picture of a diagnosis: loss against steps, the training and the best treatments, with lines for the levels.

Below it stands one strip a parameter: the norm of its gradient over the steps.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from microgradnp.doctor.report.strips import WIDTH, strips
from microgradnp.drawing.curves import powers_of_ten, style_of

if TYPE_CHECKING:
    from microgradnp.doctor.facts import Facts

HEIGHT = 540  # of the curves
COLORS = ("#000000", "#999999", "#0072b2", "#009e73", "#d55e00")  # the training, its repeat, three treatments
LEVEL_COLORS = ("#56b4e9", "#cc79a7", "#e69f00")


def picture(found: Facts) -> bytes:
    """SVG: the training is solid with a dot where it ended, the trials are thin, the levels are dashed."""
    import pygal

    levels = {name: value for name, value in found.levels.items() if name not in ("start", "now") and value > 0}
    curves = {name: [(k, v) for k, v in points if v > 0] for name, points in found.curves.items()}
    curves = {name: points for name, points in curves.items() if points}
    longest = max((points[-1][0] for points in curves.values()), default=1)
    ticks = powers_of_ten(longest)
    chart = pygal.XY(
        logarithmic=True,
        js=[],
        style=style_of(COLORS[: len(curves)] + LEVEL_COLORS[: len(levels)]),
        title=f"{found.verdict}: {found.name}",
        x_title="steps",
        y_title=found.level_of,
        dots_size=0,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        value_formatter=lambda value: f"{value:.3g}",
        x_labels=ticks,
        y_labels=steps_of_two_and_five([v for points in curves.values() for _, v in points] + list(levels.values())),
        x_value_formatter=lambda steps: f"{steps:,.0f}",
        width=WIDTH,
        height=HEIGHT,
    )
    for name, points in curves.items():
        shown: list[Any] = list(points)
        if name == "training":
            shown[-1] = {"value": shown[-1], "node": {"r": 5}}
        chart.add(name, shown, stroke_style={"width": 3 if name == "training" else 1})
    for name, value in levels.items():
        chart.add(name, [(1, value), (max(longest, 2), value)], stroke_style={"width": 1, "dasharray": "3, 7"})
    drawn: str = chart.render().decode()
    below, height = strips(found.strips, ticks[-1])
    if not below:
        return drawn.encode()
    inner = drawn[drawn.index("<svg") :].replace("<svg ", f'<svg width="{WIDTH}" height="{HEIGHT}" ', 1)
    whole = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + height}">'
        f'<rect width="{WIDTH}" height="{HEIGHT + height}" fill="#ffffff"/>'
        f'{inner}<g transform="translate(0, {HEIGHT})" shape-rendering="crispEdges">{below}</g></svg>'
    )
    return f"<?xml version='1.0' encoding='utf-8'?>\n{whole}".encode()


def steps_of_two_and_five(values: list[float]) -> list[float]:
    """The numbers 1, 2, 5, 10, 20, ... around some values; powers of ten where these are many."""
    low, high = math.floor(math.log10(min(values, default=1))), math.ceil(math.log10(max(values, default=1)))
    factors = (1, 2, 5) if high - low < 4 else (1,)
    marks = [factor * 10.0**k for k in range(low, high + 1) for factor in factors]
    before = max((m for m in marks if m <= min(values, default=1)), default=marks[0])
    after = min((m for m in marks if m >= max(values, default=1)), default=marks[-1])
    return [m for m in marks if before <= m <= after]
