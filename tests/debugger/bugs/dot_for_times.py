"""Eleven lines of Python with a hidden layer of four: it runs, it just does not learn XOR."""

import numpy as np


def train(X, y, syn0, syn1):
    for j in range(6000):
        l1 = 1 / (1 + np.exp(-(np.dot(X, syn0))))
        l2 = 1 / (1 + np.exp(-(np.dot(l1, syn1))))
        l2_delta = (y - l2) * (l2 * (1 - l2))
        l1_delta = l2_delta.dot(syn1.T).dot(l1 * (1 - l1))
        syn1 += l1.T.dot(l2_delta)
        syn0 += X.T.dot(l1_delta)


def loss(X, y, syn0, syn1):
    l1 = 1 / (1 + np.exp(-(X @ syn0)))
    return 0.5 * np.sum((y - 1 / (1 + np.exp(-(l1 @ syn1)))) ** 2)


def make(rng):
    X = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    return (X, np.array([[0.0, 1, 1, 0]]).T, rng.normal(size=(3, 4)), rng.normal(size=(4, 1))), {}


TRUTH = {
    "lines": ["l1_delta = l2_delta.dot(syn1.T).dot(l1 * (1 - l1))"],
    "cause": {"matmul_vs_elementwise"},
    "wrong": {"syn0"},
    "fixed": ("l2_delta.dot(syn1.T).dot(l1 * (1 - l1))", "l2_delta.dot(syn1.T) * (l1 * (1 - l1))"),
}
PROOF = {"source": ("range(6000)", "range(1)"), "after": "syn0 syn1"}
