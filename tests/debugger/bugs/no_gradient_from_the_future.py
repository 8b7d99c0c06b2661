"""An RNN that adds binary numbers; it learns, but not the carry."""

import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def train(X, Y, synapse_in, synapse_h, synapse_out, rate=0.1):
    """X: (time, 2), Y: (time, 1)"""
    hidden = [np.zeros(synapse_h.shape[0])]
    out_deltas = []
    for pos in range(len(X)):
        layer_1 = sigmoid(X[pos] @ synapse_in + hidden[-1] @ synapse_h)
        layer_2 = sigmoid(layer_1 @ synapse_out)
        out_deltas.append((layer_2 - Y[pos]) * layer_2 * (1 - layer_2))
        hidden.append(layer_1)
    update_in = np.zeros_like(synapse_in)
    update_h = np.zeros_like(synapse_h)
    update_out = np.zeros_like(synapse_out)
    for pos in range(len(X) - 1, -1, -1):
        future_delta = np.zeros(synapse_h.shape[0])
        layer_1, before = hidden[pos + 1], hidden[pos]
        delta = (future_delta @ synapse_h.T + out_deltas[pos] @ synapse_out.T) * layer_1 * (1 - layer_1)
        update_out += np.outer(layer_1, out_deltas[pos])
        update_h += np.outer(before, delta)
        update_in += np.outer(X[pos], delta)
        future_delta = delta
    synapse_in -= rate * update_in
    synapse_h -= rate * update_h
    synapse_out -= rate * update_out


def loss(X, Y, synapse_in, synapse_h, synapse_out):
    h, total = np.zeros(4), 0.0
    for t in range(5):
        h = 1 / (1 + np.exp(-(X[t] @ synapse_in + h @ synapse_h)))
        total = total + 0.5 * np.sum((1 / (1 + np.exp(-(h @ synapse_out))) - Y[t]) ** 2)
    return total


def make(rng):
    X = np.array([[0.0, 1], [1, 1], [1, 0], [0, 0], [1, 1]])
    return (
        X,
        np.array([[1.0], [0], [0], [1], [0]]),
        rng.normal(size=(2, 4)),
        rng.normal(size=(4, 4)),
        rng.normal(size=(4, 1)),
    ), {}


RESET = "        future_delta = np.zeros(synapse_h.shape[0])\n"
TRUTH = {
    "lines": [
        "future_delta = np.zeros(synapse_h.shape[0])",
        "delta = (future_delta @ synapse_h.T + out_deltas[pos] @ synapse_out.T) * layer_1 * (1 - layer_1)",
    ],
    "cause": {"missing_path_through_time"},
    "wrong": {"synapse_in", "synapse_h"},
    "fixed": [
        ("    for pos in range(len(X) - 1, -1, -1):\n" + RESET, RESET[4:] + "    for pos in range(len(X) - 1, -1, -1):\n"),
    ],
}
PROOF = {"after": "synapse_in synapse_h synapse_out"}
