"""An array as a small heat map of at most 28x28 cells.

A cell shows the entry of its block with the largest magnitude, and its sign, so that one spike in a million entries is visible.
Blue is negative, orange positive, the page's own colour zero. This diverging scheme is safe for all kinds of colour blindness
(C. Brewer, "Color use guidelines for mapping", 1994). NaN and infinity are hatched and counted; they have no colour.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MOST_CELLS = 28  # along one side: a page with the graph of a digit classifier is smaller than 120 kB
WRITTEN_OUT = 160  # an array with no more entries is sent with its numbers
FEW = 64  # entries that are sent with six digits; those of larger arrays have four
STEPS = 30  # levels on either side of zero in packed cells: 61 of the 64 values of one character
DIGITS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_", np.uint8)
NAN, POSITIVE, NEGATIVE = 61, 62, 63  # the other three values: NaN, infinity, -infinity

Array = np.ndarray[Any, Any]


def numeric(array: Any) -> bool:
    """Whether a value is a NumPy array or scalar of numbers."""
    return isinstance(array, (np.ndarray, np.generic)) and array.dtype.kind in "fciub"


def as_rows(array: Array) -> Array:
    """The array with two axes. A vector becomes one row; of several axes the last one is kept."""
    return array.reshape(1, -1) if array.ndim < 2 else array.reshape(-1, array.shape[-1])


def signed(array: Array) -> Array:
    """The real numbers that the map shows: the magnitudes of complex numbers."""
    return np.abs(array) if array.dtype.kind == "c" else np.asarray(array, np.float64)


def reduced(rows: Array, most: int = MOST_CELLS) -> Array:
    """At most `most` cells along each axis: the entry of largest magnitude of each block. NaN and infinity count as largest.

    >>> spike = np.zeros((1000, 1))
    >>> spike[700] = -5.0
    >>> reduced(spike, 4).ravel()
    array([ 0.,  0., -5.,  0.])
    """
    high, wide = (max(1, math.ceil(n / most)) for n in rows.shape)
    if high == wide == 1:
        return rows
    padded = np.pad(rows, ((0, -len(rows) % high), (0, -rows.shape[1] % wide)))
    blocks = padded.reshape(len(padded) // high, high, -1, wide).swapaxes(1, 2).reshape(len(padded) // high, -1, high * wide)
    place = np.argmax(np.nan_to_num(np.abs(blocks), nan=np.inf, posinf=np.inf), axis=2)
    return np.take_along_axis(blocks, place[..., None], axis=2)[..., 0]


def packed(array: Any, most: int = MOST_CELLS) -> dict[str, Any] | None:
    """A heat map for the page: rows `r`, columns `c`, scale `s`, and in `q` one character for each cell (see `DIGITS`).

    Also the `min`, `max`, `mean` and `norm` of the finite entries, the number of entries that are `nan` or `inf`, and the numbers
    `x` of a small array. None for anything without numbers.
    """
    if not numeric(array) or not array.size:
        return None
    rows = as_rows(signed(np.asarray(array)))
    found: dict[str, Any] = {}
    missing = not np.isfinite(rows).all()
    finite = rows[np.isfinite(rows)] if missing else rows
    if missing:
        found["nan"], found["inf"] = int(np.isnan(rows).sum()), int(np.isinf(rows).sum())
    least, most_positive = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    scale = max(-least, most_positive)
    cells = reduced(rows, most)
    share = cells / scale if scale else np.where(np.isfinite(cells), 0.0, cells)
    levels = np.rint(np.clip(np.nan_to_num(share), -1, 1) * STEPS).astype(int) + STEPS
    if missing:
        levels[np.isnan(cells)], levels[np.isposinf(cells)], levels[np.isneginf(cells)] = NAN, POSITIVE, NEGATIVE
    found |= {"r": levels.shape[0], "c": levels.shape[1], "q": DIGITS[levels].tobytes().decode()}
    found |= {"s": short(scale), "min": short(least), "max": short(most_positive)}
    if finite.size:
        unit = finite / scale if scale else finite
        found["mean"], found["norm"] = short(scale * float(unit.mean())), written(scale * float(np.sqrt(np.vdot(unit, unit))))
    if array.dtype.kind == "c":
        found["of"] = "magnitudes"
    if rows.size == 1 or (rows.size <= WRITTEN_OUT and most == MOST_CELLS):
        digits = 6 if rows.size <= FEW else 4
        found["x"] = [written(x, digits) for x in rows.ravel().tolist()]
    return found


def short(number: float, digits: int = 6) -> float:
    """A number rounded to so many digits."""
    return float(f"{number:.{digits}g}")


def written(number: float, digits: int = 6) -> float | str:
    """A number for JSON, where NaN and infinity are texts."""
    return short(number, digits) if math.isfinite(number) else str(number)


def unpacked(found: dict[str, Any]) -> Array:
    """The cells of a packed map, with an error of at most a thirtieth of the largest."""
    order = np.zeros(128, int)
    order[DIGITS] = np.arange(len(DIGITS))
    levels = order[np.frombuffer(found["q"].encode(), np.uint8)]
    cells = (levels - STEPS) / STEPS * found["s"]
    for level, value in ((NAN, np.nan), (POSITIVE, np.inf), (NEGATIVE, -np.inf)):
        cells[levels == level] = value
    return np.asarray(cells.reshape(found["r"], found["c"]))
