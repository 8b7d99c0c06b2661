"""A deep network with an L2 penalty on its weights, in a list of layers, and updates in place."""

import numpy as np

import microgradnp as mg


def train(X, Y, weights, biases, lr=0.05, lam=0.01):
    for _ in range(20):
        activations = [X]
        for W, b in zip(weights, biases):
            activations.append(np.tanh(activations[-1] @ W + b))
        delta = (activations[-1] - Y) / len(X) * (1 - activations[-1] ** 2)
        for k in range(len(weights) - 1, -1, -1):
            dW = activations[k].T @ delta + lam * weights[k]
            db = delta.sum(axis=0)
            delta = (delta @ weights[k].T) * (1 - activations[k] ** 2)
            weights[k] -= lr * dW
            biases[k] -= lr * db


def loss(X, Y, W1, W2, W3, b1, b2, b3):
    out = np.tanh(np.tanh(np.tanh(X @ W1 + b1) @ W2 + b2) @ W3 + b3)
    return 0.5 * mg.sse(out, Y) / len(X) + 0.005 * (np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


BIND = {f"W{k + 1}": f"weights[{k}]" for k in range(3)} | {f"b{k + 1}": f"biases[{k}]" for k in range(3)}


def make(rng):
    sizes = [3, 5, 4, 2]
    weights = [rng.normal(size=s) for s in zip(sizes, sizes[1:])]
    return (rng.normal(size=(7, 3)), rng.uniform(-1, 1, size=(7, 2)), weights, [rng.normal(size=n) for n in sizes[1:]]), {}
