"""One head of scaled dot-product attention by hand, causal, with an output projection; returns a dict of gradients."""

import numpy as np


def softmax_rows(s):
    s = s - s.max(axis=-1, keepdims=True)
    e = np.exp(s)
    return e / e.sum(axis=-1, keepdims=True)


def train(x, y, p):
    T, d = x.shape
    scale = 1.0 / np.sqrt(p["Wq"].shape[1])
    # forward
    q, k, v = x @ p["Wq"], x @ p["Wk"], x @ p["Wv"]
    scores = q @ k.T * scale
    mask = np.triu(np.ones((T, T), dtype=bool), 1)
    scores[mask] = -1e9
    att = softmax_rows(scores)
    ctx = att @ v
    out = ctx @ p["Wo"] + x
    # backward
    d_out = (out - y) / T
    g = {}
    g["Wo"] = ctx.T @ d_out
    d_ctx = d_out @ p["Wo"].T
    d_v = att.T @ d_ctx
    d_att = d_ctx @ v.T
    d_scores = att * (d_att - (d_att * att).sum(axis=-1, keepdims=True))
    d_q = d_scores @ k * scale
    d_k = d_scores.T @ q * scale
    g["Wq"] = x.T @ d_q
    g["Wk"] = x.T @ d_k
    g["Wv"] = x.T @ d_v
    return g


def loss(x, y, Wq, Wk, Wv, Wo):
    n = len(x)
    s = (x @ Wq) @ np.transpose(x @ Wk) / np.sqrt(3.0)
    e = np.exp(s) * np.tril(np.ones((n, n)))
    a = e / np.sum(e, axis=1, keepdims=True)
    return np.sum((a @ (x @ Wv) @ Wo + x - y) ** 2) / (2 * n)


def make(rng):
    p = {"Wq": rng.normal(size=(4, 3)), "Wk": rng.normal(size=(4, 3)), "Wv": rng.normal(size=(4, 3)), "Wo": rng.normal(size=(3, 4))}
    return (rng.normal(size=(5, 4)), rng.normal(size=(5, 4)), p), {}


PROOF = {
    "at": {n: f"p['{n}']" for n in ("Wq", "Wk", "Wv", "Wo")},
    "gradient": {n: f"out['{n}']" for n in ("Wq", "Wk", "Wv", "Wo")},
}
