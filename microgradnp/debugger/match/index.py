"""Which quantity of the model a hand-written value equals: whole arrays first, then rows and single entries of them.

Adjoints may carry any scale (sign, learning rate, 1/N are conventions); values must be equal, and local derivatives equal up to
the sign. Constant, zero and whole numbers match nothing: too many things equal them. A single number matches when it is an entry
of some quantity: two different expressions agree at generic points with probability zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from microgradnp.debugger.match.references import Reference
from microgradnp.derivatives.agreement import scale_of, scales_of

TOLERANCE = 1e-8
LOOSE = 1e-4  # for code in single precision; too loose for single numbers
CLOSE = 1e-9  # relative; for single numbers
MOST_ENTRIES = 200_000
LARGEST = 4096  # entries of an array that is held against many at once
ORDER = {"value": 0, "adjoint": 1, "derivative": 2, "update": 3}


@dataclass(frozen=True)
class Match:
    """A hand-written value is `scale` times the reference, perhaps transposed, perhaps only a part of it."""

    reference: Reference
    scale: float
    transposed: bool = False
    note: str = ""
    error: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether it is all of the quantity, for all samples."""
        return not self.note and not self.reference.partial

    def __str__(self) -> str:
        factor = "" if f"{self.scale:.4g}" == "1" else f" x {self.scale:.4g}"
        return f"{self.reference.text}{'.T' if self.transposed else ''}{self.note}{factor}"


View = tuple[Reference, np.ndarray, bool, str]  # a quantity, an arrangement of it, whether that is transposed, and a note


class Index:
    """All references: by squeezed shape, and by the entries that they hold."""

    def __init__(self, found: list[Reference], scales: Iterable[float] = (), single: bool = False) -> None:
        self.tolerance = LOOSE if single else TOLERANCE
        self.single = single
        self.references = sorted(found, key=lambda r: (r.partial, ORDER[r.kind]))
        self.buckets: dict[tuple[int, ...], list[View]] = {}
        self.rows: dict[tuple[int, ...], np.ndarray] = {}  # the views of a shape, each as a row
        self.cache: dict[tuple[tuple[int, ...], bytes], Match | None] = {}
        for reference in self.references:
            for view, transposed, note in views(reference):
                if view.size > 1:
                    self.buckets.setdefault(view.shape, []).append((reference, view, transposed, note))
        self.scales = tuple(dict.fromkeys((1.0, -1.0, *scales)))
        self.entries: Entries | None = None

    def match(self, array: np.ndarray) -> Match | None:
        """The quantity that `array` equals, or None."""
        if array.dtype.kind != "f":
            return None
        squeezed = np.squeeze(array)
        key = (squeezed.shape, squeezed.tobytes())
        if key not in self.cache:
            self.cache[key] = self.search(np.asarray(squeezed, float))
        return self.cache[key]

    def search(self, array: np.ndarray) -> Match | None:
        """The simplest match of an array: first whole quantities, then entries of them. None where none is close enough."""
        if not array.size or not np.isfinite(array).all() or (array.size > 1 and np.ptp(array) == 0):
            return None
        best: tuple[float, Match] | None = None
        for reference, view, transposed, note in self.near(array):
            c, error = scale_of(array, view)
            if error > self.tolerance or not allowed(reference, c, self.tolerance):
                continue
            if reference.partial and not any(abs(c - s) <= 1e-6 * abs(s) for s in self.scales):
                continue
            cost = (
                (abs(c - 1) > 1e-7)
                + 0.5 * (reference.kind == "derivative")
                + 2 * reference.partial
                + 0.3 * transposed
                + bool(note)
            )
            if best is None or cost < best[0]:
                best = cost, Match(reference, c, transposed, note, error)
                if cost == 0:
                    break
        if best is not None:
            return best[1]
        if self.single or (array.ndim > 1 and min(array.shape) > 1):
            return None
        if self.entries is None:
            self.entries = Entries(self.references, self.scales)
        return self.entries.match(array)

    def near(self, array: np.ndarray) -> list[View]:
        """The views of one shape of which an array may be a multiple."""
        held = self.buckets.get(array.shape, [])
        if len(held) < 2 or array.size > LARGEST:
            return held
        if array.shape not in self.rows:
            self.rows[array.shape] = np.array([view.ravel() for _, view, *_ in held])
        return [held[k] for k in np.flatnonzero(scales_of(array.ravel(), self.rows[array.shape])[1] <= 2 * self.tolerance)]


