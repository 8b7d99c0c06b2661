"""My own Keras: backward of a Dense layer learns and then hands the gradient down. Works, but worse than the real one."""

import numpy as np


class Dense:
    def __init__(self, kernel, bias, activation):
        self.kernel = kernel
        self.bias = bias
        self.activation = activation

    def call(self, inputs):
        self.inputs = inputs
        out = inputs @ self.kernel + self.bias
        if self.activation == "tanh":
            out = np.tanh(out)
        self.out = out
        return out

    def backward(self, upstream, lr):
        if self.activation == "tanh":
            upstream = upstream * (1 - self.out**2)
        self.kernel -= lr * self.inputs.T @ upstream
        self.bias -= lr * upstream.sum(axis=0)
        return upstream @ self.kernel.T


class Model:
    def __init__(self, *layers):
        self.layers = layers

    def fit(self, x, y, lr, epochs):
        for _ in range(epochs):
            out = x
            for layer in self.layers:
                out = layer.call(out)
            upstream = 2 * (out - y) / len(x)
            for layer in self.layers[::-1]:
                upstream = layer.backward(upstream, lr)


def train(model, x, y, lr=0.3, epochs=3):
    model.fit(x, y, lr, epochs)
    return model


def loss(x, y, k0, c0, k1, c1, k2, c2):
    return np.sum((np.tanh(np.tanh(x @ k0 + c0) @ k1 + c1) @ k2 + c2 - y) ** 2) / len(x)


BIND = {f"{s}{i}": f"model.layers[{i}].{name}" for i in range(3) for s, name in (("k", "kernel"), ("c", "bias"))}


def make(rng):
    sizes = ((2, 4), (4, 5), (5, 2))
    layers = [Dense(rng.normal(size=s) * 0.8, rng.normal(size=s[1]) * 0.3, a) for s, a in zip(sizes, ("tanh", "tanh", None))]
    return (Model(*layers), rng.normal(size=(5, 2)), rng.normal(size=(5, 2))), {}


TRUTH = {
    "lines": ["self.kernel -= lr * self.inputs.T @ upstream", "return upstream @ self.kernel.T"],
    "cause": {"updated_weights_used"},
    "wrong": {"k0", "c0", "k1", "c1"},
    "fixed": (
        "        self.kernel -= lr * self.inputs.T @ upstream\n        self.bias -= lr * upstream.sum(axis=0)\n"
        "        return upstream @ self.kernel.T\n",
        "        below = upstream @ self.kernel.T\n        self.kernel -= lr * self.inputs.T @ upstream\n"
        "        self.bias -= lr * upstream.sum(axis=0)\n        return below\n",
    ),
}
PROOF = {"steps": "epochs", "after": "k0 c0 k1 c1 k2 c2"}
