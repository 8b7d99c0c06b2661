"""The thresholds of two published tools, on the readings that the doctor takes: start, end and history.

AutoTrainer: X. Zhang, J. Zhai, S. Ma and C. Shen, "AutoTrainer: an automatic DNN training problem detection and repair system"
(2021). SageMaker Debugger: its built-in rules with their default parameters (2020).
"""

from __future__ import annotations

import numpy as np

from microgradnp.doctor.lab import Lab
from microgradnp.doctor.patient import of_fit


class Look:
    """Readings and gradients of the matrices at the start and at the end."""

    def __init__(self, fitted):
        self.patient = of_fit(fitted)
        lab = Lab(self.patient)
        with self.patient.undisturbed(), np.errstate(all="ignore"):
            self.readings = [lab.read(w) for w in (self.patient.start, self.patient.end)]
            slopes = [lab.value_and_grad(w)[1] for w in (self.patient.start, self.patient.end)]
        self.slopes = [[g for g in found.values() if g.ndim > 1] for found in slopes]
        self.history = np.array(self.patient.losses or [np.nan])
        self.failed = self.patient.failed or not np.isfinite(self.history).all()


def autotrainer(fitted, _validation):
    """Vanishing, exploding, dying relu, unstable, slow: the five problems of AutoTrainer, under the doctor's names."""
    look, found = Look(fitted), []
    h, (before, after) = look.history, look.readings
    if look.failed or any(not np.isfinite(g).all() for g in look.slopes[1]):
        found.append("exploding_gradient")
    for slopes in reversed(look.slopes):
        sizes = [float(np.linalg.norm(g)) for g in slopes]
        if len(sizes) > 1 and sizes[0] < 1e-3 * sizes[-1] and sizes[0] < 1e-4:
            found.append("vanishing_gradient")
        if len(sizes) > 1 and sizes[0] > 70 * sizes[-1]:
            found.append("exploding_gradient")
    entries = np.concatenate([g.ravel() for g in look.slopes[1]] or [np.ones(1)])
    if np.mean(entries == 0) >= 0.7:
        found.append("dead_relu")
    if len(h) > 10 and np.mean(np.abs(np.diff(h)) > 0.03 * max(h[0], 1e-12)) >= 0.2:
        found.append("learning_rate_too_high")
    slow = after.quality() < 0.6 and h[len(h) // 2] - h[-1] < 0.01 * h[0]
    if not look.failed and (after.quality() - before.quality() < 0.01 or slow):
        found.append("learning_rate_too_low")
    return list(dict.fromkeys(found))


def sagemaker(fitted, validation):
    """The built-in rules that can be asked here, under the doctor's names."""
    look, found = Look(fitted), []
    patient, h = look.patient, look.history
    x = patient.data[0]
    if x.dtype.kind == "f" and x.ndim > 1:
        features = x.reshape(-1, x.shape[-1])
        if np.abs(features.mean(0)).mean() > 0.5 or abs(features.std(0).mean() - 1) > 0.5:
            found.append("inputs_unscaled")
    if look.failed:
        found.append("exploding_gradient")
    matrices = [w for w in patient.start.values() if w.ndim > 1]
    if any(np.ptp(w) == 0 or np.allclose(w, w[:, :1]) for w in matrices if w.shape[1] > 1):
        found.append("symmetric_init")
    if any(np.abs(g).mean() < 1e-7 for slopes in look.slopes for g in slopes):
        found.append("vanishing_gradient")
    for a in look.readings[1].activations:
        if a.kind == "relu" and a.dead >= 0.5:
            found.append("dead_relu")
        if a.kind == "sigmoid" and np.mean(np.abs(a.z) > 23) > 0.5:
            found.append("saturated_units")
        if a.kind == "tanh" and np.mean(np.abs(a.z) > 9.5) > 0.5:
            found.append("saturated_units")
    ends = [w for w in patient.end.values() if w.ndim > 1]
    ratio = [
        patient.optimizer.lr * np.linalg.norm(g) / (np.linalg.norm(w) + 1e-300) for g, w in zip(look.slopes[1], ends, strict=True)
    ]
    found += ["learning_rate_too_high"] if max(ratio, default=0) > 10 else []
    found += ["learning_rate_too_low"] if max(ratio, default=1) < 1e-8 else []
    if validation is not None and not look.failed:
        lab = Lab(patient)
        with patient.undisturbed():
            own, other = lab.value(patient.end), lab.value(patient.end, tuple(validation))
        found += ["overfitting"] if (other - own) / max(other, 1e-12) > 0.1 else []
    if len(h) > 11 and not h[-10:].min() < 0.999 * h[:-10].min():
        found.append("learning_rate_too_high" if h[-1] > h[0] else "learning_rate_too_low")
    return list(dict.fromkeys(found))
