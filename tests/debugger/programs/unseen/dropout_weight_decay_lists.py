"""Four layers in lists, inverted dropout with its masks kept, L2 decay, loops from the back (question on a forum)."""

import numpy as np


class DropoutNet:
    def __init__(self, weights, biases, keep=0.7, reg=0.01, seed=3):
        self.weights = weights
        self.biases = biases
        self.keep = keep
        self.reg = reg
        self.rng = np.random.RandomState(seed)
        self.masks = [None] * (len(weights) - 1)

    def feed(self, X):
        self.acts = [X]
        last = len(self.weights) - 1
        for l, (w, b) in enumerate(zip(self.weights, self.biases)):
            z = self.acts[-1].dot(w) + b
            if l == last:
                e = np.exp(z - z.max(1)[:, None])
                self.acts.append(e / e.sum(1)[:, None])
            else:
                mask = (self.rng.rand(*z.shape) < self.keep) / self.keep
                self.masks[l] = mask
                self.acts.append(np.maximum(z, 0) * mask)
        return self.acts[-1]

    def back(self, y):
        n = len(y)
        delta = self.acts[-1].copy()
        delta[np.arange(n), y] -= 1.0
        delta /= n
        gw, gb = [], []
        for l in reversed(range(len(self.weights))):
            gw.insert(0, self.acts[l].T.dot(delta) + self.reg * self.weights[l])
            gb.insert(0, delta.sum(0))
            if l:
                delta = delta.dot(self.weights[l].T) * self.masks[l - 1] * (self.acts[l] > 0)
        return gw, gb


def train(net, X, y, lr=0.2, epochs=5):
    for ep in range(epochs):
        net.feed(X)
        gw, gb = net.back(y)
        for l in range(len(gw)):
            net.weights[l] -= lr * gw[l]
            net.biases[l] -= lr * gb[l]


def loss(X, y, W0, W1, W2, W3, b0, b1, b2, b3, m0, m1, m2):
    h = X
    for W, b, m in ((W0, b0, m0), (W1, b1, m1), (W2, b2, m2)):
        h = np.maximum(h @ W + b, 0) * m
    s = h @ W3 + b3
    data = np.mean(np.log(np.sum(np.exp(s), axis=1)) - s[np.arange(len(y)), y])
    return data + 0.005 * (np.sum(W0**2) + np.sum(W1**2) + np.sum(W2**2) + np.sum(W3**2))


BIND = {f"W{l}": f"net.weights[{l}]" for l in range(4)}
BIND.update({f"b{l}": f"net.biases[{l}]" for l in range(4)})
BIND.update({f"m{l}": f"net.masks[{l}]" for l in range(3)})


def make(rng):
    sizes = [4, 8, 7, 6, 3]
    weights = [rng.normal(size=s) * 0.7 for s in zip(sizes[:-1], sizes[1:])]
    biases = [rng.normal(size=s) * 0.5 for s in sizes[1:]]
    return (DropoutNet(weights, biases), rng.normal(size=(9, 4)), rng.permutation(np.arange(9) % 3)), {}


PROOF = {"steps": "epochs", "late": ["m0", "m1", "m2"], "after": "W0 W1 W2 W3 b0 b1 b2 b3"}
