"""techping/MLP-NumPy: a dictionary of layer objects that multiply the gradient in place, and an update of its own."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Program


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.tanh(x @ W1 + b1) @ W2 + b2
    penalty = sum(np.sum(p**2) for p in (W1, b1, W2, b2))
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(y * o, axis=1)) + 0.01 * penalty


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    sizes = {"in": {"num": 4}, "one": {"num": 5, "activation": "tanh"}, "two": {"num": 3, "activation": "softmax"}}
    net = module.MLP({"layer": sizes, "regularizer": ("l2", 0.01)})
    for layer in net.net.values():
        layer.weight, layer.bias = rng.normal(size=layer.weight.shape), rng.normal(size=layer.bias.shape)
    x, y = rng.normal(size=(6, 4)), np.eye(3)[np.arange(6) % 3]
    start = {f"{name[0]}{k}": getattr(net.net[key], long).copy() for k, key in KEYS.items() for name, long in NAMES.items()}

    def after(_: Any) -> dict[str, Any]:
        return {name: getattr(net.net[KEYS[name[1]]], NAMES[name[0]]) - value for name, value in start.items()}

    bind = {name: f"self.net[{KEYS[name[1]]!r}].{NAMES[name[0]]}" for name in start}
    config = {"optimizer": "sgd", "eta": 0.2, "epoch": 2, "minibatch": 6, "momentum": False, "decay": False}
    point = {"x": x, "y": y, **start}
    bind |= {"x": "self.training['xdata']", "y": "self.training['ydata']"}
    more = {"test_x": x[:2], "test_y": y[:2]}
    return Call(
        net.fit, loss, point, after, (x, y), {"config": config, **more}, bind=bind, once={"config": {**config, "epoch": 1}}
    )


KEYS = {"1": "one", "2": "two"}
NAMES = {"W": "weight", "b": "bias"}
PROGRAMS = [
    Program(
        "techping/MLP-NumPy",
        "MLP.py",
        build,
        (),
        more=("Layer.py",),
        stubs=dict.fromkeys(("h5py.py", "matplotlib/__init__.py", "matplotlib/pyplot.py"), ANYTHING),
        backward={"MLP.py": (45, 51), "Layer.py": (48, 70)},
    )
]
