"""Bag of words: rows of the table are looked up by index, the same word may occur twice in a document."""

import numpy as np


def train(docs, labels, table, out_w, out_b, lr=0.3, epochs=4):
    for epoch in range(epochs):
        bags = np.stack([table[d].sum(axis=0) for d in docs])
        logits = bags @ out_w + out_b
        prob = 1 / (1 + np.exp(-logits))
        diff = (prob - labels) / len(docs)
        grad_w = bags.T @ diff
        grad_b = diff.sum()
        grad_table = np.zeros_like(table)
        for d, e in zip(docs, diff):
            grad_table[d] += e * out_w
        table -= lr * grad_table
        out_w -= lr * grad_w
        out_b -= lr * grad_b


def loss(docs, labels, table, out_w, out_b):
    total = 0.0
    for d, y in zip(docs, labels):
        s = np.sum(np.sum(table[d], axis=0) * out_w) + out_b[0]
        total = total + np.log(1 + np.exp(s)) - y * s
    return total / len(docs)


def make(rng):
    docs = [[0, 3, 3, 1], [2, 2, 2], [4, 1, 0, 5, 1], [5, 3]]
    return (docs, np.array([1.0, 0, 0, 1]), rng.normal(size=(6, 3)), rng.normal(size=3), rng.normal(size=1)), {}


TRUTH = {
    "lines": ["grad_table[d] += e * out_w"],
    "cause": {"repeated_index_lost"},
    "wrong": {"table"},
    "fixed": ("grad_table[d] += e * out_w", "np.add.at(grad_table, d, e * out_w)"),
}
PROOF = {"steps": "epochs", "after": "table out_w out_b"}
