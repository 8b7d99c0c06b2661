"""Course exercise with dictionaries; my dW agree with the expected output, but one of the db is m times too large."""

import numpy as np


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def relu(Z):
    return np.maximum(0, Z)


def propagate_forward(X, parameters):
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = relu(Z1)
    Z2 = np.dot(parameters["W2"], A1) + parameters["b2"]
    A2 = relu(Z2)
    Z3 = np.dot(parameters["W3"], A2) + parameters["b3"]
    return Z1, A1, Z2, A2, Z3, sigmoid(Z3)


def propagate_backward(X, Y, cache, parameters):
    m = X.shape[1]
    Z1, A1, Z2, A2, Z3, A3 = cache
    dZ3 = A3 - Y
    dW3 = 1.0 / m * np.dot(dZ3, A2.T)
    db3 = 1.0 / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(parameters["W3"].T, dZ3)
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = 1.0 / m * np.dot(dZ2, A1.T)
    db2 = 1.0 / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(parameters["W2"].T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1.0 / m * np.dot(dZ1, X.T)
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dW3": dW3, "db3": db3}


def train(X, Y, parameters, learning_rate=0.2, num_iterations=4):
    for i in range(num_iterations):
        cache = propagate_forward(X, parameters)
        gradients = propagate_backward(X, Y, cache, parameters)
        for key in parameters:
            parameters[key] = parameters[key] - learning_rate * gradients["d" + key]
    return gradients


def loss(X, Y, W1, b1, W2, b2, W3, b3):
    S = W3 @ np.maximum(W2 @ np.maximum(W1 @ X + b1, 0) + b2, 0) + b3
    return np.mean(np.log(1 + np.exp(S)) - Y * S)


def make(rng):
    parameters = {}
    for l, (n, n_prev) in enumerate(((5, 2), (4, 5), (1, 4)), start=1):
        parameters[f"W{l}"], parameters[f"b{l}"] = rng.normal(size=(n, n_prev)), rng.normal(size=(n, 1)) * 0.3
    return (rng.normal(size=(2, 8)), rng.integers(0, 2, size=(1, 8)).astype(float), parameters), {}


TRUTH = {
    "lines": ["db1 = np.sum(dZ1, axis=1, keepdims=True)"],
    "cause": {"batch_scale_1_over_N", "bias_gradient_reduction"},
    "wrong": {"b1"},
    "fixed": ("db1 = np.sum(dZ1,", "db1 = 1.0 / m * np.sum(dZ1,"),
}
NAMES = ("W1", "b1", "W2", "b2", "W3", "b3")
PROOF = {
    "steps": "num_iterations",
    "at": {n: f"parameters['{n}']" for n in NAMES},
    "gradient": {n: f"out['d{n}']" for n in NAMES},
}
