"""A class after a well-known tutorial; the weights are changed in place from one long expression each."""

import numpy as np


class Neural_Network:
    def __init__(self, weights1, weights2):
        self.weights1 = weights1
        self.weights2 = weights2

    def sigmoid(self, s, deriv=False):
        if deriv == True:
            return s * (1 - s)
        return 1 / (1 + np.exp(-s))

    def forward(self, X):
        self.z = np.dot(X, self.weights1)
        self.z2 = self.sigmoid(self.z)
        self.z3 = np.dot(self.z2, self.weights2)
        return self.sigmoid(self.z3)

    def backward(self, X, y, o):
        self.o_error = y - o
        self.o_delta = self.o_error * self.sigmoid(o, deriv=True)
        self.z2_error = self.o_delta.dot(self.weights2.T)
        self.z2_delta = self.z2_error * self.sigmoid(self.z2, deriv=True)
        self.weights1 += X.T.dot(self.z2_delta)
        self.weights2 += self.z.T.dot(self.o_delta)

    def train(self, X, y):
        o = self.forward(X)
        self.backward(X, y, o)


def train(NN, X, y):
    NN.train(X, y)


def loss(X, y, weights1, weights2):
    h = 1 / (1 + np.exp(-(X @ weights1)))
    return 0.5 * np.sum((y - 1 / (1 + np.exp(-(h @ weights2)))) ** 2)


def make(rng):
    return (
        Neural_Network(rng.normal(size=(2, 3)), rng.normal(size=(3, 1))),
        rng.uniform(size=(5, 2)),
        rng.uniform(size=(5, 1)),
    ), {}


TRUTH = {
    "lines": ["self.weights2 += self.z.T.dot(self.o_delta)"],
    "cause": {"wrong_activation_in_weight_gradient"},
    "wrong": {"weights2"},
    "fixed": ("self.weights2 += self.z.T", "self.weights2 += self.z2.T"),
}
PROOF = {"at": {"weights1": "NN.weights1", "weights2": "NN.weights2"}, "after": "weights1 weights2"}
