"""Logistic regression of a lecture, before it is vectorised: scalars w1, w2, b and a loop over the m examples."""

import math

import numpy as np


def train(x, y, w1, w2, b, alpha=0.1, num_iterations=20):
    m = len(x)
    for it in range(num_iterations):
        J = 0
        dw1 = 0
        dw2 = 0
        db = 0
        for i in range(m):
            z = w1 * x[i][0] + w2 * x[i][1] + b
            a = 1 / (1 + math.exp(-z))
            J += -(y[i] * math.log(a) + (1 - y[i]) * math.log(1 - a))
            dz = a - y[i]
            dw1 += x[i][0] * dz
            dw2 += x[i][1] * dz
            db += dz
        J /= m
        dw1 /= m
        dw2 /= m
        db /= m
        w1 = w1 - alpha * dw1
        w2 = w2 - alpha * dw2
        b = b - alpha * db
    return w1, w2, b, J


def loss(x, y, w1, w2, b):
    z = w1 * x[:, 0] + w2 * x[:, 1] + b
    return np.mean(np.log(1 + np.exp(z)) - y * z)


def make(rng):
    return (rng.normal(size=(6, 2)), rng.permutation(np.arange(6) % 2).astype(float), 0.4, -0.9, 0.3), {}


PROOF = {"steps": "num_iterations", "after": {"w1": "out[0]", "w2": "out[1]", "b": "out[2]"}}
