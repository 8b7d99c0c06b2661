"""Convention: the rate falls with time, and p - y stands for the whole derivative of softmax with cross-entropy."""

import numpy as np


def train(X, Y, A, B, n_iter=15, eta0=0.5):
    for t in range(1, n_iter + 1):
        H = 1 / (1 + np.exp(-X.dot(A)))
        logits = H.dot(B)
        logits -= logits.max(axis=1, keepdims=True)
        P = np.exp(logits)
        P /= P.sum(axis=1, keepdims=True)
        eta = eta0 / np.sqrt(t)
        G = P - Y
        E = G.dot(B.T) * H * (1 - H)
        B = B - eta * H.T.dot(G)
        A = A - eta * X.T.dot(E)
    return A, B


def loss(X, Y, A, B):
    S = (1 / (1 + np.exp(-(X @ A)))) @ B
    return np.sum(np.log(np.sum(np.exp(S), axis=1)) - np.sum(Y * S, axis=1))


def make(rng):
    return (rng.normal(size=(6, 3)), np.eye(3)[rng.permutation(np.arange(6) % 3)], rng.normal(size=(3, 4)), rng.normal(size=(4, 3))), {}


PROOF = {"steps": "n_iter", "after": {"A": "out[0]", "B": "out[1]"}}
