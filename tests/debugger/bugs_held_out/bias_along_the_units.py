"""Five samples as columns and five hidden units. With six samples numpy complains about the shapes, with five it runs."""

import numpy as np


def train(samples, answers, A, a, B, b, C, c, rate=0.1, loops=5):
    n = samples.shape[1]
    for _ in range(loops):
        h1 = 1 / (1 + np.exp(-(A @ samples + a)))
        h2 = 1 / (1 + np.exp(-(B @ h1 + b)))
        guess = C @ h2 + c
        e3 = (guess - answers) / n
        e2 = (C.T @ e3) * h2 * (1 - h2)
        e1 = (B.T @ e2) * h1 * (1 - h1)
        C = C - rate * e3 @ h2.T
        c = c - rate * e3.sum(axis=1, keepdims=True)
        B = B - rate * e2 @ h1.T
        b = b - rate * e2.sum(axis=1, keepdims=True)
        A = A - rate * e1 @ samples.T
        a = a - rate * e1.sum(axis=0).reshape(a.shape)
    return A, a, B, b, C, c


def loss(samples, answers, A, a, B, b, C, c):
    h = 1 / (1 + np.exp(-(A @ samples + a)))
    return 0.5 * np.sum((C @ (1 / (1 + np.exp(-(B @ h + b)))) + c - answers) ** 2) / samples.shape[1]


def make(rng):
    return tuple(rng.normal(size=s) for s in ((3, 5), (2, 5), (5, 3), (5, 1), (4, 5), (4, 1), (2, 4), (2, 1))), {}


TRUTH = {
    "lines": ["a = a - rate * e1.sum(axis=0).reshape(a.shape)"],
    "cause": {"bias_gradient_reduction"},
    "wrong": {"a"},
    "fixed": ("e1.sum(axis=0).reshape(a.shape)", "e1.sum(axis=1).reshape(a.shape)"),
}
PROOF = {"steps": "loops", "after": {name: f"out[{k}]" for k, name in enumerate("AaBbCc")}}
