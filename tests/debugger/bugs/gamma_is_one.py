"""Batch norm whose gamma starts at one. The check passes with fresh parameters and fails after an epoch."""

import numpy as np


class BatchNorm:
    def __init__(self, d):
        self.gamma = np.ones(d)
        self.beta = np.zeros(d)

    def forward(self, x):
        self.mu = x.mean(axis=0)
        self.ivar = 1 / np.sqrt(x.var(axis=0) + 1e-5)
        self.xhat = (x - self.mu) * self.ivar
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        n = len(dout)
        self.dgamma = (dout * self.xhat).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        dxhat = dout
        return self.ivar / n * (n * dxhat - dxhat.sum(axis=0) - self.xhat * (dxhat * self.xhat).sum(axis=0))


class Model:
    def __init__(self, rng):
        self.U = rng.normal(size=(3, 4))
        self.bn = BatchNorm(4)
        self.V = rng.normal(size=(4, 2))

    def step(self, x, y, lr):
        z = x @ self.U
        h = np.tanh(self.bn.forward(z))
        d = (h @ self.V - y) / len(x)
        dV = h.T @ d
        dU = x.T @ self.bn.backward(d @ self.V.T * (1 - h * h))
        self.U -= lr * dU
        self.V -= lr * dV
        self.bn.gamma -= lr * self.bn.dgamma
        self.bn.beta -= lr * self.bn.dbeta


def train(model, x, y, steps=6):
    for _ in range(steps):
        model.step(x, y, 0.2)


def loss(x, y, U, gamma, beta, V):
    z = x @ U
    c = z - np.mean(z, axis=0)
    h = np.tanh(gamma * c / np.sqrt(np.mean(c**2, axis=0) + 1e-5) + beta)
    return 0.5 * np.sum((h @ V - y) ** 2) / len(x)


BIND = {"U": "model.U", "gamma": "model.bn.gamma", "beta": "model.bn.beta", "V": "model.V"}


def make(rng):
    return (Model(rng), rng.normal(size=(7, 3)), rng.normal(size=(7, 2))), {}


TRUTH = {
    "lines": ["dxhat = dout"],
    "cause": {"missing_factor"},
    "wrong": {"U"},
    "fixed": ("dxhat = dout\n", "dxhat = dout * self.gamma\n"),
}
PROOF = {"steps": "steps", "after": "U gamma beta V", "later": 1}
