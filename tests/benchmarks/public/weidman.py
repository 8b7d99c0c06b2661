"""SethHWeidman/DLFS_code: the library of the book, operations in layers; as published its ReLU passes gradients at zero."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

L = "lincoln/lincoln/"
MORE = tuple(
    L + f"{name}.py"
    for name in ("activations", "base", "conv", "dense", "layers", "losses", "optimizers", "reshape", "utils/np_utils")
)


def train(net: Any, optimizer: Any, X_batch: np.ndarray, y_batch: np.ndarray) -> None:
    net.train_batch(X_batch, y_batch)
    optimizer.step()


def make(module: ModuleType, rng: np.random.Generator, activation: str, loss: Any) -> Call:
    from lincoln import activations, layers, losses, optimizers

    dense = [layers.Dense(5, getattr(activations, activation)()), layers.Dense(2, activations.Linear())]
    net = module.NeuralNetwork(dense, losses.MeanSquaredError())
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    net.forward(x)
    before = {f"{letter}{i + 1}": layer.params[k].copy() for i, layer in enumerate(dense) for k, letter in enumerate("WB")}
    optimizer = optimizers.SGD(0.01)
    optimizer.net = net
    places = {f"{letter}{i + 1}": (layer, k) for i, layer in enumerate(dense) for k, letter in enumerate("WB")}
    return Call(
        train,
        loss,
        {"X_batch": x, "y_batch": y, **before},
        lambda _: {name: layer.params[k] - before[name] for name, (layer, k) in places.items()},
        (net, optimizer, x, y),
        bind={f"{letter}{i + 1}": f"net.layers[{i}].params[{k}]" for i in range(2) for k, letter in enumerate("WB")},
    )


def tanh_loss(X_batch: Any, y_batch: Any, W1: Any, B1: Any, W2: Any, B2: Any) -> Any:
    return np.sum((np.tanh(X_batch @ W1 + B1) @ W2 + B2 - y_batch) ** 2) / len(X_batch)


def relu_loss(X_batch: Any, y_batch: Any, W1: Any, B1: Any, W2: Any, B2: Any) -> Any:
    return np.sum((np.maximum(X_batch @ W1 + B1, 0) @ W2 + B2 - y_batch) ** 2) / len(X_batch)


def tanh(module: ModuleType, rng: np.random.Generator) -> Call:
    return make(module, rng, "Tanh", tanh_loss)


def relu(module: ModuleType, rng: np.random.Generator) -> Call:
    return make(module, rng, "ReLU", relu_loss)


ALWAYS = (Edit(83, r"= dropout", "= 1.0", L + "layers.py"),)
DENSE, ACT = L + "dense.py", L + "activations.py"

PROGRAMS = [
    Program(
        "SethHWeidman/DLFS_code",
        L + "network.py",
        tanh,
        (
            mistake(50, r"self\.output \* self\.output", "self.output", "wrong_activation_derivative", file=ACT),
            mistake(
                50,
                r"self\.output \* self\.output",
                "self.input_ * self.input_",
                "wrong_activation_derivative",
                "derivative_at_wrong_point",
                file=ACT,
            ),
            mistake(50, r"output_grad \* ", "", "upstream_gradient_dropped", file=ACT),
            mistake(18, r"output_grad\)", "output_grad) / len(output_grad)", "batch_scale_1_over_N", file=DENSE),
            mistake(33, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N", file=DENSE),
            mistake(
                33, r"np\.sum\(output_grad, axis=0\)", "output_grad[0]", "bias_gradient_reduction", "wrong_index", file=DENSE
            ),
            mistake(30, r" \* output_grad", "", "upstream_gradient_dropped", file=DENSE),
            mistake(50, r"1 - ", "1 + ", "sign_flipped", "wrong_activation_derivative", file=ACT),
            two(
                mistake(50, r"self\.output \* self\.output", "self.output", "wrong_activation_derivative", file=ACT),
                mistake(33, r"np\.sum", "np.max", "bias_gradient_reduction", file=DENSE),
            ),
        ),
        more=MORE,
        always=ALWAYS,
        root="lincoln",
        name="tanh",
    ),
    Program(
        "SethHWeidman/DLFS_code",
        L + "network.py",
        relu,
        (
            mistake(66, r"self\.output > 0", "output_grad > 0", "relu_mask_wrong", file=ACT),
            mistake(67, r" \* mask", "", "relu_mask_wrong", "missing_activation_derivative", file=ACT),
            mistake(66, r"> 0", "< 0", "relu_mask_wrong", file=ACT, blame=(67,)),
            mistake(
                55,
                r"self\.prediction - self\.target",
                "self.prediction",
                "loss_derivative_wrong",
                "wrong_variable",
                file=L + "losses.py",
            ),
        ),
        more=MORE,
        always=ALWAYS,
        mend=(Edit(66, r">=", ">", ACT),),
        published=("relu_mask_wrong",),
        root="lincoln",
        name="relu",
    ),
]
