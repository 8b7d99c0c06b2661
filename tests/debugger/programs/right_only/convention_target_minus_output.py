"""Convention: the error is target - output, so the 'gradients' are negative ones and are added."""

import numpy as np


class NeuralNetwork:
    def __init__(self, input_weights, output_weights, lr):
        self.wih, self.who, self.lr = input_weights, output_weights, lr
        self.activation_function = lambda x: 1 / (1 + np.exp(-x))

    def train(self, inputs_list, targets_list):
        inputs = np.array(inputs_list, ndmin=2).T
        targets = np.array(targets_list, ndmin=2).T
        hidden_outputs = self.activation_function(np.dot(self.wih, inputs))
        final_outputs = self.activation_function(np.dot(self.who, hidden_outputs))
        output_errors = targets - final_outputs
        hidden_errors = np.dot(self.who.T, output_errors * final_outputs * (1.0 - final_outputs))
        self.who += self.lr * np.dot((output_errors * final_outputs * (1.0 - final_outputs)), np.transpose(hidden_outputs))
        self.wih += self.lr * np.dot((hidden_errors * hidden_outputs * (1.0 - hidden_outputs)), np.transpose(inputs))


def train(network, inputs_list, targets_list, repeats=5):
    for _ in range(repeats):
        network.train(inputs_list, targets_list)


def loss(inputs, targets, wih, who):
    hidden = 1 / (1 + np.exp(-(wih @ inputs)))
    return 0.5 * np.sum((targets - 1 / (1 + np.exp(-(who @ hidden)))) ** 2)


def make(rng):
    net = NeuralNetwork(rng.normal(size=(4, 3)), rng.normal(size=(2, 4)), 0.3)
    return (net, rng.uniform(0.01, 1, 3).tolist(), rng.uniform(0.01, 0.99, 2).tolist()), {}


PROOF = {
    "steps": "repeats",
    "at": {
        "inputs": "np.array(inputs_list, ndmin=2).T",
        "targets": "np.array(targets_list, ndmin=2).T",
        "wih": "network.wih",
        "who": "network.who",
    },
    "after": "wih who",
}
