"""Sequence labelling with a relu RNN on batches (time, batch, features): W_x and the bias are off in the gradient check."""

import numpy as np


class SequenceLabeller:
    def __init__(self, W_x, W_r, b_r, W_o):
        self.W_x, self.W_r, self.b_r, self.W_o = W_x, W_r, b_r, W_o

    def forward(self, seq):
        steps, batch, _ = seq.shape
        self.seq = seq
        self.rec = np.zeros((steps + 1, batch, len(self.b_r)))
        self.pre = np.zeros((steps, batch, len(self.b_r)))
        for t in range(1, steps + 1):
            self.pre[t - 1] = seq[t - 1] @ self.W_x + self.rec[t - 1] @ self.W_r + self.b_r
            self.rec[t] = np.maximum(self.pre[t - 1], 0)
        return self.rec[1:] @ self.W_o

    def gradients(self, d_out):
        g_x, g_r, g_b = np.zeros_like(self.W_x), np.zeros_like(self.W_r), np.zeros_like(self.b_r)
        g_o = np.einsum("tbh,tbo->ho", self.rec[1:], d_out)
        later = np.zeros_like(self.rec[0])
        for t in range(len(d_out), 1, -1):
            total = d_out[t - 1] @ self.W_o.T + later
            total = total * (self.pre[t - 1] > 0)
            g_x += self.seq[t - 1].T @ total
            g_r += self.rec[t - 1].T @ total
            g_b += total.sum(axis=0)
            later = total @ self.W_r.T
        return g_x, g_r, g_b, g_o


def train(model, seq, goal, lr=0.05, n=3):
    for _ in range(n):
        d_out = (model.forward(seq) - goal) / goal[..., 0].size
        g_x, g_r, g_b, g_o = model.gradients(d_out)
        model.W_x -= lr * g_x
        model.W_r -= lr * g_r
        model.b_r -= lr * g_b
        model.W_o -= lr * g_o


def loss(seq, goal, W_x, W_r, b_r, W_o):
    h, total = np.zeros((3, 5)), 0.0
    for t in range(4):
        h = np.maximum(seq[t] @ W_x + h @ W_r + b_r, 0)
        total = total + np.sum((h @ W_o - goal[t]) ** 2)
    return total / (2 * 12)


def make(rng):
    model = SequenceLabeller(*(rng.normal(size=s) * 0.7 for s in ((2, 5), (5, 5), (5,), (5, 2))))
    return (model, rng.normal(size=(4, 3, 2)), rng.normal(size=(4, 3, 2))), {}


TRUTH = {
    "lines": ["for t in range(len(d_out), 1, -1):"],
    "cause": {"loop_cut_short"},
    "wrong": {"W_x", "b_r"},
    "fixed": ("for t in range(len(d_out), 1, -1):", "for t in range(len(d_out), 0, -1):"),
}
PROOF = {"steps": "n", "at": {n: "model." + n for n in ("W_x", "W_r", "b_r", "W_o")}, "after": "W_x W_r b_r W_o"}
