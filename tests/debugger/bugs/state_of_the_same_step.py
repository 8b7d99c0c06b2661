"""RNN homework, batch first. Gradient check: U and b pass, V passes, W is off."""

import numpy as np


class RNN:
    def __init__(self, U, W, V, b):
        self.U, self.W, self.V, self.b = U, W, V, b

    def forward(self, x):
        B, T, _ = x.shape
        s = np.zeros((B, T + 1, self.W.shape[0]))
        for t in range(T):
            s[:, t] = np.tanh(x[:, t] @ self.U + s[:, t - 1] @ self.W + self.b)
        return s, s[:, T - 1] @ self.V

    def bptt(self, x, y):
        T = x.shape[1]
        s, o = self.forward(x)
        dLdU, dLdW = np.zeros(self.U.shape), np.zeros(self.W.shape)
        dLdb = np.zeros(self.b.shape)
        delta_o = o - y
        dLdV = s[:, T - 1].T @ delta_o
        delta_t = delta_o @ self.V.T * (1 - s[:, T - 1] ** 2)
        for step in np.arange(T)[::-1]:
            dLdW += s[:, step].T @ delta_t
            dLdU += x[:, step].T @ delta_t
            dLdb += delta_t.sum(axis=0)
            delta_t = delta_t @ self.W.T * (1 - s[:, step - 1] ** 2)
        return [dLdU, dLdV, dLdW, dLdb]


def train(model, x, y):
    return model.bptt(x, y)


def loss(x, y, U, W, V, b):
    h = np.zeros((5, 4))
    for t in range(4):
        h = np.tanh(x[:, t] @ U + h @ W + b)
    return 0.5 * np.sum((h @ V - y) ** 2)


def make(rng):
    model = RNN(*(rng.normal(size=s) * 0.7 for s in ((3, 4), (4, 4), (4, 2), (4,))))
    return (model, rng.normal(size=(5, 4, 3)), rng.normal(size=(5, 2))), {}


TRUTH = {
    "lines": ["dLdW += s[:, step].T @ delta_t"],
    "cause": {"wrong_time_index"},
    "wrong": {"W"},
    "fixed": ("dLdW += s[:, step].T", "dLdW += s[:, step - 1].T"),
}
PROOF = {"at": {n: "model." + n for n in "UWVb"}, "gradient": {"U": "out[0]", "V": "out[1]", "W": "out[2]", "b": "out[3]"}}
