"""Weight normalisation (a direction and a length for every unit) with a learned slope for negatives; column vectors, RMSprop."""

import numpy as np


class NormalisedDense:
    """w = g * v / |v|, one row a unit"""

    def __init__(self, V, g, bias):
        self.V, self.g, self.bias = V, g, bias

    def __call__(self, x):
        self.x = x
        self.length = np.sqrt(np.sum(self.V**2, axis=1, keepdims=True))
        self.unit = self.V / self.length
        self.W = self.g * self.unit
        return self.W @ x + self.bias

    def pull(self, up):
        dW = up @ self.x.T
        self.d_bias = up.sum(axis=1, keepdims=True)
        self.d_g = np.sum(dW * self.unit, axis=1, keepdims=True)
        self.d_V = self.g / self.length * dW - self.g * self.d_g / self.length * self.unit
        return self.W.T @ up


class PReLU:
    def __init__(self, slope):
        self.slope = slope

    def __call__(self, x):
        self.x = x
        return np.maximum(x, 0) + self.slope * np.minimum(x, 0)

    def pull(self, up):
        self.d_slope = np.sum(up * np.minimum(self.x, 0), axis=1, keepdims=True)
        return np.where(self.x > 0, up, self.slope * up)


def rms(value, grad, memory, key, lr):
    memory[key] = 0.9 * memory.get(key, np.zeros_like(grad)) + 0.1 * grad**2
    return value - lr * grad / np.sqrt(memory[key] + 1e-8)


def train(first, bend, second, X, T, lr=0.01, n_epoch=4):
    memory = {}
    for _ in range(n_epoch):
        Y = second(bend(first(X)))
        first.pull(bend.pull(second.pull(2 * (Y - T) / T.size)))
        for tag, layer in (("first", first), ("second", second)):
            for name in ("V", "g", "bias"):
                setattr(layer, name, rms(getattr(layer, name), getattr(layer, "d_" + name), memory, tag + name, lr))
        bend.slope = rms(bend.slope, bend.d_slope, memory, "slope", lr)


def loss(X, T, V1, g1, c1, slope, V2, g2, c2):
    a = (g1 * V1 / np.linalg.norm(V1, axis=1, keepdims=True)) @ X + c1
    a = np.where(a > 0, a, slope * a)
    Y = (g2 * V2 / np.sqrt(np.sum(V2 * V2, axis=1, keepdims=True))) @ a + c2
    return np.mean((Y - T) ** 2)


BIND = {"V1": "first.V", "g1": "first.g", "c1": "first.bias", "slope": "bend.slope"}
BIND |= {"V2": "second.V", "g2": "second.g", "c2": "second.bias"}


def make(rng):
    first = NormalisedDense(rng.normal(size=(5, 3)), rng.uniform(0.5, 2, size=(5, 1)), rng.normal(size=(5, 1)))
    second = NormalisedDense(rng.normal(size=(2, 5)), rng.uniform(0.5, 2, size=(2, 1)), rng.normal(size=(2, 1)))
    return (first, PReLU(rng.uniform(0.1, 0.4, size=(5, 1))), second, rng.normal(size=(3, 7)), rng.normal(size=(2, 7))), {}


PROOF = {
    "steps": "n_epoch",
    "gradient": {
        "V1": "first.d_V",
        "g1": "first.d_g",
        "c1": "first.d_bias",
        "slope": "bend.d_slope",
        "V2": "second.d_V",
        "g2": "second.d_g",
        "c2": "second.d_bias",
    },
}
