"""Assignment two; the gradient check says 0.3 for W1 and b1, and 1e-9 for the rest."""

import numpy as np


def affine_forward(x, w, b):
    return x.dot(w) + b, (x, w, b)


def affine_backward(dout, cache):
    x, w, b = cache
    return dout.dot(w.T), x.T.dot(dout), dout.sum(axis=0)


def relu_forward(x):
    out = np.maximum(0, x)
    return out, out


def relu_backward(dout, cache):
    dx = dout.copy()
    dx[cache < 0] = 0
    return dx


def svm_loss(x, y):
    N = x.shape[0]
    correct = x[np.arange(N), y]
    margins = np.maximum(0, x - correct[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= np.sum(margins > 0, axis=1)
    return margins.sum() / N, dx / N


def train(X, y, params):
    h, fc1 = affine_forward(X, params["W1"], params["b1"])
    a, rl = relu_forward(h)
    scores, fc2 = affine_forward(a, params["W2"], params["b2"])
    value, dscores = svm_loss(scores, y)
    da, dW2, db2 = affine_backward(dscores, fc2)
    dh = relu_backward(da, rl)
    dx, dW1, db1 = affine_backward(dh, fc1)
    return value, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def loss(X, y, W1, b1, W2, b2):
    n = len(y)
    s = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    own = s[np.arange(n), y].reshape((n, 1))
    return (np.sum(np.maximum(s - own + 1.0, 0)) - n) / n


def make(rng):
    params = {"W1": rng.normal(size=(4, 6)), "b1": rng.normal(size=6), "W2": rng.normal(size=(6, 3)), "b2": rng.normal(size=3)}
    return (rng.normal(size=(7, 4)), rng.permutation(np.arange(7) % 3), params), {}


TRUTH = {
    "lines": ["dx[cache < 0] = 0", "dh = relu_backward(da, rl)", "return out, out"],
    "cause": {"relu_mask_wrong", "wrong_variable"},
    "wrong": {"W1", "b1"},
    "fixed": ("dx[cache < 0] = 0", "dx[cache <= 0] = 0"),
}
NAMES = ("W1", "b1", "W2", "b2")
PROOF = {"at": {n: f"params['{n}']" for n in NAMES}, "gradient": {n: f"out[1]['{n}']" for n in NAMES}}
