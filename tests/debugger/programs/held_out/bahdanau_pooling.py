"""Additive attention pools encoder states into one context vector for a classifier; einsum, gradients returned as a tuple."""

import numpy as np


def softmax(e, axis=-1):
    e = np.exp(e - np.max(e, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def forward_backward(H, query, Y, Wk, Wq, v, C):
    """H: (batch, time, d), query: (batch, d), Y: one-hot (batch, classes)"""
    keys = np.einsum("btd,dk->btk", H, Wk)
    mixed = np.tanh(keys + np.einsum("bd,dk->bk", query, Wq)[:, None, :])
    energy = np.einsum("btk,k->bt", mixed, v)
    alpha = softmax(energy)
    context = np.einsum("bt,btd->bd", alpha, H)
    probs = softmax(context @ C)

    d_logits = (probs - Y) / Y.shape[0]
    gC = np.einsum("bd,bc->dc", context, d_logits)
    d_context = np.einsum("bc,dc->bd", d_logits, C)
    d_alpha = np.einsum("bd,btd->bt", d_context, H)
    d_energy = alpha * (d_alpha - np.einsum("bt,bt->b", alpha, d_alpha)[:, None])
    gv = np.einsum("bt,btk->k", d_energy, mixed)
    d_tanh = np.einsum("bt,k->btk", d_energy, v) * (1.0 - np.square(mixed))
    gWk = np.einsum("btd,btk->dk", H, d_tanh)
    gWq = np.einsum("bd,btk->dk", query, d_tanh)
    return -np.sum(Y * np.log(probs)) / Y.shape[0], (gWk, gWq, gv, gC)


def train(H, query, Y, Wk, Wq, v, C, eta=0.2, n_steps=5):
    for _ in range(n_steps):
        nll, grads = forward_backward(H, query, Y, Wk, Wq, v, C)
        Wk, Wq, v, C = (p - eta * g for p, g in zip((Wk, Wq, v, C), grads))
    return Wk, Wq, v, C


def loss(H, query, Y, Wk, Wq, v, C):
    energy = np.tanh(H @ Wk + (query @ Wq)[:, None, :]) @ v
    weight = np.exp(energy) / np.sum(np.exp(energy), axis=1, keepdims=True)
    logits = np.sum(weight[:, :, None] * H, axis=1) @ C
    return np.mean(np.log(np.sum(np.exp(logits), axis=1)) - np.sum(Y * logits, axis=1))


def make(rng):
    Y = np.eye(3)[rng.integers(0, 3, size=4)]
    weights = (rng.normal(size=s) for s in ((3, 4), (3, 4), (4,), (3, 3)))
    return (rng.normal(size=(4, 5, 3)), rng.normal(size=(4, 3)), Y, *weights), {}


PROOF = {"steps": "n_steps", "after": {"Wk": "out[0]", "Wq": "out[1]", "v": "out[2]", "C": "out[3]"}}
