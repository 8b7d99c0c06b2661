"""Batch normalisation written out, between two linear layers."""

import numpy as np

import microgradnp as mg


def train(x, y, W1, gamma, beta, W2, eps=1e-5):
    N = x.shape[0]
    z = x @ W1
    mu = z.mean(axis=0)
    xc = z - mu
    var = (xc**2).mean(axis=0)
    inv = 1 / np.sqrt(var + eps)
    xhat = xc * inv
    out = gamma * xhat + beta
    pred = out @ W2
    dpred = (pred - y) / N
    dW2 = out.T @ dpred
    dout = dpred @ W2.T
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    dvar = np.sum(dxhat * xc, axis=0) * -0.5 * inv**3
    dmu = -np.sum(dxhat * inv, axis=0) + dvar * np.mean(-2 * xc, axis=0)
    dz = dxhat * inv + dvar * 2 * xc / N + dmu / N
    dW1 = x.T @ dz
    return {"W1": dW1, "gamma": dgamma, "beta": dbeta, "W2": dW2}


def loss(x, y, W1, gamma, beta, W2):
    z = x @ W1
    centred = z - np.mean(z, axis=0)
    normal = centred / np.sqrt(np.mean(centred**2, axis=0) + 1e-5)
    return 0.5 * mg.sse((gamma * normal + beta) @ W2, y) / len(y)


def make(rng):
    shapes = (6, 4), (6, 2), (4, 3), (3,), (3,), (3, 2)
    return tuple(rng.normal(size=s) for s in shapes), {}
