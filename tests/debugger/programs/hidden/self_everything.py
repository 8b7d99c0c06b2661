"""All in attributes: inputs, layers, errors; train calls feedforward and backprop until done."""

import numpy as np

import microgradnp as mg


class NeuralNetwork:
    def __init__(self, x, y, rng):
        self.input = x
        self.y = y
        self.weights1 = rng.normal(size=(x.shape[1], 5))
        self.weights2 = rng.normal(size=(5, 1))
        self.output = np.zeros(y.shape)

    def sigmoid(self, s):
        return 1 / (1 + np.exp(-s))

    def sigmoid_derivative(self, s):
        return s * (1 - s)

    def feedforward(self):
        self.layer1 = self.sigmoid(np.dot(self.input, self.weights1))
        self.output = self.sigmoid(np.dot(self.layer1, self.weights2))

    def backprop(self):
        d2 = 2 * (self.y - self.output) * self.sigmoid_derivative(self.output)
        d_weights2 = np.dot(self.layer1.T, d2)
        d1 = np.dot(d2, self.weights2.T) * self.sigmoid_derivative(self.layer1)
        d_weights1 = np.dot(self.input.T, d1)
        self.weights1 += d_weights1
        self.weights2 += d_weights2


def train(nn, iterations=1500):
    for _ in range(iterations):
        nn.feedforward()
        nn.backprop()


def loss(x, y, W1, W2):
    return mg.sse(mg.sigmoid(mg.sigmoid(x @ W1) @ W2), y)


BIND = {"x": "nn.input", "y": "nn.y", "W1": "nn.weights1", "W2": "nn.weights2"}


def make(rng):
    return (NeuralNetwork(rng.normal(size=(5, 3)), rng.uniform(size=(5, 1)), rng),), {}
