"""The network of the story, written by hand with explicit loops: once with the bug, once right. There is no autograd here.

Many notebooks hold such code: one hidden layer of sigmoid units, linear outputs, a bias unit of -1 in the input and in the
hidden layer, loss 1/2 * SSE, full-batch gradient descent. All arrays are nested lists, of these shapes:

    samples (n, inputs)      W_input  (inputs + 1, hidden)      E_hidden = dloss/dW_input
    targets (n, outputs)     W_output (hidden + 1, outputs)     E_output = dloss/dW_output
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

Matrix = list[list[float]]
Step = Callable[[Matrix, Matrix, Matrix, Matrix, float], tuple[Matrix, Matrix, Matrix]]

BIAS = -1.0
LEARNING_RATE = 1e-3
HIDDEN = 3


def two_samples() -> tuple[Matrix, Matrix]:
    """Data set A: two samples of four numbers each."""
    return [[1, 2, -3, 10], [0.3, -7.8, 1, 2]], [[10, -3, 6, 1], [1, 1, 6, 1]]


def uniform_samples(seed: int) -> tuple[Matrix, Matrix]:
    """Data set B: twenty samples, seven uniform random inputs, two uniform random outputs."""
    random = np.random.default_rng(seed)
    return random.uniform(size=(20, 7)).tolist(), random.uniform(size=(20, 2)).tolist()


def initial_weights(samples: Matrix, targets: Matrix, seed: int) -> tuple[Matrix, Matrix]:
    """Uniform random weights in [-1/2, 1/2): W_input (inputs + 1, hidden) and W_output (hidden + 1, outputs)."""
    random = np.random.default_rng(seed + 1)
    inputs, outputs = len(samples[0]), len(targets[0])
    return (random.uniform(size=(inputs + 1, HIDDEN)) - 0.5).tolist(), (random.uniform(size=(HIDDEN + 1, outputs)) - 0.5).tolist()


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def forward(x: Matrix, W_input: Matrix, W_output: Matrix) -> tuple[Matrix, Matrix]:
    """Hidden activations with their bias unit, (n, hidden + 1), and outputs, (n, outputs)."""
    h, y = [], []
    for n in range(len(x)):
        activations = []
        for j in range(len(W_input[0])):
            z = 0.0
            for i in range(len(W_input)):
                z += x[n][i] * W_input[i][j]
            activations.append(sigmoid(z))
        activations.append(BIAS)
        h.append(activations)
        outputs = []
        for k in range(len(W_output[0])):
            z = 0.0
            for j in range(len(W_output)):
                z += activations[j] * W_output[j][k]
            outputs.append(z)
        y.append(outputs)
    return h, y


def step_with_the_bug(
    samples: Matrix, targets: Matrix, W_input: Matrix, W_output: Matrix, learning_rate: float
) -> tuple[Matrix, Matrix, Matrix]:
    """One step of gradient descent with the bug. Changes the weights in place, and returns E_hidden, E_output and y."""
    x = [[*row, BIAS] for row in samples]
    h, y = forward(x, W_input, W_output)
    hidden, outputs = len(W_input[0]), len(W_output[0])

    delta_output = [[y[n][k] - targets[n][k] for k in range(outputs)] for n in range(len(x))]
    E_output = [[0.0] * outputs for _ in range(hidden + 1)]
    W_delta_output = [[0.0] * outputs for _ in range(hidden + 1)]
    for j in range(hidden + 1):
        for k in range(outputs):
            for n in range(len(x)):
                E_output[j][k] += h[n][j] * delta_output[n][k]
            W_delta_output[j][k] = -learning_rate * E_output[j][k]
            W_output[j][k] += W_delta_output[j][k]

    delta_hidden = [[0.0] * hidden for _ in range(len(x))]
    for n in range(len(x)):
        for j in range(hidden):
            error = 0.0
            for k in range(outputs):
                error += delta_output[n][k] * W_delta_output[j][k]
            delta_hidden[n][j] = error * h[n][j] * (1 - h[n][j])
    E_hidden = [[0.0] * hidden for _ in range(len(W_input))]
    for i in range(len(W_input)):
        for j in range(hidden):
            for n in range(len(x)):
                E_hidden[i][j] += x[n][i] * delta_hidden[n][j]
            W_input[i][j] += -learning_rate * E_hidden[i][j]
    return E_hidden, E_output, y


def step_done_right(
    samples: Matrix, targets: Matrix, W_input: Matrix, W_output: Matrix, learning_rate: float
) -> tuple[Matrix, Matrix, Matrix]:
    """The same step with both mistakes mended: the hidden delta uses the weights, and both updates come last."""
    x = [[*row, BIAS] for row in samples]
    h, y = forward(x, W_input, W_output)
    hidden, outputs = len(W_input[0]), len(W_output[0])

    delta_output = [[y[n][k] - targets[n][k] for k in range(outputs)] for n in range(len(x))]
    E_output = [[0.0] * outputs for _ in range(hidden + 1)]
    for j in range(hidden + 1):
        for k in range(outputs):
            for n in range(len(x)):
                E_output[j][k] += h[n][j] * delta_output[n][k]

    delta_hidden = [[0.0] * hidden for _ in range(len(x))]
    for n in range(len(x)):
        for j in range(hidden):
            error = 0.0
            for k in range(outputs):
                error += delta_output[n][k] * W_output[j][k]
            delta_hidden[n][j] = error * h[n][j] * (1 - h[n][j])
    E_hidden = [[0.0] * hidden for _ in range(len(W_input))]
    for i in range(len(W_input)):
        for j in range(hidden):
            for n in range(len(x)):
                E_hidden[i][j] += x[n][i] * delta_hidden[n][j]

    for j in range(hidden + 1):
        for k in range(outputs):
            W_output[j][k] += -learning_rate * E_output[j][k]
    for i in range(len(W_input)):
        for j in range(hidden):
            W_input[i][j] += -learning_rate * E_hidden[i][j]
    return E_hidden, E_output, y


def train(
    step: Step, samples: Matrix, targets: Matrix, W_input: Matrix, W_output: Matrix, tolerance: float, max_iterations: int
) -> Iterator[tuple[float, Matrix]]:
    """Step until the sum of all squared gradient entries falls below the tolerance. Yields that sum and y at every step."""
    for _ in range(max_iterations):
        E_hidden, E_output, y = step(samples, targets, W_input, W_output, LEARNING_RATE)
        squared = sum(e * e for row in (*E_hidden, *E_output) for e in row)
        yield squared, y
        if squared < tolerance:
            return
