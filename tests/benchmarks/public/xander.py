"""Xander930/numpy-neuralnetwork: two layers as attributes, a mean over the batch."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Program


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return np.mean((sigmoid(sigmoid(X @ W1 + b1) @ W2 + b2) - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.NeuralNet(3, 4, 1, 0.5)
    for layer in (net.layer1, net.layer2):
        layer.weights, layer.bias = rng.normal(size=layer.weights.shape), rng.normal(size=layer.bias.shape)
    X, y = rng.normal(size=(6, 3)), rng.uniform(size=(6, 1))
    start = {name: value(net, name).copy() for name in ("W1", "b1", "W2", "b2")}

    def after(_: Any) -> dict[str, Any]:
        return {name: value(net, name) - before for name, before in start.items()}

    bind = {name: f"self.layer{name[1]}.{NAMES[name[0]]}" for name in start}
    settings = {"epochs": 3, "verbose": False}
    return Call(net.train, loss, {"X": X, "y": y, **start}, after, (X, y), settings, bind=bind, once={"epochs": 1})


def value(net: Any, name: str) -> Any:
    return getattr(getattr(net, f"layer{name[1]}"), NAMES[name[0]])


NAMES = {"W": "weights", "b": "bias"}
SOURCE = ("source/activations.py", "source/utils.py")
PROGRAMS = [
    Program(
        "Xander930/numpy-neuralnetwork",
        "source/network.py",
        build,
        (),
        more=SOURCE,
        backward={"source/network.py": (59, 107), SOURCE[0]: (15, 16), SOURCE[1]: (39, 39)},
    )
]
