"""The cost penalises all parameters, biases too. Numeric check at the start: perfect. After training: not for b1 and b2."""

import numpy as np


def train(X, Y, p, lam=0.2, lr=0.1, n_epochs=10):
    for epoch in range(n_epochs):
        H = np.maximum(X @ p["W1"] + p["b1"], 0)
        E = (H @ p["W2"] + p["b2"] - Y) / len(X)
        g = {"W2": H.T @ E, "b2": E.sum(axis=0)}
        E = (E @ p["W2"].T) * (H > 0)
        g["W1"], g["b1"] = X.T @ E, E.sum(axis=0)
        for name in ("W1", "W2"):
            g[name] = g[name] + lam * p[name]
        for name in p:
            p[name] = p[name] - lr * g[name]
    return p


def loss(X, Y, W1, b1, W2, b2):
    fit = 0.5 * np.sum((np.maximum(X @ W1 + b1, 0) @ W2 + b2 - Y) ** 2) / len(X)
    return fit + 0.1 * (np.sum(W1**2) + np.sum(b1**2) + np.sum(W2**2) + np.sum(b2**2))


def make(rng):
    p = {"W1": rng.normal(size=(3, 5)), "b1": np.zeros(5), "W2": rng.normal(size=(5, 2)), "b2": np.zeros(2)}
    return (rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), p), {}


TRUTH = {
    "lines": [
        'for name in ("W1", "W2"):',
        'g["W1"], g["b1"] = X.T @ E, E.sum(axis=0)',
        'g = {"W2": H.T @ E, "b2": E.sum(axis=0)}',
    ],
    "cause": {"regularisation_term_wrong", "missing_term"},
    "wrong": {"b1", "b2"},
    "fixed": ('for name in ("W1", "W2"):', "for name in p:"),
}
PROOF = {"steps": "n_epochs", "at": {n: f"p['{n}']" for n in ("W1", "b1", "W2", "b2")}, "after": "W1 b1 W2 b2", "later": 1}
