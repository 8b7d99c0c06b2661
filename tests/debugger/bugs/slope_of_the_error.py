"""nonlin(x, True) takes the sigmoid's output, that much I understood."""

import numpy as np


def nonlin(x, deriv=False):
    if deriv == True:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


def train(inputs, answers, synapse_0, synapse_1, synapse_2, alpha=0.1, loops=1000):
    for iteration in range(loops):
        layer_1 = nonlin(inputs.dot(synapse_0))
        layer_2 = nonlin(layer_1.dot(synapse_1))
        layer_3 = nonlin(layer_2.dot(synapse_2))
        layer_3_error = layer_3 - answers
        layer_3_delta = layer_3_error * nonlin(layer_3, deriv=True)
        layer_2_error = layer_3_delta.dot(synapse_2.T)
        layer_2_delta = layer_2_error * nonlin(layer_2, deriv=True)
        layer_1_error = layer_2_delta.dot(synapse_1.T)
        layer_1_delta = layer_1_error * nonlin(layer_1_error, deriv=True)
        synapse_2 -= alpha * layer_2.T.dot(layer_3_delta)
        synapse_1 -= alpha * layer_1.T.dot(layer_2_delta)
        synapse_0 -= alpha * inputs.T.dot(layer_1_delta)


def loss(inputs, answers, synapse_0, synapse_1, synapse_2):
    a = 1 / (1 + np.exp(-(inputs @ synapse_0)))
    a = 1 / (1 + np.exp(-(a @ synapse_1)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(a @ synapse_2))) - answers) ** 2)


def make(rng):
    return (
        rng.normal(size=(5, 3)),
        rng.uniform(size=(5, 1)),
        rng.normal(size=(3, 4)),
        rng.normal(size=(4, 4)),
        rng.normal(size=(4, 1)),
    ), {}


TRUTH = {
    "lines": ["layer_1_delta = layer_1_error * nonlin(layer_1_error, deriv=True)"],
    "cause": {"derivative_at_wrong_point"},
    "wrong": {"synapse_0"},
    "fixed": ("nonlin(layer_1_error, deriv=True)", "nonlin(layer_1, deriv=True)"),
}
PROOF = {"steps": "loops", "after": "synapse_0 synapse_1 synapse_2"}
