"""Questions that the names of causes ask: what is this value in the model, and where in the step was it computed?"""

from __future__ import annotations

import numpy as np

from microgradnp.debugger.capture.trace import Trace
from microgradnp.debugger.match.references import Reference


def is_weight(reference: Reference) -> bool:
    """Whether a quantity is the value of an argument of the model."""
    return reference.kind == "value" and reference.argument is not None


def is_gradient(reference: Reference) -> bool:
    """Whether a quantity is the gradient of an argument, or the argument after its update."""
    return reference.kind == "update" or (reference.kind == "adjoint" and reference.argument is not None)


def is_adjoint(array: np.ndarray, references: list[Reference]) -> bool:
    """Whether an array holds the gradient of a value of the model, number by number."""
    if array.dtype.kind != "f" or array.size < 2 or not np.ptp(array):
        return False
    known = [r.array for r in references if r.kind == "adjoint" and not r.partial and r.array.shape == array.shape]
    return any(np.allclose(array, one, rtol=1e-9, atol=0) for one in known)


def is_forward(line: int, trace: Trace) -> bool:
    """Whether a line belongs to the forward pass: nothing that it wrote, or that was written before, depends on the targets."""
    written = [v for v in trace.versions if line == v.line or line in v.lines]
    first_tainted = min((v.time for v in trace.versions if id(v) in trace.tainted and v.line), default=np.inf)
    return bool(written) and written[0].time < first_tainted and not any(id(v) in trace.tainted for v in written)
