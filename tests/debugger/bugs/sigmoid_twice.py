"""XOR is stuck at 0.5. sigmoid_derivative is from the book, so I think that it is right."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_derivative(x):
    return sigmoid(x) * (1 - sigmoid(x))


def train(X, y, layers, lr=0.5, iterations=10):
    for it in range(iterations):
        # feed forward
        outputs = [X]
        for layer in layers:
            outputs.append(sigmoid(outputs[-1] @ layer["w"] + layer["b"]))
        # back prop
        delta = None
        for i in reversed(range(len(layers))):
            if i == len(layers) - 1:
                delta = (outputs[-1] - y) * outputs[-1] * (1 - outputs[-1])
            else:
                delta = (delta @ layers[i + 1]["w"].T) * sigmoid_derivative(outputs[i + 1])
            layers[i]["dw"] = outputs[i].T @ delta
            layers[i]["db"] = delta.sum(axis=0)
        for layer in layers:
            layer["w"] = layer["w"] - lr * layer["dw"]
            layer["b"] = layer["b"] - lr * layer["db"]


def loss(X, y, w0, b0, w1, b1):
    s = 1 / (1 + np.exp(-(X @ w0 + b0)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(s @ w1 + b1))) - y) ** 2)


BIND = {"w0": "layers[0]['w']", "b0": "layers[0]['b']", "w1": "layers[1]['w']", "b1": "layers[1]['b']"}


def make(rng):
    X, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    return (X, y, [{"w": rng.normal(size=s), "b": rng.normal(size=s[1])} for s in ((2, 3), (3, 1))]), {}


TRUTH = {
    "lines": [
        'delta = (delta @ layers[i + 1]["w"].T) * sigmoid_derivative(outputs[i + 1])',
        "return sigmoid(x) * (1 - sigmoid(x))",  # nobody else calls it: x * (1 - x) is as right
    ],
    "cause": {"derivative_of_activated_value"},
    "wrong": {"w0", "b0"},
    "fixed": ("* sigmoid_derivative(outputs[i + 1])", "* outputs[i + 1] * (1 - outputs[i + 1])"),
}
PROOF = {"steps": "iterations", "after": "w0 b0 w1 b1"}
