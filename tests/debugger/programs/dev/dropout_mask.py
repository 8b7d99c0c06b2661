"""Dropout with its mask drawn inside, relu, squared error."""

import numpy as np

import microgradnp as mg


def train(x, y, W1, W2, lr=0.05, keep=0.5, epochs=20):
    for _ in range(epochs):
        hidden = np.maximum(0, x @ W1)
        mask = (np.random.rand(*hidden.shape) < keep) / keep
        dropped = hidden * mask
        pred = dropped @ W2
        error = pred - y
        gW2 = dropped.T @ error
        back = error @ W2.T
        back = back * mask
        back = back * (hidden > 0)
        gW1 = x.T @ back
        W1 -= lr * gW1
        W2 -= lr * gW2


def loss(x, y, W1, W2, mask):
    return 0.5 * mg.sse((mg.relu(x @ W1) * mask) @ W2, y)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((6, 4), (6, 2), (4, 8), (8, 2))), {}
