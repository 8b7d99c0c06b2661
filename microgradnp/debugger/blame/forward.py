"""Does the hand-written forward pass compute what the model computes?"""

from __future__ import annotations

from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.match.matches import Matches


def forward_agrees(trace: Trace, matches: Matches) -> bool:
    """Whether every end of the model's forward pass is held by some value of the code, or its adjoint is."""
    missing = list(matches.evaluation.ends)
    for version in trace.versions:
        match = matches.of(version)
        if match is None:
            continue
        if match.reference.node >= 0:  # of one sample's model too: its graph has the same nodes in the same order
            missing = [end for end in missing if match.reference.node not in end]
        if not missing:
            return True
    return not missing
