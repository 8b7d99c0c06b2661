"""A one-channel convolution by loops over windows, relu, and a linear layer."""

import numpy as np

import microgradnp as mg


def train(x, y, K, W):
    N, S = x.shape[0], x.shape[1]
    k = K.shape[0]
    out = S - k + 1
    conv = np.zeros((N, out, out))
    for i in range(out):
        for j in range(out):
            patch = x[:, i : i + k, j : j + k]
            conv[:, i, j] = (patch * K).sum(axis=(1, 2))
    act = np.maximum(conv, 0)
    flat = act.reshape(N, -1)
    pred = flat @ W
    dpred = pred - y
    dW = flat.T @ dpred
    dflat = dpred @ W.T
    dconv = dflat.reshape(conv.shape) * (conv > 0)
    dK = np.zeros_like(K)
    for i in range(out):
        for j in range(out):
            patch = x[:, i : i + k, j : j + k]
            dK += (patch * dconv[:, i, j][:, None, None]).sum(axis=0)
    return dK, dW


def loss(x, y, K, W):
    rows = [mg.relu(np.sum(x[:, i : i + 2, j : j + 2] * K, axis=(1, 2))) for i in range(3) for j in range(3)]
    return 0.5 * mg.sse(np.stack(rows, axis=1) @ W, y)


def make(rng):
    return (rng.normal(size=(3, 4, 4)), rng.normal(size=(3, 2)), rng.normal(size=(2, 2)), rng.normal(size=(9, 2))), {}
