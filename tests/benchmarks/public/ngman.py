"""NGman-s/NumPy-Neural-Network: a list of layers that move in their backward pass."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Program


def loss(x_batch: Any, y_batch: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    o = np.maximum(x_batch @ W1 + b1, 0) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(o), axis=1)) - np.sum(y_batch * o, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import layers

    module.network[:] = [layers.Dense(5, 4), layers.ReLU(), layers.Dense(4, 3)]
    dense = [module.network[0], module.network[2]]
    for layer in dense:
        layer.weights, layer.bias = rng.normal(size=layer.weights.shape), rng.normal(size=layer.bias.shape)
    x, y = rng.normal(size=(8, 5)), np.eye(3)[np.arange(8) % 3]
    start = {f"{name[0]}{k + 1}": getattr(dense[k], long).copy() for k in range(2) for name, long in NAMES.items()}

    def after(_: Any) -> dict[str, Any]:
        return {name: getattr(dense[int(name[1]) - 1], NAMES[name[0]]) - value for name, value in start.items()}

    bind = {name: f"network[{2 * int(name[1]) - 2}].{NAMES[name[0]]}" for name in start}
    settings = {"epochs": 3, "learning_rate": 0.1, "batch_size": 8}
    point = {"x_batch": x, "y_batch": y, **start}
    return Call(module.train, loss, point, after, (x, y), settings, bind=bind, once={"epochs": 1})


NAMES = {"W": "weights", "b": "bias"}
PROGRAMS = [
    Program(
        "NGman-s/NumPy-Neural-Network",
        "train.py",
        build,
        (),
        more=("layers.py", "loss.py"),
        backward={"layers.py": (37, 69), "loss.py": (35, 38)},
    )
]
