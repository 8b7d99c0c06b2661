"""Convention: the learning rate is multiplied into the output's delta, and travels with it to every layer."""

import numpy as np


def train(X, Y, weights, biases, rate=0.03, n=10):
    for _ in range(n):
        a = [X]
        for W, b in zip(weights, biases):
            a.append(np.tanh(a[-1] @ W + b))
        delta = rate * (a[-1] - Y) * (1 - a[-1] ** 2)
        steps = []
        for k in range(len(weights) - 1, -1, -1):
            steps.append((k, a[k].T @ delta, delta.sum(axis=0)))
            delta = (delta @ weights[k].T) * (1 - a[k] ** 2)
        for k, step_w, step_b in steps:
            weights[k] = weights[k] - step_w
            biases[k] = biases[k] - step_b


def loss(X, Y, W1, W2, W3, b1, b2, b3):
    return 0.5 * np.sum((np.tanh(np.tanh(np.tanh(X @ W1 + b1) @ W2 + b2) @ W3 + b3) - Y) ** 2)


BIND = {"W1": "weights[0]", "W2": "weights[1]", "W3": "weights[2]", "b1": "biases[0]", "b2": "biases[1]", "b3": "biases[2]"}


def make(rng):
    weights = [rng.normal(size=s) for s in ((3, 5), (5, 4), (4, 2))]
    return (rng.normal(size=(6, 3)), rng.uniform(-0.8, 0.8, (6, 2)), weights, [rng.normal(size=s) for s in (5, 4, 2)]), {}


PROOF = {"steps": "n", "after": "W1 W2 W3 b1 b2 b3"}
