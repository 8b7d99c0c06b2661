"""johols9/numpy-neural-net: layers with copies of an optimizer, einsum, whole-number labels."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Program


def loss(data_batch: Any, labels_batch: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    z = np.maximum(data_batch.reshape(len(data_batch), -1) @ W1 + b1, 0) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - z[np.arange(len(labels_batch)), labels_batch])


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    import optimizers
    from layers.dense import Dense
    from layers.relu import Relu
    from layers.softmaxloss import SoftmaxLoss

    net = module.Network(optimizers.SGD(learning_rate=0.1), (2, 2, 1))
    dense = [Dense(n, rng.normal(size=(m, n)), rng.normal(size=n)) for m, n in ((4, 5), (5, 3))]
    for part in (dense[0], Relu(), dense[1], SoftmaxLoss()):
        net.add(part)
    data, labels = rng.normal(size=(7, 2, 2, 1)), np.arange(7) % 3
    start = {f"{name}{k + 1}": getattr(dense[k], long).copy() for k in range(2) for name, long in NAMES.items()}

    def after(_: Any) -> dict[str, Any]:
        return {name: getattr(dense[int(name[1]) - 1], NAMES[name[0]]) - value for name, value in start.items()}

    bind = {name: f"self.layers[{2 * int(name[1]) - 1}].{NAMES[name[0]]}" for name in start}
    settings = {"epochs": 3, "batch_size": 7, "shuffle": False}
    point = {"data_batch": data, "labels_batch": labels, **start}
    return Call(net.fit, loss, point, after, (data, labels, data[:3], labels[:3]), settings, bind=bind, once={"epochs": 1})


NAMES = {"W": "weights", "b": "bias"}
LAYERS = ("base_layer", "convolutional", "dense", "input_layer", "layers", "maxpooling", "relu", "softmaxloss", "__init__")
PROGRAMS = [
    Program(
        "johols9/numpy-neural-net",
        "network.py",
        build,
        (),
        more=(*(f"layers/{name}.py" for name in LAYERS), "optimizers.py"),
        backward={
            "network.py": (345, 352),
            "layers/dense.py": (94, 103),
            "layers/relu.py": (47, 47),
            "layers/softmaxloss.py": (65, 69),
            "optimizers.py": (67, 72),
        },
    )
]
