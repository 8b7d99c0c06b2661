"""Feed-forward net in plain loops, 4-4-4 units; error falls a little, then stays. What is wrong with my hidden deltas?"""

import math

import numpy as np


def f(a):
    return 1.0 / (1.0 + math.exp(-a))


class Layer:
    def __init__(self, w, theta):
        self.w = w  # w[to][from]
        self.theta = theta
        self.o = []
        self.delta = []


def activate(layers, sample):
    signal = list(sample)
    for layer in layers:
        layer.seen = signal
        layer.o = [f(sum(w * s for w, s in zip(ws, signal)) + th) for ws, th in zip(layer.w, layer.theta)]
        signal = layer.o
    return signal


def blame(layers, answer):
    top = layers[-1]
    top.delta = [(o - a) * o * (1 - o) for o, a in zip(top.o, answer)]
    for k in range(len(layers) - 2, -1, -1):
        here, above = layers[k], layers[k + 1]
        here.delta = []
        for j in range(len(here.o)):
            s = 0.0
            for i in range(len(above.o)):
                s += above.delta[i] * above.w[j][i]
            here.delta.append(s * here.o[j] * (1 - here.o[j]))


def improve(layers, eta):
    for layer in layers:
        for i in range(len(layer.w)):
            for j in range(len(layer.w[i])):
                layer.w[i][j] -= eta * layer.delta[i] * layer.seen[j]
            layer.theta[i] -= eta * layer.delta[i]


def train(layers, samples, answers, eta=0.5, presentations=2):
    for _ in range(presentations):
        for sample, answer in zip(samples, answers):
            activate(layers, sample)
            blame(layers, answer)
            improve(layers, eta)


def loss(sample, answer, w0, t0, w1, t1):
    hidden = 1 / (1 + np.exp(-(w0 @ sample + t0)))
    return 0.5 * np.sum((1 / (1 + np.exp(-(w1 @ hidden + t1))) - answer) ** 2)


BIND = {"w0": "layers[0].w", "t0": "layers[0].theta", "w1": "layers[1].w", "t1": "layers[1].theta"}


def make(rng):
    layers = [Layer(rng.normal(size=(4, 4)).tolist(), rng.normal(size=4).tolist()) for _ in range(2)]
    return (layers, rng.normal(size=(3, 4)).tolist(), rng.integers(0, 2, size=(3, 4)).tolist()), {}


TRUTH = {
    "lines": ["s += above.delta[i] * above.w[j][i]"],
    "cause": {"transposed", "wrong_index"},
    "wrong": {"w0", "t0"},
    "fixed": ("above.w[j][i]", "above.w[i][j]"),
}
PROOF = {
    "with": {"samples": "samples[:1]", "presentations": 1},
    "at": {"sample": "np.array(samples[0])", "answer": "np.array(answers[0])"},
    "after": "w0 t0 w1 t1",
}
