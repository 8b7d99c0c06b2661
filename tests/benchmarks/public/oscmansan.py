"""oscmansan/numpy-mlp: lists of layers, a gradient for each sample, and their mean in a comprehension."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import ANYTHING, Call, Program


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = 1 / (1 + np.exp(-(x @ W1.T + b1))) @ W2.T + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(y * o, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    net = module.MLP([4, 5, 3])
    net.weights, net.biases = [rng.normal(size=w.shape) for w in net.weights], [rng.normal(size=b.shape) for b in net.biases]
    x, y = rng.normal(size=(6, 4)), np.eye(3)[np.arange(6) % 3]
    start = {f"{name}{k + 1}": getattr(net, NAMES[name])[k].copy() for k in range(2) for name in NAMES}

    def after(_: Any) -> dict[str, Any]:
        return {name: getattr(net, NAMES[name[0]])[int(name[1]) - 1] - value for name, value in start.items()}

    bind = {name: f"self.{NAMES[name[0]]}[{int(name[1]) - 1}]" for name in start}
    return Call(net.train_step, loss, {"x": x, "y": y, **start}, after, ((x, y), 0.3), bind=bind)


NAMES = {"W": "weights", "b": "biases"}
PROGRAMS = [
    Program(
        "oscmansan/numpy-mlp",
        "mlp.py",
        build,
        (),
        stubs={"tqdm.py": ANYTHING},
        backward={"mlp.py": (78, 116)},
    )
]
