"""0xAAAAAA/numpy-neural-network: dense layers for one column at a time."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Program


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(x: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return np.sum((sigmoid(W2 @ sigmoid(W1 @ x + b1) + b2) - y) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import layers

    net = module.Network([layers.Dense(3, 4), layers.Dense(4, 2)])
    for layer in net.layers:
        layer.W, layer.b = rng.normal(size=layer.W.shape), rng.normal(size=layer.b.shape)
    x, y = rng.normal(size=(3, 1)), rng.uniform(size=(2, 1))
    start = {f"{name}{k + 1}": getattr(net.layers[k], name).copy() for k in range(2) for name in "Wb"}

    def after(_: Any) -> dict[str, Any]:
        return {name: getattr(net.layers[int(name[1]) - 1], name[0]) - value for name, value in start.items()}

    bind = {name: f"self.layers[{int(name[1]) - 1}].{name[0]}" for name in start}
    settings = {"epochs": 3, "lr": 0.1}
    return Call(net.fit, loss, {"x": x, "y": y, **start}, after, ([x], [y]), settings, bind=bind, once={"epochs": 1})


PROGRAMS = [
    Program(
        "0xAAAAAA/numpy-neural-network",
        "network.py",
        build,
        (),
        more=("layers.py", "functional.py"),
        backward={"network.py": (56, 82), "functional.py": (9, 10)},
    )
]
