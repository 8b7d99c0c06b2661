"""Batches of sequences through two position-wise layers, mean over time, everything with einsum and b, t, d, h axes."""

import numpy as np


def fwd(X, theta1, beta1, theta2, theta3):
    pre1 = np.einsum("btd,dh->bth", X, theta1) + beta1
    h1 = np.tanh(pre1)
    pre2 = np.einsum("bth,hk->btk", h1, theta2)
    h2 = np.logaddexp(0, pre2)
    pool = h2.mean(axis=1)
    return h1, pre2, pool, np.einsum("bk,ko->bo", pool, theta3)


def bwd(X, Y, theta1, beta1, theta2, theta3):
    h1, pre2, pool, out = fwd(X, theta1, beta1, theta2, theta3)
    B, T, _ = X.shape
    g_out = 2 * (out - Y) / B
    g_theta3 = np.einsum("bk,bo->ko", pool, g_out)
    g_pool = np.einsum("bo,ko->bk", g_out, theta3)
    g_pre2 = g_pool[:, None, :] / T / (1 + np.exp(-pre2))
    g_theta2 = np.einsum("bth,btk->hk", h1, g_pre2)
    g_pre1 = np.einsum("btk,hk->bth", g_pre2, theta2) * (1 - h1**2)
    g_theta1 = np.einsum("btd,bth->dh", X, g_pre1)
    g_beta1 = np.einsum("bth->h", g_pre1)
    return g_theta1, g_beta1, g_theta2, g_theta3


def train(X, Y, theta1, beta1, theta2, theta3, n_steps=5, eta=0.1):
    for s in range(n_steps):
        g1, gb, g2, g3 = bwd(X, Y, theta1, beta1, theta2, theta3)
        theta1, beta1, theta2, theta3 = theta1 - eta * g1, beta1 - eta * gb, theta2 - eta * g2, theta3 - eta * g3
    return theta1, beta1, theta2, theta3


def loss(X, Y, theta1, beta1, theta2, theta3):
    h = np.log(1 + np.exp(np.tanh(X @ theta1 + beta1) @ theta2))
    return np.sum((np.mean(h, axis=1) @ theta3 - Y) ** 2) / len(Y)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((4, 3, 2), (4, 2), (2, 5), (5,), (5, 3), (3, 2))), {}


PROOF = {"steps": "n_steps", "after": {"theta1": "out[0]", "beta1": "out[1]", "theta2": "out[2]", "theta3": "out[3]"}}
