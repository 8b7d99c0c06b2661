"""Loops over neurons with arrays of deltas; one sample; weights as list of lists changed in place."""

import math

import microgradnp as mg


def activation(s):
    return math.tanh(s)


def backprop(inputs, targets, wih, who, rate):
    nh, no = len(wih), len(who)
    hidden = [0.0] * nh
    for j in range(nh):
        total = 0.0
        for i in range(len(inputs)):
            total += wih[j][i] * inputs[i]
        hidden[j] = activation(total)
    output = [0.0] * no
    for k in range(no):
        total = 0.0
        for j in range(nh):
            total += who[k][j] * hidden[j]
        output[k] = activation(total)
    output_deltas = [0.0] * no
    for k in range(no):
        error = targets[k] - output[k]
        output_deltas[k] = error * (1.0 - output[k] ** 2)
    hidden_deltas = [0.0] * nh
    for j in range(nh):
        error = 0.0
        for k in range(no):
            error += output_deltas[k] * who[k][j]
        hidden_deltas[j] = error * (1.0 - hidden[j] ** 2)
    for k in range(no):
        for j in range(nh):
            change = output_deltas[k] * hidden[j]
            who[k][j] += rate * change
    for j in range(nh):
        for i in range(len(inputs)):
            change = hidden_deltas[j] * inputs[i]
            wih[j][i] += rate * change


def train(patterns, wih, who, rate=0.3, rounds=20):
    for r in range(rounds):
        for inputs, targets in patterns:
            backprop(inputs, targets, wih, who, rate)


def loss(inputs, targets, wih, who):
    import numpy as np

    return 0.5 * mg.sse(np.tanh(who @ np.tanh(wih @ inputs)), targets)


def make(rng):
    patterns = [(rng.normal(size=3).tolist(), rng.uniform(size=2).tolist()) for _ in range(4)]
    return (patterns, rng.normal(size=(4, 3)).tolist(), rng.normal(size=(2, 4)).tolist()), {}
