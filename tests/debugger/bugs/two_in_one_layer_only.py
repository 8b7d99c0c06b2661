"""Medium article, updates without any gradient variable; I shortened the last expression."""

import numpy as np


def sigmoid_derivative(a):
    return a * (1.0 - a)


class NeuralNetwork:
    def __init__(self, weights1, weights2, weights3):
        self.weights1, self.weights2, self.weights3 = weights1, weights2, weights3

    def feedforward(self, x):
        self.layer1 = 1.0 / (1 + np.exp(-np.dot(x, self.weights1)))
        self.layer2 = 1.0 / (1 + np.exp(-np.dot(self.layer1, self.weights2)))
        self.output = np.dot(self.layer2, self.weights3)

    def backprop(self, x, y):
        w2, w3 = self.weights2.copy(), self.weights3.copy()
        slope1, slope2 = sigmoid_derivative(self.layer1), sigmoid_derivative(self.layer2)
        self.weights3 += 0.1 * np.dot(self.layer2.T, 2 * (y - self.output))
        self.weights2 += 0.1 * np.dot(self.layer1.T, np.dot(2 * (y - self.output), w3.T) * slope2)
        self.weights1 += 0.1 * np.dot(x.T, np.dot(np.dot(y - self.output, w3.T) * slope2, w2.T) * slope1)


def train(nn, x, y, times=100):
    for i in range(times):
        nn.feedforward(x)
        nn.backprop(x, y)


def loss(x, y, weights1, weights2, weights3):
    a = 1 / (1 + np.exp(-(x @ weights1)))
    b = 1 / (1 + np.exp(-(a @ weights2)))
    return np.sum((y - b @ weights3) ** 2)


def make(rng):
    return (
        NeuralNetwork(*(rng.normal(size=s) for s in ((3, 4), (4, 4), (4, 2)))),
        rng.normal(size=(6, 3)),
        rng.uniform(size=(6, 2)),
    ), {}


TRUTH = {
    "lines": ["self.weights1 += 0.1 * np.dot(x.T, np.dot(np.dot(y - self.output, w3.T) * slope2, w2.T) * slope1)"],
    "cause": {"factor_2", "missing_factor"},
    "wrong": {"weights1"},
    "fixed": ("np.dot(np.dot(y - self.output, w3.T)", "np.dot(np.dot(2 * (y - self.output), w3.T)"),
}
PROOF = {"steps": "times", "at": {f"weights{n}": f"nn.weights{n}" for n in (1, 2, 3)}, "after": "weights1 weights2 weights3"}
