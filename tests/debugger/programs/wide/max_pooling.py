"""Max pooling in two by two windows with a mask of the winners, then a linear layer."""

import numpy as np

import microgradnp as mg


def train(x, y, K, W):
    scaled = x * K
    n, s, _ = x.shape
    half = s // 2
    pooled, winners = np.zeros((n, half, half)), np.zeros_like(x)
    for i in range(half):
        for j in range(half):
            window = scaled[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            pooled[:, i, j] = window.max(axis=(1, 2))
            winners[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = window == pooled[:, i, j][:, None, None]
    flat = pooled.reshape(n, -1)
    error = flat @ W - y
    dW = flat.T @ error
    dpooled = (error @ W.T).reshape(pooled.shape)
    dscaled = winners * dpooled.repeat(2, axis=1).repeat(2, axis=2)
    dK = (dscaled * x).sum(axis=0)
    return dK, dW


def loss(x, y, K, W):
    scaled = x * K
    n, s, _ = x.shape
    half = s // 2
    blocks = scaled.reshape(n, half, 2, half, 2)
    flat = np.max(np.max(blocks, axis=4), axis=2).reshape(n, half * half)
    return 0.5 * mg.sse(flat @ W, y)


def make(rng):
    return (rng.normal(size=(5, 4, 4)), rng.normal(size=(5, 2)), rng.normal(size=(4, 4)), rng.normal(size=(4, 2))), {}
