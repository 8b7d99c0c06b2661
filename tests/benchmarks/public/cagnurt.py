"""Cagnurt/NumPy-Autoencoder-GAN-MNIST: a homework's notebook; an autoencoder without biases, here one batch as a function.

ReLU works in place, and its derivative turns its outputs into a mask in place.
"""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Mistake, Program, mistake, two


def loss(X_batch: Any, w1: Any, w2: Any) -> Any:
    out = 1 / (1 + np.exp(-(np.maximum(X_batch @ w1, 0) @ w2)))
    return np.mean((out - X_batch) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    start = {"w1": rng.normal(size=(4, 5)), "w2": rng.normal(size=(5, 4))}
    X_batch = rng.uniform(size=(6, 4))
    return Call(
        module.step,
        loss,
        {"X_batch": X_batch, **start},
        lambda result: {name: new - start[name] for name, new in zip(start, result, strict=True)},
        (X_batch, *(value.copy() for value in start.values())),
        {"LEARNING_RATE": 0.1, "epoch": 0, "n": 0, "ITERATIONS_PER_EPOCH": 1},
        bind={"X_batch": "X_batch", "w1": "w1", "w2": "w2"},
    )


MISTAKES = (
    mistake(43, r"<=0", "<=0.5", "relu_mask_wrong"),
    mistake(44, r"output\[output>0\] = 1", "pass", "wrong_activation_derivative", "relu_mask_wrong"),
    mistake(45, r"output\*D_output", "D_output", "missing_activation_derivative", "relu_mask_wrong"),
    mistake(45, r"output\*D_output", "output", "upstream_gradient_dropped"),
    mistake(58, r" \* \(1\.0-output\)", "", "wrong_activation_derivative"),
    mistake(58, r"1\.0-output", "1.0-output**2", "wrong_activation_derivative"),
    mistake(58, r"D_output\*output", "output", "upstream_gradient_dropped"),
    mistake(98, r"o2 - X_batch", "o2", "loss_derivative_wrong", "wrong_variable"),
    mistake(98, r"o2 - X_batch", "np.sign(o2 - X_batch)", "loss_derivative_wrong"),
    mistake(100, r"D_o2, o2", "D_o2, sigmoid(o2)", "derivative_of_activated_value"),
    mistake(102, r"D_h2 @", "D_o2 @", "missing_activation_derivative", "wrong_variable"),
    mistake(103, r"D_h2", "D_o2", "missing_activation_derivative", "wrong_variable"),
    mistake(103, r"D_w2 = .*$", "D_w2 = o1.T @ D_h2 / len(X_batch)", "batch_scale_1_over_N"),
    Mistake(
        (Edit(103, r"^.*$", ""), Edit(105, r"$", "\n            D_w2 = o1.T @ D_h2")),
        ("wrong_activation_in_weight_gradient", "relu_mask_wrong", "wrong_variable"),
        (105, 106, 43, 44),
    ),
    mistake(108, r"D_h1", "D_h2 @ w2.T", "missing_activation_derivative", "wrong_variable"),
    mistake(111, r"-=", "+=", "sign_flipped"),
)
PROGRAMS = [
    Program(
        "Cagnurt/NumPy-Autoencoder-GAN-MNIST",
        "01_CustomAE.ipynb",
        build,
        (*MISTAKES, two(MISTAKES[4], MISTAKES[10]), two(MISTAKES[1], MISTAKES[7])),
        harmless=(
            Edit(58, r"D_output\*output \* \(1\.0-output\)", "D_output * (output - output**2)"),
            Edit(45, r"output\*D_output", "np.where(output == 1, D_output, 0)"),
        ),
        keep=((2, 2), (26, 61), (84, 112)),
        head="def step(X_batch, w1, w2, LEARNING_RATE, epoch, n, ITERATIONS_PER_EPOCH):",
        foot="        return w1, w2",
        backward={"01_CustomAE.ipynb": (31, 112)},
        group="ninth",
    )
]
