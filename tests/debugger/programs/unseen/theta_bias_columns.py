"""The machine learning course's network: Theta1 and Theta2 with a bias column in front, accumulated over examples, decay."""

import numpy as np


def g(z):
    return 1 / (1 + np.exp(-z))


def gPrime(z):
    return g(z) * (1 - g(z))


def nnCostFunction(Theta1, Theta2, num_labels, X, y, lam):
    m = X.shape[0]
    Y = np.eye(num_labels)[y]
    Delta1 = np.zeros(Theta1.shape)
    Delta2 = np.zeros(Theta2.shape)
    J = 0
    for t in range(m):
        a1 = np.r_[1, X[t]]
        z2 = Theta1.dot(a1)
        a2 = np.r_[1, g(z2)]
        z3 = Theta2.dot(a2)
        a3 = g(z3)
        J += -(Y[t] * np.log(a3) + (1 - Y[t]) * np.log(1 - a3)).sum() / m
        d3 = a3 - Y[t]
        d2 = Theta2.T.dot(d3)[1:] * gPrime(z2)
        Delta2 += np.outer(d3, a2)
        Delta1 += np.outer(d2, a1)
    J += lam / (2 * m) * ((Theta1[:, 1:] ** 2).sum() + (Theta2[:, 1:] ** 2).sum())
    Theta1_grad = Delta1 / m
    Theta2_grad = Delta2 / m
    Theta1_grad[:, 1:] += lam / m * Theta1[:, 1:]
    Theta2_grad[:, 1:] += lam / m * Theta2[:, 1:]
    return J, Theta1_grad, Theta2_grad


def train(Theta1, Theta2, X, y, lam=0.7):
    J, Theta1_grad, Theta2_grad = nnCostFunction(Theta1, Theta2, 3, X, y, lam)
    return J, Theta1_grad, Theta2_grad


def loss(X, y, Theta1, Theta2, lam):
    m = len(y)
    ones = np.ones((m, 1))
    h = 1 / (1 + np.exp(-(np.concatenate([ones, X], axis=1) @ Theta1.T)))
    z = np.concatenate([ones, h], axis=1) @ Theta2.T
    J = np.sum(np.log(1 + np.exp(z)) - np.eye(3)[y] * z) / m
    return J + lam / (2 * m) * (np.sum(Theta1[:, 1:] ** 2) + np.sum(Theta2[:, 1:] ** 2))


def make(rng):
    return (rng.normal(size=(4, 4)), rng.normal(size=(3, 5)), rng.normal(size=(6, 3)), rng.permutation(np.arange(6) % 3)), {}


PROOF = {"at": {"lam": "0.7"}, "gradient": {"Theta1": "out[1]", "Theta2": "out[2]"}}
