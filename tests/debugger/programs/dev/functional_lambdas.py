"""Lambdas, lists of weights per layer, a helper that returns three gradients, reversed loops."""

import numpy as np

import microgradnp as mg

relu = lambda z: np.maximum(z, 0.0)
drelu = lambda z: (z > 0).astype(float)


def softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def linear_backward(delta, a_prev, W):
    dW = a_prev.T @ delta
    db = delta.sum(axis=0)
    da = delta @ W.T
    return dW, db, da


def train(X, T, W1, b1, W2, b2, W3, b3):
    Ws, bs = [W1, W2, W3], [b1, b2, b3]
    acts, pres = [X], []
    for i, (W, b) in enumerate(zip(Ws, bs)):
        z = acts[-1] @ W + b
        pres.append(z)
        acts.append(softmax(z) if i == len(Ws) - 1 else relu(z))
    delta = (acts[-1] - T) / X.shape[0]
    grads = []
    for i in reversed(range(len(Ws))):
        dW, db, da = linear_backward(delta, acts[i], Ws[i])
        grads.append((dW, db))
        if i > 0:
            delta = da * drelu(pres[i - 1])
    return grads[::-1]


def loss(X, T, W1, b1, W2, b2, W3, b3):
    a = mg.relu(X @ W1 + b1)
    a = mg.relu(a @ W2 + b2)
    return mg.cross_entropy(a @ W3 + b3, T)


def make(rng):
    T = np.eye(3)[rng.permutation(np.arange(6) % 3)]
    shapes = (4, 5), (5,), (5, 6), (6,), (6, 3), (3,)
    return (rng.normal(size=(6, 4)), T, *(rng.normal(size=s) for s in shapes)), {}
