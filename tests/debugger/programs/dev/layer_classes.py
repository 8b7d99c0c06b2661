"""Layers with forward and backward methods, chained in a list; the gradients live in the layers."""

import numpy as np

import microgradnp as mg


class Dense:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0)
        return grad @ self.W.T


class Sigmoid:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, grad):
        return grad * self.y * (1 - self.y)


def train(layers, X, Y, lr=0.1, epochs=10):
    for _ in range(epochs):
        out = X
        for layer in layers:
            out = layer.forward(out)
        grad = 2 * (out - Y) / out.size
        for layer in reversed(layers):
            grad = layer.backward(grad)
        for layer in layers:
            if isinstance(layer, Dense):
                layer.W -= lr * layer.dW
                layer.b -= lr * layer.db


def loss(X, Y, W1, b1, W2, b2):
    return mg.mse(mg.sigmoid(X @ W1 + b1) @ W2 + b2, Y)


BIND = {"W1": "layers[0].W", "b1": "layers[0].b", "W2": "layers[2].W", "b2": "layers[2].b"}


def make(rng):
    layers = [Dense(rng.normal(size=(3, 5)), rng.normal(size=5)), Sigmoid(), Dense(rng.normal(size=(5, 2)), rng.normal(size=2))]
    return (layers, rng.normal(size=(6, 3)), rng.normal(size=(6, 2))), {}
