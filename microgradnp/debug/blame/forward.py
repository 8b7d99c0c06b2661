"""Does the hand-written forward pass compute what the model computes?"""

from __future__ import annotations

import numpy as np

from microgradnp.debug.blame.slices import Matches
from microgradnp.debug.capture.step import Step
from microgradnp.debug.capture.tracer import Version
from microgradnp.debug.match.outputs import is_target
from microgradnp.debug.match.references import Evaluation


def forward_agrees(step: Step, evaluation: Evaluation, matches: Matches) -> bool:
    """Whether every end of the model's forward pass is held by some value of the code, or its adjoint is."""
    missing = list(evaluation.ends)
    for version in step.versions:
        match = matches.get(id(version))
        if match is None:
            continue
        if match.reference.node >= 0:  # of one sample's model too: its graph has the same nodes in the same order
            missing = [end for end in missing if match.reference.node not in end]
        if not missing:
            return True
    return not missing


def tainted(step: Step, evaluation: Evaluation) -> set[int]:
    """Ids of the versions that depend on the targets: what comes after the forward pass in the code."""
    targets = {name: np.asarray(v) for name, v in evaluation.values_given.items() if is_target(name)}
    names = {v.expression.partition("[")[0] for a, v in step.variables.items() if is_target(a)}
    found: set[int] = set()
    for version in sorted(step.tracer.versions, key=lambda v: v.time):
        if any(id(v) in found for v in version.inputs) or is_one_of(version, targets, names):
            found.add(id(version))
    return found


def is_one_of(version: Version, targets: dict[str, np.ndarray], names: set[str]) -> bool:
    if version.path.partition("[")[0] in names and not version.inputs:
        return True
    return any(version.array.shape == t.shape and np.array_equal(version.array, t) for t in targets.values())
