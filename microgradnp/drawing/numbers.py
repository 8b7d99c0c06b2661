"""Values and gradients as text: few numbers are written out, of many there are statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

FEW = 6  # entries that are written out
WIDE = 36  # cells that written-out numbers may take
COLUMNS = ("min", "mean", "max", "norm")


def number(value: Any, digits: int = 3) -> str:
    """A number with `digits` significant digits. Numbers up to a million are written without an exponent.

    >>> [number(x) for x in (0.12345, 12345.6, 1.2345e-5, float("nan"))]
    ['0.123', '12346', '1.2e-05', 'nan']
    """
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value)) if abs(int(value)) < 10**9 else f"{float(value):.{digits}g}"
    if isinstance(value, (complex, np.complexfloating)):
        return f"{complex(value):.{digits}g}"
    value = float(value)
    if 10**digits <= abs(value) < 10**6:
        return f"{value:.0f}"
    text = f"{value:.{digits}g}"
    return f"{value:.{digits - 2}e}" if "e" in text and digits < 6 else text


def few(array: Any) -> list[str] | None:
    """The entries of a small array of up to two axes, a line for each row. None for a larger array."""
    if array.ndim == 0:
        return [number(array[()], 6)]
    if not 0 < array.size <= FEW or array.ndim > 2:
        return None
    rows = [[number(entry) for entry in row] for row in np.atleast_2d(array).tolist()]
    width = max(len(entry) for row in rows for entry in row) if len(rows) > 1 else 0
    lines = ["[" + " ".join(f"{entry:>{width}}" for entry in row) + "]" for row in rows]
    return lines if len(lines[0]) <= WIDE else None


def statistics(array: Any) -> dict[str, float]:
    """min, mean, max and Euclidean norm of the finite entries, and the number of others. Complex entries give magnitudes.

    Sums are scaled by the largest magnitude, so that they overflow only where the result does.
    """
    flat = np.abs(array).ravel() if array.dtype.kind == "c" else array.ravel()
    if array.dtype.kind in "fc":
        finite = np.isfinite(flat)
        rest = flat[finite] if not finite.all() else flat
    else:
        rest = flat
    if not rest.size:
        return {"missing": float(flat.size)}
    rest = rest.astype(np.float64) if rest.dtype != np.float64 else rest
    least, most = float(rest.min()), float(rest.max())
    scale = max(-least, most)
    if not scale:
        mean = norm = 0.0
    elif 1e-100 < scale < 1e100:
        mean, norm = float(rest.sum()) / rest.size, float(np.sqrt(np.dot(rest, rest)))
    else:
        scaled = rest / scale
        mean, norm = scale * (float(scaled.sum()) / rest.size), scale * float(np.sqrt(np.dot(scaled, scaled)))
    return {"min": least, "mean": mean, "max": most, "norm": norm, "missing": float(flat.size - rest.size)}


def lines_of(pairs: list[tuple[str, Any]]) -> list[str]:
    """Lines for labelled arrays or texts: `[("value", y), ("grad", "not computed")]`. Large arrays share one table:

            min   mean   max  norm
    value     0    0.5     1   2.3
    grad   -0.1  0.002   0.1  0.45
    """
    label = max(len(name) for name, _ in pairs) + 2
    above: list[str] = []
    table: list[tuple[str, dict[str, float], Any]] = []
    below: list[str] = []
    for name, array in pairs:
        short = [array] if isinstance(array, str) else few(array)
        if short is not None:
            (below if table else above).extend(f"{name if i == 0 else '':<{label}}{line}" for i, line in enumerate(short))
        elif not array.size:
            (below if table else above).append(f"{name:<{label}}empty")
        else:
            table.append((name, statistics(array), array))
    return above + (table_lines(table, label) if table else []) + below


def table_lines(table: list[tuple[str, dict[str, float], Any]], label: int) -> list[str]:
    complex_valued = any(array.dtype.kind == "c" for _, _, array in table)
    titles = ["min|·|", "mean|·|", "max|·|", "norm"] if complex_valued else list(COLUMNS)
    rows = [["", *titles]] + [[name, *(number(stats[c]) if c in stats else "-" for c in COLUMNS)] for name, stats, _ in table]
    widths = [label - 2, *(max(len(row[i]) for row in rows) for i in range(1, 5))]
    lines = [
        f"{row[0]:<{widths[0]}}" + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    for name, stats, array in table:
        if stats["missing"]:
            lines.append(f"{name}: {int(stats['missing'])} of {array.size} not finite")
    return lines
