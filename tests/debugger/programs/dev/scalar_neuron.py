"""A single neuron with scalar weights."""

import math

import numpy as np

import microgradnp as mg


def train(xs, ys, w1, w2, bias, lr=0.1):
    g1 = g2 = gb = 0.0
    for (x1, x2), y in zip(xs, ys):
        z = w1 * x1 + w2 * x2 + bias
        p = 1 / (1 + math.exp(-z))
        d = (p - y) * p * (1 - p)
        g1 += d * x1
        g2 += d * x2
        gb += d
    w1 = w1 - lr * g1
    w2 = w2 - lr * g2
    bias = bias - lr * gb
    return w1, w2, bias


def loss(xs, ys, w1, w2, bias):
    p = mg.sigmoid(w1 * xs[:, 0] + w2 * xs[:, 1] + bias)
    return 0.5 * np.sum((p - ys) ** 2)


def make(rng):
    return (rng.normal(size=(5, 2)), rng.uniform(size=5), 0.7, -1.3, 0.2), {}
