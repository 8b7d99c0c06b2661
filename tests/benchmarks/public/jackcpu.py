"""Jack-cpu666/numpy-autoencoder-detection: an autoencoder class with clipped sigmoids, which divides by the batch twice."""

from types import ModuleType
from typing import Any

import numpy as np

from public.case import Call, Edit, Program, mistake, two

NAMES = ["W1", "b1", "W2", "b2"]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def loss(X_batch: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    return np.mean((X_batch - sigmoid(sigmoid(X_batch @ W1 + b1) @ W2 + b2)) ** 2)


def build(module: ModuleType, rng: np.random.Generator) -> Call:
    coder = module.Autoencoder(6, 4)
    start = {name: rng.normal(size=getattr(coder, name).shape) for name in NAMES}
    for name, value in start.items():
        setattr(coder, name, value.copy())
    X_batch = rng.uniform(size=(5, 6))

    def train(X_batch, learning_rate):
        coder.train_step(X_batch, learning_rate)

    return Call(
        train,
        loss,
        {"X_batch": X_batch, **start},
        lambda _: {name: getattr(coder, name) - value for name, value in start.items()},
        (X_batch, 0.1),
        bind={name: f"coder.{name}" for name in NAMES},
    )


PROGRAMS = [
    Program(
        "Jack-cpu666/numpy-autoencoder-detection",
        "train_model.py",
        build,
        (
            mistake(28, r"\(1 - s\)", "(1 - x)", "wrong_activation_derivative"),
            mistake(35, r"y_pred - y_true", "y_pred", "loss_derivative_wrong"),
            mistake(77, r" \* sigmoid_derivative\(self\.z2\)", "", "missing_activation_derivative"),
            mistake(77, r"sigmoid_derivative\(self\.z2\)", "sigmoid_derivative(self.a2)", "derivative_of_activated_value"),
            mistake(78, r"self\.a1\.T", "self.z1.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(79, r"\(1/m\) \* ", "", "batch_scale_1_over_N"),
            mistake(82, r" \* sigmoid_derivative\(self\.z1\)", " * self.z1 * (1 - self.z1)", "derivative_at_wrong_point"),
            mistake(82, r"delta_output", "(y_pred - y_true)", "missing_activation_derivative", "wrong_variable"),
            mistake(83, r"X\.T", "y_pred.T", "wrong_activation_in_weight_gradient", "wrong_variable"),
            mistake(90, r"-=", "+=", "sign_flipped"),
            two(
                mistake(77, r" \* sigmoid_derivative\(self\.z2\)", "", "missing_activation_derivative"),
                mistake(79, r"\(1/m\) \* ", "", "batch_scale_1_over_N"),
            ),
        ),
        harmless=(
            Edit(28, r"s \* \(1 - s\)", "s - s ** 2"),
            Edit(35, r"2 \* \(y_pred - y_true\)", "-2 * (y_true - y_pred)"),
        ),
        keep=((2, 2), (20, 99)),
        group="last",
    )
]
