"""Why does the first layer of my network not converge?"""

import numpy as np


class MyNet:
    def __init__(self, rng):
        self.W1 = rng.normal(size=(2, 6))
        self.b1 = rng.normal(size=(1, 6))
        self.W2 = rng.normal(size=(6, 1))
        self.b2 = rng.normal(size=(1, 1))

    def predict(self, X):
        self.X = X
        self.hidden = np.tanh(X.dot(self.W1) + self.b1)
        self.out = self.hidden.dot(self.W2) + self.b2
        return self.out

    def fit(self, X, y, lr, epochs):
        for epoch in range(epochs):
            self.predict(X)
            err = self.out - y
            dW2 = self.hidden.T.dot(err)
            db2 = err.sum(axis=0, keepdims=True)
            dhid = err.dot(self.W2.T)
            dW1 = self.X.T.dot(dhid)
            db1 = dhid.sum(axis=0, keepdims=True)
            self.W1 -= lr * dW1
            self.b1 -= lr * db1
            self.W2 -= lr * dW2
            self.b2 -= lr * db2


def train(net, X, y):
    net.fit(X, y, 0.01, 20)


def loss(X, y, W1, b1, W2, b2):
    return 0.5 * np.sum((np.tanh(X @ W1 + b1) @ W2 + b2 - y) ** 2)


BIND = {"W1": "self.W1", "b1": "self.b1", "W2": "self.W2", "b2": "self.b2"}


def make(rng):
    return (MyNet(rng), rng.normal(size=(7, 2)), rng.normal(size=(7, 1))), {}


TRUTH = {
    "lines": ["dhid = err.dot(self.W2.T)"],
    "cause": {"missing_activation_derivative"},
    "wrong": {"W1", "b1"},
    "fixed": ("dhid = err.dot(self.W2.T)", "dhid = err.dot(self.W2.T) * (1 - self.hidden ** 2)"),
}
PROOF = {"run": "net.fit(X, y, 0.01, 1)", "at": {k: "net." + k for k in BIND}, "after": "W1 b1 W2 b2"}
