"""Strips below the picture: the norm of the gradient of each parameter over the steps, as colours on one logarithmic scale."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import numpy as np

Points = Sequence[tuple[int, float]]

WIDTH, LEFT, RIGHT, ROW, TOP = 900, 96, 20, 22, 46  # left and right as in the picture above
MOST = 12  # strips; of more parameters some are left out evenly
CELLS = 60  # of a strip
DARK, LIGHT = (8, 48, 107), (222, 235, 247)  # a large norm, a small one


def strips(norms: Mapping[str, Points], last: int) -> tuple[str, int]:
    """(SVG elements, height) of the strips up to a step; nothing without norms above 0."""
    shown = {name: [(step, v) for step, v in points if v > 0 and math.isfinite(v)] for name, points in norms.items()}
    shown = {name: points for name, points in shown.items() if points}
    if not shown:
        return "", 0
    names = [list(shown)[k] for k in np.unique(np.linspace(0, len(shown) - 1, min(MOST, len(shown))).astype(int))]
    values = [math.log10(v) for name in names for _, v in shown[name]]
    low, high = min(values), max(max(values), min(values) + 1e-9)
    left_out = f" ({len(names)} of {len(shown)} parameters)" if len(names) < len(shown) else ""
    scale = f"{10**low:.2g} (light) to {10**high:.2g} (dark)"
    parts = [text(WIDTH / 2, 18, f"norm of the gradient over the steps, {scale}{left_out}", "middle")]
    for k, name in enumerate(names):
        y = TOP + k * ROW - 18
        parts.append(text(LEFT - 8, y + 13, name if len(name) < 13 else f"...{name[-9:]}", "end"))
        parts += row(shown[name], y, last, low, high)
    bottom = TOP + len(names) * ROW
    ticks = [10**k for k in range(int(math.log10(max(last, 1))) + 1)]
    parts += [text(place(tick, last), bottom - 4, f"{tick:,}", "middle") for tick in ticks]
    return "".join(parts), bottom + 8


def row(points: Points, y: float, last: int, low: float, high: float) -> list[str]:
    """The cells of one strip. Steps are spread logarithmically, as in the picture above."""
    chosen = [points[k] for k in np.unique(np.linspace(0, len(points) - 1, min(4 * CELLS, len(points))).astype(int))]
    ends = [step for step, _ in chosen[1:]] + [chosen[-1][0] + 1]
    cells = []
    for (step, value), end in zip(chosen, ends, strict=True):
        x, to = place(step + 1, last), place(end + 1, last)
        share = (math.log10(value) - low) / (high - low)
        color = "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in zip(LIGHT, DARK, strict=True))
        title = f"<title>step {step}: {value:.3g}</title>"
        cells.append(
            f'<rect x="{x:.1f}" y="{y}" width="{max(to - x, 0.5) + 0.3:.1f}" height="{ROW - 4}" fill="{color}">{title}</rect>'
        )
    return cells


def place(step: float, last: int) -> float:
    """The horizontal place of a step."""
    share = math.log(max(step, 1)) / math.log(max(last, 2))
    return LEFT + min(share, 1) * (WIDTH - LEFT - RIGHT)


def text(x: float, y: float, words: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="12" font-family="sans-serif" fill="#333">'
        f"{html.escape(words)}</text>"
    )
