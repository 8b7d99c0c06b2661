"""My own little framework. The first step matches PyTorch to the last digit, the second does not."""

import numpy as np


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) * 0.6
        self.b = rng.normal(size=n_out) * 0.1
        self.gW = np.zeros_like(self.W)
        self.gb = np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        self.gW += self.x.T @ g
        self.gb += g.sum(0)
        return g @ self.W.T

    def zero_grad(self):
        self.gW[:] = 0
        self.gb[:] = 0


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, g):
        return g * (1 - self.y**2)


def train(fc1, act, fc2, x, y, lr=0.02, epochs=6):
    fc1.zero_grad()
    fc2.zero_grad()
    for epoch in range(epochs):
        out = fc2.forward(act.forward(fc1.forward(x)))
        fc1.backward(act.backward(fc2.backward(out - y)))
        for layer in (fc1, fc2):
            layer.W = layer.W - lr * layer.gW
            layer.b = layer.b - lr * layer.gb


def loss(x, y, W1, b1, W2, b2):
    return 0.5 * np.sum((np.tanh(x @ W1 + b1) @ W2 + b2 - y) ** 2)


BIND = {"W1": "fc1.W", "b1": "fc1.b", "W2": "fc2.W", "b2": "fc2.b"}


def make(rng):
    return (Dense(3, 4, rng), Tanh(), Dense(4, 2, rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))), {}


TRUTH = {
    "lines": ["self.gW += self.x.T @ g", "self.gb += g.sum(0)", "fc1.zero_grad()", "fc2.zero_grad()"],
    "cause": {"gradient_accumulated_across_steps"},
    "wrong": {"W1", "b1", "W2", "b2"},
    "fixed": [("self.gW += self.x.T", "self.gW = self.x.T"), ("self.gb += g.sum(0)", "self.gb = g.sum(0)")],
}
PROOF = {"steps": "epochs", "after": "W1 b1 W2 b2", "later": 1}
