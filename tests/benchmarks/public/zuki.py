"""1zuki/numpy-cnn: convolutions by im2col with columns ordered by place, pooling on columns, and a list of layers."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def convolved(x: Any, K: Any, c: Any) -> Any:
    n, _, height, width = x.shape
    padded, maps = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), []
    for k in range(len(K)):
        out = np.zeros((n, height, width)) + c[k]
        for i in range(3):
            for j in range(3):
                out = out + np.sum(padded[:, :, i : i + height, j : j + width] * K[k, :, i, j].reshape(1, -1, 1, 1), axis=1)
        maps.append(np.maximum(out, 0))
    return np.stack(maps, axis=1)


def loss(X: Any, y: Any, K1: Any, c1: Any, K2: Any, c2: Any, W: Any, b: Any) -> Any:
    h = convolved(X, K1, c1)
    h = np.max(np.max(h.reshape(len(X), len(K1), 2, 2, 2, 2), axis=5), axis=3)
    z = convolved(h, K2, c2).reshape(len(X), -1) @ W + b
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(np.eye(3)[y] * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.CNNModel.__new__(module.CNNModel)
    first, second, dense = module.Conv2D(1, 2, 3, padding=1), module.Conv2D(2, 2, 3, padding=1), module.Dense(8, 3)
    model.layers = [first, module.ReLU(), module.MaxPool2D(), second, module.ReLU(), module.Flatten(), dense]
    model.loss_fn = module.CrossEntropyLoss()
    homes = {
        "K1": (first, "W"),
        "c1": (first, "b"),
        "K2": (second, "W"),
        "c2": (second, "b"),
        "W": (dense, "W"),
        "b": (dense, "b"),
    }
    start = {key: rng.normal(size=getattr(*home).shape) for key, home in homes.items()}
    for key, (layer, name) in homes.items():
        setattr(layer, name, start[key].copy())
    X, y = rng.normal(size=(3, 1, 4, 4)), np.array([0, 2, 1])

    def train(X, y):
        model.loss_fn.forward(model.forward(X), y)
        model.backward(y)
        return {key: getattr(layer, "d" + name) for key, (layer, name) in homes.items()}

    layers = {id(first): 0, id(second): 3, id(dense): 6}
    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda result: result,
        (X, y),
        bind={key: f"model.layers[{layers[id(layer)]}].{name}" for key, (layer, name) in homes.items()},
    )


PROGRAMS = [
    Program(
        "1zuki/numpy-cnn",
        "train.py",
        build,
        (
            mistake(
                44,
                r"np\.add\.at\((.*), (\(slice.*\)), cols_reshaped\)",
                r"\1[:, k, i, j] += cols_reshaped",
                "repeated_index_lost",
            ),
            mistake(82, r"1, 2, 3, 0", "1, 3, 2, 0", "wrong_index", "transposed"),
            mistake(82, r"1, 2, 3, 0", "1, 0, 2, 3", "wrong_index", "transposed"),
            mistake(85, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(88, r"W_reshape\.T", "W_reshape[::-1].T", "wrong_index", "conv_kernel_reversed"),
            mistake(124, r"\.transpose\(2, 3, 0, 1\)", "", "wrong_index", "transposed"),
            mistake(125, r"dout_flat", "1", "upstream_gradient_dropped"),
            mistake(144, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(143, r"dout$", "dout / len(dout)", "batch_scale_1_over_N", "extra_factor"),
            mistake(195, r"self\.X > 0", "dout > 0", "relu_mask_wrong", "wrong_variable"),
            mistake(195, r" \* \(self\.X > 0\)", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(210, r"dout\[.*$", "pass", "loss_derivative_wrong"),
            two(
                mistake(85, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(124, r"\.transpose\(2, 3, 0, 1\)", "", "wrong_index", "transposed"),
            ),
        ),
        harmless=(
            Edit(85, r"np\.sum\(dout_reshaped, axis = 1, keepdims = True\)", "dout_reshaped.sum(axis=1).reshape(-1, 1)"),
            Edit(195, r"dout \* \(self\.X > 0\)", "np.where(self.X > 0, dout, 0)"),
            Edit(212, r"dout / m", "dout"),
        ),
        keep=((1, 1), (9, 257)),
        group="newest",
    )
]
