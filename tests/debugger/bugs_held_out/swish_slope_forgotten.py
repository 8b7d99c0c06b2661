"""Three layers in columns with swish; the last two layers pass a gradient check, the first does not."""

import numpy as np


def swish(z):
    return z / (1 + np.exp(-z))


def swish_slope(z):
    s = 1 / (1 + np.exp(-z))
    return s + z * s * (1 - s)


def model_forward(X, theta):
    store = {"act0": X}
    for k in (1, 2):
        store[f"lin{k}"] = theta[f"K{k}"].dot(store[f"act{k - 1}"]) + theta[f"o{k}"]
        store[f"act{k}"] = swish(store[f"lin{k}"])
    store["pred"] = theta["K3"].dot(store["act2"]) + theta["o3"]
    return store


def model_backward(Y, theta, store):
    out = {}
    d_pred = 2 * (store["pred"] - Y) / Y.size
    out["K3"], out["o3"] = d_pred.dot(store["act2"].T), d_pred.sum(axis=1, keepdims=True)
    d_lin2 = theta["K3"].T.dot(d_pred) * swish_slope(store["lin2"])
    out["K2"], out["o2"] = d_lin2.dot(store["act1"].T), d_lin2.sum(axis=1, keepdims=True)
    d_act1 = theta["K2"].T.dot(d_lin2)
    out["K1"], out["o1"] = d_act1.dot(store["act0"].T), d_act1.sum(axis=1, keepdims=True)
    return out


def train(X, Y, theta, rate=0.05, rounds=5):
    for _ in range(rounds):
        store = model_forward(X, theta)
        grads = model_backward(Y, theta, store)
        for key in theta:
            theta[key] = theta[key] - rate * grads[key]
    return theta


def loss(X, Y, K1, o1, K2, o2, K3, o3):
    z1 = K1 @ X + o1
    z2 = K2 @ (z1 / (1 + np.exp(-z1))) + o2
    return np.mean((K3 @ (z2 / (1 + np.exp(-z2))) + o3 - Y) ** 2)


def make(rng):
    theta = {}
    for k, (rows, cols) in enumerate(((5, 3), (4, 5), (2, 4)), start=1):
        theta[f"K{k}"], theta[f"o{k}"] = rng.normal(size=(rows, cols)), rng.normal(size=(rows, 1))
    return (rng.normal(size=(3, 6)), rng.normal(size=(2, 6)), theta), {}


TRUTH = {
    "lines": [
        'd_act1 = theta["K2"].T.dot(d_lin2)',
        'out["K1"], out["o1"] = d_act1.dot(store["act0"].T), d_act1.sum(axis=1, keepdims=True)',
    ],
    "cause": {"missing_activation_derivative"},
    "wrong": {"K1", "o1"},
    "fixed": (
        'd_act1 = theta["K2"].T.dot(d_lin2)\n',
        'd_act1 = theta["K2"].T.dot(d_lin2) * swish_slope(store["lin1"])\n',
    ),
}
PROOF = {
    "steps": "rounds",
    "at": {f"{n}{k}": f"theta['{n}{k}']" for n in "Ko" for k in (1, 2, 3)},
    "after": "K1 o1 K2 o2 K3 o3",
}
