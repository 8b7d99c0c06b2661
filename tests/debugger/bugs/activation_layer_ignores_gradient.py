"""Layers with forward_propagation and backward_propagation; the activation layer gets output_error and learning_rate."""

import numpy as np


class FCLayer:
    def __init__(self, weights, bias):
        self.weights, self.bias = weights, bias

    def forward_propagation(self, input_data):
        self.input = input_data
        return np.dot(self.input, self.weights) + self.bias

    def backward_propagation(self, output_error, learning_rate):
        input_error = np.dot(output_error, self.weights.T)
        weights_error = np.dot(self.input.T, output_error)
        self.weights -= learning_rate * weights_error
        self.bias -= learning_rate * output_error
        return input_error


class ActivationLayer:
    def __init__(self, activation, activation_prime):
        self.activation, self.activation_prime = activation, activation_prime

    def forward_propagation(self, input_data):
        self.input = input_data
        return self.activation(self.input)

    def backward_propagation(self, output_error, learning_rate):
        return self.activation_prime(self.input)


def tanh(x):
    return np.tanh(x)


def tanh_prime(x):
    return 1 - np.tanh(x) ** 2


def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / y_true.size


def train(layers, x, y, epochs=10, learning_rate=0.1):
    for i in range(epochs):
        output = x
        for layer in layers:
            output = layer.forward_propagation(output)
        error = mse_prime(y, output)
        for layer in reversed(layers):
            error = layer.backward_propagation(error, learning_rate)


def loss(x, y, W1, b1, W2, b2):
    return np.mean((np.tanh(x @ W1 + b1) @ W2 + b2 - y) ** 2)


BIND = {"W1": "layers[0].weights", "b1": "layers[0].bias", "W2": "layers[2].weights", "b2": "layers[2].bias"}


def make(rng):
    layers = [
        FCLayer(rng.normal(size=(3, 4)), rng.normal(size=(1, 4))),
        ActivationLayer(tanh, tanh_prime),
        FCLayer(rng.normal(size=(4, 2)), rng.normal(size=(1, 2))),
    ]
    return (layers, rng.normal(size=(1, 3)), rng.normal(size=(1, 2))), {}


TRUTH = {
    "lines": ["return self.activation_prime(self.input)"],
    "cause": {"upstream_gradient_dropped"},
    "wrong": {"W1", "b1"},
    "fixed": ("return self.activation_prime(self.input)", "return self.activation_prime(self.input) * output_error"),
}
PROOF = {"steps": "epochs", "after": "W1 b1 W2 b2"}
