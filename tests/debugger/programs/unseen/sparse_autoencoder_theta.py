"""The sparse autoencoder exercise: all parameters in one vector theta, decay, and a penalty on the mean activation."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sparse_autoencoder_cost(theta, visible_size, hidden_size, lambda_, sparsity_param, beta, data):
    W1 = theta[0 : hidden_size * visible_size].reshape(hidden_size, visible_size)
    W2 = theta[hidden_size * visible_size : 2 * hidden_size * visible_size].reshape(visible_size, hidden_size)
    b1 = theta[2 * hidden_size * visible_size : 2 * hidden_size * visible_size + hidden_size]
    b2 = theta[2 * hidden_size * visible_size + hidden_size :]
    m = data.shape[1]
    # Forward propagation
    z2 = W1.dot(data) + np.tile(b1, (m, 1)).transpose()
    a2 = sigmoid(z2)
    z3 = W2.dot(a2) + np.tile(b2, (m, 1)).transpose()
    h = sigmoid(z3)
    # Sparsity
    rho_hat = np.sum(a2, axis=1) / m
    rho = np.tile(sparsity_param, hidden_size)
    KL = np.sum(rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat)))
    cost = np.sum((h - data) ** 2) / (2 * m) + (lambda_ / 2) * (np.sum(W1**2) + np.sum(W2**2)) + beta * KL
    # Backprop
    sparsity_delta = np.tile(-rho / rho_hat + (1 - rho) / (1 - rho_hat), (m, 1)).transpose()
    delta3 = -(data - h) * h * (1 - h)
    delta2 = (W2.transpose().dot(delta3) + beta * sparsity_delta) * a2 * (1 - a2)
    W1grad = delta2.dot(data.transpose()) / m + lambda_ * W1
    W2grad = delta3.dot(a2.transpose()) / m + lambda_ * W2
    b1grad = np.sum(delta2, axis=1) / m
    b2grad = np.sum(delta3, axis=1) / m
    grad = np.concatenate((W1grad.reshape(hidden_size * visible_size), W2grad.reshape(hidden_size * visible_size), b1grad, b2grad))
    return cost, grad


def train(theta, data):
    return sparse_autoencoder_cost(theta, 5, 3, 0.01, 0.1, 3.0, data)


def loss(data, W1, W2, b1, b2):
    m = data.shape[1]
    a = 1 / (1 + np.exp(-(W1 @ data + b1.reshape((3, 1)))))
    h = 1 / (1 + np.exp(-(W2 @ a + b2.reshape((5, 1)))))
    mean = np.mean(a, axis=1)
    kl = np.sum(0.1 * np.log(0.1 / mean) + 0.9 * np.log(0.9 / (1 - mean)))
    return np.sum((h - data) ** 2) / (2 * m) + 0.005 * (np.sum(W1**2) + np.sum(W2**2)) + 3.0 * kl


def make(rng):
    return (rng.normal(size=3 * 5 * 2 + 3 + 5) * 0.7, rng.uniform(0.1, 0.9, size=(5, 8))), {}


PROOF = {
    "at": {"W1": "theta[:15].reshape(3, 5)", "W2": "theta[15:30].reshape(5, 3)", "b1": "theta[30:33]", "b2": "theta[33:]"},
    "gradient": {"W1": "out[1][:15].reshape(3, 5)", "W2": "out[1][15:30].reshape(5, 3)", "b1": "out[1][30:33]", "b2": "out[1][33:]"},
}
