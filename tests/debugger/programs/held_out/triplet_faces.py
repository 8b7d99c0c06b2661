"""A triplet loss: one encoder for anchor, positive and negative, distances squared, gradients gathered over the three."""

import numpy as np


def encode(pictures, enc):
    inner = np.tanh(pictures @ enc["A"] + enc["a"])
    return inner, inner @ enc["B"]


def encoder_grads(pictures, inner, dcode, enc):
    dinner = (dcode @ enc["B"].T) * (1 - inner**2)
    return {"A": pictures.T @ dinner, "a": dinner.sum(axis=0), "B": inner.T @ dcode}


def triplet_step(enc, anchor, positive, negative, margin):
    ia, ea = encode(anchor, enc)
    ip, ep = encode(positive, enc)
    in_, en = encode(negative, enc)
    d_pos = ((ea - ep) ** 2).sum(axis=1)
    d_neg = ((ea - en) ** 2).sum(axis=1)
    violated = (d_pos - d_neg + margin > 0).astype(float)[:, None]
    n = len(anchor)
    dea = violated * 2 * ((ea - ep) - (ea - en)) / n
    dep = violated * 2 * (ep - ea) / n
    den = violated * 2 * (ea - en) / n
    total = {k: np.zeros_like(v) for k, v in enc.items()}
    for pictures, inner, dcode in ((anchor, ia, dea), (positive, ip, dep), (negative, in_, den)):
        for k, g in encoder_grads(pictures, inner, dcode, enc).items():
            total[k] += g
    return total


def train(enc, anchor, positive, negative, margin=0.8, lr=0.02, sweeps=6):
    for _ in range(sweeps):
        grads = triplet_step(enc, anchor, positive, negative, margin)
        for k in enc:
            enc[k] = enc[k] - lr * grads[k]
    return enc


def loss(anchor, positive, negative, A, a, B):
    def code(p):
        return np.tanh(p @ A + a) @ B

    near = np.sum((code(anchor) - code(positive)) ** 2, axis=1)
    far = np.sum((code(anchor) - code(negative)) ** 2, axis=1)
    return np.mean(np.maximum(near - far + 0.8, 0))


def make(rng):
    enc = {"A": rng.normal(size=(4, 5)) * 0.6, "a": rng.normal(size=5) * 0.3, "B": rng.normal(size=(5, 2))}
    return (enc, *(rng.normal(size=(7, 4)) for _ in range(3))), {}


PROOF = {"steps": "sweeps", "at": {k: f"enc['{k}']" for k in ("A", "a", "B")}, "after": "A a B"}
