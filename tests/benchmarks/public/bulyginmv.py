"""bulyginmv/Autoencoder-from-Scratch: functions of a two-layer autoencoder with columns of data, ReLU and no biases."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two


def loss(X: Any, W1: Any, W2: Any) -> Any:
    return 0.5 * np.sum((W2 @ np.maximum(W1 @ X, 0) - X) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    X, W1, W2 = rng.normal(size=(5, 7)), rng.normal(size=(4, 5)), rng.normal(size=(5, 4))

    def train(X, W1, W2):
        A1 = module.linear(X, W1)
        H = module.relu(A1)
        Y = module.linear(H, W2)
        return module.backward(X, A1, H, Y, W2)

    return Call(
        train,
        loss,
        {"X": X, "W1": W1, "W2": W2},
        lambda result: dict(zip(("W1", "W2"), result, strict=True)),
        (X, W1, W2),
        bind={"W1": "W1", "W2": "W2"},
    )


PROGRAMS = [
    Program(
        "bulyginmv/Autoencoder-from-Scratch",
        "Autoencoder.py",
        build,
        (
            mistake(33, r"\(A1 > 0\)\.astype\('float'\) \* ", "", "missing_activation_derivative", "relu_mask_wrong"),
            mistake(33, r"A1 > 0", "A1 < 0", "relu_mask_wrong"),
            mistake(33, r"\(A1 > 0\)\.astype\('float'\)", "H", "relu_mask_wrong", "wrong_activation_derivative"),
            mistake(33, r"delta_2\)", "Y)", "wrong_variable", "loss_derivative_wrong"),
            mistake(35, r"H\.T", "A1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(35, r"delta_2, H\.T\)", "delta_2, H.T) / X.shape[1]", "batch_scale_1_over_N"),
            mistake(36, r"X\.T", "Y.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(36, r"= np", "= -np", "sign_flipped"),
            two(
                mistake(33, r"A1 > 0", "A1 < 0", "relu_mask_wrong"),
                mistake(35, r"H\.T", "A1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            ),
        ),
        harmless=(
            Edit(
                33, r"\(A1 > 0\)\.astype\('float'\) \* np\.dot\(W2\.T, delta_2\)", "np.where(H > 0, np.dot(W2.T, delta_2), 0.0)"
            ),
            Edit(32, r"Y - X", "2 * (Y - X)"),
        ),
        keep=((2, 2), (6, 38)),
        group="last",
    )
]
