"""Training trouble, gradients right: every relu is dead, so only the output's bias moves."""

import numpy as np


def train(X, y, W1, b1, W2, b2, lr=0.05, epochs=20):
    for _ in range(epochs):
        Z1 = X @ W1 + b1
        A1 = np.maximum(0, Z1)
        yhat = A1 @ W2 + b2
        dyhat = 2 * (yhat - y) / y.size
        dW2 = A1.T @ dyhat
        db2 = dyhat.sum(axis=0)
        dZ1 = (dyhat @ W2.T) * (Z1 > 0)
        dW1 = X.T @ dZ1
        db1 = dZ1.sum(axis=0)
        W1 -= lr * dW1
        b1 -= lr * db1
        W2 -= lr * dW2
        b2 -= lr * db2
    return yhat


def loss(X, y, W1, b1, W2, b2):
    return np.mean((np.maximum(X @ W1 + b1, 0) @ W2 + b2 - y) ** 2)


def make(rng):
    return (rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), rng.normal(size=(3, 4)), rng.normal(size=4) - 60, rng.normal(size=(4, 2)), rng.normal(size=2)), {}


PROOF = {"steps": "epochs", "after": "b2", "zero": ["W1", "b1", "W2"]}
