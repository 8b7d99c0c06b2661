"""No NumPy in the network: dot products as sums over zip, layers as lists of rows, everything in comprehensions."""

from math import tanh

import numpy as np


def dot(u, v):
    return sum(a * b for a, b in zip(u, v))


def layer(weights, biases, inputs):
    return [tanh(dot(row, inputs) + b) for row, b in zip(weights, biases)]


def columns(matrix):
    return [list(c) for c in zip(*matrix)]


def gradients(sample, target, w1, b1, w2, b2):
    hidden = layer(w1, b1, sample)
    out = layer(w2, b2, hidden)
    d_out = [(o - t) * (1 - o * o) for o, t in zip(out, target)]
    d_hid = [dot(col, d_out) * (1 - h * h) for col, h in zip(columns(w2), hidden)]
    g2 = [[d * h for h in hidden] for d in d_out]
    g1 = [[d * s for s in sample] for d in d_hid]
    return g1, d_hid, g2, d_out


def moved(rows, grads, eta):
    return [[w - eta * g for w, g in zip(r, gr)] for r, gr in zip(rows, grads)]


def train(sample, target, w1, b1, w2, b2, eta=0.2, rounds=10):
    for _ in range(rounds):
        g1, gb1, g2, gb2 = gradients(sample, target, w1, b1, w2, b2)
        w1, w2 = moved(w1, g1, eta), moved(w2, g2, eta)
        b1 = [b - eta * g for b, g in zip(b1, gb1)]
        b2 = [b - eta * g for b, g in zip(b2, gb2)]
    return w1, b1, w2, b2


def loss(sample, target, w1, b1, w2, b2):
    out = np.tanh(w2 @ np.tanh(w1 @ sample + b1) + b2)
    return 0.5 * np.sum((out - target) ** 2)


def make(rng):
    sizes = 3, 2, (4, 3), 4, (2, 4), 2
    return tuple(rng.normal(size=s).tolist() for s in sizes), {}


PROOF = {"steps": "rounds", "after": {"w1": "out[0]", "b1": "out[1]", "w2": "out[2]", "b2": "out[3]"}}
