"""The probabilities of a sample do not add up to one, but the code looks like the one of the lecture."""

import numpy as np


def softmax(s):
    exps = np.exp(s - np.max(s, axis=1, keepdims=True))
    return exps / np.sum(exps, axis=0)


class Classifier:
    def __init__(self, W_in, W_out):
        self.W_in, self.W_out = W_in, W_out

    def fit(self, x, y, lr=0.01, epochs=5):
        for _ in range(epochs):
            a = np.tanh(x @ self.W_in)
            p = softmax(a @ self.W_out)
            delta = p - y
            self.value = -np.sum(y * np.log(p))
            grad_out = a.T @ delta
            grad_in = x.T @ ((delta @ self.W_out.T) * (1 - a**2))
            self.W_out -= lr * grad_out
            self.W_in -= lr * grad_in
        return self


def train(clf, x, y):
    return clf.fit(x, y).value


def loss(x, y, W_in, W_out):
    s = np.tanh(x @ W_in) @ W_out
    return np.sum(np.log(np.sum(np.exp(s), axis=1)) - np.sum(y * s, axis=1))


BIND = {"W_in": "self.W_in", "W_out": "self.W_out"}


def make(rng):
    return (
        Classifier(rng.normal(size=(3, 4)), rng.normal(size=(4, 3))),
        rng.normal(size=(6, 3)),
        np.eye(3)[rng.permutation(np.arange(6) % 3)],
    ), {}


TRUTH = {
    "lines": ["return exps / np.sum(exps, axis=0)"],
    "cause": {"forward_differs"},
    "wrong": set(),
    "fixed": ("return exps / np.sum(exps, axis=0)", "return exps / np.sum(exps, axis=1, keepdims=True)"),
}
PROOF = {
    "run": "clf.fit(x, y, 0.01, 1)",
    "at": {"W_in": "clf.W_in", "W_out": "clf.W_out"},
    "after": "W_in W_out",
    "value": "out.value",
}