def allowed(reference: Reference, c: float, tolerance: float) -> bool:
    """Whether a quantity may be held with a factor: adjoints with any, derivatives with a sign, values with none."""
    if reference.kind == "adjoint":
        return c != 0
    close = 10 * tolerance
    return abs(c - 1) < close or (abs(c + 1) < close and reference.kind == "derivative")


def views(reference: Reference) -> list[tuple[np.ndarray, bool, str]]:
    """The arrangements in which people store a quantity: as it is, transposed, flat, or without a bias column."""
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


class Entries:
    """All generic entries of all references, sorted: where a number or a row occurs."""

    def __init__(self, references: list[Reference], scales: tuple[float, ...]) -> None:
        self.references = references
        self.scales = scales
        values, owners, places = [], [], []
        count = 0
        for number, reference in enumerate(references):
            flat = np.ravel(reference.array).astype(float)
            keep = np.flatnonzero(is_generic(flat))
            if count + len(keep) > MOST_ENTRIES:
                continue
            count += len(keep)
            values.append(flat[keep])
            owners.append(np.full(len(keep), number))
            places.append(keep)
        self.values = np.concatenate(values) if values else np.zeros(0)
        order = np.argsort(self.values, kind="stable")
        self.values = self.values[order]
        self.owners = np.concatenate(owners)[order] if owners else np.zeros(0, int)
        self.places = np.concatenate(places)[order] if places else np.zeros(0, int)

    def match(self, array: np.ndarray) -> Match | None:
        """The reference that has this number as an entry, or this vector as a row or column."""
        flat = np.ravel(array)
        generic = np.flatnonzero(is_generic(flat))
        if not generic.size:
            return None
        first = int(generic[0])
        best: Match | None = None
        rank = 99
        for k, c in enumerate(self.scales):
            for number, place in self.at(flat[first] / c):
                reference = self.references[number]
                if c != 1 and reference.kind != "adjoint":
                    continue
                order = ORDER[reference.kind] + 4 * reference.partial + 8 * k
                note = part(reference.array, place, flat / c, first)
                if note is not None and order < rank:
                    best, rank = Match(reference, c, note=note), order
            if best is not None:
                return best
        return best

    def at(self, value: float) -> Iterable[tuple[int, int]]:
        """(owner, place) of at most twenty entries that are close to a value."""
        low, high = sorted((value * (1 - CLOSE), value * (1 + CLOSE)))
        start, end = np.searchsorted(self.values, low), np.searchsorted(self.values, high, side="right")
        return [(int(self.owners[k]), int(self.places[k])) for k in range(start, min(end, start + 20))]


def is_generic(values: np.ndarray) -> np.ndarray:
    """Numbers that are not equal to another by habit: no whole numbers, halves or quarters, no one-digit decimals."""
    with np.errstate(invalid="ignore"):
        near = np.abs(values * 40 - np.round(values * 40)) < 1e-9 * np.maximum(1, np.abs(values))
    return np.isfinite(values) & ~near


def part(array: np.ndarray, place: int, row: np.ndarray, first: int) -> str | None:
    """Which part of `array` equals `row`, knowing that its entry at `place` equals `row[first]`; None when no part does."""
    where = np.unravel_index(place, array.shape)
    if row.size == 1:
        return f"[{', '.join(str(int(k)) for k in where)}]" if array.ndim else ""
    for axis in range(array.ndim):
        if array.shape[axis] != row.size or where[axis] != first:
            continue
        at = tuple(slice(None) if k == axis else int(w) for k, w in enumerate(where))
        if np.allclose(array[at], row, rtol=1e-8, atol=1e-8 * float(np.max(np.abs(row)))):
            return f"[{', '.join(':' if k == axis else str(int(w)) for k, w in enumerate(where))}]"
    return None
