"""A class whose step has momentum: the first update is a plain step."""

import numpy as np

import microgradnp as mg


class Model:
    def __init__(self, rng):
        self.p = {"W1": rng.normal(size=(3, 4)), "W2": rng.normal(size=(4, 2))}
        self.v = {k: np.zeros_like(w) for k, w in self.p.items()}

    def step(self, x, y, lr=0.1, mu=0.9):
        h = np.tanh(x @ self.p["W1"])
        r = h @ self.p["W2"] - y
        dW2 = h.T @ r
        dh = r @ self.p["W2"].T
        dW1 = x.T @ (dh * (1 - h**2))
        for k, g in (("W1", dW1), ("W2", dW2)):
            self.v[k] = mu * self.v[k] - lr * g
            self.p[k] += self.v[k]


def train(model, x, y):
    for _ in range(30):
        model.step(x, y)


def loss(x, y, W1, W2):
    return 0.5 * mg.sse(np.tanh(x @ W1) @ W2, y)


BIND = {"W1": "model.p['W1']", "W2": "model.p['W2']"}  # `model.v` has the same keys


def make(rng):
    return (Model(rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))), {}
