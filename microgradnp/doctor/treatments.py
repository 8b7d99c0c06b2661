"""Changes to a start that may help: weights drawn anew, and weights scaled so that every layer has unit spread."""

from __future__ import annotations

import numpy as np

from microgradnp.core.graph import parents
from microgradnp.doctor.lab import Lab
from microgradnp.doctor.patient import Patient, Weights


def redrawn(start: Weights, gain: float = 1.0, seed: int = 0) -> Weights:
    """Weights of Glorot's variance, biases of 0. A square recurrent matrix becomes orthogonal. Gains of norms stay 1.

    X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010); with `gain` the
    square root of 2 it is K. He et al., "Delving deep into rectifiers" (2015).
    """
    random = np.random.default_rng(seed)
    found = {}
    for name, w in start.items():
        if w.ndim < 2:
            keeps = w.size > 0 and np.all(w == 1)
            found[name] = w.copy() if keeps else np.zeros_like(w)
        elif w.ndim == 2 and w.shape[0] == w.shape[1] and is_recurrent(name):
            found[name] = np.linalg.qr(random.normal(size=w.shape))[0].astype(w.dtype)
        else:
            rest = int(np.prod(w.shape[2:]))
            fans = w.shape[0] * rest + w.shape[1] * rest
            found[name] = (gain * random.normal(size=w.shape) * np.sqrt(2 / fans)).astype(w.dtype)
    return found


def is_recurrent(name: str) -> bool:
    """Whether a matrix is called as those from state to state are."""
    short = name.rpartition(".")[2].lower()
    return short in ("u", "wh", "whh", "w_hh", "w_h", "w_rec", "wrec", "recurrent") or short.endswith("hh")


def scaled_to_data(lab: Lab, weights: Weights) -> Weights:
    """Weights with which each product has unit spread: D. Mishkin and J. Matas, "All you need is a good init" (2016)."""
    patient: Patient = lab.patient
    weights = {name: w.copy() for name, w in weights.items()}
    names = {id(p): name for name, p in patient.parameters.items()}
    done: set[str] = set()
    for _ in range(len(weights)):
        reading = lab.read(weights)
        products: dict[str, list[np.ndarray]] = {}
        for node in reading.nodes:
            if node.rule is not None and node.rule.name in ("matmul", "dot"):
                for p in parents(node):
                    if id(p) in names and p.ndim == 2 and names[id(p)] not in done:
                        products.setdefault(names[id(p)], []).append(np.asarray(node._array))
        if not products:
            break
        name, values = next(iter(products.items()))
        done.add(name)
        spread = np.mean([v.reshape(-1, v.shape[-1]).std(0) for v in values], 0)
        if weights[name].shape[-1] == spread.size and np.isfinite(spread).all():
            weights[name] = weights[name] / np.clip(spread, 1e-6, None)
    return weights
