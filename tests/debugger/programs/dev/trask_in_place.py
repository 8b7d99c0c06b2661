"""A short script-like function: two layers, no gradient variable, parameters updated in place, sixty thousand iterations."""

import numpy as np

import microgradnp as mg


def nonlin(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


def train(X, y, syn0, syn1):
    for j in range(60000):
        l0 = X
        l1 = nonlin(np.dot(l0, syn0))
        l2 = nonlin(np.dot(l1, syn1))
        l2_error = y - l2
        l2_delta = l2_error * nonlin(l2, True)
        l1_error = l2_delta.dot(syn1.T)
        l1_delta = l1_error * nonlin(l1, True)
        syn1 += l1.T.dot(l2_delta)
        syn0 += l0.T.dot(l1_delta)
    return l2


def loss(X, y, syn0, syn1):
    return 0.5 * mg.sse(mg.sigmoid(mg.sigmoid(X @ syn0) @ syn1), y)


def make(rng):
    return (rng.normal(size=(4, 3)), rng.uniform(size=(4, 1)), rng.normal(size=(3, 4)), rng.normal(size=(4, 1))), {}
