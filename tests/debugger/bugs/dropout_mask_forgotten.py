"""Dropout in the forward pass only; loss goes down, gradient check with a fixed mask fails for the first layer."""

import numpy as np


def train(X, Y, mask, W1, b1, W2, b2, keep_prob=0.8, alpha=0.05, iters=5):
    for it in range(iters):
        Z1 = np.dot(W1, X) + b1
        A1 = np.maximum(Z1, 0)
        A1 = A1 * mask / keep_prob
        A2 = np.dot(W2, A1) + b2
        dZ2 = (A2 - Y) / X.shape[1]
        dW2 = np.dot(dZ2, A1.T)
        db2 = np.sum(dZ2, axis=1, keepdims=True)
        dA1 = np.dot(W2.T, dZ2)
        dZ1 = dA1 * (Z1 > 0)
        dW1 = np.dot(dZ1, X.T)
        db1 = np.sum(dZ1, axis=1, keepdims=True)
        W1, b1 = W1 - alpha * dW1, b1 - alpha * db1
        W2, b2 = W2 - alpha * dW2, b2 - alpha * db2
    return W1, b1, W2, b2


def loss(X, Y, mask, W1, b1, W2, b2):
    A1 = np.maximum(W1 @ X + b1, 0) * mask / 0.8
    return 0.5 * np.sum((W2 @ A1 + b2 - Y) ** 2) / X.shape[1]


def make(rng):
    mask = (rng.permutation(30).reshape(5, 6) < 22).astype(float)
    return (
        rng.normal(size=(3, 6)),
        rng.normal(size=(2, 6)),
        mask,
        rng.normal(size=(5, 3)),
        rng.normal(size=(5, 1)),
        rng.normal(size=(2, 5)),
        rng.normal(size=(2, 1)),
    ), {}


TRUTH = {
    "lines": ["dA1 = np.dot(W2.T, dZ2)", "dZ1 = dA1 * (Z1 > 0)"],
    "cause": {"missing_factor"},
    "wrong": {"W1", "b1"},
    "fixed": ("dA1 = np.dot(W2.T, dZ2)", "dA1 = np.dot(W2.T, dZ2) * mask / keep_prob"),
}
PROOF = {"steps": "iters", "after": {"W1": "out[0]", "b1": "out[1]", "W2": "out[2]", "b2": "out[3]"}}
