"""A small class trained with Adam: the gradients are right, and the step is no multiple of them."""

import numpy as np

import microgradnp as mg


class Adam:
    def __init__(self, lr=0.01):
        self.lr, self.t, self.m, self.v = lr, 0, {}, {}

    def step(self, params, grads):
        self.t += 1
        for k in params:
            self.m[k] = 0.1 * grads[k] + 0.9 * self.m.get(k, 0)
            self.v[k] = 0.001 * grads[k] ** 2 + 0.999 * self.v.get(k, 0)
            mhat = self.m[k] / (1 - 0.9**self.t)
            vhat = self.v[k] / (1 - 0.999**self.t)
            params[k] -= self.lr * mhat / (np.sqrt(vhat) + 1e-8)


def train(x, y, params):
    adam = Adam()
    for _ in range(20):
        h = np.maximum(x @ params["W1"] + params["b1"], 0)
        err = h @ params["W2"] - y
        grads = {"W2": h.T @ err}
        back = (err @ params["W2"].T) * (h > 0)
        grads["W1"] = x.T @ back
        grads["b1"] = back.sum(axis=0)
        adam.step(params, grads)


def loss(x, y, W1, b1, W2):
    return 0.5 * mg.sse(mg.relu(x @ W1 + b1) @ W2, y)


def make(rng):
    params = {"W1": rng.normal(size=(3, 6)), "b1": rng.normal(size=6), "W2": rng.normal(size=(6, 2))}
    return (rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), params), {}
