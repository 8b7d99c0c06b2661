"""The gradient check fails for every layer but the last. Columns, caches in a dict, one helper per function."""

import numpy as np


def tanh_prime(a):
    return 1 - a


def feed(x, p):
    a1 = np.tanh(p["W1"].dot(x) + p["b1"])
    a2 = np.tanh(p["W2"].dot(a1) + p["b2"])
    z3 = p["W3"].dot(a2) + p["b3"]
    return {"a0": x, "a1": a1, "a2": a2, "z3": z3}


def back(y, p, cache):
    m = y.shape[1]
    g = {}
    d = (cache["z3"] - y) / m
    for n in (3, 2, 1):
        g["W%d" % n] = d.dot(cache["a%d" % (n - 1)].T)
        g["b%d" % n] = d.sum(axis=1, keepdims=True)
        if n > 1:
            d = p["W%d" % n].T.dot(d) * tanh_prime(cache["a%d" % (n - 1)])
    return g


def train(x, y, p):
    return back(y, p, feed(x, p))


def loss(x, y, W1, b1, W2, b2, W3, b3):
    return 0.5 * np.sum((W3 @ np.tanh(W2 @ np.tanh(W1 @ x + b1) + b2) + b3 - y) ** 2) / y.shape[1]


def make(rng):
    sizes = [3, 5, 4, 2]
    p = {}
    for n in (1, 2, 3):
        p["W%d" % n] = rng.normal(size=(sizes[n], sizes[n - 1]))
        p["b%d" % n] = rng.normal(size=(sizes[n], 1))
    return (rng.normal(size=(3, 6)), rng.normal(size=(2, 6)), p), {}


TRUTH = {
    "lines": ["return 1 - a"],
    "cause": {"wrong_activation_derivative"},
    "wrong": {"W1", "b1", "W2", "b2"},
    "fixed": ("return 1 - a\n", "return 1 - a ** 2\n"),
}
NAMES = ("W1", "b1", "W2", "b2", "W3", "b3")
PROOF = {"at": {n: f"p['{n}']" for n in NAMES}, "gradient": {n: f"out['{n}']" for n in NAMES}}
