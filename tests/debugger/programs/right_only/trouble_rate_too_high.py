"""Training trouble, gradients right: the cost goes up and down because the rate is 8."""

import numpy as np


def train(x, y, w1, b1, w2, b2, epochs=30):
    lr = 8.0
    costs = []
    for e in range(epochs):
        h = 1 / (1 + np.exp(-(x @ w1 + b1)))
        o = 1 / (1 + np.exp(-(h @ w2 + b2)))
        costs.append(((o - y) ** 2).mean())
        do = (o - y) * o * (1 - o)
        dh = do @ w2.T * h * (1 - h)
        w2 -= lr * h.T @ do
        b2 -= lr * do.sum(0)
        w1 -= lr * x.T @ dh
        b1 -= lr * dh.sum(0)
    return costs


def loss(x, y, w1, b1, w2, b2):
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(h @ w2 + b2))) - y) ** 2)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((6, 3), (6, 2), (3, 4), 4, (4, 2), 2)), {}


PROOF = {"steps": "epochs", "after": "w1 b1 w2 b2"}
