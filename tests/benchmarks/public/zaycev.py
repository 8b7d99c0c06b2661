"""zaycev/mnist-numpy: one hidden layer of ReLU in a class, batches standardised in both passes, and clipped gradients."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    X = (X - np.mean(X, axis=0)) / (np.std(X, axis=0) + 1e-8)
    z = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(y * z, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    model = module.NNModel(4, 5, 3)
    start = {name: 0.5 * rng.normal(size=getattr(model, name).shape) for name in ("W1", "b1", "W2", "b2")}
    for name, value in start.items():
        setattr(model, name, value.copy())
    X, y = rng.normal(2, 3, size=(8, 4)), np.eye(3)[[0, 2, 1, 1, 0, 2, 0, 1]]

    def train(X, y):
        logits, _ = model.forward(X)
        model.backward(X, y, logits)

    return Call(
        train,
        loss,
        {"X": X, "y": y, **start},
        lambda _: {name: getattr(model, name) - value for name, value in start.items()},
        (X, y),
        bind={name: f"model.{name}" for name in start},
    )


PROGRAMS = [
    Program(
        "zaycev/mnist-numpy",
        "main.py",
        build,
        (
            mistake(26, r"x > 0", "x < 0", "relu_mask_wrong"),
            mistake(26, r"1, 0", "x, 0", "wrong_activation_derivative", "relu_mask_wrong"),
            mistake(42, r"p - y_true", "p * (1 - p) * (p - y_true)", "loss_derivative_wrong", "extra_factor"),
            mistake(42, r"p - y_true", "-y_true / p", "loss_derivative_wrong", "softmax_jacobian_wrong"),
            mistake(76, r"X = .*$", "pass", "wrong_activation_in_weight_gradient", "wrong_variable", blame=(86,)),
            mistake(81, r"self\.A1\.T", "self.Z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(82, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(85, r" \* relu_grad\(self\.A1\)", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(85, r"self\.A1", "dA1", "relu_mask_wrong", "wrong_variable"),
            mistake(87, r"axis=0, keepdims=True", "keepdims=True", "bias_gradient_reduction"),
            mistake(87, r"dZ1", "dA1", "wrong_variable", "missing_activation_derivative"),
            mistake(94, r"-=", "+=", "sign_flipped"),
            two(
                mistake(26, r"x > 0", "x < 0", "relu_mask_wrong"),
                mistake(82, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(85, r"dA1 \* relu_grad\(self\.A1\)", "np.where(self.Z1 > 0, dA1, 0)"),
            Edit(43, r"grad / y_true\.shape\[0\]", "grad / len(y_true)"),
            Edit(82, r"np\.sum\(dZ2, axis=0, keepdims=True\)", "dZ2.sum(axis=0).reshape(1, -1)"),
        ),
        keep=((2, 2), (22, 43), (52, 97)),
        group="newest",
    )
]
