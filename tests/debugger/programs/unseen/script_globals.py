"""A script that was put into a function as an afterthought: data and weights are globals of the module."""

import numpy as np

X = y = weights0 = weights1 = bias0 = bias1 = None
alpha = 0.5


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def train(n_epochs=25):
    global weights0, weights1, bias0, bias1
    for epoch in range(n_epochs):
        layer1 = sigmoid(X @ weights0 + bias0)
        layer2 = sigmoid(layer1 @ weights1 + bias1)
        error = layer2 - y
        d_layer2 = error * layer2 * (1 - layer2)
        d_weights1 = layer1.T @ d_layer2
        d_bias1 = d_layer2.sum(axis=0)
        d_layer1 = d_layer2 @ weights1.T * layer1 * (1 - layer1)
        d_weights0 = X.T @ d_layer1
        d_bias0 = d_layer1.sum(axis=0)
        weights1 = weights1 - alpha * d_weights1
        bias1 = bias1 - alpha * d_bias1
        weights0 = weights0 - alpha * d_weights0
        bias0 = bias0 - alpha * d_bias0


def loss(X, y, weights0, bias0, weights1, bias1):
    hidden = 1 / (1 + np.exp(-(X @ weights0 + bias0)))
    out = 1 / (1 + np.exp(-(hidden @ weights1 + bias1)))
    return np.sum((out - y) ** 2) / 2


def make(rng):
    global X, y, weights0, weights1, bias0, bias1
    X, y = rng.normal(size=(7, 2)), rng.permutation(np.arange(7) % 2).reshape(7, 1).astype(float)
    weights0, weights1 = rng.normal(size=(2, 5)), rng.normal(size=(5, 1))
    bias0, bias1 = rng.normal(size=5), rng.normal(size=1)
    return (), {}


PROOF = {"steps": "n_epochs", "after": "weights0 bias0 weights1 bias1"}
