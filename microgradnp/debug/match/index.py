"""Which quantity of the model a hand-written value equals: buckets by shape, then one fit of a scale.

Adjoints may carry any scale (sign, learning rate, 1/N are conventions); values and derivatives must be equal, or off by
-1, 2 or 1/2. Constant, zero and single numbers match nothing: too many things equal them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from microgradnp.debug.match.references import Reference, scale_of

TOLERANCE = 1e-8
NAMED = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)


@dataclass(frozen=True)
class Match:
    """A hand-written value is `scale` times the reference, perhaps transposed, perhaps with a column cut off or added."""

    reference: Reference
    scale: float
    transposed: bool = False
    note: str = ""

    def __str__(self) -> str:
        factor = "" if abs(self.scale - 1) < 1e-9 else f" x {self.scale:.4g}"
        return f"{self.reference.text}{'.T' if self.transposed else ''}{self.note}{factor}"


class Index:
    """All references, by squeezed shape."""

    def __init__(self, found: list[Reference], scalars: bool = False) -> None:
        self.buckets: dict[tuple[int, ...], list[tuple[Reference, np.ndarray, bool, str]]] = {}
        self.scalars = scalars
        self.cache: dict[tuple[tuple[int, ...], bytes], Match | None] = {}
        order = {"value": 0, "adjoint": 1, "derivative": 2, "update": 3}
        for reference in sorted(found, key=lambda r: (r.partial, order[r.kind])):
            for view, transposed, note in views(reference):
                if view.size > 1 or self.scalars:
                    self.buckets.setdefault(view.shape, []).append((reference, view, transposed, note))

    def match(self, array: np.ndarray) -> Match | None:
        squeezed = np.squeeze(np.asarray(array, float))
        if squeezed.size < 2 and not self.scalars:
            return None
        key = (squeezed.shape, squeezed.tobytes())
        if key not in self.cache:
            self.cache[key] = self.search(squeezed)
        return self.cache[key]

    def search(self, array: np.ndarray) -> Match | None:
        if not np.isfinite(array).all() or not array.any() or (array.size > 1 and np.ptp(array) == 0):
            return None
        best: tuple[float, Match] | None = None
        for reference, view, transposed, note in self.buckets.get(array.shape, ()):
            c, error = scale_of(array, view)
            if error > TOLERANCE:
                continue
            named = min(NAMED, key=lambda k: abs(k - c))
            if (reference.kind != "adjoint" or array.size < 2) and abs(c - named) > 1e-7:
                continue
            cost = (
                (abs(c - 1) > 1e-7)
                + 0.5 * (reference.kind == "derivative")
                + 2 * reference.partial
                + 0.3 * transposed
                + bool(note)
            )
            if best is None or cost < best[0]:
                best = cost, Match(reference, c, transposed, note)
                if cost == 0:
                    break
        return best[1] if best else None


def views(reference: Reference) -> list[tuple[np.ndarray, bool, str]]:
    """The arrangements in which people store a quantity: as it is, transposed, flat, without a bias column, or mirrored in 0."""
    array = np.squeeze(reference.array)
    if array.size == 0 or not np.isfinite(array).all():
        return []
    found: list[tuple[np.ndarray, bool, str]] = [(array, False, "")]
    if array.ndim == 2:
        found.append((array.T, True, ""))
        for cut, note in ((slice(None, -1), "[:, :-1]"), (slice(1, None), "[:, 1:]")):
            if array.shape[1] > 2 and reference.kind != "derivative":
                found += [(array[:, cut], False, note), (array[:, cut].T, True, note)]
    if array.ndim > 2:
        found.append((array.reshape(len(array), -1), False, ".reshape(len, -1)"))
    return [(np.squeeze(view), transposed, note) for view, transposed, note in found]
