"""I replaced relu by elu in my layer classes and now it learns slower than before, is my derivative wrong?"""

import numpy as np


class ELU:
    def forward(self, z):
        self.z = z
        self.out = np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)
        return self.out

    def backward(self, g):
        return g * np.where(self.z > 0, 1, self.out)


class Affine:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias

    def forward(self, a):
        self.a = a
        return a @ self.weight + self.bias

    def backward(self, g):
        self.dweight = self.a.T @ g
        self.dbias = np.sum(g, axis=0)
        return g @ self.weight.T


def train(stack, data, target, lr=0.02, n_iter=4):
    for it in range(n_iter):
        a = data
        for part in stack:
            a = part.forward(a)
        g = (a - target) / len(data)
        for part in reversed(stack):
            g = part.backward(g)
        for part in stack:
            if isinstance(part, Affine):
                part.weight -= lr * part.dweight
                part.bias -= lr * part.dbias


def loss(data, target, W1, b1, W2, b2, W3, b3):
    def elu(v):
        return np.where(v > 0, v, np.exp(np.minimum(v, 0)) - 1)

    return 0.5 * np.sum((elu(elu(data @ W1 + b1) @ W2 + b2) @ W3 + b3 - target) ** 2) / len(data)


BIND = {f"{short}{k + 1}": f"stack[{2 * k}].{name}" for k in range(3) for short, name in (("W", "weight"), ("b", "bias"))}


def make(rng):
    stack = []
    for s in ((3, 5), (5, 4), (4, 2)):
        stack += [Affine(rng.normal(size=s), rng.normal(size=s[1])), ELU()]
    return (stack[:-1], rng.normal(size=(7, 3)), rng.normal(size=(7, 2))), {}


TRUTH = {
    "lines": ["return g * np.where(self.z > 0, 1, self.out)"],
    "cause": {"wrong_activation_derivative"},
    "wrong": {"W1", "b1", "W2", "b2"},
    "fixed": ("np.where(self.z > 0, 1, self.out)", "np.where(self.z > 0, 1, self.out + 1)"),
}
PROOF = {"steps": "n_iter", "after": "W1 b1 W2 b2 W3 b3"}
