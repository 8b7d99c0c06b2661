"""Convention: the model's cost is a sum over the batch, the code divides by the batch size in every gradient."""

import numpy as np


def backprop(X, y, W1, b1, W2, b2):
    m = X.shape[0]
    Z1 = X.dot(W1) + b1
    A1 = np.maximum(Z1, 0)
    A2 = 1 / (1 + np.exp(-(A1.dot(W2) + b2)))
    dZ2 = A2 - y
    dW2 = (1 / m) * A1.T.dot(dZ2)
    db2 = (1 / m) * dZ2.sum(axis=0, keepdims=True)
    dZ1 = dZ2.dot(W2.T) * (Z1 > 0)
    dW1 = (1 / m) * X.T.dot(dZ1)
    db1 = (1 / m) * dZ1.sum(axis=0, keepdims=True)
    return dW1, db1, dW2, db2


def train(X, y, W1, b1, W2, b2):
    return backprop(X, y, W1, b1, W2, b2)


def loss(X, y, W1, b1, W2, b2):
    p = 1 / (1 + np.exp(-(np.maximum(X @ W1 + b1, 0) @ W2 + b2)))
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))


def make(rng):
    y = rng.permutation(np.arange(9) % 2).reshape(9, 1).astype(float)
    return (rng.normal(size=(9, 3)), y, rng.normal(size=(3, 5)), rng.normal(size=(1, 5)), rng.normal(size=(5, 1)), rng.normal(size=(1, 1))), {}


PROOF = {"gradient": {"W1": "out[0]", "b1": "out[1]", "W2": "out[2]", "b2": "out[3]"}}
