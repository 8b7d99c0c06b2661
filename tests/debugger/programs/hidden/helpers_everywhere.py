"""Small helper functions for every step; the trainer only wires them."""

import numpy as np

import microgradnp as mg


def act(z):
    return np.log1p(np.exp(z))


def act_slope(z):
    return 1 / (1 + np.exp(-z))


def affine(x, w, b):
    return x @ w + b


def affine_grads(x, delta):
    return x.T @ delta, delta.sum(axis=0)


def pull(delta, w):
    return delta @ w.T


def train(x, y, wa, ba, wb, bb, lr=0.01):
    z = affine(x, wa, ba)
    h = act(z)
    out = affine(h, wb, bb)
    delta = out - y
    gwb, gbb = affine_grads(h, delta)
    delta = pull(delta, wb) * act_slope(z)
    gwa, gba = affine_grads(x, delta)
    return wa - lr * gwa, ba - lr * gba, wb - lr * gwb, bb - lr * gbb


def loss(x, y, wa, ba, wb, bb):
    return 0.5 * mg.sse(np.log1p(np.exp(x @ wa + ba)) @ wb + bb, y)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((6, 3), (6, 2), (3, 5), (5,), (5, 2), (2,))), {}
