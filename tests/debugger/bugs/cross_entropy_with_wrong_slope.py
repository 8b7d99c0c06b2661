"""Two labels that may both hold: binary cross-entropy, sigmoid outputs. From the derivative of the cost to the last layer in one line."""

import numpy as np


def sigma(x):
    return 1.0 / (1.0 + np.exp(-x))


def train(X, y, W1, b1, W2, b2, lr=0.1, epochs=5):
    n = X.shape[0]
    for e in range(epochs):
        Z1 = X @ W1 + b1
        A1 = np.maximum(Z1, 0)
        P = sigma(A1 @ W2 + b2)
        dP = (P - y) / n
        dZ2 = dP * P * (1 - P)
        dW2, db2 = A1.T @ dZ2, dZ2.sum(0)
        dZ1 = dZ2 @ W2.T * (Z1 > 0)
        dW1, db1 = X.T @ dZ1, dZ1.sum(0)
        W1, b1 = W1 - lr * dW1, b1 - lr * db1
        W2, b2 = W2 - lr * dW2, b2 - lr * db2
    return W1, b1, W2, b2


def loss(X, y, W1, b1, W2, b2):
    P = 1 / (1 + np.exp(-(np.maximum(X @ W1 + b1, 0) @ W2 + b2)))
    return -np.mean(y * np.log(P) + (1 - y) * np.log(1 - P))


def make(rng):
    y = rng.permutation(np.arange(16) % 2).reshape(8, 2).astype(float)
    return (
        rng.normal(size=(8, 3)),
        y,
        rng.normal(size=(3, 5)),
        rng.normal(size=5),
        rng.normal(size=(5, 2)),
        rng.normal(size=2),
    ), {}


TRUTH = {
    "lines": ["dP = (P - y) / n", "dZ2 = dP * P * (1 - P)"],
    "cause": {"loss_derivative_wrong", "extra_factor", "wrong_activation_derivative"},
    "wrong": {"W1", "b1", "W2", "b2"},
    "fixed": ("dP = (P - y) / n", "dP = (P - y) / (P * (1 - P)) / n"),
}
PROOF = {"steps": "epochs", "after": {"W1": "out[0]", "b1": "out[1]", "W2": "out[2]", "b2": "out[3]"}}
