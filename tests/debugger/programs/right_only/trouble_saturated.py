"""Training trouble, gradients right: the initial weights are so large that most sigmoids sit at 0 or 1."""

import numpy as np


def sig(t):
    return 1 / (1 + np.exp(-t))


def dsig(s):
    return s * (1 - s)


def train(inputs, expected, hidden_weights, output_weights, lr=0.1, epochs=50):
    for _ in range(epochs):
        hidden = sig(np.dot(inputs, hidden_weights))
        predicted = sig(np.dot(hidden, output_weights))
        d_predicted = (expected - predicted) * dsig(predicted)
        d_hidden = d_predicted.dot(output_weights.T) * dsig(hidden)
        output_weights += hidden.T.dot(d_predicted) * lr
        hidden_weights += inputs.T.dot(d_hidden) * lr


def loss(inputs, expected, hidden_weights, output_weights):
    hidden = 1 / (1 + np.exp(-(inputs @ hidden_weights)))
    return np.sum((expected - 1 / (1 + np.exp(-(hidden @ output_weights)))) ** 2) / 2


def make(rng):
    return (rng.normal(size=(6, 3)), rng.permutation(np.arange(6) % 2).reshape(6, 1), 5 * rng.normal(size=(3, 4)), rng.normal(size=(4, 1)) * 3), {}


PROOF = {"steps": "epochs", "after": "hidden_weights output_weights"}
