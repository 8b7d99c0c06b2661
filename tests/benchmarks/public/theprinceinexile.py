"""ThePrinceInExile312/DLlab: an exercise for class; a script of one hidden layer of ReLU and a softmax, gradients with means."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    Z2 = np.maximum(X @ W1 + b1, 0) @ W2 + b2
    return np.mean(np.log(np.sum(np.exp(Z2), axis=1)) - np.sum(Y * Z2, axis=1))


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    shapes = {"W1": (3, 5), "b1": (1, 5), "W2": (5, 3), "b2": (1, 3)}
    start = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    X, Y = rng.normal(size=(9, 3)), np.eye(3)[rng.integers(0, 3, size=9)]
    return Call(
        module.step,
        loss,
        {"X": X, "Y": Y, **start},
        lambda result: {name: value - start[name] for name, value in zip(start, result, strict=True)},
        (X, Y, *(value.copy() for value in start.values()), 0.1, 1),
        bind={name: name for name in start},
    )


PROGRAMS = [
    Program(
        "ThePrinceInExile312/DLlab",
        "DL3.py",
        build,
        (
            mistake(7, r"x > 0", "x < 0", "relu_mask_wrong"),
            mistake(7, r"\(x > 0\)\.astype\(float\)", "relu(x)", "wrong_activation_derivative", "relu_mask_wrong"),
            mistake(52, r"P - Y", "Z2 - Y", "wrong_variable", "loss_derivative_wrong"),
            mistake(52, r"\(P - Y\)", "(P - Y) * P * (1 - P)", "loss_derivative_wrong", "extra_factor"),
            mistake(53, r"A1\.T", "Z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(53, r"A1\.T @ dZ2", "A1.T @ dZ2 / len(X)", "batch_scale_1_over_N"),
            mistake(54, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
            mistake(56, r"dZ2 @", "(P - Y) @", "batch_scale_1_over_N", "wrong_variable"),
            mistake(57, r" \* drelu\(Z1\)", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(57, r"drelu\(Z1\)", "drelu(dA1)", "relu_mask_wrong", "wrong_variable"),
            mistake(58, r"dZ1", "dA1", "missing_activation_derivative", "wrong_variable"),
            mistake(59, r"axis=0, ", "", "bias_gradient_reduction"),
            mistake(63, r"-=", "+=", "sign_flipped"),
            mistake(64, r"learning_rate \* dW1", "dW1", "missing_factor", "optimizer_rule_wrong"),
            Mistake(
                (
                    Edit(62, r"W2 -= learning_rate \* dW2", "pass"),
                    Edit(54, r"$", "\n        W2 -= learning_rate * dW2"),
                ),
                ("updated_weights_used",),
                (55, 56, 57),
            ),
            two(
                mistake(54, r"np\.sum", "np.mean", "bias_gradient_reduction", "batch_scale_1_over_N"),
                mistake(7, r"x > 0", "x < 0", "relu_mask_wrong"),
            ),
            two(
                mistake(53, r"A1\.T", "Z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
                mistake(64, r"learning_rate \* dW1", "dW1", "missing_factor", "optimizer_rule_wrong"),
            ),
        ),
        harmless=(
            Edit(57, r"dA1 \* drelu\(Z1\)", "np.where(A1 > 0, dA1, 0)"),
            Edit(59, r"np\.sum\(dZ1, axis=0, keepdims=True\)", "dZ1.sum(axis=0)"),
        ),
        keep=((1, 1), (3, 16), (41, 65)),
        head="def step(X, Y, W1, b1, W2, b2, learning_rate, epoch):",
        foot="    return W1, b1, W2, b2",
        group="eighth",
    )
]
