"""With regularisation on, the weights grow instead of shrinking. Sigmoid layers, squared error, penalty lmbda/2 |w|^2."""

import numpy as np


class Network:
    def __init__(self, sizes, seed):
        rnd = np.random.RandomState(seed)
        self.biases = [rnd.randn(y, 1) for y in sizes[1:]]
        self.weights = [rnd.randn(y, x) / np.sqrt(x) for x, y in zip(sizes[:-1], sizes[1:])]

    def update_batch(self, pairs, eta, lmbda):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in pairs:
            for k, (db, dw) in enumerate(zip(*self.backprop(x, y))):
                nabla_b[k] += db
                nabla_w[k] += dw
        share = eta / len(pairs)
        self.weights = [w + eta * lmbda * w - share * nw for w, nw in zip(self.weights, nabla_w)]
        self.biases = [b - share * nb for b, nb in zip(self.biases, nabla_b)]

    def backprop(self, x, y):
        activations = [x]
        for b, w in zip(self.biases, self.weights):
            activations.append(1.0 / (1.0 + np.exp(-(np.dot(w, activations[-1]) + b))))
        delta = (activations[-1] - y) * activations[-1] * (1 - activations[-1])
        nabla_b, nabla_w = [delta], [np.dot(delta, activations[-2].T)]
        for l in range(2, len(activations)):
            delta = np.dot(self.weights[-l + 1].T, delta) * activations[-l] * (1 - activations[-l])
            nabla_b.insert(0, delta)
            nabla_w.insert(0, np.dot(delta, activations[-l - 1].T))
        return nabla_b, nabla_w


def train(net, pairs, epochs=5, eta=0.5, lmbda=0.1):
    for epoch in range(epochs):
        net.update_batch(pairs, eta, lmbda)


def loss(pairs, w0, w1, b0, b1):
    total = 0.0
    for x, y in pairs:
        hidden = 1 / (1 + np.exp(-(w0 @ x + b0)))
        total = total + 0.5 * np.sum((1 / (1 + np.exp(-(w1 @ hidden + b1))) - y) ** 2)
    return total / len(pairs) + 0.05 * (np.sum(w0**2) + np.sum(w1**2))


BIND = {"w0": "net.weights[0]", "w1": "net.weights[1]", "b0": "net.biases[0]", "b1": "net.biases[1]"}


def make(rng):
    pairs = [(rng.normal(size=(3, 1)), rng.integers(0, 2, size=(2, 1)).astype(float)) for _ in range(4)]
    return (Network([3, 4, 2], int(rng.integers(1000))), pairs), {}


TRUTH = {
    "lines": ["self.weights = [w + eta * lmbda * w - share * nw for w, nw in zip(self.weights, nabla_w)]"],
    "cause": {"regularisation_term_wrong", "sign_flipped"},
    "wrong": {"w0", "w1"},
    "fixed": ("w + eta * lmbda * w - share * nw", "w - eta * lmbda * w - share * nw"),
}
PROOF = {"steps": "epochs", "after": "w0 w1 b0 b1"}
