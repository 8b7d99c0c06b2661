"""Batch norm between two dense layers, step by step as in a blog; everything above it checks out, W_low does not."""

import numpy as np


class BatchNorm1d:
    def __init__(self, stretch, lift, eps=1e-3):
        self.stretch, self.lift, self.eps = stretch, lift, eps

    def forward(self, u):
        self.mean = u.mean(axis=0)
        self.centred = u - self.mean
        self.var = (self.centred**2).mean(axis=0)
        self.std = np.sqrt(self.var + self.eps)
        self.normed = self.centred / self.std
        return self.stretch * self.normed + self.lift

    def backward(self, grad):
        rows = grad.shape[0]
        self.d_stretch = (grad * self.normed).sum(axis=0)
        self.d_lift = grad.sum(axis=0)
        d_normed = grad * self.stretch
        d_centred = d_normed / self.std
        d_mean = -d_centred.sum(axis=0)
        return d_centred + d_mean / rows


class Net:
    def __init__(self, W_low, norm, W_top):
        self.W_low, self.norm, self.W_top = W_low, norm, W_top

    def learn(self, batch, aims, lr):
        mid = np.tanh(self.norm.forward(batch @ self.W_low))
        err = (mid @ self.W_top - aims) / len(batch)
        d_top = mid.T @ err
        d_low = batch.T @ self.norm.backward(err @ self.W_top.T * (1 - mid**2))
        self.W_top -= lr * d_top
        self.W_low -= lr * d_low
        self.norm.stretch -= lr * self.norm.d_stretch
        self.norm.lift -= lr * self.norm.d_lift


def train(net, batch, aims, lr=0.05, n_steps=4):
    for _ in range(n_steps):
        net.learn(batch, aims, lr)


def loss(batch, aims, W_low, stretch, lift, W_top):
    u = batch @ W_low
    u = (u - np.mean(u, axis=0)) / np.sqrt(np.var(u, axis=0) + 1e-3)
    return 0.5 * np.sum((np.tanh(stretch * u + lift) @ W_top - aims) ** 2) / len(batch)


BIND = {"W_low": "net.W_low", "stretch": "net.norm.stretch", "lift": "net.norm.lift", "W_top": "net.W_top"}


def make(rng):
    norm = BatchNorm1d(rng.uniform(0.5, 1.5, size=4), rng.normal(size=4))
    return (Net(rng.normal(size=(3, 4)), norm, rng.normal(size=(4, 2))), rng.normal(size=(7, 3)), rng.normal(size=(7, 2))), {}


TRUTH = {
    "lines": [
        "d_centred = d_normed / self.std",
        "d_mean = -d_centred.sum(axis=0)",
        "return d_centred + d_mean / rows",
    ],
    "cause": {"normalisation_term_missing"},
    "wrong": {"W_low"},
    "fixed": (
        "        d_centred = d_normed / self.std\n",
        "        d_var = -0.5 * (d_normed * self.centred).sum(axis=0) / self.std**3\n"
        "        d_centred = d_normed / self.std + 2 * self.centred * d_var / rows\n",
    ),
}
PROOF = {"steps": "n_steps", "after": "W_low stretch lift W_top"}
