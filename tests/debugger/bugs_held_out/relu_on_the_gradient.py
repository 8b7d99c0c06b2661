"""Assignment 2 style: forward and backward functions that return caches; the loss does not go below 0.9."""

import numpy as np


def affine_forward(x, w, b):
    return x.reshape(x.shape[0], -1).dot(w) + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    x = cache
    dx = np.array(dout, copy=True)
    dx[dout <= 0] = 0
    return dx


def softmax_loss(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_probs)
    dx[np.arange(len(y)), y] -= 1
    return -log_probs[np.arange(len(y)), y].mean(), dx / len(y)


def train(x, y, w1, b1, w2, b2, w3, b3, learning_rate=0.1, num_iters=3):
    for it in range(num_iters):
        a1, fc1 = affine_forward(x, w1, b1)
        r1, re1 = relu_forward(a1)
        a2, fc2 = affine_forward(r1, w2, b2)
        t2 = np.tanh(a2)
        scores, fc3 = affine_forward(t2, w3, b3)
        value, dscores = softmax_loss(scores, y)
        dt2, dw3, db3 = affine_backward(dscores, fc3)
        dr1, dw2, db2 = affine_backward(dt2 * (1 - t2 * t2), fc2)
        _, dw1, db1 = affine_backward(relu_backward(dr1, re1), fc1)
        for p, dp in ((w1, dw1), (b1, db1), (w2, dw2), (b2, db2), (w3, dw3), (b3, db3)):
            p -= learning_rate * dp
    return value


def loss(x, y, w1, b1, w2, b2, w3, b3):
    s = np.tanh(np.maximum(x.reshape(len(x), -1) @ w1 + b1, 0) @ w2 + b2) @ w3 + b3
    return np.mean(np.log(np.sum(np.exp(s), axis=1)) - s[np.arange(len(y)), y])


def make(rng):
    shapes = ((4, 6), (6,), (6, 5), (5,), (5, 3), (3,))
    return (rng.normal(size=(6, 2, 2)), rng.integers(0, 3, size=6), *(rng.normal(size=s) for s in shapes)), {}


TRUTH = {
    "lines": ["dx[dout <= 0] = 0"],
    "cause": {"relu_mask_wrong", "wrong_variable"},
    "wrong": {"w1", "b1"},
    "fixed": ("dx[dout <= 0] = 0", "dx[x <= 0] = 0"),
}
PROOF = {"steps": "num_iters", "after": "w1 b1 w2 b2 w3 b3"}
