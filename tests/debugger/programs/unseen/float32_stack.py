"""Everything in float32, the forward pass pushes onto a stack and the backward pass pops; targets are three numbers a row."""

import numpy as np


def leaky(v):
    return np.where(v > 0, v, np.float32(0.01) * v)


class Net32:
    def __init__(self, ws, bs):
        self.ws, self.bs = ws, bs

    def fit_once(self, x, y, lr):
        tape = []
        h = x
        for i, (w, b) in enumerate(zip(self.ws, self.bs)):
            z = h @ w.T + b
            tape.append((h, z))
            h = leaky(z) if i < len(self.ws) - 1 else z
        d = (h - y) * np.float32(2 / len(x))
        i = len(self.ws) - 1
        while tape:
            inp, z = tape.pop()
            if i < len(self.ws) - 1:
                d = d * np.where(z > 0, np.float32(1), np.float32(0.01))
            dw = d.T @ inp
            db = d.sum(0)
            d = d @ self.ws[i]
            self.ws[i] -= lr * dw
            self.bs[i] -= lr * db
            i -= 1


def train(net, x, y, lr=np.float32(0.05), n=8):
    for _ in range(n):
        net.fit_once(x, y, lr)


def loss(x, y, w0, w1, w2, b0, b1, b2):
    a = x @ w0.T + b0
    a = np.maximum(a, 0.01 * a)
    a = a @ w1.T + b1
    a = np.maximum(a, 0.01 * a)
    return np.sum((a @ w2.T + b2 - y) ** 2) / len(x)


BIND = {"w0": "self.ws[0]", "w1": "self.ws[1]", "w2": "self.ws[2]", "b0": "self.bs[0]", "b1": "self.bs[1]", "b2": "self.bs[2]"}


def make(rng):
    ws = [rng.normal(size=s).astype(np.float32) for s in ((5, 3), (4, 5), (3, 4))]
    bs = [rng.normal(size=s).astype(np.float32) for s in (5, 4, 3)]
    return (Net32(ws, bs), rng.normal(size=(6, 3)).astype(np.float32), rng.normal(size=(6, 3)).astype(np.float32)), {}


PROOF = {
    "steps": "n",
    "at": {k: v.replace("self", "net") for k, v in BIND.items()},
    "after": "w0 w1 w2 b0 b1 b2",
    "digits": 4,
}
