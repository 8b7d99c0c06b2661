"""Convention: the biases have twice the learning rate of the weights, on purpose and by name."""

import numpy as np


class Trainer:
    def __init__(self, rng, lr_weights=0.05, lr_biases=0.1):
        self.W1, self.b1 = rng.normal(size=(3, 5)), rng.normal(size=5)
        self.W2, self.b2 = rng.normal(size=(5, 2)), rng.normal(size=2)
        self.lr_weights, self.lr_biases = lr_weights, lr_biases

    def gradients(self, x, y):
        h = np.tanh(x @ self.W1 + self.b1)
        d = h @ self.W2 + self.b2 - y
        self.dW2, self.db2 = h.T @ d, d.sum(0)
        d = d @ self.W2.T * (1 - h**2)
        self.dW1, self.db1 = x.T @ d, d.sum(0)

    def update(self):
        self.W1 -= self.lr_weights * self.dW1
        self.W2 -= self.lr_weights * self.dW2
        self.b1 -= self.lr_biases * self.db1
        self.b2 -= self.lr_biases * self.db2


def train(trainer, x, y):
    trainer.gradients(x, y)
    trainer.update()


def loss(x, y, W1, b1, W2, b2):
    return 0.5 * np.sum((np.tanh(x @ W1 + b1) @ W2 + b2 - y) ** 2)


def make(rng):
    return (Trainer(rng), rng.normal(size=(6, 3)), rng.normal(size=(6, 2))), {}


PROOF = {
    "at": {k: "trainer." + k for k in ("W1", "b1", "W2", "b2")},
    "gradient": {k: "trainer.d" + k for k in ("W1", "b1", "W2", "b2")},
}
