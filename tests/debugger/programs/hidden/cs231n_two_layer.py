"""The course assignment's two-layer net: params in self.params, loss returns (loss, grads)."""

import numpy as np

import microgradnp as mg


class TwoLayerNet:
    def __init__(self, rng):
        self.params = {"W1": rng.normal(size=(4, 7)), "b1": rng.normal(size=7), "W2": rng.normal(size=(7, 3)), "b2": rng.normal(size=3)}

    def loss(self, X, y, reg=0.05):
        W1, b1 = self.params["W1"], self.params["b1"]
        W2, b2 = self.params["W2"], self.params["b2"]
        N, D = X.shape
        hidden = np.maximum(0, X.dot(W1) + b1)
        scores = hidden.dot(W2) + b2
        scores = scores - scores.max(axis=1, keepdims=True)
        p = np.exp(scores)
        p = p / p.sum(axis=1, keepdims=True)
        value = -np.log(p[np.arange(N), y]).mean() + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        grads = {}
        dscores = p
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads["W2"] = hidden.T.dot(dscores) + 2 * reg * W2
        grads["b2"] = np.sum(dscores, axis=0)
        dhidden = dscores.dot(W2.T)
        dhidden[hidden <= 0] = 0
        grads["W1"] = X.T.dot(dhidden) + 2 * reg * W1
        grads["b1"] = np.sum(dhidden, axis=0)
        return value, grads


def train(net, X, y):
    return net.loss(X, y)


def loss(X, y, W1, b1, W2, b2, reg=0.05):
    scores = mg.relu(X @ W1 + b1) @ W2 + b2
    return mg.cross_entropy(scores, y) + reg * (np.sum(W1 * W1) + np.sum(W2 * W2))


def make(rng):
    return (TwoLayerNet(rng), rng.normal(size=(6, 4)), rng.permutation(np.arange(6) % 3)), {}
