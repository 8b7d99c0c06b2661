"""The old bpnn.py: plain Python lists ai, ah, ao, one pattern at a time, a momentum of the changes, weights added to."""

import math

import numpy as np


def zeros(I, J):
    return [[0.0] * J for _ in range(I)]


def squash(x):
    return math.tanh(x)


def dsquash(y):
    return 1.0 - y**2


class NN:
    def __init__(self, wi, wo):
        self.ni, self.nh, self.no = len(wi), len(wo), len(wo[0])
        self.ai = [1.0] * self.ni
        self.ah = [1.0] * self.nh
        self.ao = [1.0] * self.no
        self.wi = wi
        self.wo = wo
        self.ci = zeros(self.ni, self.nh)
        self.co = zeros(self.nh, self.no)

    def update(self, inputs):
        for i in range(self.ni - 1):
            self.ai[i] = inputs[i]
        for j in range(self.nh):
            total = 0.0
            for i in range(self.ni):
                total = total + self.ai[i] * self.wi[i][j]
            self.ah[j] = squash(total)
        for k in range(self.no):
            total = 0.0
            for j in range(self.nh):
                total = total + self.ah[j] * self.wo[j][k]
            self.ao[k] = squash(total)
        return self.ao[:]

    def back_propagate(self, targets, N, M):
        output_deltas = [0.0] * self.no
        for k in range(self.no):
            error = targets[k] - self.ao[k]
            output_deltas[k] = dsquash(self.ao[k]) * error
        hidden_deltas = [0.0] * self.nh
        for j in range(self.nh):
            error = 0.0
            for k in range(self.no):
                error = error + output_deltas[k] * self.wo[j][k]
            hidden_deltas[j] = dsquash(self.ah[j]) * error
        for j in range(self.nh):
            for k in range(self.no):
                change = output_deltas[k] * self.ah[j]
                self.wo[j][k] = self.wo[j][k] + N * change + M * self.co[j][k]
                self.co[j][k] = change
        for i in range(self.ni):
            for j in range(self.nh):
                change = hidden_deltas[j] * self.ai[i]
                self.wi[i][j] = self.wi[i][j] + N * change + M * self.ci[i][j]
                self.ci[i][j] = change
        error = 0.0
        for k in range(len(targets)):
            error = error + 0.5 * (targets[k] - self.ao[k]) ** 2
        return error


def train(n, patterns, iterations=5, N=0.5, M=0.1):
    for i in range(iterations):
        error = 0.0
        for inputs, targets in patterns:
            n.update(inputs)
            error = error + n.back_propagate(targets, N, M)
    return error


def loss(inputs, targets, wi, wo):
    hidden = np.tanh(np.concatenate([inputs, np.ones(1)]) @ wi)
    return 0.5 * np.sum((targets - np.tanh(hidden @ wo)) ** 2)


def make(rng):
    wi, wo = rng.normal(size=(3, 4)).tolist(), rng.normal(size=(4, 1)).tolist()
    return (NN(wi, wo), [([0.0, 0.0], [0.0]), ([0.0, 1.0], [1.0]), ([1.0, 0.0], [1.0]), ([1.0, 1.0], [0.0])]), {}


PROOF = {
    "with": {"patterns": "patterns[1:2]", "iterations": 1},
    "at": {"inputs": "np.array(patterns[1][0])", "targets": "np.array(patterns[1][1])", "wi": "n.wi", "wo": "n.wo"},
    "after": "wi wo",
}
