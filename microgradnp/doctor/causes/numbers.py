"""Numbers that are not finite: in the data, or made by a formula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from microgradnp.doctor.causes.finding import Finding, line_of
from microgradnp.doctor.chart import Chart
from microgradnp.doctor.patient import Patient
from microgradnp.doctor.reading import Reading
from microgradnp.inspection.nans import cure

HUGE = 1e5  # what exceeds it has diverged; below it, a formula is to blame


def bad_values_in_data(patient: Patient) -> Finding | None:
    """NaN or infinity among the data. It is asked before a graph is made."""
    for k, array in enumerate(patient.data):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            wrong = ~np.isfinite(array)
            first = np.argwhere(wrong)[0]
            place = f"row {first[0]}" + (f", column {first[1]}" if len(first) > 1 else "")
            rows = int(np.any(wrong.reshape(len(array), -1), axis=1).sum())
            evidence = f"data[{k}] holds {wrong.sum()} numbers that are not finite, in {rows} rows; the first is in {place}"
            return Finding(evidence, f"remove or fill these {rows} rows: np.isfinite(data).all(axis=1) finds them")
    return None


def unstable_formula(chart: Chart) -> Finding | None:
    """The first value that is not finite, while nothing before it is huge: the formula fails, not the training."""
    for reading, is_start in readings(chart):
        wrong = first_wrong(reading)
        if wrong is None:
            continue
        node, largest = wrong
        if largest < HUGE or is_start:
            when = "at the start" if is_start else "with the parameters of now"
            evidence = f"{node.rule.name} makes the first value that is not finite, {when}; all before is under {largest:.3g}"
            return Finding(evidence, cure(node.rule.name).removeprefix("Cure: "), line=line_of(node))
    return None


def readings(chart: Chart) -> Iterator[tuple[Reading, bool]]:
    """The graph of now and that of the start, each with whether it is that of the start."""
    if all(np.isfinite(w).all() for w in chart.patient.end.values()):
        yield chart.end, False
    yield chart.start, True


def first_wrong(reading: Reading) -> tuple[Any, float] | None:
    """The first operation with a value that is not finite, and the largest finite number before it."""
    largest = 0.0
    for node in reading.nodes:
        array = np.asarray(node._array)
        if array.dtype.kind != "f" or not array.size:
            continue
        finite = np.isfinite(array)
        if node.rule is not None and not finite.all() and not is_mask(node):
            return node, largest
        largest = max(largest, float(np.abs(array[finite]).max(initial=0)))
    return None


def is_mask(node: Any) -> bool:
    """Whether the infinities of a node are put there on purpose: attention masks its scores with -inf."""
    return node.rule.name == "where" and any(isinstance(v, float) and v == -np.inf for v in node.values)
