"""Activations by name in a table, dropout masks made in the forward pass, Nesterov steps inside the backward function."""

import numpy as np

ACTIVATIONS = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "softplus": (lambda z: np.logaddexp(0, z), lambda z, a: 1 / (1 + np.exp(-z))),
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda z, a: 1 / (1 + np.abs(z)) ** 2),
    "linear": (lambda z: z, lambda z, a: np.ones_like(z)),
}


def forward_prop(x, layers, keep, rng):
    cache = []
    a = x
    for number, layer in enumerate(layers):
        ahead = {key: layer[key] + layer["mu"] * layer["v_" + key] for key in ("w", "b")}
        z = np.dot(ahead["w"], a) + ahead["b"]
        out = ACTIVATIONS[layer["f"]][0](z)
        drop = np.ones_like(out)
        if number < len(layers) - 1:
            drop = (rng.random(out.shape) < keep) / keep
        cache.append((a, z, out, drop, ahead))
        a = out * drop
    return a, cache


def backward_prop(y_hat, y, layers, cache, lr):
    da = (y_hat - y) / y.shape[1]
    for layer, (a_prev, z, out, drop, ahead) in zip(layers[::-1], cache[::-1]):
        dz = da * drop * ACTIVATIONS[layer["f"]][1](z, out)
        da = np.dot(ahead["w"].T, dz)
        layer["v_w"] = layer["mu"] * layer["v_w"] - lr * np.dot(dz, a_prev.T)
        layer["v_b"] = layer["mu"] * layer["v_b"] - lr * np.sum(dz, axis=1, keepdims=True)
        layer["w"] = layer["w"] + layer["v_w"]
        layer["b"] = layer["b"] + layer["v_b"]


def train(layers, x, y, lr=0.1, keep=0.75, n_iterations=5, seed=1):
    rng = np.random.default_rng(seed)
    costs = []
    for _ in range(n_iterations):
        y_hat, cache = forward_prop(x, layers, keep, rng)
        backward_prop(y_hat, y, layers, cache, lr)
        costs.append(0.5 * np.sum((y_hat - y) ** 2) / y.shape[1])
    return cache


def loss(x, y, w0, b0, w1, b1, w2, b2, drop0, drop1):
    a = 1 / (1 + np.exp(-(w0 @ x + b0))) * drop0
    z = w1 @ a + b1
    a = np.log(1 + np.exp(z)) * drop1
    z = w2 @ a + b2
    return 0.5 * np.sum((z / (1 + np.abs(z)) - y) ** 2) / y.shape[1]


BIND = {f"{key}{k}": f"layers[{k}]['{key}']" for k in range(3) for key in "wb"}
BIND |= {f"drop{k}": f"cache[{k}][3]" for k in range(2)}


def make(rng):
    layers = []
    for (n_out, n_in), f in zip(((5, 3), (4, 5), (2, 4)), ("sigmoid", "softplus", "softsign")):
        layers.append({"w": rng.normal(size=(n_out, n_in)), "b": rng.normal(size=(n_out, 1)), "f": f, "mu": 0.9})
        layers[-1].update(v_w=np.zeros((n_out, n_in)), v_b=np.zeros((n_out, 1)))
    return (layers, rng.normal(size=(3, 6)), rng.uniform(-1, 1, size=(2, 6))), {}


PROOF = {
    "steps": "n_iterations",
    "at": {"drop0": "out[0][3]", "drop1": "out[1][3]"},
    "late": ["drop0", "drop1"],
    "after": "w0 b0 w1 b1 w2 b2",
}
