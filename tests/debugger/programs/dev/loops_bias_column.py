"""Explicit loops over every index, bias units of -1 in an extra column, updates of the parameters at the end."""

import numpy as np

import microgradnp as mg


def sigmoid(v):
    return 1.0 / (1.0 + np.exp(-v))


def train(X, T, W_input, W_hidden, lr):
    N, I = X.shape[0], X.shape[1] + 1
    H, K = W_input.shape[0], W_hidden.shape[0]
    x = np.zeros((N, I))
    for n in range(N):
        for i in range(I - 1):
            x[n, i] = X[n, i]
        x[n, I - 1] = -1
    h = np.zeros((N, H + 1))
    for n in range(N):
        for j in range(H):
            s = 0.0
            for i in range(I):
                s += W_input[j, i] * x[n, i]
            h[n, j] = sigmoid(s)
        h[n, H] = -1
    y = np.zeros((N, K))
    for n in range(N):
        for k in range(K):
            s = 0.0
            for j in range(H + 1):
                s += W_hidden[k, j] * h[n, j]
            y[n, k] = s
    delta_output = np.zeros((N, K))
    for n in range(N):
        for k in range(K):
            delta_output[n, k] = y[n, k] - T[n, k]
    E_output = np.zeros((K, H + 1))
    for n in range(N):
        for k in range(K):
            for j in range(H + 1):
                E_output[k, j] += delta_output[n, k] * h[n, j]
    delta_hidden = np.zeros((N, H))
    for n in range(N):
        for j in range(H):
            s = 0.0
            for k in range(K):
                s += delta_output[n, k] * W_hidden[k, j]
            delta_hidden[n, j] = s * h[n, j] * (1 - h[n, j])
    E_input = np.zeros((H, I))
    for n in range(N):
        for j in range(H):
            for i in range(I):
                E_input[j, i] += delta_hidden[n, j] * x[n, i]
    W_hidden -= lr * E_output
    W_input -= lr * E_input


def loss(X, T, W_input, W_hidden):
    h = mg.append_bias_unit(mg.sigmoid(mg.append_bias_unit(X) @ W_input.T))
    return 0.5 * mg.sse(h @ W_hidden.T, T)


def make(rng):
    return (rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), rng.normal(size=(4, 4)), rng.normal(size=(2, 5)), 0.05), {}
