"""Three layers, relu then tanh, L2 penalty, dict of gradients with names in capitals."""

import numpy as np

import microgradnp as mg


def train(data, target, W1, W2, W3, reg=0.1):
    n = data.shape[0]
    u1 = data.dot(W1)
    v1 = u1 * (u1 > 0)
    u2 = v1.dot(W2)
    v2 = np.tanh(u2)
    pred = v2.dot(W3)
    res = pred - target
    G3 = v2.T.dot(res) / n + reg * W3
    q2 = res.dot(W3.T) * (1 - v2**2)
    G2 = v1.T.dot(q2) / n + reg * W2
    q1 = q2.dot(W2.T) * (u1 > 0)
    G1 = data.T.dot(q1) / n + reg * W1
    return {"grad_W1": G1, "grad_W2": G2, "grad_W3": G3}


def loss(data, target, W1, W2, W3, reg):
    h = np.tanh(mg.relu(data @ W1) @ W2)
    return 0.5 * mg.sse(h @ W3, target) / len(data) + 0.5 * reg * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


def make(rng):
    return tuple(rng.normal(size=s) for s in ((7, 4), (7, 2), (4, 6), (6, 5), (5, 2))), {}
