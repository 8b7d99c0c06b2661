"""L2 looks too weak with large batches. The cost has lam/2 * sum(W**2), not divided by the number of examples."""

import numpy as np


def cost_and_grads(X, T, Ws, lam):
    n = len(X)
    acts = [X]
    for W in Ws[:-1]:
        acts.append(np.tanh(acts[-1] @ W))
    scores = acts[-1] @ Ws[-1]
    P = np.exp(scores - scores.max(axis=1, keepdims=True))
    P /= P.sum(axis=1, keepdims=True)
    cost = -np.log(P[T == 1]).mean() + lam / 2 * sum((W**2).sum() for W in Ws)
    D = P - T
    grads = [None] * len(Ws)
    for k in range(len(Ws) - 1, -1, -1):
        grads[k] = (acts[k].T @ D + lam * Ws[k]) / n
        if k > 0:
            D = (D @ Ws[k].T) * (1 - acts[k] ** 2)
    return cost, grads


def train(X, T, Ws, lam=0.3, eta=0.1, iterations=4):
    for i in range(iterations):
        cost, grads = cost_and_grads(X, T, Ws, lam)
        for W, G in zip(Ws, grads):
            W -= eta * G


def loss(X, T, W0, W1, lam):
    S = np.tanh(X @ W0) @ W1
    return np.mean(np.log(np.sum(np.exp(S), axis=1)) - np.sum(T * S, axis=1)) + lam / 2 * (np.sum(W0**2) + np.sum(W1**2))


BIND = {"W0": "Ws[0]", "W1": "Ws[1]"}


def make(rng):
    return (
        rng.normal(size=(6, 3)),
        np.eye(3)[rng.permutation(np.arange(6) % 3)],
        [rng.normal(size=(3, 5)), rng.normal(size=(5, 3))],
    ), {}


TRUTH = {
    "lines": ["grads[k] = (acts[k].T @ D + lam * Ws[k]) / n"],
    "cause": {"regularisation_term_wrong"},
    "wrong": {"W0", "W1"},
    "fixed": ("(acts[k].T @ D + lam * Ws[k]) / n", "acts[k].T @ D / n + lam * Ws[k]"),
}
PROOF = {"steps": "iterations", "at": {"lam": "0.3"}, "after": "W0 W1"}
