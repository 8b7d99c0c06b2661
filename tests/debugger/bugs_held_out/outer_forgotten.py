"""Online learning with vectors; no error message, but the second matrix gets the same step in every row."""

import numpy as np


def train(xs, ts, V, p, W, q, U, eta=0.02, laps=1):
    for lap in range(laps):
        for x, t in zip(xs, ts):
            n1 = V @ x + p
            y1 = np.log1p(np.exp(n1))
            n2 = W @ y1 + q
            y2 = np.log1p(np.exp(n2))
            out = U @ y2
            r = out - t
            r2 = (U.T @ r) / (1 + np.exp(-n2))
            r1 = (W.T @ r2) / (1 + np.exp(-n1))
            U = U - eta * np.outer(r, y2)
            W = W - eta * r2 * y1
            q = q - eta * r2
            V = V - eta * np.outer(r1, x)
            p = p - eta * r1
    return V, p, W, q, U


def loss(x, t, V, p, W, q, U):
    return 0.5 * np.sum((U @ np.log(1 + np.exp(W @ np.log(1 + np.exp(V @ x + p)) + q)) - t) ** 2)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((3, 3), (3, 2), (4, 3), (4,), (4, 4), (4,), (2, 4))), {}


TRUTH = {
    "lines": ["W = W - eta * r2 * y1"],
    "cause": {"matmul_vs_elementwise"},
    "wrong": {"W"},
    "fixed": ("W = W - eta * r2 * y1", "W = W - eta * np.outer(r2, y1)"),
}
PROOF = {
    "with": {"xs": "xs[:1]", "ts": "ts[:1]"},
    "at": {"x": "xs[0]", "t": "ts[0]"},
    "after": {name: f"out[{k}]" for k, name in enumerate("VpWqU")},
}
