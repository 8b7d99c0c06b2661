"""The training loop: the outermost loop in which the same entry of a parameter is written again."""

from __future__ import annotations

import numpy as np

from microgradnp.debugger.capture.bind import Variable
from microgradnp.debugger.capture.versions import Change, FrameState, Vector, first_difference


class TrainingLoop:
    """Finds the training loop, and its iterations in which a parameter is written: the steps.

    `place` is (frame number, loop header line), or None while no entry has been written twice.
    """

    def __init__(self) -> None:
        self.place: tuple[int, int] | None = None
        self.last_write: dict[Variable, list[Vector | None]] = {}  # of each entry

    @property
    def is_found(self) -> bool:
        return self.place is not None

    def write(self, variable: Variable, mask: np.ndarray, vector: Vector) -> None:
        """Enter which entries of a parameter were written, in which iterations of the loops around."""
        last = self.last_write.setdefault(variable, [None] * mask.size)
        if len(last) != mask.size:
            return
        for k in np.flatnonzero(mask):
            earlier = last[k]
            last[k] = vector
            if earlier is not None and self.place is None:
                self.place = first_difference(earlier, vector)

    def iterations(self, changes: list[Change]) -> list[int]:
        """The iterations in which a parameter was written, in order."""
        found: list[int] = []
        for change in (c for c in changes if c.from_old):
            for number, loop, count in change.vector:
                if (number, loop) == self.place and count not in found:
                    found.append(count)
        return found

    def window(self, changes: list[Change], states: list[FrameState], step: int) -> tuple[float, float]:
        """(start, end) times of a step; the last one where there are not so many."""
        if self.place is None:
            return 0, float("inf")
        number, loop = self.place
        times = states[number].counts[loop]
        steps = self.iterations(changes) or [1]
        count = steps[min(step, len(steps) - 1)]
        return times[count - 1], times[count] if count < len(times) else float("inf")
