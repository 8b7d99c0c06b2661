"""Linear regression, gradient descent over a list of weights, element by element."""

import numpy as np

import microgradnp as mg


def train(X, y, w, b, rate=0.01, rounds=100):
    n = len(X)
    for r in range(rounds):
        gradient = [0.0] * len(w)
        gradient_b = 0.0
        for i in range(n):
            prediction = b
            for j in range(len(w)):
                prediction += w[j] * X[i][j]
            error = prediction - y[i]
            for j in range(len(w)):
                gradient[j] += 2 * error * X[i][j] / n
            gradient_b += 2 * error / n
        for j in range(len(w)):
            w[j] -= rate * gradient[j]
        b -= rate * gradient_b
    return w, b


def loss(X, y, w, b):
    return np.mean((X @ w + b - y) ** 2)


def make(rng):
    return (rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3), 0.4), {}
