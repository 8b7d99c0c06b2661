"""Convention: the model multiplies x @ W, the code stores W the other way round, as (outputs, inputs)."""

import numpy as np


class Layer:
    def __init__(self, weight, bias):
        self.weight, self.bias = weight, bias


def train(first, second, x, t):
    h = np.tanh(x @ first.weight.T + first.bias)
    o = h @ second.weight.T + second.bias
    go = o - t
    second.weight_grad = go.T @ h
    second.bias_grad = go.sum(0)
    gh = (go @ second.weight) * (1 - h * h)
    first.weight_grad = gh.T @ x
    first.bias_grad = gh.sum(0)
    for layer in (first, second):
        layer.weight -= 0.05 * layer.weight_grad
        layer.bias -= 0.05 * layer.bias_grad


def loss(x, t, W1, b1, W2, b2):
    return 0.5 * np.sum((np.tanh(x @ W1 + b1) @ W2 + b2 - t) ** 2)


BIND = {"W1": "first.weight.T", "b1": "first.bias", "W2": "second.weight.T", "b2": "second.bias"}


def make(rng):
    return (Layer(rng.normal(size=(5, 3)), rng.normal(size=5)), Layer(rng.normal(size=(2, 5)), rng.normal(size=2)), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))), {}


PROOF = {"after": "W1 b1 W2 b2"}
