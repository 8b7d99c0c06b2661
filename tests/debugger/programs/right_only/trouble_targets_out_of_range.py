"""Training trouble, gradients right: a sigmoid is asked for targets between 2 and 9."""

import numpy as np


def train(x, t, W, c, v, d, eta=0.3, epochs=10):
    for epoch in range(epochs):
        for n in range(len(x)):
            h = np.tanh(W @ x[n] + c)
            y = 1 / (1 + np.exp(-(v @ h + d)))
            e = (y - t[n]) * y * (1 - y)
            dv, dd = e * h, e
            dc = e * v * (1 - h**2)
            dW = np.outer(dc, x[n])
            v = v - eta * dv
            d = d - eta * dd
            c = c - eta * dc
            W = W - eta * dW
    return W, c, v, d


def loss(x, t, W, c, v, d):
    y = 1 / (1 + np.exp(-(np.tanh(x @ W.T + c) @ v + d)))
    return 0.5 * np.sum((y - t) ** 2)


BIND = {"x": "x[n : n + 1]", "t": "t[n : n + 1]"}  # one sample is a step


def make(rng):
    return (rng.normal(size=(5, 3)), rng.uniform(2, 9, size=5), rng.normal(size=(4, 3)), rng.normal(size=4), rng.normal(size=4), 0.3), {}


PROOF = {
    "with": {"x": "x[:1]", "t": "t[:1]", "epochs": "1"},
    "at": {"x": "x[:1]", "t": "t[:1]"},
    "after": {"W": "out[0]", "c": "out[1]", "v": "out[2]", "d": "out[3]"},
}
