"""Pure Python lists, no NumPy in the code at all."""

import math

import microgradnp as mg


def sigmoid(v):
    return 1.0 / (1.0 + math.exp(-v))


def train(X, T, W1, W2):
    g1 = [[0.0 for _ in row] for row in W1]
    g2 = [[0.0 for _ in row] for row in W2]
    for x, t in zip(X, T):
        hidden = [sigmoid(sum(w * v for w, v in zip(row, x))) for row in W1]
        output = [sigmoid(sum(w * v for w, v in zip(row, hidden))) for row in W2]
        delta_o = []
        for k in range(len(output)):
            delta_o.append((output[k] - t[k]) * output[k] * (1 - output[k]))
        delta_h = []
        for j in range(len(hidden)):
            err = 0.0
            for k in range(len(output)):
                err += W2[k][j] * delta_o[k]
            delta_h.append(err * hidden[j] * (1 - hidden[j]))
        for k in range(len(output)):
            for j in range(len(hidden)):
                g2[k][j] += delta_o[k] * hidden[j]
        for j in range(len(hidden)):
            for i in range(len(x)):
                g1[j][i] += delta_h[j] * x[i]
    return g1, g2


def loss(X, T, W1, W2):
    return 0.5 * mg.sse(mg.sigmoid(mg.sigmoid(X @ W1.T) @ W2.T), T)


def make(rng):
    return (rng.normal(size=(4, 3)).tolist(), rng.uniform(size=(4, 2)).tolist(), rng.normal(size=(4, 3)).tolist(), rng.normal(size=(2, 4)).tolist()), {}
