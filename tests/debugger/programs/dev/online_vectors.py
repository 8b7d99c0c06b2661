"""Sample by sample: the parameters move after every sample; vectors are overwritten."""

import numpy as np

import microgradnp as mg


def logistic(v):
    return 1.0 / (1.0 + np.exp(-v))


def train(X, T, V, W, lr=0.2, epochs=10):
    for epoch in range(epochs):
        for x, t in zip(X, T):
            hid = logistic(x @ V)
            out = logistic(hid @ W)
            d_out = (t - out) * out * (1 - out)
            d_hid = (W @ d_out) * hid * (1 - hid)
            W += lr * np.outer(hid, d_out)
            V += lr * np.outer(x, d_hid)


def loss(x, t, V, W):
    return 0.5 * mg.sse(mg.sigmoid(mg.sigmoid(x @ V) @ W), t)


def make(rng):
    return (rng.normal(size=(5, 4)), rng.uniform(size=(5, 3)), rng.normal(size=(4, 5)), rng.normal(size=(5, 3))), {}
