"""Mini-batches of shuffled rows, softmax regression with a tanh layer, momentum kept outside of the model."""

import numpy as np


def one_hot(y, n):
    return np.eye(n)[y]


def forward(x, w_ih, b_h, w_ho, b_o):
    hid = np.tanh(x @ w_ih + b_h)
    logits = hid @ w_ho + b_o
    ex = np.exp(logits - logits.max(-1, keepdims=True))
    return hid, ex / ex.sum(-1, keepdims=True)


def train(features, labels, w_ih, b_h, w_ho, b_o, batch_size=4, n_epochs=3, lr=0.1, momentum=0.9):
    rs = np.random.RandomState(42)
    params = [w_ih, b_h, w_ho, b_o]
    velocity = [np.zeros_like(p) for p in params]
    n = features.shape[0]
    for ep in range(n_epochs):
        idx = np.arange(n)
        rs.shuffle(idx)
        for start in range(0, n, batch_size):
            rows = idx[start : start + batch_size]
            xb, yb = features[rows], one_hot(labels[rows], 3)
            hid, p = forward(xb, *params)
            err = (p - yb) / len(rows)
            g_who = hid.T @ err
            g_bo = err.sum(0)
            back = err @ w_ho.T * (1 - hid * hid)
            g_wih = xb.T @ back
            g_bh = back.sum(0)
            for prm, vel, g in zip(params, velocity, [g_wih, g_bh, g_who, g_bo]):
                vel *= momentum
                vel += g
                prm -= lr * vel


def loss(xb, yb, w_ih, b_h, w_ho, b_o):
    s = np.tanh(xb @ w_ih + b_h) @ w_ho + b_o
    return np.mean(np.log(np.sum(np.exp(s), axis=1)) - np.sum(yb * s, axis=1))


def make(rng):
    shapes = (4, 6), 6, (6, 3), 3
    return (rng.normal(size=(12, 4)), rng.permutation(np.arange(12) % 3), *(rng.normal(size=s) for s in shapes)), {}


PROOF = {
    "with": {"n_epochs": 1, "batch_size": 12},
    "at": {"xb": "features", "yb": "one_hot(labels, 3)"},
    "after": "w_ih b_h w_ho b_o",
}
