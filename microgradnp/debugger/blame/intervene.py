"""Prove what a value should have been: write the right one into it while the code runs, and see which gradients turn right.

The proof does not ask how the value was made. So it names the first wrong value even where no edit of one line mends it, and
the next independent fault can be found behind this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from microgradnp.debugger.capture.versions import Version
from microgradnp.debugger.capture.writes import Writes
from microgradnp.debugger.match.matches import Matches
from microgradnp.debugger.match.references import Reference

MOST_REFERENCES = {"adjoint": 3, "value": 5, "derivative": 5}


@dataclass(eq=False)
class Proof:
    """With `reference` (times `scale`) in the place of `version`, the gradients in `mends` are right."""

    version: Version
    reference: Reference
    scale: float
    transposed: bool
    mends: set[str]
    writes: Writes

    @property
    def expected(self) -> str:
        """The right value in words: what it is, its factor, its shape."""
        factor = "" if f"{self.scale:.4g}" == "1" else f" x {self.scale:.4g}"
        shape = "x".join(str(n) for n in self.reference.array.shape)
        return f"{self.reference.text}{'.T' if self.transposed else ''}{factor} ({shape})"


class Candidate(NamedTuple):
    """A quantity of the model that a value may have been meant to be."""

    reference: Reference
    transposed: bool

    @property
    def array(self) -> np.ndarray:
        """The quantity in the layout of the value."""
        array = np.squeeze(self.reference.array)
        return array.T if self.transposed else array


def candidates(version: Version, matches: Matches, kinds: set[str]) -> list[Candidate]:
    """Quantities of the model that no value of the code equals, and that this one could be; the most similar first."""
    held = {id(m.reference) for m in matches.found.values() if m is not None and not m.note}
    array = np.squeeze(np.asarray(version.array, float))
    most = max(MOST_REFERENCES[kind] for kind in kinds)
    found: list[tuple[float, int, Reference, bool]] = []
    for number, reference in enumerate(matches.index.references):
        if reference.kind not in kinds or id(reference) in held or not np.any(reference.array):
            continue
        target = np.squeeze(reference.array)
        for transposed, view in ((False, target), (True, target.T)):
            if view.shape != array.shape or (
                transposed and (view.ndim < 2 or (view.shape == target.shape and found and found[-1][2] is reference))
            ):
                continue
            found.append((-similarity(array, view) + reference.partial, number, reference, transposed))
    return [Candidate(reference, transposed) for _, _, reference, transposed in sorted(found, key=lambda f: f[:2])[:most]]


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """|cosine| of the angle between two arrays; 0 when one is zero or not finite."""
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return abs(float(np.vdot(a, b))) / norms if norms and np.isfinite(norms) else 0.0
