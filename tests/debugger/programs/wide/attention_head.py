"""One head of self-attention, backprop through the softmax's full Jacobian."""

import numpy as np

import microgradnp as mg


def train(x, y, Wq, Wk, Wv):
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    scale = 1 / np.sqrt(q.shape[1])
    scores = q @ k.T * scale
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    a = e / e.sum(axis=1, keepdims=True)
    out = a @ v
    dout = out - y
    dv = a.T @ dout
    da = dout @ v.T
    dscores = a * (da - (da * a).sum(axis=1, keepdims=True))
    dq = dscores @ k * scale
    dk = dscores.T @ q * scale
    return {"Wq": x.T @ dq, "Wk": x.T @ dk, "Wv": x.T @ dv}


def loss(x, y, Wq, Wk, Wv):
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    a = mg.softmax(q @ k.T / np.sqrt(q.shape[1]))
    return 0.5 * mg.sse(a @ v, y)


def make(rng):
    return (rng.normal(size=(5, 4)), rng.normal(size=(5, 3)), *(rng.normal(size=(4, 3)) for _ in range(3))), {}
