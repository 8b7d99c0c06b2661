"""Course style; training is slow to settle since I rewrote the backward pass."""

import numpy as np


def forward_propagation(X, parameters):
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = np.maximum(0, Z1)
    Z2 = np.dot(parameters["W2"], A1) + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return A2, (Z1, A1, Z2, A2)


def backward_propagation(X, Y, parameters, cache):
    m = X.shape[1]
    (Z1, A1, Z2, A2) = cache
    dZ2 = A2 - Y
    dW2 = 1.0 / m * np.dot(dZ2, A1.T)
    db2 = 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(parameters["W2"].T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = np.dot(dZ1, X.T)
    db1 = 1.0 / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def train(X, Y, parameters, learning_rate=0.3, num_iterations=5):
    for i in range(num_iterations):
        A2, cache = forward_propagation(X, parameters)
        grads = backward_propagation(X, Y, parameters, cache)
        for key in parameters:
            parameters[key] = parameters[key] - learning_rate * grads["d" + key]
    return parameters


def loss(X, Y, W1, b1, W2, b2):
    Z2 = W2 @ np.maximum(W1 @ X + b1, 0) + b2
    return np.mean(np.log(1 + np.exp(Z2)) - Y * Z2)


def make(rng):
    parameters = {
        "W1": rng.normal(size=(5, 2)),
        "b1": rng.normal(size=(5, 1)),
        "W2": rng.normal(size=(1, 5)),
        "b2": rng.normal(size=(1, 1)),
    }
    return (rng.normal(size=(2, 8)), rng.permutation(np.arange(8) % 2).reshape(1, 8), parameters), {}


TRUTH = {
    "lines": ["dW1 = np.dot(dZ1, X.T)"],
    "cause": {"batch_scale_1_over_N"},
    "wrong": {"W1"},
    "fixed": ("dW1 = np.dot(dZ1, X.T)", "dW1 = 1.0 / m * np.dot(dZ1, X.T)"),
}
PROOF = {"steps": "num_iterations", "at": {n: f"parameters['{n}']" for n in ("W1", "b1", "W2", "b2")}, "after": "W1 b1 W2 b2"}
