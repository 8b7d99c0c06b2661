"""Predict the next value of a wave with a small RNN (rows). Backprop through time seems fine for two steps, not for six."""

import numpy as np


def bptt(wave, goals, P, R, q, S):
    hs = {-1: np.zeros(R.shape[0])}
    ys = {}
    for t in range(len(wave)):
        hs[t] = np.tanh(wave[t] @ P + hs[t - 1] @ R + q)
        ys[t] = hs[t] @ S
    dP, dR, dq, dS = np.zeros_like(P), np.zeros_like(R), np.zeros_like(q), np.zeros_like(S)
    dnext = np.zeros(R.shape[0])
    for t in reversed(range(len(wave))):
        dy = ys[t] - goals[t]
        dS += np.outer(hs[t], dy)
        dh = dy @ S.T + dnext
        draw = (1 - hs[t] * hs[t]) * dh
        dP += np.outer(wave[t], draw)
        dR += np.outer(hs[t - 1], draw)
        dq += draw
        dnext = draw @ R
    return dP, dR, dq, dS


def train(wave, goals, P, R, q, S, lr=0.01, n_epoch=4):
    for _ in range(n_epoch):
        for param, grad in zip((P, R, q, S), bptt(wave, goals, P, R, q, S)):
            param -= lr * np.clip(grad, -50, 50)


def loss(wave, goals, P, R, q, S):
    h, total = np.zeros(4), 0.0
    for t in range(6):
        h = np.tanh(wave[t] @ P + h @ R + q)
        total = total + 0.5 * np.sum((h @ S - goals[t]) ** 2)
    return total


def make(rng):
    t = np.arange(7) + rng.normal()
    wave = np.stack([np.sin(t), np.cos(t / 2)], axis=1)
    return (wave[:-1], wave[1:, :1], *(rng.normal(size=s) * 0.7 for s in ((2, 4), (4, 4), (4,), (4, 1)))), {}


TRUTH = {
    "lines": ["dnext = draw @ R"],
    "cause": {"transposed", "wrong_index"},
    "wrong": {"P", "R", "q"},
    "fixed": ("dnext = draw @ R\n", "dnext = draw @ R.T\n"),
}
PROOF = {"steps": "n_epoch", "after": "P R q S"}
