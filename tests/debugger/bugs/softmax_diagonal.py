"""Softmax at the output with the squared error; I multiply by the derivative as for a sigmoid."""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(params, x):
    hidden = 1 / (1 + np.exp(-(x @ params["hidden"])))
    return hidden, softmax(hidden @ params["output"])


def gradients(params, x, target):
    hidden, guess = forward(params, x)
    d_guess = 2 * (guess - target) / len(x)
    d_scores = d_guess * guess * (1 - guess)
    d_hidden = d_scores @ params["output"].T
    d_output_w = hidden.T @ d_scores
    d_hidden_w = x.T @ (d_hidden * hidden * (1 - hidden))
    return {"hidden": d_hidden_w, "output": d_output_w}


def train(params, x, target, rate=0.4, steps=5):
    for s in range(steps):
        grads = gradients(params, x, target)
        params = {name: params[name] - rate * grads[name] for name in params}
    return params


def loss(x, target, hidden, output):
    e = np.exp((1 / (1 + np.exp(-(x @ hidden)))) @ output)
    p = e / np.sum(e, axis=1, keepdims=True)
    return np.sum((p - target) ** 2) / len(x)


BIND = {"hidden": "params['hidden']", "output": "params['output']"}


def make(rng):
    target = np.eye(3)[rng.permutation(np.arange(6) % 3)]
    return ({"hidden": rng.normal(size=(4, 5)), "output": rng.normal(size=(5, 3))}, rng.normal(size=(6, 4)), target), {}


TRUTH = {
    "lines": ["d_scores = d_guess * guess * (1 - guess)"],
    "cause": {"softmax_jacobian_wrong"},
    "wrong": {"hidden", "output"},
    "fixed": ("d_guess * guess * (1 - guess)", "guess * (d_guess - (d_guess * guess).sum(axis=1, keepdims=True))"),
}
PROOF = {"steps": "steps", "after": {"hidden": "out['hidden']", "output": "out['output']"}}
