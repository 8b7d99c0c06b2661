"""lukasuz/Numpy-MLP: dictionaries of layers, gradients of weights transposed, losses and activations with a switch."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Program


def loss(batch_X: Any, batch_Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    p = 1 / (1 + np.exp(-(1 / (1 + np.exp(-(batch_X @ W1 + b1.T))) @ W2 + b2.T)))
    e = 1e-8
    return -np.mean(np.sum(np.log(p + e) * batch_Y + np.log(1 - p + e) * (1 - batch_Y), axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    layers = [{"input_dim": m, "nodes": n, "activation": "sigmoid"} for m, n in ((3, 4), (4, 1))]
    net = module.Dense_Neural_Network(layers, learning_rate=0.4)
    for held in (net.weights, net.biases):
        held.update({k: rng.normal(size=value.shape) for k, value in held.items()})
    X, Y = rng.normal(size=(8, 3)), (np.arange(8)[:, None] % 2).astype(float)
    start = {f"{name}{k}": getattr(net, NAMES[name])[k].copy() for k in (1, 2) for name in NAMES}

    def after(_: Any) -> dict[str, Any]:
        return {name: getattr(net, NAMES[name[0]])[int(name[1])] - value for name, value in start.items()}

    bind = {name: f"self.{NAMES[name[0]]}[{name[1]}]" for name in start}
    settings = {"epochs": 2, "batch_size": 6, "verbose": 0}
    point = {"batch_X": X, "batch_Y": Y, **start}
    return Call(net.train, loss, point, after, (X, Y), settings, bind=bind, once={"epochs": 1})


NAMES = {"W": "weights", "b": "biases"}
STUBS = ("matplotlib/__init__.py", "matplotlib/pyplot.py", "tensorflow/__init__.py", "tensorflow/keras/__init__.py")
PROGRAMS = [
    Program(
        "lukasuz/Numpy-MLP",
        "nn_from_scratch.py",
        build,
        (),
        adaptive=True,  # the samples are drawn inside
        stubs=dict.fromkeys((*STUBS, "tensorflow/keras/datasets.py"), ANYTHING),
        backward={"nn_from_scratch.py": (121, 145)},
    )
]
