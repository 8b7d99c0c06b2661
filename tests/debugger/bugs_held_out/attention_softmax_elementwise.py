"""A soft lookup: a question is compared with keys and reads a mixture of values. The value matrix trains, the others drift."""

import numpy as np


def lookup(question, facts, Q, K, V):
    q = question @ Q
    k = facts @ K
    v = facts @ V
    match = q @ k.T / np.sqrt(k.shape[1])
    share = np.exp(match - match.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    return q, k, v, share, share @ v


def lookup_back(d_read, question, facts, q, k, v, share):
    d_share = d_read @ v.T
    d_match = d_share * share * (1 - share)
    d_match = d_match / np.sqrt(k.shape[1])
    return question.T @ (d_match @ k), facts.T @ (d_match.T @ q), facts.T @ (share.T @ d_read)


def train(question, facts, reply, Q, K, V, out, lr=0.1, turns=5):
    for turn in range(turns):
        q, k, v, share, read = lookup(question, facts, Q, K, V)
        diff = (read @ out - reply) * 2 / reply.size
        d_out = read.T @ diff
        dQ, dK, dV = lookup_back(diff @ out.T, question, facts, q, k, v, share)
        Q, K, V, out = Q - lr * dQ, K - lr * dK, V - lr * dV, out - lr * d_out
    return Q, K, V, out


def loss(question, facts, reply, Q, K, V, out):
    a = np.exp((question @ Q) @ (facts @ K).T / 2.0)
    return np.mean((a / np.sum(a, axis=1, keepdims=True) @ facts @ V @ out - reply) ** 2)


def make(rng):
    return tuple(rng.normal(size=s) for s in ((4, 3), (5, 3), (4, 2), (3, 4), (3, 4), (3, 3), (3, 2))), {}


TRUTH = {
    "lines": ["d_match = d_share * share * (1 - share)"],
    "cause": {"softmax_jacobian_wrong"},
    "wrong": {"Q", "K"},
    "fixed": (
        "d_match = d_share * share * (1 - share)",
        "d_match = share * (d_share - (d_share * share).sum(axis=1, keepdims=True))",
    ),
}
PROOF = {"steps": "turns", "after": {name: f"out[{k}]" for k, name in enumerate(("Q", "K", "V", "out"))}}
