"""The forward passes of the exercises: five kinds of networks, varied by a seed, as lines of plain NumPy."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from microgradnp.rules.functional import sigmoid

Shape = tuple[int, ...]

ACTIVATIONS = {
    "sigmoid": "sigmoid({})",
    "tanh": "np.tanh({})",
    "relu": "np.where({0} > 0, {0}, 0)",
    "square": "{} ** 2",
}
LOSSES = ("0.5 * np.sum(error ** 2)", "np.mean(error ** 2)", "np.sum(np.abs(error))", "np.sum(error ** 2) / targets.shape[0]")


@dataclass(frozen=True)
class Model:
    """A forward pass: its statements, the shapes of its arguments, and which of them are parameters.

    The last statement assigns `loss`. `labels` is the argument whose rows have a single 1.
    """

    statements: tuple[str, ...]
    shapes: dict[str, Shape]
    parameters: tuple[str, ...]
    labels: str = ""

    def draw(self, rng: np.random.Generator) -> dict[str, Any]:
        """Random arguments."""
        found = {name: rng.normal(size=shape) for name, shape in self.shapes.items()}
        if self.labels:
            rows, classes = self.shapes[self.labels]
            found[self.labels] = np.eye(classes)[rng.integers(classes, size=rows)]
        return found

    @property
    def text(self) -> str:
        """The forward pass as a function that returns the loss."""
        lines = [f"def loss({', '.join(self.shapes)}):", *(f"    {line}" for line in self.statements), "    return loss"]
        return "\n".join(lines) + "\n"

    def function(self) -> Callable[..., Any]:
        """The forward pass as a function. Its text is kept, so that its values are named after its variables."""
        file = f"<forward pass {abs(hash(self.text))}>"
        linecache.cache[file] = (len(self.text), None, self.text.splitlines(True), file)
        namespace: dict[str, Any] = {"np": np, "sigmoid": sigmoid}
        exec(compile(self.text, file, "exec"), namespace)
        return namespace["loss"]


def activated(rng: np.random.Generator, argument: str, kinds: tuple[str, ...] = ("sigmoid", "tanh", "relu")) -> str:
    """An activation of an argument."""
    return ACTIVATIONS[kinds[rng.integers(len(kinds))]].format(argument)


def loss_of_error(rng: np.random.Generator) -> str:
    """A loss of `error`."""
    return f"loss = {LOSSES[rng.integers(len(LOSSES))]}"


def sizes(rng: np.random.Generator, count: int) -> list[int]:
    """Different sizes, so that a wrong shape shows."""
    return [int(n) for n in rng.choice(np.arange(2, 8), size=count, replace=False)]


def mlp(rng: np.random.Generator) -> Model:
    """One or two hidden layers, with or without biases and a skip connection."""
    rows, inputs, hidden, outputs = sizes(rng, 4)
    layers = 1 + int(rng.integers(2))
    shapes: dict[str, Shape] = {"x": (rows, inputs), "targets": (rows, outputs)}
    statements: list[str] = []
    below, width = "x", inputs
    for k in range(1, layers + 1):
        bias = rng.integers(3) > 0
        shapes |= {f"W{k}": (width, hidden)} | ({f"b{k}": (hidden,)} if bias else {})
        statements.append(f"a{k} = {below} @ W{k}" + (f" + b{k}" if bias else ""))
        skip = f" + {below}" if k > 1 and rng.integers(2) else ""
        statements.append(f"h{k} = {activated(rng, f'a{k}', tuple(ACTIVATIONS))}{skip}")
        below, width = f"h{k}", hidden
    shapes |= {"V": (hidden, outputs), "c": (outputs,)}
    statements += [f"y = {below} @ V + c", "error = y - targets", loss_of_error(rng)]
    return Model(tuple(statements), shapes, tuple(shapes)[2:])


def softmax(rng: np.random.Generator) -> Model:
    """The softmax step by step, with the cross entropy, and sometimes with a hidden layer, a temperature or weight decay."""
    rows, inputs, hidden, classes = sizes(rng, 4)
    shapes: dict[str, Shape] = {"x": (rows, inputs), "labels": (rows, classes)}
    statements, below, width = [], "x", inputs
    if rng.integers(2):
        shapes |= {"V": (inputs, hidden), "c": (hidden,)}
        statements += ["a = x @ V + c", f"h = {activated(rng, 'a')}"]
        below, width = "h", hidden
    shapes |= {"W": (width, classes), "b": (classes,)}
    temperature = ("", "0.5 * ", "2 * ")[rng.integers(3)]
    statements.append(f"z = {temperature}({below} @ W + b)" if temperature else f"z = {below} @ W + b")
    statements += ["e = np.exp(z)", "total = np.sum(e, axis=1, keepdims=True)", "p = e / total"]
    decay = ("", " + 0.1 * np.sum(W ** 2)")[rng.integers(2)]
    statements.append(f"loss = -np.sum(labels * np.log(p)) / labels.shape[0]{decay}")
    return Model(tuple(statements), shapes, tuple(shapes)[2:], "labels")


def rnn(rng: np.random.Generator) -> Model:
    """A recurrent network for two or three steps, with a loss of the last state or of all states."""
    rows, inputs, hidden, outputs = sizes(rng, 4)
    steps = 2 + int(rng.integers(2))
    shapes: dict[str, Shape] = {f"x{t}": (rows, inputs) for t in range(1, steps + 1)}
    shapes |= {"targets": (rows, outputs), "h0": (rows, hidden)}
    shapes |= {"U": (inputs, hidden), "W": (hidden, hidden), "b": (hidden,), "V": (hidden, outputs)}
    activation = ("tanh", "sigmoid")[rng.integers(2)]
    statements = []
    for t in range(1, steps + 1):
        statements += [f"a{t} = x{t} @ U + h{t - 1} @ W + b", f"h{t} = {ACTIVATIONS[activation].format(f'a{t}')}"]
    states = " + ".join(f"h{t}" for t in range(1, steps + 1)) if rng.integers(2) else f"h{steps}"
    if " " in states:
        statements.append(f"s = {states}")
    statements += [f"y = {'s' if ' ' in states else states} @ V", "error = y - targets", loss_of_error(rng)]
    return Model(tuple(statements), shapes, ("U", "W", "b", "V"))


def conv(rng: np.random.Generator) -> Model:
    """A convolution over time with two or three taps, or two of them, then the mean over time and a linear layer."""
    rows, inputs, channels, outputs = sizes(rng, 4)
    time, second = 7 + int(rng.integers(3)), rng.integers(2)
    shapes: dict[str, Shape] = {"x": (rows, time, inputs), "targets": (rows, outputs)}
    statements, below, width = [], "x", inputs
    for name, bias, value, result in (("w", "b", "a", "h"), ("v", "c", "s", "g"))[: 1 + int(second)]:
        taps = 2 + int(rng.integers(2))
        time -= taps - 1
        shapes |= {f"{name}{k}": (width, channels) for k in range(taps)} | {bias: (channels,)}
        statements += [f"{below}{k} = {below}[:, {k}:{k + time}]" for k in range(taps)]
        products = [f"{below}{k} @ {name}{k}" for k in range(taps)]
        statements += [f"{value} = {' + '.join(products)} + {bias}", f"{result} = {activated(rng, value)}"]
        below, width = result, channels
    shapes["R"] = (channels, outputs)
    statements += [f"m = np.mean({below}, axis=1)", "y = m @ R", "error = y - targets", loss_of_error(rng)]
    return Model(tuple(statements), shapes, tuple(shapes)[2:])


def batchnorm(rng: np.random.Generator) -> Model:
    """Batch normalisation step by step, between two linear layers."""
    rows, inputs, hidden, outputs = sizes(rng, 4)
    rows += 4  # of two rows the normalised values are 1 and -1
    shapes: dict[str, Shape] = {"x": (rows, inputs), "targets": (rows, outputs), "W": (inputs, hidden)}
    shapes |= {"gamma": (hidden,), "beta": (hidden,), "V": (hidden, outputs)}
    statements = [
        "a = x @ W",
        "mu = np.mean(a, axis=0)",
        "centred = a - mu",
        "var = np.mean(centred ** 2, axis=0)",
        "std = np.sqrt(var + 1e-5)",
        "normal = centred / std",
        "s = gamma * normal + beta",
    ]
    below = "s"
    if rng.integers(2):
        statements.append(f"h = {activated(rng, 's')}")
        below = "h"
    statements += [f"y = {below} @ V", "error = y - targets", loss_of_error(rng)]
    return Model(tuple(statements), shapes, ("W", "gamma", "beta", "V"))


KINDS: dict[str, Callable[[np.random.Generator], Model]] = {
    "mlp": mlp,
    "softmax": softmax,
    "rnn": rnn,
    "conv": conv,
    "batchnorm": batchnorm,
}
