"""Logistic regression with weight decay and a bias, minibatches by slicing."""

import numpy as np

import microgradnp as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def fit(X, y, w, b, lr=0.1, lam=0.01, batch=4, epochs=3):
    for epoch in range(epochs):
        for start in range(0, len(X), batch):
            xb = X[start : start + batch]
            yb = y[start : start + batch]
            p = sigmoid(xb @ w + b)
            error = p - yb
            grad_w = xb.T @ error / len(xb) + lam * w
            grad_b = np.mean(error)
            w = w - lr * grad_w
            b = b - lr * grad_b
    return w, b


train = fit
BIND = {"x": "xb", "t": "yb"}


def loss(x, t, w, b, lam):
    z = x @ w + b
    return np.mean(np.logaddexp(0, z) - t * z) + 0.5 * lam * np.sum(w * w)


def make(rng):
    y = rng.permutation(np.arange(12) % 2) * 1.0
    return (rng.normal(size=(12, 3)), y, rng.normal(size=3), 0.3), {}
