"""The weights go down the hill and the output's bias goes up: negative error everywhere, but one line kept the old sign."""

import numpy as np


class Layer:
    def __init__(self, weights, bias):
        self.weights = weights
        self.bias = bias


def forward(layers, x):
    for layer in layers:
        layer.input = x
        layer.output = np.tanh(x @ layer.weights + layer.bias)
        x = layer.output
    return x


def train(layers, x, target, eta=0.05, epochs=8):
    hidden, final = layers
    for _ in range(epochs):
        forward(layers, x)
        final.delta = (target - final.output) * (1 - final.output**2)
        hidden.delta = (final.delta @ final.weights.T) * (1 - hidden.output**2)
        hidden.weights += eta * hidden.input.T @ hidden.delta
        hidden.bias += eta * hidden.delta.sum(axis=0)
        final.weights += eta * final.input.T @ final.delta
        final.bias -= eta * final.delta.sum(axis=0)


def loss(x, target, V, c, W, d):
    return 0.5 * np.sum((np.tanh(np.tanh(x @ V + c) @ W + d) - target) ** 2)


BIND = {"V": "layers[0].weights", "c": "layers[0].bias", "W": "layers[1].weights", "d": "layers[1].bias"}


def make(rng):
    layers = [Layer(rng.normal(size=s), rng.normal(size=s[1])) for s in ((3, 5), (5, 2))]
    return (layers, rng.normal(size=(6, 3)), rng.uniform(-1, 1, size=(6, 2))), {}


TRUTH = {
    "lines": ["final.bias -= eta * final.delta.sum(axis=0)"],
    "cause": {"sign_flipped"},
    "wrong": {"d"},
    "fixed": ("final.bias -= eta", "final.bias += eta"),
}
PROOF = {"steps": "epochs", "after": "V c W d"}
