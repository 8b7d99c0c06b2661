"""Training trouble, gradients right: floor space in square feet and prices in dollars, so the rate is a billionth."""

import numpy as np


def predict(features, weights, bias):
    return np.dot(features, weights) + bias


def train(features, prices, weights, bias, learning_rate=1e-9, iterations=50):
    n = len(prices)
    for i in range(iterations):
        error = predict(features, weights, bias) - prices
        weights_deriv = np.dot(features.T, error) * 2 / n
        bias_deriv = error.sum() * 2 / n
        weights = weights - learning_rate * weights_deriv
        bias = bias - learning_rate * bias_deriv
    return weights, bias


def loss(features, prices, weights, bias):
    return np.mean((features @ weights + bias - prices) ** 2)


def make(rng):
    features = np.column_stack([rng.uniform(600, 4000, 9), rng.integers(1, 6, 9), rng.uniform(1900, 2020, 9)])
    prices = features @ np.array([140.0, 9000.0, 3.0]) + rng.normal(size=9) * 2e4
    return (features, prices, rng.normal(size=3) * 50, 1000.0), {}


PROOF = {"steps": "iterations", "after": {"weights": "out[0]", "bias": "out[1]"}, "digits": 4}
