"""Convention: the model has the plain squared error, the code has no factor of two anywhere."""

import numpy as np


def train(x, y, w_ih, w_ho, lr=0.01, epochs=12):
    for _ in range(epochs):
        hidden = np.sin(x.dot(w_ih))
        out = hidden.dot(w_ho)
        delta = out - y
        grad_ho = hidden.T.dot(delta)
        grad_ih = x.T.dot(delta.dot(w_ho.T) * np.cos(x.dot(w_ih)))
        w_ho -= lr * grad_ho
        w_ih -= lr * grad_ih


def loss(x, y, w_ih, w_ho):
    return np.sum((np.sin(x @ w_ih) @ w_ho - y) ** 2)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((6, 3), (6, 2), (3, 4), (4, 2))), {}


PROOF = {"steps": "epochs", "after": "w_ih w_ho"}
