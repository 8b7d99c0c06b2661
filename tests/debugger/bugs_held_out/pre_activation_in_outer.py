"""Binary classifier with three weight matrices, gradient check shows 0.2 for the last one and 1e-9 for all others."""

import numpy as np


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def lrelu(t):
    return np.where(t > 0, t, 0.1 * t)


def lrelu_d(t):
    return np.where(t > 0, 1.0, 0.1)


def cost_function(params, feats, flags):
    M1, M2, M3 = params
    s1 = feats @ M1
    r1 = lrelu(s1)
    s2 = r1 @ M2
    r2 = lrelu(s2)
    p = sigmoid(r2 @ M3)
    J = -(flags * np.log(p) + (1 - flags) * np.log(1 - p)).mean()
    e3 = (p - flags) / len(feats)
    e2 = (e3 @ M3.T) * lrelu_d(s2)
    e1 = (e2 @ M2.T) * lrelu_d(s1)
    return J, [feats.T @ e1, r1.T @ e2, s2.T @ e3]


def train(params, feats, flags, rate=0.5, max_iter=8):
    J_history = []
    for k in range(max_iter):
        J, gradient = cost_function(params, feats, flags)
        params = [M - rate * G for M, G in zip(params, gradient)]
        J_history.append(J)
    return params, J_history


def loss(feats, flags, M1, M2, M3):
    a = feats @ M1
    a = np.maximum(a, 0.1 * a) @ M2
    v = np.maximum(a, 0.1 * a) @ M3
    return np.mean(np.log(1 + np.exp(v)) - flags * v)


BIND = {"M1": "params[0]", "M2": "params[1]", "M3": "params[2]"}


def make(rng):
    params = [rng.normal(size=s) for s in ((3, 4), (4, 5), (5, 1))]
    return (params, rng.normal(size=(7, 3)), rng.integers(0, 2, size=(7, 1)).astype(float)), {}


TRUTH = {
    "lines": ["return J, [feats.T @ e1, r1.T @ e2, s2.T @ e3]"],
    "cause": {"wrong_activation_in_weight_gradient"},
    "wrong": {"M3"},
    "fixed": ("s2.T @ e3", "r2.T @ e3"),
}
PROOF = {"steps": "max_iter", "after": {k: v.replace("params", "out[0]") for k, v in BIND.items()}}
