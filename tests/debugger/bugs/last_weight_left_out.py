"""The dict-of-neurons network of a popular blog, for my own data, which has no class in the last column of a row."""

from math import exp

import numpy as np


def activate(weights, inputs):
    activation = weights[-1]
    for i in range(len(weights) - 1):
        activation += weights[i] * inputs[i]
    return activation


def forward_propagate(network, row):
    inputs = row
    for layer in network:
        new_inputs = []
        for neuron in layer:
            neuron["output"] = 1.0 / (1.0 + exp(-activate(neuron["weights"], inputs)))
            new_inputs.append(neuron["output"])
        inputs = new_inputs
    return inputs


def backward_propagate_error(network, expected):
    for i in reversed(range(len(network))):
        layer = network[i]
        errors = list()
        if i != len(network) - 1:
            for j in range(len(layer)):
                error = 0.0
                for neuron in network[i + 1]:
                    error += neuron["weights"][j] * neuron["delta"]
                errors.append(error)
        else:
            for j in range(len(layer)):
                errors.append(layer[j]["output"] - expected[j])
        for j in range(len(layer)):
            neuron = layer[j]
            neuron["delta"] = errors[j] * neuron["output"] * (1.0 - neuron["output"])


def update_weights(network, row, l_rate):
    for i in range(len(network)):
        inputs = row
        if i != 0:
            inputs = [neuron["output"] for neuron in network[i - 1]]
        for neuron in network[i]:
            for j in range(len(inputs) - 1):
                neuron["weights"][j] -= l_rate * neuron["delta"] * inputs[j]
            neuron["weights"][-1] -= l_rate * neuron["delta"]


def train(network, row, expected, l_rate=0.5, n_epoch=10):
    for epoch in range(n_epoch):
        forward_propagate(network, row)
        backward_propagate_error(network, expected)
        update_weights(network, row, l_rate)


def loss(row, expected, hidden, output):
    h = 1 / (1 + np.exp(-(hidden[:, :3] @ row + hidden[:, 3])))
    o = 1 / (1 + np.exp(-(output[:, :4] @ h + output[:, 4])))
    return 0.5 * np.sum((o - expected) ** 2)


BIND = {"hidden": "[n['weights'] for n in network[0]]", "output": "[n['weights'] for n in network[1]]"}


def make(rng):
    network = [
        [{"weights": rng.normal(size=4).tolist()} for _ in range(4)],
        [{"weights": rng.normal(size=5).tolist()} for _ in range(2)],
    ]
    return (network, rng.normal(size=3).tolist(), [0.0, 1.0]), {}


TRUTH = {
    "lines": ["for j in range(len(inputs) - 1):"],
    "cause": {"loop_cut_short"},
    "wrong": {"hidden", "output"},
    "fixed": ("for j in range(len(inputs) - 1):", "for j in range(len(inputs)):"),
}
PROOF = {"steps": "n_epoch", "after": "hidden output"}
