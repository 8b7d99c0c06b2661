"""An autoencoder with tied weights: two paths to one matrix."""

import numpy as np

import microgradnp as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def train(x, W, b, c, lr=0.05, epochs=10):
    for _ in range(epochs):
        h = sigmoid(x @ W + b)
        r = h @ W.T + c
        dr = r - x
        dc = dr.sum(axis=0)
        dh = dr @ W
        dz = dh * h * (1 - h)
        db = dz.sum(axis=0)
        dW = x.T @ dz + dr.T @ h
        W -= lr * dW
        b -= lr * db
        c -= lr * dc


def loss(x, W, b, c):
    return 0.5 * np.sum((mg.sigmoid(x @ W + b) @ W.T + c - x) ** 2)


def make(rng):
    return tuple(rng.normal(size=s) * 0.5 for s in ((6, 4), (4, 3), (3,), (4,))), {}
