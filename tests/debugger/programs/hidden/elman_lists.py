"""An RNN with lists over time, only the last output has a loss, a while loop backwards."""

import numpy as np

import microgradnp as mg


def train(seq, target, U, R, V, lr=0.1):
    h = [np.zeros(R.shape[0])]
    for x in seq:
        h.append(np.tanh(U.dot(x) + R.dot(h[-1])))
    y = V.dot(h[-1])
    dy = y - target
    gV = np.outer(dy, h[-1])
    gU = np.zeros(U.shape)
    gR = np.zeros(R.shape)
    dh = V.T.dot(dy)
    t = len(seq)
    while t > 0:
        dz = dh * (1 - h[t] ** 2)
        gU += np.outer(dz, seq[t - 1])
        gR += np.outer(dz, h[t - 1])
        dh = R.T.dot(dz)
        t -= 1
    U -= lr * gU
    R -= lr * gR
    V -= lr * gV


def loss(seq, target, U, R, V):
    h = np.zeros(4)
    for t in range(4):
        h = np.tanh(U @ seq[t] + R @ h)
    return 0.5 * mg.sse(V @ h, target)


def make(rng):
    return tuple(rng.normal(size=s) * 0.7 for s in ((4, 3), (2,), (4, 3), (4, 4), (2, 4))), {}
