"""Negated gradients that are added, halved errors, weights stored transposed: conventions everywhere, and no bug."""

import numpy as np

import microgradnp as mg


def train(x, t, W1, W2, rate=0.02):
    s1 = W1 @ x.T
    o1 = np.tanh(s1)
    s2 = W2 @ o1
    err = t.T - s2
    g2 = err
    up2 = g2 @ o1.T
    g1 = (W2.T @ g2) * (1 - o1 * o1)
    up1 = g1 @ x
    W2 = W2 + rate * up2
    W1 = W1 + rate * up1
    return [W1, W2]


def loss(x, t, W1, W2):
    return mg.sse(np.tanh(x @ W1.T) @ W2.T, t)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((5, 3), (5, 2), (4, 3), (2, 4))), {}
