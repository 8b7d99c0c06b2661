"""Three layers of ten, written by copy and paste; the middle one never improves."""

import numpy as np


def relu(v):
    return np.maximum(v, 0)


def train(x, target, w1, w2, w3):
    s1 = x @ w1
    h1 = relu(s1)
    s2 = h1 @ w2
    h2 = relu(s2)
    prediction = h2 @ w3
    error = prediction - target
    delta3 = error
    delta2 = (delta3 @ w3.T) * (s2 > 0)
    delta1 = (delta2 @ w2.T) * (s1 > 0)
    grad_w3 = h2.T @ delta3
    grad_w2 = h1.T @ delta1
    grad_w1 = x.T @ delta1
    return grad_w1, grad_w2, grad_w3


def loss(x, target, w1, w2, w3):
    h = np.maximum(np.maximum(x @ w1, 0) @ w2, 0)
    return 0.5 * np.sum((h @ w3 - target) ** 2)


def make(rng):
    return (
        rng.normal(size=(8, 3)),
        rng.normal(size=(8, 2)),
        rng.normal(size=(3, 10)),
        rng.normal(size=(10, 10)) / 2,
        rng.normal(size=(10, 2)),
    ), {}


TRUTH = {
    "lines": ["grad_w2 = h1.T @ delta1"],
    "cause": {"wrong_variable"},
    "wrong": {"w2"},
    "fixed": ("grad_w2 = h1.T @ delta1", "grad_w2 = h1.T @ delta2"),
}
PROOF = {"gradient": {"w1": "out[0]", "w2": "out[1]", "w3": "out[2]"}}
