"""Training trouble, gradients right: it stops as soon as the cost falls by less than the tolerance."""

import numpy as np


def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def train(X, labels, W, V, lr=1e-3, tol=1e-2, max_iter=200):
    previous = float("inf")
    Y = np.zeros((len(labels), V.shape[1]))
    Y[np.arange(len(labels)), labels] = 1
    for it in range(max_iter):
        H = np.tanh(X @ W)
        P = softmax(H @ V)
        cost = -np.mean(np.sum(Y * np.log(P), axis=1))
        if previous - cost < tol:
            break
        previous = cost
        D = (P - Y) / len(X)
        gV = H.T @ D
        gW = X.T @ ((D @ V.T) * (1 - H * H))
        V = V - lr * gV
        W = W - lr * gW
    return W, V, it


def loss(X, Y, W, V):
    S = np.tanh(X @ W) @ V
    return np.mean(np.log(np.sum(np.exp(S), axis=1)) - np.sum(Y * S, axis=1))


def make(rng):
    return (rng.normal(size=(7, 3)), rng.permutation(np.arange(7) % 3), rng.normal(size=(3, 4)), rng.normal(size=(4, 3))), {}


PROOF = {"steps": "max_iter", "at": {"Y": "np.eye(3)[labels]"}, "after": {"W": "out[0]", "V": "out[1]"}}
