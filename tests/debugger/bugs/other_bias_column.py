"""Bias as an extra unit at the end of every layer. I drop its delta... or so I thought."""

import numpy as np


def with_bias(a):
    return np.hstack([a, np.ones((a.shape[0], 1))])


def logistic(a):
    return 1 / (1 + np.exp(-a))


def train(samples, targets, w_hidden, w_final, lr=0.3, epochs=7):
    for _ in range(epochs):
        x = with_bias(samples)
        h = with_bias(logistic(x @ w_hidden))
        o = logistic(h @ w_final)
        e = (o - targets) * o * (1 - o)
        d = (e @ w_final.T) * h * (1 - h)
        delta_hidden = d[:, 1:]
        w_final = w_final - lr * h.T @ e
        w_hidden = w_hidden - lr * x.T @ delta_hidden
    return w_hidden, w_final


def loss(samples, targets, w_hidden, w_final):
    one = np.ones((len(samples), 1))
    h = 1 / (1 + np.exp(-(np.concatenate([samples, one], axis=1) @ w_hidden)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(np.concatenate([h, one], axis=1) @ w_final))) - targets) ** 2)


def make(rng):
    return (rng.normal(size=(6, 2)), rng.uniform(size=(6, 2)), rng.normal(size=(3, 4)), rng.normal(size=(5, 2))), {}


TRUTH = {
    "lines": ["delta_hidden = d[:, 1:]"],
    "cause": {"wrong_index"},
    "wrong": {"w_hidden"},
    "fixed": ("delta_hidden = d[:, 1:]", "delta_hidden = d[:, :-1]"),
}
PROOF = {"steps": "epochs", "after": {"w_hidden": "out[0]", "w_final": "out[1]"}}
