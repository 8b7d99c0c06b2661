"""Columns are samples, a dict of parameters and a dict of caches, binary cross-entropy, an epoch loop."""

import numpy as np

import microgradnp as mg


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X, params):
    Z1 = np.dot(params["W1"], X) + params["b1"]
    A1 = np.tanh(Z1)
    Z2 = np.dot(params["W2"], A1) + params["b2"]
    A2 = sigmoid(Z2)
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def backward(X, Y, params, cache):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = np.dot(dZ2, cache["A1"].T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.dot(params["W2"].T, dZ2) * (1 - np.power(cache["A1"], 2))
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def train(X, Y, params, lr=0.3, epochs=5000):
    for _ in range(epochs):
        A2, cache = forward(X, params)
        grads = backward(X, Y, params, cache)
        params["W1"] = params["W1"] - lr * grads["dW1"]
        params["b1"] = params["b1"] - lr * grads["db1"]
        params["W2"] = params["W2"] - lr * grads["dW2"]
        params["b2"] = params["b2"] - lr * grads["db2"]
    return params


def loss(X, Y, W1, b1, W2, b2):
    A2 = mg.sigmoid(W2 @ np.tanh(W1 @ X + b1) + b2)
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))


def make(rng):
    params = {"W1": rng.normal(size=(4, 3)), "b1": rng.normal(size=(4, 1)), "W2": rng.normal(size=(1, 4)), "b2": rng.normal(size=(1, 1))}
    return (rng.normal(size=(3, 9)), rng.permutation(np.arange(9) % 2)[None, :] * 1.0, params), {}
