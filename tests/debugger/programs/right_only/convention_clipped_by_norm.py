"""Convention: all gradients are scaled down together when their common norm is above one."""

import numpy as np


def train(x, y, w, u, lr=0.1, max_norm=1.0, epochs=6):
    for _ in range(epochs):
        h = np.tanh(x @ w)
        e = h @ u - y
        gu = h.T @ e
        gw = x.T @ ((e @ u.T) * (1 - h**2))
        norm = np.sqrt((gu**2).sum() + (gw**2).sum())
        if norm > max_norm:
            gu = gu * (max_norm / norm)
            gw = gw * (max_norm / norm)
        u -= lr * gu
        w -= lr * gw


def loss(x, y, w, u):
    return 0.5 * np.sum((np.tanh(x @ w) @ u - y) ** 2)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((6, 3), (6, 2), (3, 4), (4, 2))), {}


PROOF = {"steps": "epochs", "after": "w u"}
