"""Softmax classifier with a hidden layer; shapes all fit, accuracy is bad."""

import numpy as np


def train(X, y, model, reg=0.01, epsilon=0.01, num_passes=4):
    for i in range(num_passes):
        W1, b1, W2, b2 = model["W1"], model["b1"], model["W2"], model["b2"]
        z1 = X.dot(W1) + b1
        a1 = np.tanh(z1)
        exp_scores = np.exp(a1.dot(W2) + b2)
        probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
        delta3 = probs
        delta3[range(len(X)), y] -= 1
        dW2 = (a1.T).dot(delta3)
        db2 = np.sum(delta3, axis=0, keepdims=True)
        delta2 = delta3.dot(W2.T) * (1 - np.power(a1, 2))
        dW1 = np.dot(X.T, delta2)
        db1 = np.sum(delta2)
        dW2 += reg * W2
        dW1 += reg * W1
        model["W1"] = W1 - epsilon * dW1
        model["b1"] = b1 - epsilon * db1
        model["W2"] = W2 - epsilon * dW2
        model["b2"] = b2 - epsilon * db2
    return model


def loss(X, y, W1, b1, W2, b2):
    s = np.tanh(X @ W1 + b1) @ W2 + b2
    ce = np.sum(np.log(np.sum(np.exp(s), axis=1)) - s[np.arange(len(y)), y])
    return ce + 0.005 * (np.sum(W1**2) + np.sum(W2**2))


def make(rng):
    model = {
        "W1": rng.normal(size=(2, 4)),
        "b1": rng.normal(size=(1, 4)),
        "W2": rng.normal(size=(4, 3)),
        "b2": rng.normal(size=(1, 3)),
    }
    return (rng.normal(size=(8, 2)), rng.permutation(np.arange(8) % 3), model), {}


TRUTH = {
    "lines": ["db1 = np.sum(delta2)"],
    "cause": {"bias_gradient_reduction"},
    "wrong": {"b1"},
    "fixed": ("db1 = np.sum(delta2)", "db1 = np.sum(delta2, axis=0, keepdims=True)"),
}
PROOF = {"steps": "num_passes", "at": {n: f"model['{n}']" for n in ("W1", "b1", "W2", "b2")}, "after": "W1 b1 W2 b2"}
