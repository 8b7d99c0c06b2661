"""Two things at once, as the comments found out: a slope is missing and a bias is averaged."""

import numpy as np


def backprop(x, y, nodes):
    (w0, b0), (w1, b1), (w2, b2) = nodes
    u = 1 / (1 + np.exp(-(x @ w0 + b0)))
    v = 1 / (1 + np.exp(-(u @ w1 + b1)))
    o = v @ w2 + b2
    e = o - y
    gw2 = v.T @ e
    gb2 = e.mean(axis=0)
    dv = e @ w2.T * v * (1 - v)
    gw1 = u.T @ dv
    gb1 = dv.sum(axis=0)
    du = dv @ w1.T
    gw0 = x.T @ du
    gb0 = du.sum(axis=0)
    return [(gw0, gb0), (gw1, gb1), (gw2, gb2)]


def train(x, y, nodes, lr=0.1, epochs=4):
    for _ in range(epochs):
        grads = backprop(x, y, nodes)
        nodes = [(w - lr * gw, b - lr * gb) for (w, b), (gw, gb) in zip(nodes, grads)]
    return nodes


def loss(x, y, w0, b0, w1, b1, w2, b2):
    u = 1 / (1 + np.exp(-(x @ w0 + b0)))
    v = 1 / (1 + np.exp(-(u @ w1 + b1)))
    return 0.5 * np.sum((v @ w2 + b2 - y) ** 2)


BIND = {
    "w0": "nodes[0][0]",
    "b0": "nodes[0][1]",
    "w1": "nodes[1][0]",
    "b1": "nodes[1][1]",
    "w2": "nodes[2][0]",
    "b2": "nodes[2][1]",
}


def make(rng):
    return (
        rng.normal(size=(6, 3)),
        rng.normal(size=(6, 2)),
        [(rng.normal(size=s), rng.normal(size=s[1])) for s in ((3, 4), (4, 5), (5, 2))],
    ), {}


TRUTH = {
    "lines": ["gb2 = e.mean(axis=0)", "du = dv @ w1.T"],
    "cause": {"bias_gradient_reduction", "missing_activation_derivative", "batch_scale_1_over_N"},
    "wrong": {"b2", "w0", "b0"},
    "fixed": [("gb2 = e.mean(axis=0)", "gb2 = e.sum(axis=0)"), ("du = dv @ w1.T\n", "du = dv @ w1.T * u * (1 - u)\n")],
}
PROOF = {"steps": "epochs", "after": {k: v.replace("nodes", "out") for k, v in BIND.items()}}
