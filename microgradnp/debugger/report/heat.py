"""A wrong gradient beside the right one, as small heat maps on one scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from microgradnp.debugger.judge.evidence import Entry
from microgradnp.debugger.report.facts import Facts
from microgradnp.inspection.heatmap import reduced
from microgradnp.viewer.heat import HeatMap, heat_map

MOST_CELLS = 36  # along one side; larger arrays are shown in blocks
MOST_NUMBERS = 48  # entries of an array that is also written out


class Panel(NamedTuple):
    """One map and its title."""

    title: str
    map: HeatMap


@dataclass(frozen=True)
class Figure:
    """What the template `figure.html` shows of one wrong gradient."""

    argument: str
    caption: str
    panels: list[Panel] = field(default_factory=list)
    largest: float = 0.0  # of the common scale
    numbers: list[tuple[str, str]] = field(default_factory=list)  # (title, the entries written out) of small arrays


def figure(entry: Entry, report: Facts) -> Figure | None:
    """Expected, found and their difference, with the shapes and the largest error in words."""
    if entry.found is None or entry.expected is None:
        return None
    found, expected = np.asarray(entry.found, float), np.asarray(entry.expected, float)
    shapes = f"found {shape(found)}, expected {shape(expected)}"
    found, expected = np.squeeze(found), np.squeeze(expected)
    if found.shape != expected.shape and found.T.shape == expected.shape:
        found, shapes = found.T, f"{shapes}, compared transposed"
    if found.shape != expected.shape:
        return Figure(entry.argument, f"the shapes differ: {shapes}.")
    factor, why = usual_factor(entry, report)
    found = found / factor
    difference = found - expected
    caption = f"{shapes}. {errors(difference, expected)}{why}"
    if expected.ndim == 0:
        return Figure(entry.argument, f"{caption} Found {found:.4g}, expected {expected:.4g}.")
    largest = max((float(np.max(np.abs(a[np.isfinite(a)]), initial=0)) for a in (expected, found)), default=0.0)
    named = (("expected", expected), ("found", found), ("found \u2212 expected", difference))
    panels = [panel(title, flat(array), largest, entry.argument) for title, array in named]
    return Figure(entry.argument, caption + blocks_note(flat(expected)), panels, largest, written_out(expected, found))


def usual_factor(entry: Entry, report: Facts) -> tuple[float, str]:
    """(factor, sentence): the factor of the right gradients of this kind. What was found is divided by it, and then compared."""
    is_update = entry.kind == "update"
    for other in report.gradients.values():
        if other.ok and other.scale and (other.kind == "update") == is_update:
            plain = abs(other.scale - 1) < 1e-9
            return other.scale, "" if plain else f" Found is divided by {other.scale:.4g}, the factor of the right gradients."
    if not is_update:
        return 1.0, ""
    norms = [float(np.linalg.norm(np.asarray(a, float))) for a in (entry.found, entry.expected)]
    if not all(math.isfinite(n) and n > 0 for n in norms):
        return -1.0, " Found is the step with its sign changed."
    factor = -norms[0] / norms[1]
    return factor, f" Found is the step, divided by {factor:.4g} so that both have the same length."


def errors(difference: np.ndarray, expected: np.ndarray) -> str:
    finite = np.abs(difference[np.isfinite(difference)])
    missing = difference.size - finite.size
    lost = f" {missing} of {difference.size} entries are not finite." if missing else ""
    if not finite.size:
        return lost.strip()
    where = f"The largest |error| is {finite.max():.4g}"
    return f"{where}; the largest |expected| is {np.max(np.abs(expected), initial=0):.4g}.{lost}"


def shape(array: np.ndarray) -> str:
    return "\u00d7".join(str(n) for n in array.shape) if array.ndim else "a number"


def flat(array: np.ndarray) -> np.ndarray:
    """The array with two axes. A vector becomes one row; of more axes the first stays."""
    return array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), -1)


def block_sizes(array: np.ndarray) -> tuple[int, int]:
    rows, columns = (math.ceil(n / MOST_CELLS) for n in array.shape)
    return rows, columns


def blocks_note(array: np.ndarray) -> str:
    rows, columns = block_sizes(array)
    return "" if rows == columns == 1 else f" Each square is the largest of {rows}\u00d7{columns} entries."


def panel(title: str, array: np.ndarray, largest: float, argument: str) -> Panel:
    label = f"{argument}, {title}: heat map of {array.shape[0]} by {array.shape[1]} entries"
    return Panel(title, heat_map(reduced(array, MOST_CELLS), largest, label))


def written_out(expected: np.ndarray, found: np.ndarray) -> list[tuple[str, str]]:
    """The numbers themselves, of small arrays."""
    if expected.size > MOST_NUMBERS:
        return []
    return [("expected", numbers(flat(expected))), ("found", numbers(flat(found)))]


def numbers(array: np.ndarray) -> str:
    return "\n".join(" ".join(f"{x:>10.4g}" for x in row) for row in array)
