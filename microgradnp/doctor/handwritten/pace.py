"""How the rate of a hand-written descent changes from step to step: by a limit for the gradient's norm, or by a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from microgradnp.doctor.patient import Array, Weights
from microgradnp.training.steps import Changes

ALIKE = 1e-5  # relative difference of products that are one number; a limit is often divided by norm + 1e-6


class Pace(NamedTuple):
    """The largest rate, what changes it, and the rate at the end, where a schedule made it."""

    lr: float
    changes: Changes
    at_end: float | None
    length: float | None = None  # of every step, where all were limited: then the rate itself is not known


def pace_of(steps: Sequence[int], weights: Sequence[Weights], slopes: Sequence[Weights]) -> Pace | None:
    """The pace of a descent, from the steps that were kept and the true gradients there. None where its rate is constant.

    Between steps that are not neighbours the rate is an estimate: all movement along the first gradient.
    """
    known, rates, norms = [], [], []
    for k in range(len(steps) - 1):
        g, apart = joined(slopes[k]), steps[k + 1] - steps[k]
        d = joined({name: weights[k + 1][name] - w for name, w in weights[k].items()})
        if apart > 0 and np.isfinite(g).all() and g @ g > 0:
            known.append(steps[k])
            rates.append(float(-d @ g / (g @ g)) / apart)
            norms.append(float(np.linalg.norm(g)))
    near = [k for k in range(len(known) - 1) if known[k + 1] == known[k] + 1]
    if len(near) < 3:
        return None
    r, n = np.array(rates), np.array(norms)
    lr = float(r[near].max())
    slower = [k for k in near if r[k] < lr * (1 - ALIKE)]
    if not slower or not r[near].min() > 0:
        return None
    lengths = r[near] * n[near]
    longest = float(lengths.max())
    if len(slower) > 1 and np.allclose(r[slower] * n[slower], longest, rtol=ALIKE):
        same = longest if lengths.min() > longest * (1 - ALIKE) else None
        return Pace(lr, Changes(clip_norm=longest / lr), None, same)
    rates = [max(rate, 0.0) for rate in rates]
    return Pace(lr, Changes(schedule=lambda step: float(np.interp(step, known, rates))), rates[-1])


def joined(arrays: Weights) -> Array:
    """All entries, one after the other."""
    return np.concatenate([np.ravel(a) for a in arrays.values()])
