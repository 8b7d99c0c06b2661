"""A heat map as squares of SVG: the shapes that the template `heat.html` writes, and the colours of their levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

LEVELS = 6  # colours on either side of zero

# Of each theme: the colours of the most negative value, zero, and the most positive one.
LIGHT = ("#00558a", "#f4f4f2", "#b04a00")
DARK = ("#6cc4ff", "#20262d", "#ff9d4d")

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class HeatMap:
    """A map that can be drawn. Level 0 is the most negative, `LEVELS` is zero, `2 * LEVELS` the most positive."""

    label: str
    rows: int
    columns: int
    width: int  # pixels
    height: int
    levels: dict[int, str]  # the path of the unit squares of each level but zero, which is the ground
    lost: str  # the path of a cross on each cell that is not finite
    zero: int = LEVELS


def heat_map(cells: Array, largest: float, label: str, room: float = 160.0, square: float = 22.0) -> HeatMap:
    """The map of a matrix on the scale from `-largest` to `largest`, at most `room` pixels wide and high."""
    rows, columns = cells.shape
    size = min(square, room / max(rows, columns))
    level = levels_of(cells, largest)
    paths = {int(k): "".join(f"M{c} {r}h1v1h-1z" for r, c in np.argwhere(level == k)) for k in np.unique(level[level != LEVELS])}
    lost = "".join(f"M{c} {r}l1 1M{c} {r + 1}l1 -1" for r, c in np.argwhere(~np.isfinite(cells)))
    return HeatMap(label, rows, columns, round(columns * size), max(round(rows * size), 6), paths, lost)


def levels_of(cells: Array, largest: float) -> Array:
    """The level of each cell. It grows with the square root, so what is small beside the largest is still seen."""
    ratio = np.nan_to_num(cells / largest if largest else cells * 0, nan=0, posinf=1, neginf=-1)
    strength = np.sign(ratio) * np.sqrt(np.minimum(np.abs(ratio), 1))
    levels = (np.rint(strength * LEVELS) + LEVELS).astype(int)
    levels[~np.isfinite(cells)] = LEVELS
    return levels


def level_colors() -> list[tuple[str, str]]:
    """(light, dark) for each level, from the most negative to the most positive."""
    return list(zip(mixed(LIGHT), mixed(DARK), strict=True))


def mixed(theme: tuple[str, str, str]) -> list[str]:
    """The colours of all levels, mixed from those of the ends and of zero."""
    negative, zero, positive = (np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)]) for color in theme)
    colors = []
    for level in range(-LEVELS, LEVELS + 1):
        color = zero + abs(level) / LEVELS * ((positive if level > 0 else negative) - zero)
        colors.append("#" + "".join(f"{round(part):02x}" for part in color))
    return colors
