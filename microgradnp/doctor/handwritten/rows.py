"""The batches of code that gives them no name, such as `x[rows] @ W`: the rows of the data that each step reads.

A run of the first steps shows every array that the code reads. Rows are known by their content.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy as np

from microgradnp.debugger.capture.program import Program
from microgradnp.doctor.handwritten.course import Course, run
from microgradnp.doctor.handwritten.hooks import EnoughError, loops_of
from microgradnp.doctor.handwritten.layout import Layout
from microgradnp.doctor.patient import Array

MOST_STEPS, MOST_CHOICES = 12, 8
Rows = tuple[int, ...]


class Table:
    """The rows of one array, found by their content. `is_clear` says that no two rows are alike."""

    def __init__(self, array: Array) -> None:
        self.count, self.shape, self.dtype = len(array), array.shape[1:], array.dtype
        self.numbers = {np.ascontiguousarray(row).tobytes(): k for k, row in enumerate(array)}
        self.is_clear = len(self.numbers) == self.count

    def rows_of(self, value: Any) -> Rows:
        """The row numbers of a batch, or of a single row; empty for anything else."""
        if type(value) is list and self.shape and len(value) == self.shape[0]:  # a row of a nested list
            value = np.array(value) if all(isinstance(v, (int, float)) for v in value) else None
        if not isinstance(value, np.ndarray) or value.dtype != self.dtype or not value.ndim:
            return ()
        parts = [value] if self.shape and value.shape == self.shape else value if value.shape[1:] == self.shape else []
        found = tuple(self.numbers.get(np.ascontiguousarray(part).tobytes(), -1) for part in parts)
        return () if -1 in found else found


def batches_of(program: Program, course: Course, data: Sequence[Array], layout: Layout, until: float) -> list[list[Rows]]:
    """For each of the first steps the batches that it may have used: those that it read, and all single rows together."""
    tables = [table for array in data if len(array) > 1 and (table := Table(array)).is_clear]
    steps: list[list[Rows]] = []
    own = loops_of(program).index(course.loop)

    def look(number: int, _frame: FrameType) -> None:
        if number != own:
            return
        if len(steps) == MOST_STEPS or time.process_time() > until:
            raise EnoughError
        steps.append([])

    def see(value: Any) -> Any:
        if steps and isinstance(value, (np.ndarray, list)):
            held = layout.rows_first(value) if isinstance(value, np.ndarray) else value
            for table in tables:
                if (rows := table.rows_of(held)) and rows not in steps[-1]:
                    steps[-1].append(rows)
        return value

    run(program, look, {course.loop}, see=see)
    return [choices(seen, max((table.count for table in tables), default=0)) for seen in steps]


def choices(seen: list[Rows], count: int) -> list[Rows]:
    """The batches among what one step read, without the whole data."""
    single = tuple(dict.fromkeys(rows[0] for rows in seen if len(rows) == 1))
    every = tuple(dict.fromkeys(row for rows in seen if len(rows) < count for row in rows))
    found = [*(rows for rows in seen if len(rows) > 1), single, every]
    return [rows for rows in dict.fromkeys(found) if rows and rows != tuple(range(count))][:MOST_CHOICES]
