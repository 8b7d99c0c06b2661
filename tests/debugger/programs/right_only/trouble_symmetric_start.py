"""Training trouble, gradients right: all weights start at 0.5, so the hidden units stay copies of each other."""

import numpy as np


class Perceptron:
    def __init__(self, n_inputs, n_hidden):
        self.hidden = [[0.5] * (n_inputs + 1) for _ in range(n_hidden)]
        self.out = [0.5] * (n_hidden + 1)

    def forward(self, row):
        self.h = []
        for unit in self.hidden:
            s = unit[-1]
            for i in range(len(row)):
                s += unit[i] * row[i]
            self.h.append(np.tanh(s))
        y = self.out[-1]
        for j in range(len(self.h)):
            y += self.out[j] * self.h[j]
        return y

    def learn(self, row, target, rate):
        delta = self.forward(row) - target
        back = [delta * self.out[j] * (1 - self.h[j] ** 2) for j in range(len(self.h))]
        for j in range(len(self.h)):
            self.out[j] -= rate * delta * self.h[j]
        self.out[-1] -= rate * delta
        for j, unit in enumerate(self.hidden):
            for i in range(len(row)):
                unit[i] -= rate * back[j] * row[i]
            unit[-1] -= rate * back[j]


def train(net, row, target, rate=0.1, times=20):
    for _ in range(times):
        net.learn(row, target, rate)


def loss(row, target, V, u):
    h = np.tanh(V[:, :3] @ row + V[:, 3])
    return 0.5 * (np.sum(u[:4] * h) + u[4] - target) ** 2


BIND = {"V": "net.hidden", "u": "net.out"}


def make(rng):
    return (Perceptron(3, 4), rng.normal(size=3).tolist(), float(rng.normal())), {}


PROOF = {"steps": "times", "after": "V u"}
