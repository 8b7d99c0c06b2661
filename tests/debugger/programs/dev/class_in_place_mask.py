"""A class with self, relu, gradients kept in a dict attribute and masked in place."""

import numpy as np

import microgradnp as mg


class Net:
    def __init__(self, rng):
        self.W1 = rng.normal(size=(5, 6))
        self.b1 = rng.normal(size=6)
        self.W2 = rng.normal(size=(6, 3))
        self.b2 = rng.normal(size=3)
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.z1 = x @ self.W1 + self.b1
        self.a1 = np.maximum(self.z1, 0)
        self.out = self.a1 @ self.W2 + self.b2
        return self.out

    def backward(self, y):
        dout = 2 * (self.out - y) / y.size
        self.grads["W2"] = self.a1.T @ dout
        self.grads["b2"] = dout.sum(0)
        dhid = dout @ self.W2.T
        dhid[self.a1 <= 0] = 0
        self.grads["W1"] = self.x.T @ dhid
        self.grads["b1"] = dhid.sum(0)

    def update(self, lr):
        self.W1 -= lr * self.grads["W1"]
        self.b1 -= lr * self.grads["b1"]
        self.W2 -= lr * self.grads["W2"]
        self.b2 -= lr * self.grads["b2"]


def train(net, x, y, lr=0.1, steps=100):
    for step in range(steps):
        net.forward(x)
        net.backward(y)
        net.update(lr)
    return net


def loss(x, y, W1, b1, W2, b2):
    return mg.mse(mg.relu(x @ W1 + b1) @ W2 + b2, y)


def make(rng):
    return (Net(rng), rng.normal(size=(7, 5)), rng.normal(size=(7, 3))), {}
