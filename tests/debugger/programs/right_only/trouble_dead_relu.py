"""Training trouble, gradients right: a bias of -40 has killed three of the five hidden relus, and the rest learns."""

import numpy as np


class Net:
    def __init__(self, rng):
        self.W1 = rng.normal(size=(3, 5))
        self.b1 = np.array([-40.0, 0.5, -40.0, 0.8, -40.0])
        self.W2 = rng.normal(size=(5, 2))
        self.b2 = rng.normal(size=2)

    def train_step(self, X, y, lr):
        z = X.dot(self.W1) + self.b1
        a = np.maximum(z, 0)
        out = a.dot(self.W2) + self.b2
        grad_out = (out - y) / len(X)
        grad_W2 = a.T.dot(grad_out)
        grad_b2 = grad_out.sum(axis=0)
        grad_a = grad_out.dot(self.W2.T)
        grad_a[z < 0] = 0
        grad_W1 = X.T.dot(grad_a)
        grad_b1 = grad_a.sum(axis=0)
        self.W1 -= lr * grad_W1
        self.b1 -= lr * grad_b1
        self.W2 -= lr * grad_W2
        self.b2 -= lr * grad_b2


def train(net, X, y, n_iter=40):
    for i in range(n_iter):
        net.train_step(X, y, 0.1)


def loss(X, y, W1, b1, W2, b2):
    out = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    return 0.5 * np.sum((out - y) ** 2) / len(X)


def make(rng):
    return (Net(rng), rng.normal(size=(8, 3)), rng.normal(size=(8, 2))), {}


PROOF = {"steps": "n_iter", "at": {k: "net." + k for k in ("W1", "b1", "W2", "b2")}, "after": "W1 b1 W2 b2"}
