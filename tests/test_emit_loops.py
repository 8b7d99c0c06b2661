"""A loop over time steps is printed as a loop, forward and backward, and the printed text returns what the graph does."""

import re

import numpy as np
import pytest

import microgradnp as mg

rng = np.random.default_rng(0)
STEPS = 7
W, U, V = rng.normal(size=(4, 4)), rng.normal(size=(2, 4)), rng.normal(size=(4, 3))
GATES = rng.normal(size=(6, 16))
x = rng.normal(size=(STEPS, 3, 2))
h0 = rng.normal(size=(3, 4))


def rnn(W, U, x):
    h = np.zeros((3, 4))
    total = 0
    for t in range(len(x)):
        h = np.tanh(h @ W + x[t] @ U)
        total = total + np.sum(h**2)
    return total


def rnn_from_a_state(W, U, x, h):
    for t in range(len(x)):
        h = np.tanh(h @ W + x[t] @ U)
    return np.sum(h**3)


def backwards(W, U, x):
    h = np.zeros((3, 4))
    for t in reversed(range(len(x))):
        h = np.tanh(h @ W + x[t] @ U)
    return np.sum(h**2)


def stacked(W, U, x):
    h, states = np.zeros((3, 4)), []
    for t in range(len(x)):
        h = np.tanh(h @ W + x[t] @ U)
        states.append(h)
    return np.sum(np.stack(states) ** 3)


def lstm(GATES, x):
    h, c = np.zeros((3, 4)), np.zeros((3, 4))
    for t in range(len(x)):
        z = np.concatenate([h, x[t]], axis=1) @ GATES
        i, f, o, g = mg.sigmoid(z[:, :4]), mg.sigmoid(z[:, 4:8]), mg.sigmoid(z[:, 8:12]), np.tanh(z[:, 12:])
        c = f * c + i * g
        h = o * np.tanh(c)
    return np.sum(h * c)


def powers(W, t):
    h = t
    for k in range(2, STEPS + 2):
        h = h @ W * k + t
    return np.sum(h)


def two_layers(W, U, V, x):
    a, b, total = np.zeros((3, 4)), np.zeros((3, 3)), 0.0
    for t in range(1, len(x)):
        a = np.tanh(a @ W + x[t - 1] @ U)
        b = np.tanh(b + a @ V)
        total = total + mg.mse(b, np.ones((3, 3)))
    return total


CASES = {
    "rnn": (rnn, (W, U, x), (0, 1), 2),
    "rnn_from_a_state": (rnn_from_a_state, (W, U, x, h0), (0, 1, 2, 3), 2),
    "backwards": (backwards, (W, U, x), (0, 1, 2), 2),
    "stacked": (stacked, (W, U, x), (0, 1), 2),
    "lstm": (lstm, (GATES, x), 0, 2),
    "powers": (powers, (W, h0), (0, 1), 2),
    "two_layers": (two_layers, (W, U, V, x), (0, 1, 2), 2),
}


@pytest.mark.parametrize("name", CASES)
def test_a_loop_over_time_is_printed_as_loops_that_return_value_and_gradient(name):
    f, args, wrt, loops = CASES[name]
    text = mg.emit(f, *args, wrt=wrt)
    assert len(re.findall(r"\n    for \w+ in range\(", text)) >= loops, text
    space = {}
    exec(text, space)
    moved = [a * 0.9 + 0.01 for a in args]
    value, gradients = space["value_and_grad"](*moved)
    expected, slopes = mg.value_and_grad(f, wrt)(*moved)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    for gradient, slope in zip(*((g if isinstance(g, tuple) else (g,)) for g in (gradients, slopes)), strict=True):
        np.testing.assert_allclose(gradient, slope, rtol=1e-10, atol=1e-12)
