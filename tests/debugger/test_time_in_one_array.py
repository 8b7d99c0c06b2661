"""Recurrent programs that hold all steps of time in one array, and the weights of their gates in parts of one array.

Each mistake is put into one line. What the debugger puts there is run: the gradients must be those of central differences.
"""

import importlib.util
import itertools

import numpy as np
import pytest

import microgradnp as mg

PROGRAM = '''
from types import SimpleNamespace

import numpy as np


def squash(z):
    return 1 / (1 + np.exp(-z))


class Cell:
    """h = f * h + (1 - f) * g, where f = squash(Wf @ [h, x] + bf) and g = tanh(Wg @ [h, x] + bg)."""

    def __init__(self, W, b):
        self.W, self.b = W, b
        self.size = len(b) // 2
        self.options = SimpleNamespace(rate=0.1, name="gated")

    def forward(self, x):
        count, steps, _ = x.shape
        self.x, n = x, self.size
        self.h = np.zeros((count, steps + 1, n))
        self.f, self.g = np.zeros((count, steps, n)), np.zeros((count, steps, n))
        for t in range(steps):
            z = np.hstack([self.h[:, t], x[:, t]]) @ self.W.T + self.b
            self.f[:, t], self.g[:, t] = squash(z[:, :n]), np.tanh(z[:, n:])
            self.h[:, t + 1] = self.f[:, t] * self.h[:, t] + (1 - self.f[:, t]) * self.g[:, t]
        return self.h[:, 1:]

    def backward(self, d):
        d = np.concatenate([np.zeros_like(d[:, :1]), d], axis=1)
        dWf, dWg = np.zeros_like(self.W[: self.size]), np.zeros_like(self.W[self.size :])
        dbf, dbg = np.zeros(self.size), np.zeros(self.size)
        for t in range(self.x.shape[1] - 1, -1, -1):
            f, g, h = self.f[:, t], self.g[:, t], self.h[:, t]
            both = np.hstack([h, self.x[:, t]])
            dWf += (d[:, t + 1] * (h - g) * f * (1 - f)).T @ both
            dWg += (d[:, t + 1] * (1 - f) * (1 - g ** 2)).T @ both
            dbf += (d[:, t + 1] * (h - g) * f * (1 - f)).sum(axis=0)
            dbg += (d[:, t + 1] * (1 - f) * (1 - g ** 2)).sum(axis=0)
            d[:, t] += d[:, t + 1] * f
            d[:, t] += (d[:, t + 1] * (h - g) * f * (1 - f)) @ self.W[: self.size, : self.size]
            d[:, t] += (d[:, t + 1] * (1 - f) * (1 - g ** 2)) @ self.W[self.size :, : self.size]
        return np.vstack([dWf, dWg]), np.concatenate([dbf, dbg])


class Readout:
    def __init__(self, V, c, decay):
        self.V, self.c, self.decay = V, c, decay

    def forward(self, h):
        self.h = h
        return h @ self.V.T + self.c

    def backward(self, d):
        flat, h = d.reshape(-1, d.shape[-1]), self.h.reshape(-1, self.h.shape[-1])
        dV = flat.T @ h + self.decay * self.V
        dc = np.sum(flat, axis=0)
        return d @ self.V, dV, dc


def step(x, t, cell, readout):
    y = readout.forward(cell.forward(x))
    d, dV, dc = readout.backward(y - t)
    dW, db = cell.backward(d)
    return dW, db, dV, dc
'''

NAMES, DECAY = ("W", "b", "V", "c"), 0.03
RNG = np.random.default_rng(8)
START = dict(zip(NAMES, (RNG.normal(size=size) for size in [(6, 5), (6,), (2, 3), (2,)]), strict=True))
X, T = RNG.normal(size=(2, 4, 2)), RNG.normal(size=(2, 4, 2))


def loss(x, t, W, b, V, c):
    n = len(b) // 2
    h, total = np.zeros((len(x), n)), 0.0
    for k in range(x.shape[1]):
        z = np.concatenate([h, x[:, k]], axis=1) @ W.T + b
        f = 1 / (1 + np.exp(-z[:, :n]))
        h = f * h + (1 - f) * np.tanh(z[:, n:])
        total = total + 0.5 * np.sum((h @ V.T + c - t[:, k]) ** 2)
    return total + 0.5 * DECAY * np.sum(V**2)


def differences():
    """The gradients by central differences."""
    found = []
    for name in NAMES:
        gradient = np.zeros_like(START[name])
        for at in np.ndindex(gradient.shape):
            moved = [{n: v.copy() for n, v in START.items()} for _ in range(2)]
            moved[0][name][at] += 1e-6
            moved[1][name][at] -= 1e-6
            gradient[at] = (loss(X, T, **moved[0]) - loss(X, T, **moved[1])) / 2e-6
        found.append(gradient)
    return found


TRUE = differences()
count = itertools.count()


def module_of(text, folder):
    """The program with a text, and a call of its step."""
    path = folder / f"gated{next(count)}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    values = {name: value.copy() for name, value in START.items()}
    cell, readout = module.Cell(values["W"], values["b"]), module.Readout(values["V"], values["c"], DECAY)
    return lambda x, t: module.step(x, t, cell, readout)


def is_right(step):
    return all(np.allclose(a, b, rtol=1e-5, atol=1e-7) for a, b in zip(step(X, T), TRUE, strict=True))


def test_the_program_is_right(tmp_path):
    assert is_right(module_of(PROGRAM, tmp_path))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("dc = np.sum(flat, axis=0)", "dc = np.mean(flat, axis=0)"),
        ("dV = flat.T @ h + self.decay * self.V", "dV = flat.T @ h"),
        ("dWg += (d[:, t + 1] * (1 - f) * (1 - g ** 2)).T @ both", "dWg += (d[:, t + 1] * (1 - f) * (1 - g)).T @ both"),
        ("dWf += (d[:, t + 1] * (h - g) * f * (1 - f)).T @ both", "dWf += (d[:, t + 1] * (h - g) * f).T @ both"),
        ("dbf += (d[:, t + 1] * (h - g) * f * (1 - f)).sum(axis=0)", "dbf += (d[:, t + 1] * (h - g) * f).sum(axis=0)"),
        ("d[:, t] += d[:, t + 1] * f\n", "d[:, t] = d[:, t + 1] * f\n"),
        ("d[:, t] += d[:, t + 1] * f\n", "d[:, t] += d[:, t + 1] * g\n"),
    ],
)
def test_the_wrong_line_is_mended(tmp_path, right, wrong):
    """What holds the weights of one gate, what stands for all steps, and an option that cannot be copied hide nothing."""
    text = PROGRAM.replace(right, wrong)
    assert text.count(wrong) == 1
    step = module_of(text, tmp_path)
    assert not is_right(step)
    bind = {"W": "cell.W", "b": "cell.b", "V": "readout.V", "c": "readout.c", "x": "x", "t": "t"}
    report = mg.debug(step, loss, (X, T), bind=bind, budget=30)
    assert report.word == "WRONG", str(report)
    line, old, new = report.first_wrong.fix
    lines = text.split("\n")
    assert wrong.strip() in lines[line - 1], str(report)
    lines[line - 1] = lines[line - 1].replace(old, new)
    assert is_right(module_of("\n".join(lines), tmp_path)), str(report)
