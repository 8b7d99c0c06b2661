"""Online learning, one vector at a time, weights updated where they stand. Works with a tiny rate, not with 0.5."""

import numpy as np


class OnlineNet:
    def __init__(self, W_ih, W_ho):
        self.W_ih = W_ih
        self.W_ho = W_ho

    def learn(self, x, target, eta):
        h = 1 / (1 + np.exp(-self.W_ih @ x))
        y = self.W_ho @ h
        d_out = y - target
        self.W_ho -= eta * d_out[:, None] * h[None, :]
        d_hid = (self.W_ho.T @ d_out) * h * (1 - h)
        self.W_ih -= eta * d_hid[:, None] * x[None, :]


def train(net, xs, targets, eta=0.5):
    for x, target in zip(xs, targets):
        net.learn(x, target, eta)


def loss(x, target, W_ih, W_ho):
    return 0.5 * np.sum((W_ho @ (1 / (1 + np.exp(-(W_ih @ x)))) - target) ** 2)


def make(rng):
    return (OnlineNet(rng.normal(size=(5, 3)), rng.normal(size=(2, 5))), rng.normal(size=(4, 3)), rng.normal(size=(4, 2))), {}


TRUTH = {
    "lines": ["self.W_ho -= eta * d_out[:, None] * h[None, :]", "d_hid = (self.W_ho.T @ d_out) * h * (1 - h)"],
    "cause": {"updated_weights_used"},
    "wrong": {"W_ih"},
    "fixed": (
        "        self.W_ho -= eta * d_out[:, None] * h[None, :]\n        d_hid = (self.W_ho.T @ d_out) * h * (1 - h)\n",
        "        d_hid = (self.W_ho.T @ d_out) * h * (1 - h)\n        self.W_ho -= eta * d_out[:, None] * h[None, :]\n",
    ),
}
PROOF = {
    "run": "net.learn(xs[0], targets[0], 0.5)",
    "at": {"x": "xs[0]", "target": "targets[0]", "W_ih": "net.W_ih", "W_ho": "net.W_ho"},
    "after": "W_ih W_ho",
}
