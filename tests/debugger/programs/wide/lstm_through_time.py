"""An LSTM through time: one stacked gate matrix, a list of caches, gradients added up backwards."""

import numpy as np

import microgradnp as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(xs, W, b, V):
    n = len(b) // 4
    h, c = np.zeros(n), np.zeros(n)
    caches = []
    for x in xs:
        joined = np.concatenate([x, h])
        z = W @ joined + b
        i, f, o = sigmoid(z[:n]), sigmoid(z[n : 2 * n]), sigmoid(z[2 * n : 3 * n])
        g = np.tanh(z[3 * n :])
        c_before = c
        c = f * c + i * g
        h = o * np.tanh(c)
        caches.append((joined, i, f, o, g, c_before, c, h))
    return V @ h, caches


def train(xs, y, W, b, V):
    n = len(b) // 4
    out, caches = forward(xs, W, b, V)
    d_out = out - y
    dV = np.outer(d_out, caches[-1][-1])
    dW, db = np.zeros_like(W), np.zeros_like(b)
    dh_next, dc_next = V.T @ d_out, np.zeros(n)
    for joined, i, f, o, g, c_before, c, _ in reversed(caches):
        do = dh_next * np.tanh(c)
        dc = dc_next + dh_next * o * (1 - np.tanh(c) ** 2)
        dz = np.concatenate([dc * g * i * (1 - i), dc * c_before * f * (1 - f), do * o * (1 - o), dc * i * (1 - g**2)])
        dW += np.outer(dz, joined)
        db += dz
        dh_next = (W.T @ dz)[len(joined) - n :]
        dc_next = dc * f
    return {"W": dW, "b": db, "V": dV}


def loss(xs, y, W, b, V):
    n = len(b) // 4
    h, c = np.zeros(n), np.zeros(n)
    for x in xs:
        z = W @ np.concatenate([x, h]) + b
        i, f, o = mg.sigmoid(z[:n]), mg.sigmoid(z[n : 2 * n]), mg.sigmoid(z[2 * n : 3 * n])
        c = f * c + i * np.tanh(z[3 * n :])
        h = o * np.tanh(c)
    return 0.5 * mg.sse(V @ h, y)


def make(rng):
    return (rng.normal(size=(4, 3)), rng.normal(size=2), rng.normal(size=(20, 8)), rng.normal(size=20), rng.normal(size=(2, 5))), {}
