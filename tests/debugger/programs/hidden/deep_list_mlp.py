"""A deep net with lists of arrays, activations appended, deltas inserted at the front."""

import numpy as np

import microgradnp as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def train(X, Y, Ws, lr=0.1, epochs=100):
    for epoch in range(epochs):
        acts = [X]
        for W in Ws:
            acts.append(sigmoid(acts[-1] @ W))
        deltas = [(acts[-1] - Y) * acts[-1] * (1 - acts[-1])]
        for l in range(len(Ws) - 1, 0, -1):
            deltas.insert(0, (deltas[0] @ Ws[l].T) * acts[l] * (1 - acts[l]))
        for l in range(len(Ws)):
            Ws[l] -= lr * acts[l].T @ deltas[l]


def loss(X, Y, W1, W2, W3, W4):
    a = X
    for W in (W1, W2, W3, W4):
        a = mg.sigmoid(a @ W)
    return 0.5 * mg.sse(a, Y)


BIND = {f"W{k + 1}": f"Ws[{k}]" for k in range(4)}


def make(rng):
    sizes = [3, 4, 5, 4, 2]
    return (rng.normal(size=(6, 3)), rng.uniform(size=(6, 2)), [rng.normal(size=s) for s in zip(sizes, sizes[1:])]), {}
