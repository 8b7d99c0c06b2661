"""Which values depend on the targets: what comes after the forward pass, and what has learned."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from microgradnp.debugger.capture.versions import Version


def tainted(versions: list[Version], names: set[str], arrays: list[np.ndarray]) -> set[int]:
    """Ids of the versions that depend on the targets.

    `names` are the variables that hold the targets, `arrays` their values.
    """
    return made_from(versions, {id(version) for version in versions if is_target(version, names, arrays)})


def made_from(versions: Iterable[Version], sources: set[int]) -> set[int]:
    """Ids of the versions that were made from some of the `sources`, and of these."""
    found = set(sources)
    for version in sorted(versions, key=lambda v: v.time):
        if any(id(v) in found for v in version.inputs):
            found.add(id(version))
    return found


def is_target(version: Version, names: set[str], arrays: list[np.ndarray]) -> bool:
    """Whether a version is one of the targets, by its name or by its value."""
    if version.path.partition("[")[0] in names and not version.inputs:
        return True
    return any(version.array.shape == t.shape and np.array_equal(version.array, t) for t in arrays)
