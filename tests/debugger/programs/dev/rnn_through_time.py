"""A vanilla RNN over five time steps, backpropagation through time, in the manner of min-char-rnn."""

import numpy as np

import microgradnp as mg


def train(xs, ys, Wxh, Whh, Why, bh, by):
    hs = {-1: np.zeros(Whh.shape[0])}
    outs = {}
    for t in range(len(xs)):
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        outs[t] = Why @ hs[t] + by
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(xs))):
        dy = outs[t] - ys[t]
        dWhy += np.outer(dy, hs[t])
        dby += dy
        dh = Why.T @ dy + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.outer(dhraw, xs[t])
        dWhh += np.outer(dhraw, hs[t - 1])
        dhnext = Whh.T @ dhraw
    return dWxh, dWhh, dWhy, dbh, dby


def loss(xs, ys, Wxh, Whh, Why, bh, by):
    h, total = np.zeros(4), 0.0
    for t in range(5):
        h = np.tanh(Wxh @ xs[t] + Whh @ h + bh)
        total = total + 0.5 * np.sum((Why @ h + by - ys[t]) ** 2)
    return total


def make(rng):
    shapes = (5, 3), (5, 2), (4, 3), (4, 4), (2, 4), (4,), (2,)
    return tuple(rng.normal(size=s) * 0.7 for s in shapes), {}
